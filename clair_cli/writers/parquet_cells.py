"""A value <-> the cell of a Parquet file that holds it.

A cell depends on the value and the last type of its column alone, never on what the column had
been when it was written. So JSON text and structs tell no field that is null from one that is
missing, and JSON text does not tell 1 from 1.0.
"""

import datetime as dt
import math
from decimal import Decimal
from typing import Any

import orjson
import pyarrow as pa

from clair_cli.writers.json_text import DEEPEST, json_text, whole_text, writable
from clair_cli.writers.parquet_types import EXACT, JSON, NO_FIELDS, in_utc, type_of_decimal

_AS_JSON = {JSON, NO_FIELDS}


def cell_of(kind: pa.DataType, value: Any) -> Any:
    """What Arrow is given for `value` in a column of type `kind`."""
    if value is None:
        return None
    if kind in _AS_JSON:
        form = _canonical(value)
        return None if form is None else json_text(form)
    match kind:
        case pa.ListType():
            return [cell_of(kind.value_type, each) for each in value]
        case pa.StructType():
            return {field.name: cell_of(field.type, value.get(field.name)) for field in kind}
        case _:
            return whole_text(value) if isinstance(value, str) else value


def value_of(kind: pa.DataType, cell: Any) -> Any:
    """The value that `cell_of` made `cell` from, as far as a cell can tell."""
    if cell is None:
        return None
    if kind in _AS_JSON:
        return orjson.loads(cell)
    match kind:
        case pa.ListType():
            return [value_of(kind.value_type, each) for each in cell]
        case pa.StructType():
            return {field.name: value_of(field.type, cell[field.name]) for field in kind}
        case _:
            return cell


def is_plain(kind: pa.DataType) -> bool:
    """Whether Arrow can be given the values of a column as they are, but for broken texts."""
    inside = [kind.field(index).type for index in range(kind.num_fields)]
    return kind not in _AS_JSON and all(is_plain(each) for each in inside)


def _canonical(value: Any, level: int = 0) -> Any:
    """One form for all values that are the same in some type below JSON."""
    if isinstance(value, float):
        return _canonical_float(value)
    if isinstance(value, dict | list | tuple):
        return _canonical_inside(value, level + 1) if level < DEEPEST else writable(value, DEEPEST)
    if isinstance(value, Decimal):
        return _canonical_decimal(value)
    if isinstance(value, dt.datetime) and value.utcoffset() is not None:
        return in_utc(value) or value
    return value


def _canonical_inside(value: Any, level: int) -> Any:
    if isinstance(value, dict):
        forms = ((str(name), _canonical(each, level)) for name, each in value.items())
        return {name: form for name, form in forms if form is not None}
    return [_canonical(each, level) for each in value]


def _canonical_decimal(value: Decimal) -> str:
    if type_of_decimal(value) == JSON:
        return str(value)
    digits = format(value, "f") if value else "0"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def _canonical_float(value: float) -> float | int | None:
    if not math.isfinite(value):
        return None
    is_negative_zero = value == 0 and math.copysign(1, value) < 0
    is_int = value.is_integer() and abs(value) <= EXACT and not is_negative_zero
    return int(value) if is_int else value
