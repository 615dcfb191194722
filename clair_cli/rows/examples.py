"""A row of any kind as one typed value: a prompt, and the answers to it.

It is made of named tuples: each row makes some, and a frozen dataclass takes twice the time.
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from clair_cli.records import Message
from clair_cli.rows.passages import Passage, joined
from clair_cli.rows.raw import Cells, Unfit

_IDS = (str, int, Decimal, dt.date, uuid.UUID)


class Answer(NamedTuple):
    """One of the answers to a prompt.

    Attributes:
        said: What it says; it may hold the turns before it as well.
        label: True for the better side of a preference, False for the worse one, None for one
            between or alone; of a labelled row what stands there.
        score: What it was rated with; None where it was not.
        about: All that stands beside it, such as its model; None where nothing does.
    """

    said: Passage
    label: object = None
    score: float | None = None
    about: Mapping[str, object] | None = None


class Example(NamedTuple):
    """What a row holds, whatever its columns are called. What reads it may raise Unfit.

    Attributes:
        prompt: The prompt; None where each answer holds the conversation before it.
        answers: All answers, in the row's order.
        cells: The whole row.
        context: What the prompt is about, where that has a column of its own.
        system: The system prompt, where that has a column of its own; "" for none.
    """

    prompt: Passage | None
    answers: tuple[Answer, ...]
    cells: Cells
    context: Passage | None = None
    system: str = ""

    def asked(self, answer: Answer) -> tuple[list[Message], str]:
        """The conversation that `answer` ends, and the text of its last turn.

        An answer given as messages is their last assistant turn. Turns before it belong to the
        prompt: they are the prompt again, or follow it.
        """
        own = self._own_turns()
        said = answer.said
        if self.prompt is None:
            turns = said.conversation()
        elif isinstance(said.cell, list):
            turns = said.messages()
        else:
            return self.completed(own), said.text()
        if not turns or turns[-1]["role"] != "assistant":
            raise Unfit("not_text", f"does not end with an assistant's turn in {said.column!r}")
        return self.completed(joined(own, turns[:-1])), turns[-1]["content"]

    def completed(self, prompt: list[Message]) -> list[Message]:
        """The prompt with what columns of their own hold: its context, and the system prompt."""
        if self.context and prompt:
            whole = f"{prompt[-1]['content']}\n\n{self.context.text()}"
            prompt = [*prompt[:-1], {"role": prompt[-1]["role"], "content": whole}]
        if self.system and prompt and prompt[0]["role"] != "system":
            return [{"role": "system", "content": self.system}, *prompt]
        return prompt

    def _own_turns(self) -> list[Message]:
        if self.prompt is None:
            return []
        turns = self.prompt.turns("user")
        if not turns:
            raise Unfit("empty_prompt", f"has an empty prompt in {self.prompt.column!r}")
        return turns


def as_id(cell: object) -> str:
    """An id as text; "" where the cell holds nothing that rows are told apart by."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        cell = int(cell)  # what a whole number becomes in a table that has a gap there
    if isinstance(cell, bool) or not isinstance(cell, _IDS):
        return ""
    return str(cell)
