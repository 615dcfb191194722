"""Prompts and answers as TRL reads them, and what is wrong with each by itself."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from clair_cli.looking.lint.findings import Tell
from clair_cli.rows.passages import Passage

Turn: TypeAlias = tuple[str, str]
"""The role and the content of a message."""
TrlText: TypeAlias = str | tuple[Turn, ...]
"""A prompt or an answer that TRL could read."""

KNOWN_ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function", "ipython"})
"""Roles that the chat templates of some models know."""

LEAST_REPEATED = 12
"""Characters from which on a text prompt at the beginning of an answer is no chance."""


def read(passage: Passage, tell: Tell) -> TrlText | None:
    """The passage as text or turns; None where TRL could not read it, which is told."""
    column, cell = passage
    if isinstance(cell, str):
        return cell
    form = passage.form
    if form == "messages" and isinstance(cell, list):
        return tuple(_turn(message, column, tell) for message in cell)
    if form == "empty":
        tell("empty_messages", f"in {column}")
    elif form == "other":
        tell("cell_type", f"{_kind(cell)} in {column}")
    return None


def check_prompt(prompt: TrlText, tell: Tell) -> None:
    """Tell what is wrong with a prompt."""
    if not plain_text(prompt).strip():
        tell("empty_prompt", "")
    if not isinstance(prompt, str) and prompt and prompt[-1][0] not in {"user", "tool", ""}:
        tell("prompt_end", f"it ends with {prompt[-1][0]}")


def check_answer(prompt: TrlText, answer: TrlText, column: str, tell: Tell) -> None:
    """Tell what is wrong with one answer to a prompt."""
    if not answer_text(answer).strip():
        tell("empty_side", f"in {column}")
    if _repeats(prompt, answer):
        tell("prompt_repeated", f"in {column}")
    if isinstance(answer, str) or not answer:
        return
    if not any(role == "assistant" or role not in KNOWN_ROLES for role, _ in answer):
        tell("no_assistant", f"in {column}")
    elif answer[-1][0] in KNOWN_ROLES - {"assistant"}:
        tell("last_turn", f"{column} ends with {answer[-1][0]}")


def are_identical(chosen: TrlText, rejected: TrlText) -> bool:
    """Whether two answers are the same but for the space around them."""
    return _bare(chosen) == _bare(rejected)


def _bare(text: TrlText) -> object:
    if isinstance(text, str):
        return text.strip()
    return [(role, content.strip()) for role, content in text]


def split(chosen: TrlText, rejected: TrlText, tell: Tell) -> tuple[TrlText, ...]:
    """The prompt that a pair without one has in it, and what is left of its sides; () for none.

    It is split as TRL's `extract_prompt` does it, where two equal sides keep their last piece. Both
    must be text, or both turns.
    """
    at = shared_start(chosen, rejected)
    if at == min(len(chosen), len(rejected)):
        at = max(at - 1, 0)
    elif at and chosen[at - 1] == " ":
        at -= 1
    if not chosen or not rejected or not (at or isinstance(chosen, str)):
        tell("no_shared_prompt", "")
        return ()
    if not at:
        tell("empty_prompt", "the two texts begin differently")
    return chosen[:at], chosen[at:], rejected[at:]


def _repeats(prompt: TrlText, answer: TrlText) -> bool:
    if isinstance(answer, str):
        text = plain_text(prompt).strip()
        return len(text) >= LEAST_REPEATED and answer.lstrip().startswith(text)
    if not answer or answer[0][0] in {"assistant", ""}:
        return False
    turns = (("user", prompt),) if isinstance(prompt, str) else prompt
    return answer[0] in turns


def _turn(message: object, column: str, tell: Tell) -> Turn:
    if not isinstance(message, dict):
        tell("cell_type", f"{_kind(message)} among the messages in {column}")
        return "", ""
    role = message.get("role")
    if not isinstance(role, str) or role not in KNOWN_ROLES:
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


def plain_text(text: TrlText) -> str:
    """The contents alone, one after the other."""
    return text if isinstance(text, str) else "\n".join(content for _, content in text)


def answer_text(text: TrlText) -> str:
    """What the assistant says in it; all of it, where there is no assistant's turn."""
    if isinstance(text, str):
        return text
    said = [content for role, content in text if role == "assistant"]
    return "\n".join(said) if said else plain_text(text)


def shared_start(one: Sequence[object], other: Sequence[object]) -> int:
    """How much both begin with."""
    length = min(len(one), len(other))
    return next((at for at in range(length) if one[at] != other[at]), length)
