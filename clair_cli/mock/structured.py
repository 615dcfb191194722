"""Structured output: what a `response_format` asks for, and texts as such an object."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import orjson

from clair_cli.mock.errors import Refusal
from clair_cli.mock.reply_form import REASONING, REASONS, REVISES, REVISION

_PARAM = "response_format"
_KINDS = ("text", "json_object", "json_schema")
_BLANKS: Mapping[str, Callable[[], object]] = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": int,
    "array": list,
    "object": dict,
}


@dataclass(frozen=True, slots=True)
class Shape:
    """The object that a reply must be.

    Attributes:
        properties: The schema of each of its properties; empty where any object will do.
        names: What the two parts are then called: the reasoning, the revised answer.
    """

    properties: Mapping[str, object]
    names: tuple[str, str] = (REASONING, REVISION)

    def revision(self, rationale: str, revisions: Sequence[str]) -> str:
        """Write a revision; several of them repeat the key, which JSON allows and none expects."""
        reasoning, revised = self._names()
        pairs: list[tuple[str, object]] = []
        for name in self.properties or (reasoning, revised):
            if name == revised:
                pairs.extend((name, text) for text in revisions)
            else:
                pairs.append((name, rationale if name == reasoning else self._blank(name)))
        return _object(pairs)

    def plain(self, words: str) -> str:
        """Write an object for any other request; its first text says `words`."""
        if not self.properties:
            return _object([("reply", words)])
        pairs = [(name, self._blank(name)) for name in self.properties]
        at = next((i for i, (_, value) in enumerate(pairs) if value == ""), None)
        if at is not None:
            pairs[at] = (pairs[at][0], words)
        return _object(pairs)

    def _names(self) -> tuple[str, str]:
        """Which properties take the reasoning and the revision; "" where there is none."""
        if not self.properties:
            return self.names
        names = list(self.properties)
        reasoning = next(filter(REASONS.search, names), names[0] if len(names) > 1 else "")
        others = [name for name in names if name != reasoning]
        return reasoning, next(filter(REVISES.search, others), others[0] if others else "")

    def _blank(self, name: str) -> object:
        schema = self.properties[name]
        if not isinstance(schema, dict):
            return None
        allowed = schema.get("enum")
        if isinstance(allowed, list) and allowed:
            return allowed[0]
        kind = schema.get("type")
        kind = kind[0] if isinstance(kind, list) and kind else kind
        blank = _BLANKS.get(kind) if isinstance(kind, str) else None
        return blank() if blank else None


def shape_of(fields: Mapping[str, object]) -> Shape | None:
    """Return what a request's `response_format` asks for; None for plain text.

    Raises:
        Refusal: It asks for something else, or in a wrong way.
    """
    wanted = fields.get(_PARAM)
    if wanted is None:
        return None
    kind = wanted.get("type") if isinstance(wanted, dict) else None
    if not isinstance(wanted, dict) or kind not in _KINDS:
        raise Refusal(
            f"Invalid value: {kind!r}. Supported values are: 'json_object', 'json_schema', "
            "and 'text'.",
            f"{_PARAM}.type",
            code="invalid_value",
        )
    if kind == "json_schema":
        return Shape(_properties(wanted.get("json_schema")))
    return Shape({}) if kind == "json_object" else None


def _properties(described: object) -> Mapping[str, object]:
    where = f"{_PARAM}.json_schema"
    if not isinstance(described, dict):
        raise Refusal(f"Missing required parameter: '{where}'.", where)
    schema = described.get("schema", {})
    properties = schema.get("properties", {}) if isinstance(schema, dict) else None
    if not isinstance(properties, dict):
        raise Refusal(f"Invalid schema for {_PARAM}: its properties must be an object.", where)
    return properties


def _object(pairs: Iterable[tuple[str, object]]) -> str:
    members = (f"{_json(name)}: {_json(value)}" for name, value in pairs)
    return f"{{{', '.join(members)}}}"


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
