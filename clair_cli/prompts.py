"""Templates, and the requests that are made with them: Row + Template -> Request.

A template is a TOML file: `description`, `source`, `licence`, `direction` (improve or worsen),
`[markers]` with the names that the reply's two sections go by, and `[[messages]]` whose `content`
is rendered by jinja2 with `prompt` and `response`. Rendering is sandboxed and strict, and happens
once: text from a row is data, whatever braces it holds.
"""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import jinja2
import jinja2.meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from clair_cli.records import Direction, Message, Problem, Request, Row, UsageError

ROLE_NAMES = {"system": "System", "user": "User", "assistant": "Assistant", "tool": "Tool"}

ADVICE = {
    "no_markers": "it had neither of the two identifiers as a heading; put each on a line alone",
    "no_revision": "the heading of the revised answer was missing; put it on a line alone",
    "no_reasoning": "the reasoning was missing; give it first, under its heading",
    "ambiguous": "its headings could be read in more than one way; use each exactly once",
    "malformed": "its structure was broken",
    "truncated": "it was cut off at the length limit; keep the reasoning short",
    "empty": "the revised answer was empty",
    "unchanged": "the answer came back unchanged; improve at least one thing in it",
    "refused": "it was a refusal; revise the answer as far as you can",
    "marker_left": "an identifier stood inside the revised answer; use them as headings only",
    "alludes": "the revised answer spoke of itself as a revision; it must read as an original",
    "echo": "the revised answer repeated the instruction; give the answer alone",
}
"""What to say after an unusable reply, by reason code. Part of the next request's key: a change
here asks again for every row that fails a check."""


@dataclass(frozen=True, slots=True)
class Markers:
    """The names of a reply's two sections; each may have several."""

    reasoning: tuple[str, ...]
    revision: tuple[str, ...]


KEYS = frozenset({"description", "source", "licence", "direction", "markers", "messages"})
"""What a template may state."""

_RENDER_ERRORS = (jinja2.TemplateError, ArithmeticError, LookupError, TypeError, ValueError)
"""What an expression of a template may raise: jinja2 lets Python's own errors through."""


class Template:
    """One prompt file, ready to render.

    Attributes:
        name: What it is called on the command line and in run.json.
        text: The file as it stands.
        description, source, licence: What it says of itself; "" where it is silent.
        direction: Whether the revision is the better or the worse answer.
        markers: What the reply's sections are headed by.

    Raises:
        UsageError: The file is no valid template; names file, line where known, and cure.
    """

    def __init__(self, name: str, text: str, path: str) -> None:
        self.name, self.text, self._path = name, text, path
        fields = self._parse(text)
        unknown = sorted(fields.keys() - KEYS)
        if unknown:
            raise self._wrong(
                f"has an unknown key {unknown[0]!r}; known are {', '.join(sorted(KEYS))}"
            )
        self.description = str(fields.get("description", ""))
        self.source = str(fields.get("source", ""))
        self.licence = str(fields.get("licence", ""))
        self.direction = self._direction(fields.get("direction", "improve"))
        self.markers = self._markers(fields.get("markers"))
        self._messages = self._compile(fields.get("messages"))

    def render(self, row: Row, note: str = "") -> list[Message]:
        """The messages that ask for `row`'s revision; `note` ends the last of them.

        Raises:
            UsageError: The template cannot be rendered.
        """
        values = {"prompt": transcript(row.prompt), "response": row.response}
        try:
            rendered = [{"role": r, "content": t.render(values)} for r, t in self._messages]
        except _RENDER_ERRORS as exc:
            raise self._wrong(f"cannot be rendered ({exc})") from exc
        if note:
            rendered[-1]["content"] = f"{rendered[-1]['content'].rstrip()}\n\n{note}"
        return rendered

    def _parse(self, text: str) -> dict[str, Any]:
        try:
            return tomllib.loads(text)
        except tomllib.TOMLDecodeError as exc:
            raise self._wrong(f"is not valid TOML ({exc})") from exc

    def _direction(self, value: object) -> Direction:
        if value == "improve":
            return "improve"
        if value == "worsen":
            return "worsen"
        raise self._wrong(f'has direction {value!r}; write "improve" or "worsen"')

    def _markers(self, table: object) -> Markers:
        table = table if isinstance(table, dict) else {}
        return Markers(self._names(table, "reasoning"), self._names(table, "revision"))

    def _names(self, table: Mapping[str, Any], section: str) -> tuple[str, ...]:
        names = table.get(section)
        names = [names] if isinstance(names, str) else names
        if isinstance(names, list) and names and all(_is_name(name) for name in names):
            return tuple(names)
        raise self._wrong(
            f'lacks the marker of the {section}; add {section} = "..." under [markers]'
        )

    def _compile(self, messages: object) -> list[tuple[str, jinja2.Template]]:
        if not isinstance(messages, list) or not messages:
            raise self._wrong("has no messages; add at least one [[messages]] table")
        environment = ImmutableSandboxedEnvironment(
            undefined=jinja2.StrictUndefined,
            keep_trailing_newline=True,
            autoescape=False,
        )
        used = {name for message in messages for name in self._names_in(environment, message)}
        if "response" not in used:
            raise self._wrong("never asks about the answer; write {{ response }} where it belongs")
        return [self._message(environment, message) for message in messages]

    def _names_in(self, environment: jinja2.Environment, message: object) -> set[str]:
        content = message.get("content") if isinstance(message, dict) else None
        try:
            return jinja2.meta.find_undeclared_variables(environment.parse(content or ""))
        except (jinja2.TemplateSyntaxError, TypeError):
            return {"response"}  # told where the message is compiled

    def _message(
        self, environment: jinja2.Environment, message: object
    ) -> tuple[str, jinja2.Template]:
        fields = message if isinstance(message, dict) else {}
        role, content = fields.get("role"), fields.get("content")
        if role not in {"system", "user", "assistant", "developer"} or not isinstance(content, str):
            raise self._wrong(
                "has a message without a role (system, user, assistant) or text content"
            )
        try:
            return role, environment.from_string(content)
        except jinja2.TemplateSyntaxError as exc:
            raise self._wrong(
                f"has a fault in a {role} message, its line {exc.lineno} ({exc.message})"
            ) from exc

    def _wrong(self, what: str) -> UsageError:
        return UsageError(f"{self._path}: the template {what}")


