"""Replies as JSON (structured output, or a model's own idea): one object with two texts."""

import json
import re

from clair_cli.records import Problem, Revision
from clair_cli.revision.headings import Grammar, squeezed

_START = re.compile(
    r"(?:\A|^ {0,3}```(?:json)?[ \t]*\n)\s*(?=\{\s*\")", re.MULTILINE | re.IGNORECASE
)
_KEY = re.compile(r'\{\s*"((?:[^"\\]|\\.){0,80})"\s*:')
_DECODER = json.JSONDecoder(strict=False, object_pairs_hook=lambda pairs: pairs)


def read_json(text: str, grammar: Grammar) -> Revision | Problem | None:
    """The revision in a JSON reply; None where the reply is no JSON with a marker as a key."""
    if "```" not in text and not text.lstrip().startswith("{"):
        return None
    for start in _START.finditer(text):
        if _names_marker(text, start.end(), grammar):
            return _decode(text, start.end(), grammar)
    return None


def _names_marker(text: str, start: int, grammar: Grammar) -> bool:
    key = _KEY.match(text, start)
    return key is not None and squeezed(key[1]) in {*grammar.reasoning, *grammar.revision}


def _decode(text: str, start: int, grammar: Grammar) -> Revision | Problem:
    try:
        pairs, _ = _DECODER.raw_decode(text, start)
    except json.JSONDecodeError as exc:
        is_cut = exc.msg.startswith("Unterminated") or not text[exc.pos :].strip("`\n ")
        return Problem("truncated" if is_cut else "malformed", f"the JSON is broken ({exc.msg})")
    except (RecursionError, ValueError):
        return Problem("malformed", "the JSON is nested too deeply or holds an absurd number")
    reasoning = _value(pairs, grammar.reasoning)
    revision = _value(pairs, grammar.revision)
    if isinstance(revision, Problem) or isinstance(reasoning, Problem):
        return revision if isinstance(revision, Problem) else Problem("malformed", "not two texts")
    if revision is None:
        return Problem("no_revision", "the JSON lacks the revised answer")
    if reasoning is None or not reasoning.strip():
        return Problem("no_reasoning", "the JSON lacks the reasoning")
    return Revision(revision, reasoning)


def _value(pairs: object, names: tuple[str, ...]) -> str | Problem | None:
    """The one text under any of `names`."""
    entries = pairs if isinstance(pairs, list) else []
    values = [value for key, value in entries if squeezed(key) in names]
    if not values:
        return None
    if not isinstance(values[0], str) or any(value != values[0] for value in values):
        return Problem("malformed", "the JSON does not give one text under each key")
    return values[0]
