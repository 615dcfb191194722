"""The fields of a request besides its messages, as the user sets them."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from clair_cli.records import UsageError

RESERVED = frozenset({"messages", "model", "stream", "n"})


def parameters(
    model: str, named: Mapping[str, Any], extra: Sequence[str], *, structured: bool
) -> dict[str, Any]:
    """The fields of every request besides its messages.

    Args:
        model: The model, as the endpoint calls it.
        named: Fields that options of their own set; None where nobody said.
        extra: Further fields, each `KEY=JSON`.
        structured: Whether `response_format` is set by `--structured`.

    Raises:
        UsageError: No model is named, or a `--param` is not KEY=JSON or is set by an option, such
            as `response_format` by `--structured`.
    """
    if not model:
        raise UsageError("no model: name one with -m, as the endpoint calls it")
    for key, value in named.items():
        if isinstance(value, float) and not math.isfinite(value):
            raise UsageError(f"--{key} {value}: is no finite number")
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            raise UsageError(f"--{key.replace('_', '-')} {value}: does not fit in 64 bits")
    said = {key: value for key, value in named.items() if value is not None}
    added = dict(_parameter(each) for each in extra)
    options = {name: name.replace("_", "-") for name in said}
    if structured:
        options["response_format"] = "structured"
    twice = sorted(options.keys() & added.keys())
    if twice:
        raise UsageError(f"--param {twice[0]}: is set by --{options[twice[0]]} as well")
    return {"model": model, **said, **added}


def _parameter(text: str) -> tuple[str, Any]:
    key, found, value = text.partition("=")
    if not found or not key:
        raise UsageError(f"--param {text}: write KEY=JSON, such as top_p=0.9")
    if key in RESERVED:
        raise UsageError(f"--param {key}: clair sets this field itself")
    try:
        return key, orjson.loads(value)  # stricter than json: no NaN, no lone surrogates
    except ValueError as exc:
        raise UsageError(
            f"--param {text}: the value is not JSON; a text needs its quotes: {key}='\"...\"'"
        ) from exc
