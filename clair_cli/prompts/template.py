"""One prompt file: what it says of itself, and the messages that it makes of a row."""

import copy
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self, TypeAlias

from clair_cli.prompts.line_numbers import line_in, line_of
from clair_cli.prompts.rendering import Fault, Text, transcript
from clair_cli.records import Direction, Message, Row, UsageError

ReplyForm: TypeAlias = Literal["sections", "json"]

KEYS = frozenset(
    {"description", "use", "source", "licence", "direction", "reply", "markers", "messages"}
)
"""What a template may state."""
ABOUT = ("description", "use", "source", "licence")
ROLES = ("system", "user", "assistant", "developer")


@dataclass(frozen=True, slots=True)
class Markers:
    """The names of a reply's two parts; each may have several."""

    reasoning: tuple[str, ...]
    revision: tuple[str, ...]


class Template:
    """One prompt file, ready to render.

    Attributes:
        name: What it is called on the command line and in run.json.
        text: The file as it stands.
        path: How errors name the file.
        description, use, source, licence: What it says of itself; "" where it is silent.
        direction: Whether the revision is the better or the worse answer.
        stated_direction: The same as the file has it, whatever the run makes of it.
        reply: Whether it asks for two headed sections or for a JSON object.
        markers: What the reply's parts are called.
        aspect: What the run revises for, where the template asks; else "".
        structured: Whether the run asks for JSON by `response_format`.

    Raises:
        UsageError: The file is no valid template; names file, line where known, and cure.
    """

    def __init__(self, name: str, text: str, path: str) -> None:
        self.name, self.text, self.path = name, text, path
        self.aspect, self.structured = "", False
        fields = self._parse(text)
        unknown = sorted(fields.keys() - KEYS)
        if unknown:
            raise self._wrong(
                f"has an unknown key {unknown[0]!r}; known are {', '.join(sorted(KEYS))}",
                line_of(text, unknown[0]) or line_of(text, "", unknown[0]),
            )
        about = [self._about(fields, key) for key in ABOUT]
        self.description, self.use, self.source, self.licence = about
        self.stated_direction = self._direction(fields.get("direction", "improve"))
        self.direction = self.stated_direction
        self.reply = self._reply(fields.get("reply", "sections"))
        self.markers = self._markers(fields.get("markers"))
        self._messages = self._compile(fields.get("messages"))

    @property
    def wants_aspect(self) -> bool:
        """Whether some message asks for `aspect`."""
        return any("aspect" in text.used for _, text in self._messages)

    @property
    def shows_prompt(self) -> bool:
        """Whether some message holds what the answer is an answer to."""
        return any("prompt" in text.used for _, text in self._messages)

    def bound(
        self, *, aspect: str = "", direction: Direction | None = None, structured: bool = False
    ) -> Self:
        """This template as one run uses it.

        Args:
            aspect: What to revise for.
            direction: The direction, None for the template's own.
            structured: Whether to ask for JSON by `response_format` as well.

        Raises:
            UsageError: An aspect is missing, or is given where the template asks for none.
        """
        if self.wants_aspect and not aspect.strip():
            raise UsageError(
                f"--prompt {self.name}: revises one aspect; name it, such as "
                '--aspect "factual accuracy"'
            )
        if aspect and not self.wants_aspect:
            raise UsageError(
                f"--aspect: the template {self.name} does not use it; leave it out, or take "
                "--prompt aspect"
            )
        if any("\ud800" <= char <= "\udfff" for char in aspect):  # bytes that were no UTF-8
            raise UsageError("--aspect: is not valid UTF-8; write it again")
        bound = copy.copy(self)
        bound.aspect, bound.structured = aspect, structured
        bound.direction = direction or self.stated_direction
        return bound

    def render(self, row: Row, note: str = "") -> list[Message]:
        """The messages that ask for `row`'s revision; `note` ends the last of them.

        Raises:
            UsageError: The template cannot be rendered.
        """
        values = {"prompt": transcript(row.prompt), "response": row.response, "aspect": self.aspect}
        rendered = [
            {"role": role, "content": self._content(number, text, values)}
            for number, (role, text) in enumerate(self._messages)
        ]
        if note:
            rendered[-1]["content"] = f"{rendered[-1]['content'].rstrip()}\n\n{note}"
        return rendered

    def _content(self, number: int, text: Text, values: Mapping[str, str]) -> str:
        try:
            return text.render(values)
        except Fault as fault:
            raise self._at_fault(number, fault) from fault

    def _parse(self, text: str) -> dict[str, Any]:
        try:
            return tomllib.loads(text)
        except tomllib.TOMLDecodeError as exc:
            place = re.search(r" \(at line (\d+), column \d+\)$", str(exc))
            line = int(place[1]) if place else text.count("\n") + 1
            words = str(exc).removesuffix(place[0]) if place else str(exc)
            raise self._wrong(f"is not valid TOML ({words}); mend this line", line) from exc
        except RecursionError as exc:
            raise self._wrong("is nested too deeply; write plain tables") from exc

    def _about(self, fields: Mapping[str, Any], key: str) -> str:
        value = fields.get(key, "")
        if isinstance(value, str):
            return value
        raise self._wrong(f'has a {key} that is no text; write {key} = "..."', self._line(key))

    def _direction(self, value: object) -> Direction:
        if value == "improve":
            return "improve"
        if value == "worsen":
            return "worsen"
        raise self._wrong(
            f'has direction {value!r}; write "improve" or "worsen"', self._line("direction")
        )

    def _reply(self, value: object) -> ReplyForm:
        if value == "sections":
            return "sections"
        if value == "json":
            return "json"
        raise self._wrong(f'has reply {value!r}; write "sections" or "json"', self._line("reply"))

    def _markers(self, table: object) -> Markers:
        table = table if isinstance(table, dict) else {}
        other = sorted(table.keys() - {"reasoning", "revision"})
        if other:
            raise self._wrong(
                f"has a marker {other[0]!r}; there are reasoning and revision",
                line_of(self.text, other[0], "markers"),
            )
        markers = Markers(self._names(table, "reasoning"), self._names(table, "revision"))
        both = {*map(_squeezed, markers.reasoning)} & {*map(_squeezed, markers.revision)}
        if both:
            raise self._wrong(
                f"has the marker {min(both)!r} for the reasoning and for the revision; name them "
                "differently",
                line_of(self.text, "revision", "markers"),
            )
        return markers

    def _names(self, table: Mapping[str, Any], part: str) -> tuple[str, ...]:
        names = table.get(part)
        names = [names] if isinstance(names, str) else names
        if isinstance(names, list) and names and all(_is_name(name) for name in names):
            return tuple(names)
        raise self._wrong(
            f'lacks the marker of the {part}; add {part} = "..." under [markers]',
            line_of(self.text, part, "markers"),
        )

    def _compile(self, messages: object) -> list[tuple[str, Text]]:
        if not isinstance(messages, list) or not messages:
            raise self._wrong("has no messages; add at least one [[messages]] table")
        compiled = [self._message(number, message) for number, message in enumerate(messages)]
        if not any("response" in text.used for _, text in compiled):
            raise self._wrong(
                "never asks about the answer; write {{ response }} where it belongs",
                line_of(self.text, "content", "messages", len(messages) - 1),
            )
        return compiled

    def _message(self, number: int, message: object) -> tuple[str, Text]:
        fields = message if isinstance(message, dict) else {}
        role, content = fields.get("role"), fields.get("content")
        if role not in ROLES or not isinstance(content, str):
            missing = "content" if role in ROLES else "role"
            raise self._wrong(
                f"has a message without a role ({', '.join(ROLES)}) or without text content; write "
                "both",
                line_of(self.text, missing, "messages", number),
            )
        other = sorted(fields.keys() - {"role", "content"})
        if other:
            raise self._wrong(
                f"has a message with an unknown key {other[0]!r}; it takes role and content",
                line_of(self.text, other[0], "messages", number),
            )
        try:
            return role, Text(content)
        except Fault as fault:
            raise self._at_fault(number, fault) from fault

    def _line(self, key: str) -> int:
        return line_of(self.text, key)

    def _at_fault(self, number: int, fault: Fault) -> UsageError:
        line = line_in(self.text, fault.line, "content", "messages", number)
        return self._wrong(f"has a message that {fault}; mend it there", line)

    def _wrong(self, what: str, line: int = 0) -> UsageError:
        place = f"{self.path}, line {line}" if line else self.path
        return UsageError(f"{place}: the template {what}")


def _is_name(value: object) -> bool:
    return isinstance(value, str) and any(char.isalnum() for char in value)


def _squeezed(name: str) -> str:
    """What the parser tells names apart by: letters and digits, whatever their case."""
    return re.sub(r"[\W_]", "", name).lower()
