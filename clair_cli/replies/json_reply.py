"""Replies as JSON (structured output, or a model's own idea): one object with two texts."""

import json
import re
from collections.abc import Iterator
from typing import Any, TypeAlias

from clair_cli.records import Problem, Revision
from clair_cli.replies.marker_names import Names, squeezed

_Pairs: TypeAlias = list[tuple[str, Any]]


class _Object:
    """A JSON object with its keys in order, so that a key given twice is seen."""

    def __init__(self, pairs: _Pairs) -> None:
        self.pairs = pairs


_START = re.compile(r"^[ \t]*(?=[\[{])", re.MULTILINE)
_DECODER = json.JSONDecoder(strict=False, object_pairs_hook=_Object)
_MOST_STARTS = 50
_DEPTH = 3


def read_json(text: str, names: Names) -> Revision | Problem | None:
    """The revision in a JSON reply; None where the reply has no marker as a key."""
    if names.key.search(text) is None:
        return None
    problem = Problem("malformed", "the JSON is broken")
    found: list[Revision | Problem] = []
    for value in _values(text, names):
        if isinstance(value, Problem):
            problem = value
        else:
            found += [_revision(each, names) for each in _objects(value, names, _DEPTH)]
    if not found:
        return problem
    if any(each != found[0] for each in found):
        return Problem("ambiguous", "the reply has several JSON objects")
    return found[0]


def _values(text: str, names: Names) -> Iterator[Any]:
    """The JSON values that begin a line, one after the other; a Problem for a broken one."""
    position = 0
    for _ in range(_MOST_STARTS):
        start = _START.search(text, position)
        if start is None:
            return
        try:
            value, position = _DECODER.raw_decode(text, start.end())
        except json.JSONDecodeError as exc:
            position = start.end() + 1
            if names.key.search(text, position):
                yield _broken(exc, text)
        except (RecursionError, ValueError):
            yield Problem("malformed", "the JSON is nested too deeply, or a number is absurd")
            return
        else:
            yield value


def _broken(exc: json.JSONDecodeError, text: str) -> Problem:
    is_cut = exc.msg.startswith("Unterminated") or not text[exc.pos :].strip("`\r\n ")
    return Problem("truncated" if is_cut else "malformed", f"the JSON is broken ({exc.msg})")


def _objects(value: object, names: Names, depth: int) -> list[_Object]:
    """The objects in `value` that have a marker as a key."""
    if isinstance(value, _Object):
        if any(squeezed(key) in {*names.reasoning, *names.revision} for key, _ in value.pairs):
            return [value]
        inner = [each for _, each in value.pairs]
    else:
        inner = value if isinstance(value, list) else []
    return [found for each in inner if depth for found in _objects(each, names, depth - 1)]


def _revision(found: _Object, names: Names) -> Revision | Problem:
    reasoning = _text(found, names.reasoning)
    revision = _text(found, names.revision)
    if isinstance(revision, Problem):
        return revision
    if isinstance(reasoning, Problem):
        return reasoning
    if revision is None:
        return Problem("no_revision", "the JSON lacks the revised answer")
    if reasoning is None:
        return Problem("no_reasoning", "the JSON lacks the reasoning")
    return Revision(revision, reasoning)


def _text(found: _Object, names: tuple[str, ...]) -> str | Problem | None:
    """The one text under any of `names`."""
    values = [value for key, value in found.pairs if squeezed(key) in names]
    if not values:
        return None
    value = values[0]
    if not isinstance(value, str) or any(other != value for other in values):
        return Problem("malformed", "the JSON does not give one text under each key")
    if any("\ud800" <= char <= "\udfff" for char in value):
        return Problem("malformed", "the JSON holds half a character")
    return value
