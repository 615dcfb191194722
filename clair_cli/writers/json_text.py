r"""Any value of a row -> JSON, which has no form for some: those get a faithful text, or null.

| value | form |
| --- | --- |
| date, time, datetime | ISO 8601 |
| Decimal | its digits |
| bytes | base64 |
| NaN, infinite | null |
| integer beyond 64 bits | its digits |
| half of a surrogate pair | `\udXXX`, as six characters |
| nested deeper than 254 levels | from level 100 on, as Python shows it |
"""

import base64
import datetime as dt
from typing import Any

import orjson

DEEPEST = 100
"""Levels that are kept of a value which is nested deeper than orjson writes."""

_TEXT = orjson.OPT_PASSTHROUGH_DATETIME
_LINE = _TEXT | orjson.OPT_APPEND_NEWLINE


def json_line(record: dict[str, Any]) -> bytes:
    """`record` as one line of JSON, whatever it holds."""
    return _json(record, _LINE)


def json_text(value: object) -> str:
    """`value` as JSON, whatever it holds."""
    return _json(value, _TEXT).decode()


def _json(value: object, options: int) -> bytes:
    try:
        return orjson.dumps(value, _form, options)
    except TypeError:  # half a surrogate pair, a long integer, a key that is no text, or too deep
        return orjson.dumps(writable(value), _form, options)


def _form(value: object) -> str:
    """The text for a value that JSON has no form for."""
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(value).decode()
    return whole_text(str(value))


def writable(value: object, level: int = 0) -> object:
    """The same value in what orjson takes."""
    if isinstance(value, str):
        return whole_text(value)
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return str(value)
    if isinstance(value, dict | list | tuple):
        if level == DEEPEST:
            return _shown(value)
        if isinstance(value, dict):
            return {whole_text(str(k)): writable(v, level + 1) for k, v in value.items()}
        return [writable(each, level + 1) for each in value]
    return value


def whole_text(text: str) -> str:
    """`text` as UTF-8 can hold it: halves of surrogate pairs are joined or spelled out."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
        return joined.encode("utf-8", "backslashreplace").decode()
    else:
        return text


def _shown(value: object) -> str:
    try:
        return whole_text(repr(value))
    except RecursionError:
        return "..."