class Asker:
    """Makes the requests for rows: the `ask` of the engine.

    Args:
        template: What to ask with.
        parameters: Further fields of every body: `model`, `temperature`, ...
        occurrence: How often the same body was asked before in this run.
    """

    def __init__(
        self,
        template: Template,
        parameters: Mapping[str, Any],
        occurrence: Callable[[bytes], int],
    ) -> None:
        self._template = template
        self._parameters = parameters
        self._occurrence = occurrence

    def __call__(self, row: Row, last: Request | None, problem: Problem | None) -> Request:
        """The first request for a row, or the one after a reply with a problem."""
        if last is None or problem is None:
            first = Request.of(self._body(row, ""))
            return _at(first, self._occurrence(first.digest), 1)
        again = Request.of(self._body(row, _note(problem)))
        return _at(again, last.occurrence, last.attempt + 1)

    def _body(self, row: Row, note: str) -> dict[str, Any]:
        return {**self._parameters, "messages": self._template.render(row, note)}


def transcript(prompt: list[Message]) -> str:
    """The conversation so far as one text: a lone user turn as it is, else each turn named."""
    if len(prompt) == 1 and prompt[0]["role"] == "user":
        return prompt[0]["content"]
    return "\n\n".join(f"{ROLE_NAMES.get(m['role'], m['role'])}: {m['content']}" for m in prompt)


def load_template(name: str) -> Template:
    """The template called `name`, or the one in the file of that path.

    Raises:
        UsageError: There is neither, or it is no valid template.
    """
    shipped = {t.name.removesuffix(".toml"): t for t in _shipped()}
    if name in shipped:
        return Template(name, shipped[name].read_text(encoding="utf-8"), f"prompts/{name}.toml")
    path = Path(name)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise UsageError(
            f"--prompt {name}: neither a template of clair ({', '.join(sorted(shipped))}) "
            "nor a readable file"
        ) from exc
    return Template(path.stem, text, name)


def template_names() -> list[str]:
    """The names of the templates that ship with clair, sorted."""
    return sorted(t.name.removesuffix(".toml") for t in _shipped())


def _shipped() -> list[Traversable]:
    """The template files: inside the wheel, or at the top of a source tree."""
    package = resources.files("clair_cli")
    inside = package / "_prompts"
    folder = inside if inside.is_dir() else Path(str(package)).parent / "prompts"
    return [file for file in folder.iterdir() if file.name.endswith(".toml")]


def _is_name(value: object) -> bool:
    return isinstance(value, str) and any(char.isalnum() for char in value)


def _at(request: Request, occurrence: int, attempt: int) -> Request:
    return Request(request.body, occurrence, attempt, request.digest)


def _note(problem: Problem) -> str:
    advice = ADVICE.get(problem.reason, problem.detail)
    return f"[Note on your last reply: {advice}.]"
