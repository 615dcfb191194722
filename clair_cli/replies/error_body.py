"""What an error reply says, wherever the server put it."""

from collections.abc import Mapping
from typing import Any

import orjson

SHOWN = 300
"""Characters of an endpoint's own words that are quoted."""


def error_of(body: bytes) -> Mapping[str, Any]:
    """The error object, wherever the server put it; {} where the body has none."""
    try:
        reply = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    if isinstance(reply, list) and reply:
        reply = reply[0]
    if not isinstance(reply, dict):
        return {}
    error = reply.get("error", reply)
    if isinstance(error, str):
        return {"message": error}
    return error if isinstance(error, dict) else {}


def codes_of(error: Mapping[str, Any]) -> frozenset[str]:
    """Every machine-readable name that the error goes by."""
    details = error.get("details")
    listed = details if isinstance(details, list) else []
    reasons = [detail.get("reason") for detail in listed if isinstance(detail, dict)]
    names = [error.get("code"), error.get("type"), *reasons]
    return frozenset(name for name in names if isinstance(name, str))


def inner_status(status: int, error: Mapping[str, Any]) -> int:
    """The status that counts: an error inside a 200 carries its own as `code` or `status`."""
    if status != 200:
        return status
    for value in (error.get("code"), error.get("status")):
        number = int(value) if isinstance(value, str) and value.isdecimal() else value
        if isinstance(number, int) and 400 <= number < 600:
            return number
    return status


def words_of(error: Mapping[str, Any], body: bytes) -> str:
    """The endpoint's own words, short enough for one line."""
    for name in ("message", "detail", "code", "type"):
        value = error.get(name)
        if value:
            return short(value if isinstance(value, str) else orjson.dumps(value).decode())
    return short(body.decode("utf-8", "replace")) or "an empty body"


def short(text: str) -> str:
    """`text` on one line, cut where it is longer than `SHOWN`."""
    line = " ".join(text.split())
    return line if len(line) <= SHOWN else f"{line[: SHOWN - 1]}…"
