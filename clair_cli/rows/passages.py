"""What one cell says: a text, messages of either dialect, or a dialogue written out as a text."""

import re
from collections.abc import Iterable
from typing import Literal, NamedTuple, TypeAlias

import orjson

from clair_cli.prompts.rendering import transcript
from clair_cli.records import Message
from clair_cli.rows.raw import Unfit

Form: TypeAlias = Literal["text", "messages", "empty", "null", "other"]

ALIASES = {
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


class Passage(NamedTuple):
    """A cell that says something. What reads it raises Unfit where it cannot be read so.

    Attributes:
        column: Where it stands, for messages.
        cell: What stands there, with all keys of its messages.
    """

    column: str
    cell: object

    @property
    def form(self) -> Form:
        """What TRL's `is_conversational` takes it for: it looks at the first message alone."""
        if isinstance(self.cell, str):
            return "text"
        if self.cell is None:
            return "null"
        if not isinstance(self.cell, list):
            return "other"
        if not self.cell:
            return "empty"
        first = self.cell[0]
        return "messages" if isinstance(first, dict) and "role" in first else "other"

    def text(self) -> str:
        """The text."""
        return _text(self.cell, self.column)

    def messages(self) -> list[Message]:
        """The turns of a list of messages, `role`/`content` or ShareGPT's `from`/`value`."""
        if not isinstance(self.cell, list):
            raise Unfit("not_text", f"has no list of messages in {self.column!r}")
        return [_message(turn, self.column) for turn in self.cell]

    def turns(self, role: str) -> list[Message]:
        """The turns of a list of messages; a text is one turn, of the `role`."""
        if isinstance(self.cell, list):
            return self.messages()
        return [{"role": role, "content": _text(self.cell, self.column)}]

    def conversation(self) -> list[Message]:
        """The turns of a whole conversation: a list of messages, its JSON, or a dialogue."""
        found = self.dialogue()
        if found is None and isinstance(self.cell, str):
            return Passage(self.column, _from_json(self.cell)).messages()
        return self.messages() if found is None else found

    def dialogue(self) -> list[Message] | None:
        """The turns of a text in which `Human:` and `Assistant:` begin them; None if not such."""
        if not isinstance(self.cell, str) or not _TURN.match(self.cell):
            return None
        parts = _TURN.split(self.cell)[1:]
        roles = {"Human": "user", "Assistant": "assistant"}
        return [
            {"role": roles[role], "content": said.strip()}
            for role, said in zip(parts[::2], parts[1::2], strict=True)
        ]


def joined(prompt: list[Message], turns: list[Message]) -> list[Message]:
    """Both in a row, what stands in both of them once; nothing of either is lost.

    A prompt that is the turns written out as one text, as in our `clair` format, is those turns.
    """
    if not prompt or not turns or prompt == turns:
        return prompt or turns
    size = len(prompt)
    if size == 1 and prompt[0]["content"].strip() == transcript(turns).strip():
        return turns
    first, then = _stripped(prompt), _stripped(turns)
    if any(then[start : start + size] == first for start in range(len(then))):
        return turns
    shared = range(min(size, len(turns)), 0, -1)
    overlap = next((n for n in shared if first[-n:] == then[:n]), 0)
    return [*prompt, *turns[overlap:]]


def _stripped(turns: Iterable[Message]) -> list[Message]:
    return [turn | {"content": turn["content"].strip()} for turn in turns]


def _message(turn: object, column: str) -> Message:
    role, said = _dialect(turn)
    if not isinstance(role, str):
        raise Unfit("not_text", f"has a turn without a role in {column!r}")
    if isinstance(said, list):
        said = "".join(_text(_part(part), column) for part in said)
    return {"role": ALIASES.get(role.lower(), role.lower()), "content": _text(said, column)}


def _dialect(turn: object) -> tuple[object, object]:
    if not isinstance(turn, dict):
        return None, None
    if isinstance(turn.get("role"), str):
        return turn["role"], turn.get("content")
    return turn.get("from"), turn.get("value")


def _part(part: object) -> object:
    return part.get("text") if isinstance(part, dict) else part


def _text(cell: object, column: str) -> str:
    if not isinstance(cell, str):
        kind = "null" if cell is None else type(cell).__name__
        raise Unfit("not_text", f"has {kind} instead of text in {column!r}")
    return cell


def _from_json(cell: str) -> object:
    try:
        return orjson.loads(cell) if cell.lstrip().startswith("[") else None
    except orjson.JSONDecodeError:
        return None
