"""What a column holds: a kind for every value, and for two kinds the least with room for both.

null < bool
null < small int < int            (arrow's int64)
       small int < float          a small int is exact as a float
null < text, bytes, date, time, moment, instant, duration, decimal
null < list, struct               which widen inside
everything < JSON                 text that holds the value as JSON
"""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import reduce
from typing import Any, TypeAlias

from clair_cli.writers.json_text import whole_text

DEEPEST = 16
"""Levels of nesting; what lies deeper is JSON."""

WIDEST = 256
"""Fields of a struct; what has more is a map rather than a struct, and JSON."""

DIGITS = 38
"""Of arrow's decimal128."""

EXACT = 2**53
"""Integers up to here are exact as floats."""


class Scalar(StrEnum):
    """The kinds that hold no others."""

    NULL = "null"
    BOOL = "bool"
    SMALL_INT = "small int"
    INT = "int"
    FLOAT = "float"
    TEXT = "text"
    BYTES = "bytes"
    DATE = "date"
    TIME = "time"
    MOMENT = "moment"
    INSTANT = "instant"
    DURATION = "duration"
    JSON = "JSON"


@dataclass(frozen=True, slots=True)
class DecimalKind:
    """Decimals with at most so many digits before and after the point."""

    whole: int
    scale: int


@dataclass(frozen=True, slots=True)
class ListKind:
    """Lists of one kind."""

    item: "Kind"


@dataclass(frozen=True, slots=True)
class StructKind:
    """Named fields, in the order in which they were first seen."""

    fields: tuple[tuple[str, "Kind"], ...]


Kind: TypeAlias = Scalar | DecimalKind | ListKind | StructKind

LONGEST = dt.timedelta(microseconds=2**63 - 1)
"""What Arrow counts in microseconds is shorter."""
_NUMBERS = {Scalar.SMALL_INT: 0, Scalar.INT: 1, Scalar.FLOAT: 1}
_BY_TYPE: dict[type, Scalar] = {
    type(None): Scalar.NULL,
    bool: Scalar.BOOL,
    float: Scalar.FLOAT,
    str: Scalar.TEXT,
    bytes: Scalar.BYTES,
    dt.date: Scalar.DATE,
}


def kind_of(value: object, level: int = 0) -> Kind:
    """The kind of one value."""
    simple = _BY_TYPE.get(type(value))
    if simple is not None:
        return simple
    if isinstance(value, int):
        return _int_kind(value)
    if isinstance(value, dt.timedelta):
        return Scalar.DURATION if abs(value) < LONGEST else Scalar.JSON
    if isinstance(value, list | tuple | dict):
        return _nested_kind(value, level + 1) if level < DEEPEST else Scalar.JSON
    if isinstance(value, Decimal):
        return decimal_kind(value)
    return _time_kind(value)


def merged(one: Kind, other: Kind) -> Kind:
    """The least kind with room for both; it depends on their order in the order of fields alone."""
    if one == other or Scalar.NULL in {one, other}:
        return other if one is Scalar.NULL else one
    match one, other:
        case Scalar() as a, Scalar() as b if a in _NUMBERS and b in _NUMBERS:
            return (
                max(a, b, key=_NUMBERS.__getitem__) if Scalar.SMALL_INT in {a, b} else Scalar.JSON
            )
        case ListKind(a), ListKind(b):
            return ListKind(merged(a, b))
        case StructKind(a), StructKind(b):
            return merged_fields(one, other)
        case DecimalKind(), DecimalKind():
            return _bounded(max(one.whole, other.whole), max(one.scale, other.scale))
        case _:
            return Scalar.JSON


def merged_fields(one: StructKind, other: StructKind, widest: int = WIDEST) -> Kind:
    """A struct with the fields of both."""
    fields = dict(one.fields)
    for name, kind in other.fields:
        fields[name] = merged(fields.get(name, Scalar.NULL), kind)
    return StructKind(tuple(fields.items())) if len(fields) <= widest else Scalar.JSON


def _int_kind(value: int) -> Kind:
    if -EXACT <= value <= EXACT:
        return Scalar.SMALL_INT
    return Scalar.INT if -(2**63) <= value < 2**63 else Scalar.JSON


def _nested_kind(value: list[Any] | tuple[Any, ...] | dict[Any, Any], level: int) -> Kind:
    if not isinstance(value, dict):
        none: Kind = Scalar.NULL
        return ListKind(reduce(merged, (kind_of(each, level) for each in value), none))
    if len(value) > WIDEST or any(not _is_name(name) for name in value):
        return Scalar.JSON
    return StructKind(tuple((name, kind_of(each, level)) for name, each in value.items()))


def _is_name(name: object) -> bool:
    return isinstance(name, str) and whole_text(name) == name


def decimal_kind(value: Decimal) -> Kind:
    """The kind of one decimal."""
    _, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):  # not a number, or infinite
        return Scalar.JSON
    return _bounded(max(1, len(digits) + exponent), max(0, -exponent))


def _bounded(whole: int, scale: int) -> Kind:
    return DecimalKind(whole, scale) if whole + scale <= DIGITS else Scalar.JSON


def _time_kind(value: object) -> Kind:
    if isinstance(value, dt.datetime) and not getattr(value, "nanosecond", 0):
        if value.utcoffset() is None:
            return Scalar.MOMENT
        return Scalar.INSTANT if in_utc(value) else Scalar.JSON
    if isinstance(value, dt.time) and value.tzinfo is None:
        return Scalar.TIME
    return Scalar.JSON


def in_utc(value: dt.datetime) -> dt.datetime | None:
    """The same instant in UTC; None where that has no year of four digits."""
    try:
        return value.astimezone(dt.UTC)
    except OverflowError:
        return None
