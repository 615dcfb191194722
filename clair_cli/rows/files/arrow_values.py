"""What Arrow holds -> what JSON could: the same cells, whatever kind of file they stand in.

Dates and times stay what they are: they are no text, and are written as ISO 8601.
"""

import base64
import datetime as dt
import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    import pyarrow as pa


def is_json_type(kind: "pa.DataType") -> bool:
    """Whether the Python values of an Arrow type are always those of JSON."""
    from pyarrow import types  # noqa: PLC0415 - only where Arrow data is read

    if kind.num_fields:
        return all(is_json_type(kind.field(n).type) for n in range(kind.num_fields))
    tests = (types.is_string, types.is_large_string, types.is_string_view, types.is_integer)
    more = (types.is_floating, types.is_boolean, types.is_null)
    return any(test(kind) for test in (*tests, *more))


def unquoted(value: Any, kind: "pa.DataType") -> Any:
    """The value of a column, with what Arrow keeps as JSON text (type `arrow.json`) parsed.

    `datasets` writes messages so whose keys differ from row to row (its feature `Json`).
    """
    import pyarrow as pa  # noqa: PLC0415 - only where Arrow data is read

    if isinstance(value, str) and isinstance(kind, getattr(pa, "JsonType", ())):
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            return value
    if isinstance(value, dict) and pa.types.is_struct(kind):
        return {field.name: unquoted(value.get(field.name), field.type) for field in kind}
    if isinstance(value, list) and hasattr(kind, "value_type"):
        return [unquoted(each, kind.value_type) for each in value]
    return value


def as_json(value: Any) -> Any:  # noqa: PLR0911 - one line a kind
    """The nearest thing that JSON has, or a date or time.

    Binary data that is UTF-8 is text (older writers leave texts unmarked); other data becomes an
    object, so that nobody takes it for text.
    """
    if isinstance(value, Mapping):
        return {str(key): as_json(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(each) for each in value]
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return {"base64": base64.b64encode(value).decode()}
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dt.timedelta):
        return value.total_seconds()
    if hasattr(value, "to_pydatetime"):  # nanoseconds, which only pandas has
        return value.to_pydatetime(warn=False)
    return str(value) if isinstance(value, uuid.UUID) else value
