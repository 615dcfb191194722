"""The least Arrow type with room for all values of a column.

null < bool
null < small int < int64
       small int < float64        a small int is exact as a float
null < string, binary, date32, time64, timestamp, timestamp in UTC, duration, decimal128
null < list, struct               which widen inside
everything < JSON                 text that holds the value as JSON

Arrow's own inference depends on the order of values, and changes some: it takes text beside bytes
for bytes, true after 1.5 for 1.0, a datetime after a date for a date. Its `unify_schemas` fails for
a whole column where one field of it clashes, and takes text for bytes, too.
"""

import datetime as dt
from decimal import Decimal
from functools import reduce
from typing import Any

import pyarrow as pa

from clair_cli.writers.json_text import whole_text

DEEPEST = 16
"""Levels of nesting; what lies deeper is JSON."""

WIDEST = 256
"""Fields of a struct; what has more is a map rather than a struct, and JSON."""

DIGITS = 38
"""Of decimal128."""

EXACT = 2**53
"""Integers up to here are exact as floats."""

LONGEST = dt.timedelta(microseconds=2**63 - 1)
"""What Arrow counts in microseconds is shorter."""

NULL, INT, FLOAT = pa.null(), pa.int64(), pa.float64()
SMALL_INT = pa.int32()
"""Stands for integers that are exact as floats. No value is of this type otherwise."""

JSON = pa.large_string()
"""Stands for text that holds a value as JSON. No value is of this type otherwise."""

NO_FIELDS = pa.struct([])
"""Structs that have never had a field; Parquet has none, so they are written as JSON."""

_STORED = {SMALL_INT: INT, JSON: pa.string(), NO_FIELDS: pa.string()}
_WIDER = {frozenset({SMALL_INT, INT}): INT, frozenset({SMALL_INT, FLOAT}): FLOAT}
_BY_TYPE: dict[type, pa.DataType] = {
    type(None): NULL,
    bool: pa.bool_(),
    float: FLOAT,
    str: pa.string(),
    bytes: pa.binary(),
    dt.date: pa.date32(),
}


def type_of(value: object, level: int = 0) -> pa.DataType:
    """The type of one value."""
    simple = _BY_TYPE.get(type(value))
    if simple is not None:
        return simple
    if isinstance(value, int):
        return _type_of_int(value)
    if isinstance(value, dt.timedelta):
        return pa.duration("us") if abs(value) < LONGEST else JSON
    if isinstance(value, list | tuple | dict):
        return _type_of_nested(value, level + 1) if level < DEEPEST else JSON
    if isinstance(value, Decimal):
        return type_of_decimal(value)
    return _type_of_time(value)


def merged(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    """The least type with room for both; their order decides the order of fields alone."""
    if one == other or NULL in {one, other}:
        return other if one == NULL else one
    match one, other:
        case pa.ListType(), pa.ListType():
            return pa.list_(merged(one.value_type, other.value_type))
        case pa.StructType(), pa.StructType():
            return _merged_fields(one, other)
        case pa.Decimal128Type(), pa.Decimal128Type():
            whole = max(each.precision - each.scale for each in (one, other))
            return _decimal(whole, max(one.scale, other.scale))
        case _:
            return _WIDER.get(frozenset({one, other}), JSON)


def stored(kind: pa.DataType) -> pa.DataType:
    """The type that a column has in a file."""
    match kind:
        case pa.ListType():
            return pa.list_(pa.field("element", stored(kind.value_type)))
        case pa.StructType() if kind != NO_FIELDS:
            return pa.struct([(field.name, stored(field.type)) for field in kind])
        case _:
            return _STORED.get(kind, kind)


def _merged_fields(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    fields = {field.name: field.type for field in one}
    for field in other:
        fields[field.name] = merged(fields.get(field.name, NULL), field.type)
    return pa.struct(fields) if len(fields) <= WIDEST else JSON


def _type_of_int(value: int) -> pa.DataType:
    if -EXACT <= value <= EXACT:
        return SMALL_INT
    return INT if -(2**63) <= value < 2**63 else JSON


def _type_of_nested(value: list[Any] | tuple[Any, ...] | dict[Any, Any], level: int) -> pa.DataType:
    if not isinstance(value, dict):
        return pa.list_(reduce(merged, (type_of(each, level) for each in value), NULL))
    if len(value) > WIDEST or any(not _is_name(name) for name in value):
        return JSON
    return pa.struct({name: type_of(each, level) for name, each in value.items()})


def _is_name(name: object) -> bool:
    return isinstance(name, str) and whole_text(name) == name


def type_of_decimal(value: Decimal) -> pa.DataType:
    """The type of one decimal."""
    _, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):  # not a number, or infinite
        return JSON
    return _decimal(max(1, len(digits) + exponent), max(0, -exponent))


def _decimal(whole: int, scale: int) -> pa.DataType:
    """With so many digits before and after the point."""
    return pa.decimal128(whole + scale, scale) if whole + scale <= DIGITS else JSON


def _type_of_time(value: object) -> pa.DataType:
    if isinstance(value, dt.datetime) and not getattr(value, "nanosecond", 0):
        if value.utcoffset() is None:
            return pa.timestamp("us")
        return pa.timestamp("us", "UTC") if in_utc(value) else JSON
    if isinstance(value, dt.time) and value.tzinfo is None:
        return pa.time64("us")
    return JSON


def in_utc(value: dt.datetime) -> dt.datetime | None:
    """The same instant in UTC; None where that has no year of four digits."""
    try:
        return value.astimezone(dt.UTC)
    except OverflowError:
        return None
