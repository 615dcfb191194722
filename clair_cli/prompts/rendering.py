"""A message's text and its values -> what is sent: jinja2, sandboxed and strict."""

import traceback
from collections.abc import Mapping
from typing import Any

import jinja2
from jinja2 import meta, nodes
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from clair_cli.records import Message

VALUES = frozenset({"prompt", "response", "aspect"})
"""What a template may ask for."""

ROLE_NAMES = {"system": "System", "user": "User", "assistant": "Assistant", "tool": "Tool"}

LARGEST = 1_000_000
"""The largest number, or length, that a template's own arithmetic may make."""


class Fault(Exception):  # noqa: N818 - a finding about a template, told with its place in the file
    """What is wrong with a message's text, on its line `line` (from 1; 0 where that is unknown)."""

    def __init__(self, what: str, line: int = 0) -> None:
        super().__init__(what)
        self.line = line


class _Sandbox(ImmutableSandboxedEnvironment):
    """No attribute that leads out of the template, and no sum that fills the memory."""

    intercepted_binops = frozenset({"*", "**"})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Multiply, or raise to a power, where the result stays small.

        Raises:
            SecurityError: It would not.
        """
        sizes = [_size(left), _size(right)]
        if operator == "**" and (sizes[0] > 1000 or sizes[1] > 6):
            raise SecurityError("the power is too large")
        if sizes[0] * sizes[1] > LARGEST:
            raise SecurityError("the product is too large")
        return super().call_binop(context, operator, left, right)


class Text:
    """One message's text, compiled.

    Attributes:
        used: The values that it asks for.

    Raises:
        Fault: It is no valid template, or asks for a value that there is not.
    """

    def __init__(self, content: str) -> None:
        environment = _Sandbox(
            undefined=jinja2.StrictUndefined, keep_trailing_newline=True, autoescape=False
        )
        try:
            tree = environment.parse(content)
            names = meta.find_undeclared_variables(tree) - environment.globals.keys()
            self._template = environment.from_string(content)
        except jinja2.TemplateSyntaxError as exc:
            raise Fault(f"is no valid jinja2 ({exc.message})", exc.lineno) from exc
        except Exception as exc:  # whatever jinja2 or Python's compiler chokes on
            raise Fault(f"cannot be compiled ({_words(exc)})") from exc
        unknown = sorted(names - VALUES)
        if unknown:
            raise Fault(
                f"asks for {unknown[0]!r}, which there is not; there are "
                f"{', '.join(sorted(VALUES))}",
                _line_of_name(tree, unknown[0]),
            )
        self.used = frozenset(names)

    def render(self, values: Mapping[str, str]) -> str:
        """The text with `values` in their places.

        Raises:
            Fault: It cannot be rendered.
        """
        try:
            return self._template.render(values)
        except Exception as exc:  # an expression raises whatever Python's methods do
            raise Fault(f"cannot be rendered ({_words(exc)})", _line_of_error(exc)) from exc


def transcript(prompt: list[Message]) -> str:
    """The conversation so far as one text: a lone user turn as it is, else each turn named."""
    if len(prompt) == 1 and prompt[0]["role"] == "user":
        return prompt[0]["content"]
    return "\n\n".join(f"{ROLE_NAMES.get(m['role'], m['role'])}: {m['content']}" for m in prompt)


def _size(value: Any) -> float:
    return abs(value) if isinstance(value, int | float) else len(value)


def _words(exc: Exception) -> str:
    return " ".join(str(exc).split())[:200] or type(exc).__name__


def _line_of_name(tree: nodes.Template, name: str) -> int:
    return next((node.lineno for node in tree.find_all(nodes.Name) if node.name == name), 0)


def _line_of_error(exc: Exception) -> int:
    """jinja2 puts the template's own lines into the traceback."""
    frames = traceback.extract_tb(exc.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == "<template>"]
    return (lines[-1] or 0) if lines else 0
