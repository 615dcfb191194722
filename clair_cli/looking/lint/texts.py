"""A cell -> what TRL takes it for, and the turns of a list of messages."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, TypeAlias

Form: TypeAlias = Literal["text", "messages", "empty", "null", "other"]
Turn: TypeAlias = tuple[str, str]
"""The role and the content of a message."""
Text: TypeAlias = str | tuple[Turn, ...]
"""A prompt or an answer that TRL could read."""
Tell: TypeAlias = Callable[[str, str], None]
"""Takes the code and the detail of a finding in the row at hand."""

ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function", "ipython"})
"""Roles that the chat templates of some models know."""


def form_of(cell: object) -> Form:
    """What TRL's `is_conversational` makes of a cell: it looks at the first message alone."""
    if isinstance(cell, str):
        return "text"
    if cell is None:
        return "null"
    if not isinstance(cell, list):
        return "other"
    if not cell:
        return "empty"
    return "messages" if isinstance(cell[0], dict) and "role" in cell[0] else "other"


def read(cell: object, column: str, tell: Tell) -> Text | None:
    """The cell as text or turns; None where TRL could not read it, which is told."""
    form = form_of(cell)
    if form == "text" and isinstance(cell, str):
        return cell
    if form == "messages" and isinstance(cell, list):
        return tuple(_turn(message, column, tell) for message in cell)
    if form == "empty":
        tell("empty_messages", f"in {column}")
    elif form == "other":
        tell("cell_type", f"{_kind(cell)} in {column}")
    return None


def _turn(message: object, column: str, tell: Tell) -> Turn:
    if not isinstance(message, dict):
        tell("cell_type", f"{_kind(message)} among the messages in {column}")
        return "", ""
    role = message.get("role")
    if not isinstance(role, str) or role not in ROLES:
        tell("bad_role", f"{role!r} in {column}" if isinstance(role, str) else f"none in {column}")
    return role if isinstance(role, str) else "", _content(message, column, tell)


def _content(message: Mapping[str, object], column: str, tell: Tell) -> str:
    content = message.get("content")
    if isinstance(content, str):
        return content
    if content is None and message.get("tool_calls"):
        return ""
    tell("content_not_text", f"{_kind(content)} in {column}")
    if not isinstance(content, list):
        return str(content) if isinstance(content, int | float) else ""
    texts = (part.get("text") for part in content if isinstance(part, dict))
    return "".join(text for text in texts if isinstance(text, str))


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", bool: "a boolean", str: "a string"}
    if value is None:
        return "null"
    return "a number" if type(value) in {int, float} else names.get(type(value), "another type")


def plain_text(text: Text) -> str:
    """The contents alone, one after the other."""
    return text if isinstance(text, str) else "\n".join(content for _, content in text)


def answer_text(text: Text) -> str:
    """What the assistant says in it; all of it, where there is no assistant's turn."""
    if isinstance(text, str):
        return text
    said = [content for role, content in text if role == "assistant"]
    return "\n".join(said) if said else plain_text(text)


def split_shared(chosen: Text, rejected: Text) -> tuple[Text, Text, Text]:
    """Prompt, chosen and rejected of a pair without a prompt, as TRL's `extract_prompt` does it.

    Both must be text, or both turns. Like there, two equal sides keep their last piece.
    """
    at = _shared(chosen, rejected)
    return chosen[:at], chosen[at:], rejected[at:]


def _shared(chosen: Sequence[object], rejected: Sequence[object]) -> int:
    length = min(len(chosen), len(rejected))
    for at in range(length):
        if chosen[at] != rejected[at]:
            return at - 1 if at and chosen[at - 1] == " " else at
    return max(length - 1, 0)
