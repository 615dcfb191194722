"""A value -> the cell that arrow is given for it, and back.

A cell depends on the value and the last kind of its column alone, never on what the column had
been when it was written. So JSON text and structs tell no field that is null from one that is
missing, and JSON text does not tell 1 from 1.0.
"""

import datetime as dt
import math
from decimal import Decimal
from typing import Any

import orjson

from clair_cli.writers.column_types import (
    EXACT,
    Kind,
    ListKind,
    Scalar,
    StructKind,
    decimal_kind,
    in_utc,
)
from clair_cli.writers.json_text import DEEPEST, json_text, whole_text, writable


def is_text(kind: Kind) -> bool:
    """Whether values of a kind are written as JSON: also structs that have never had a field."""
    return kind is Scalar.JSON or kind == StructKind(())


def cell_of(kind: Kind, value: Any) -> Any:
    """What arrow is given for `value` in a column of `kind`."""
    if value is None:
        return None
    if is_text(kind):
        form = _canonical(value)
        return None if form is None else json_text(form)
    match kind:
        case ListKind(item):
            return [cell_of(item, each) for each in value]
        case StructKind(fields):
            return {name: cell_of(each, value.get(name)) for name, each in fields}
        case Scalar.TEXT:
            return whole_text(value)
        case _:
            return value


def value_of(kind: Kind, cell: Any) -> Any:
    """The value that `cell_of` made `cell` from, as far as a cell can tell."""
    if cell is None:
        return None
    if is_text(kind):
        return orjson.loads(cell)
    match kind:
        case ListKind(item):
            return [value_of(item, each) for each in cell]
        case StructKind(fields):
            return {name: value_of(each, cell[name]) for name, each in fields}
        case _:
            return cell


def _canonical(value: Any, level: int = 0) -> Any:
    """One form for all values that are the same in some kind below JSON."""
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
    if decimal_kind(value) is Scalar.JSON:
        return str(value)
    digits = format(value, "f") if value else "0"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def _canonical_float(value: float) -> float | int | None:
    if not math.isfinite(value):
        return None
    is_negative_zero = value == 0 and math.copysign(1, value) < 0
    is_int = value.is_integer() and abs(value) <= EXACT and not is_negative_zero
    return int(value) if is_int else value
