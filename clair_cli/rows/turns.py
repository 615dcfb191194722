"""Cells -> chat messages: texts, message lists of both dialects, and dialogues in one text."""

import re
from collections.abc import Mapping
from typing import Any

import orjson

from clair_cli.prompts.rendering import transcript
from clair_cli.records import Message
from clair_cli.rows.unfit import Unfit

ROLES = {
    "human": "user",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "bot": "assistant",
    "model": "assistant",
    "observation": "tool",
    "function_response": "tool",
}
"""ShareGPT's names, and others in use, for the roles of the chat format."""

_TURN = re.compile(r"(?:\A|\n\n)\s*(Human|Assistant): ?")


def text(cell: object, column: str) -> str:
    """The text in a cell.

    Raises:
        Unfit: There is none.
    """
    if not isinstance(cell, str):
        kind = "null" if cell is None else type(cell).__name__
        raise Unfit("not_text", f"has {kind} instead of text in {column!r}")
    return cell


def messages(cell: list[Any], column: str) -> list[Message]:
    """The turns of a message list, `role`/`content` or ShareGPT's `from`/`value`.

    Raises:
        Unfit: A turn has no role or no text.
    """
    return [_message(turn, column) for turn in cell]


def conversation(cell: object, column: str) -> list[Message]:
    """The turns of a cell that holds a whole conversation: a list, its JSON, or a dialogue.

    Raises:
        Unfit: It holds none.
    """
    if isinstance(cell, str):
        cell = dialogue(cell) or _from_json(cell)
    if not isinstance(cell, list):
        raise Unfit("not_text", f"has no list of messages in {column!r}")
    return messages(cell, column)


def dialogue(cell: object) -> list[Message] | None:
    """The turns of a text in which `Human:` and `Assistant:` begin them; None if it is no such."""
    if not isinstance(cell, str):
        return None
    start = _TURN.match(cell)
    if start is None:
        return None
    parts = _TURN.split(cell)[1:]
    roles = {"Human": "user", "Assistant": "assistant"}
    return [
        {"role": roles[role], "content": said.strip()}
        for role, said in zip(parts[::2], parts[1::2], strict=True)
    ]


def answered(turns: list[Message], column: str) -> tuple[list[Message], str]:
    """What was said before the answer, and the answer: the last turn, which is an assistant's.

    Raises:
        Unfit: It is somebody else's.
    """
    if not turns or turns[-1]["role"] != "assistant":
        raise Unfit("not_text", f"does not end with an assistant's turn in {column!r}")
    return turns[:-1], turns[-1]["content"]


def joined(prompt: list[Message], turns: list[Message]) -> list[Message]:
    """Both in a row, what stands in both of them once; nothing of either is lost.

    A prompt that is the turns written out as one text, as in our `clair` format, is those turns.
    """
    size = len(prompt)
    if size == 1 and turns and prompt[0]["content"].strip() == transcript(turns).strip():
        return turns
    first, then = _stripped(prompt), _stripped(turns)
    if any(then[start : start + size] == first for start in range(len(then))):
        return turns
    shared = range(min(size, len(turns)), 0, -1)
    overlap = next((n for n in shared if first[-n:] == then[:n]), 0)
    return [*prompt, *turns[overlap:]]


def _stripped(turns: list[Message]) -> list[Message]:
    return [turn | {"content": turn["content"].strip()} for turn in turns]


def _message(turn: object, column: str) -> Message:
    role, said = _dialect(turn)
    if not isinstance(role, str):
        raise Unfit("not_text", f"has a turn without a role in {column!r}")
    if isinstance(said, list):
        said = "".join(text(_part(part), column) for part in said)
    return {"role": ROLES.get(role.lower(), role.lower()), "content": text(said, column)}


def _dialect(turn: object) -> tuple[object, object]:
    if not isinstance(turn, Mapping):
        return None, None
    if isinstance(turn.get("role"), str):
        return turn["role"], turn.get("content")
    return turn.get("from"), turn.get("value")


def _part(part: object) -> object:
    return part.get("text") if isinstance(part, Mapping) else part


def _from_json(cell: str) -> object:
    try:
        return orjson.loads(cell) if cell.lstrip().startswith("[") else None
    except orjson.JSONDecodeError:
        return None
