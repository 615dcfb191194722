"""Which columns hold the prompt and the answer: the shapes that datasets come in.

A shape is recognised by the columns it needs. Where several fit, the one that needs all that the
others need, and more, is meant; then those are out whose cells are null; what is still ambiguous
is told, not guessed.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import isfinite
from typing import TypeAlias

from clair_cli.records import Message
from clair_cli.sources.columns import Cells, Columns, cell_at
from clair_cli.sources.turns import answered, conversation, dialogue, joined, messages, text
from clair_cli.sources.unfit import Unfit

Texts: TypeAlias = tuple[list[Message], str]
SYSTEM_COLUMNS = ("system", "system_prompt")
CONTEXT_COLUMNS = ("input", "context")


@dataclass(frozen=True, slots=True)
class Shape:
    """Where the prompt and the answer stand, and how they are read.

    Attributes:
        prompt: The prompt's column; "" where the answer's holds the conversation.
        answer: The answer's column.
        needs: The columns that tell the shape.
        read: Takes both out of a row's cells.
        what: A word for the user on what the answer's column holds; "" for a plain answer.
    """

    prompt: str
    answer: str
    needs: frozenset[str]
    read: Callable[[Cells, "Shape"], Texts]
    what: str = ""

    @property
    def described(self) -> str:
        """The shape in words."""
        prompt = f"prompt from {self.prompt!r}, " if self.prompt else ""
        what = f" ({self.what})" if self.what else ""
        return f"{prompt}answer from {self.answer!r}{what}"


def read_texts(cells: Cells, columns: Columns) -> tuple[Texts, Shape]:
    """The prompt and the answer of a row, and the shape they were found in.

    Raises:
        Unfit: No shape fits, several do, or a cell does not hold what it should.
    """
    shape = _chosen(cells, columns)
    prompt, response = shape.read(cells, shape)
    if not response.strip():
        raise Unfit("empty_response", f"has an empty answer in {shape.answer!r}")
    if not prompt:
        raise Unfit("empty_prompt", f"has no turn before the answer in {shape.answer!r}")
    if prompt[-1]["role"] != "user":
        raise Unfit("no_user_turn", "has a prompt that does not end with a user's turn")
    if not prompt[-1]["content"].strip():
        raise Unfit("empty_prompt", f"has an empty prompt in {shape.prompt or shape.answer!r}")
    return (prompt, response), shape


def _chosen(cells: Cells, columns: Columns) -> Shape:
    fitting = list(_named(cells, columns)) if columns.prompt or columns.response else []
    if not fitting:
        fitting = [shape for shape in _candidates(columns) if shape.needs <= cells.keys()]
        fitting = [s for s in fitting if not any(s.needs < other.needs for other in fitting)]
    if len(fitting) > 1:
        fitting = [shape for shape in fitting if _has_values(cells, shape)] or fitting
    if len(fitting) > 1:
        names = " or ".join(sorted(shape.described for shape in fitting))
        raise Unfit("ambiguous_columns", f"could be read with {names}")
    if not fitting:
        raise Unfit("no_columns", "has no column of a prompt beside one of an answer")
    return fitting[0]


def _candidates(columns: Columns) -> tuple[Shape, ...]:
    if columns.revise:
        return PREFERENCES[columns.revise]
    return SHAPES


def _named(cells: Cells, columns: Columns) -> Iterable[Shape]:
    """Shapes with the columns that the user named; what they left open comes from the others."""
    if columns.prompt and columns.response:
        return [Shape(columns.prompt, columns.response, frozenset(), _read_plain)]
    if columns.response:
        if isinstance(cell_at(cells, columns.response), list):
            return [Shape("", columns.response, frozenset(), _read_conversation)]
        found = {s.prompt for s in _candidates(columns) if s.prompt in cells}
        return [Shape(name, columns.response, frozenset(), _read_plain) for name in sorted(found)]
    found = {s.answer for s in _candidates(columns) if s.prompt and s.answer in cells}
    return [Shape(columns.prompt, name, frozenset(), _read_plain) for name in sorted(found)]


def _has_values(cells: Cells, shape: Shape) -> bool:
    return all(cells.get(name) is not None for name in shape.needs)


def _read_plain(cells: Cells, shape: Shape) -> Texts:
    """A prompt and an answer in columns of their own, each a text or a list of messages.

    An answer given as messages is their last assistant turn. Turns before it belong to the
    prompt: they are the prompt again (the whole conversation is in the cell), or follow it.
    """
    prompt = _prompt(cell_at(cells, shape.prompt), shape.prompt)
    cell = cell_at(cells, shape.answer)
    if not isinstance(cell, list):
        return prompt, text(cell, shape.answer)
    before, response = answered(messages(cell, shape.answer), shape.answer)
    return joined(prompt, before), response


def _read_shape(cells: Cells, shape: Shape) -> Texts:
    """Like plain columns, with the columns beside them that belong to the prompt."""
    prompt, response = _read_plain(cells, shape)
    if shape.prompt == "instruction":
        prompt = _with_context(prompt, cells)
    return _with_system(prompt, cells), response


def _read_conversation(cells: Cells, shape: Shape) -> Texts:
    turns = conversation(cell_at(cells, shape.answer), shape.answer)
    prompt, response = answered(turns, shape.answer)
    return _with_system(prompt, cells), response


def _read_implicit(cells: Cells, shape: Shape) -> Texts:
    """A preference row without a prompt: each side is the whole conversation."""
    cell = cells[shape.answer]
    turns = dialogue(cell) or (messages(cell, shape.answer) if isinstance(cell, list) else None)
    if turns is None:
        raise Unfit("no_columns", f"has no prompt: {shape.answer!r} is a text without turns")
    prompt, response = answered(turns, shape.answer)
    return _with_system(prompt, cells), response


def _read_worst(cells: Cells, shape: Shape) -> Texts:
    """UltraFeedback: the completion with the lowest `overall_score`, the first of equals."""
    completions = cells[shape.answer]
    found = [each for each in completions or [] if isinstance(each, dict)]
    scored = [each for each in found if _is_number(each.get("overall_score"))]
    if not scored:
        raise Unfit(
            "no_completions", f"has no completion with an overall_score in {shape.answer!r}"
        )
    worst = min(scored, key=lambda each: float(each["overall_score"]))
    return _prompt(cells[shape.prompt], shape.prompt), text(worst.get("response"), shape.answer)


def _read_generations(cells: Cells, shape: Shape) -> Texts:
    """Distilabel: a list of answers, of which the lowest rated is meant, or the only one."""
    answers, ratings = cells[shape.answer] or [], cells.get("ratings")
    if not isinstance(answers, list) or not answers:
        raise Unfit("no_completions", f"has no answers in {shape.answer!r}")
    if isinstance(ratings, list) and len(ratings) == len(answers):
        rated = [index for index, rating in enumerate(ratings) if _is_number(rating)]
        if rated:
            answers = [answers[min(rated, key=lambda index: float(ratings[index]))]]
    if len(answers) > 1:
        raise Unfit("ambiguous_columns", f"has {len(answers)} answers in {shape.answer!r}, unrated")
    prompt = _prompt(cells[shape.prompt], shape.prompt)
    return _with_system(prompt, cells), text(answers[0], shape.answer)


def _prompt(cell: object, column: str) -> list[Message]:
    if isinstance(cell, list):
        turns = messages(cell, column)
        if not turns:
            raise Unfit("empty_prompt", f"has an empty prompt in {column!r}")
        return turns
    return [{"role": "user", "content": text(cell, column)}]


def _with_context(prompt: list[Message], cells: Cells) -> list[Message]:
    """Alpaca's shape: what the instruction is about stands in a column of its own."""
    column = next((name for name in CONTEXT_COLUMNS if not _is_blank(cells.get(name))), "")
    if not column:
        return prompt
    whole = f"{prompt[-1]['content']}\n\n{text(cells[column], column)}"
    return [*prompt[:-1], {"role": prompt[-1]["role"], "content": whole}]


def _with_system(prompt: list[Message], cells: Cells) -> list[Message]:
    """The system prompt first, where it has a column of its own and the prompt has none."""
    column = next((name for name in SYSTEM_COLUMNS if not _is_blank(cells.get(name))), "")
    if not column or not isinstance(cells[column], str) or not prompt:
        return prompt
    if prompt[0]["role"] == "system":
        return prompt
    return [{"role": "system", "content": cells[column]}, *prompt]


def _is_blank(cell: object) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return False
    try:
        return isfinite(float(value))
    except ValueError:
        return False


def _plain(prompt: str, answer: str) -> Shape:
    return Shape(prompt, answer, frozenset({prompt, answer}), _read_shape)


def _whole(column: str) -> Shape:
    return Shape("", column, frozenset({column}), _read_conversation, "a conversation")


def _preferences(side: str) -> tuple[Shape, ...]:
    """Preference rows, of which the answer on `side` is revised."""
    both = frozenset({"chosen", "rejected"})
    what = "a preference"
    with_prompt = [
        Shape(prompt, side, both | {prompt}, _read_shape, what)
        for prompt in ("prompt", "question", "instruction", "input")
    ]
    return (
        Shape("prompt", side, frozenset({"prompt", side}), _read_shape, what),
        Shape("", side, both, _read_implicit, what),
        *with_prompt,
        # Distilabel's and the alignment handbook's: what the sides were made of stands beside.
        Shape("prompt", side, both | {"prompt", "instruction", "generations"}, _read_shape, what),
        Shape("prompt", side, both | {"prompt", "messages"}, _read_with_copy, what),
    )


def _read_with_copy(cells: Cells, shape: Shape) -> Texts:
    """A preference row whose `messages` are one of its sides again."""
    if cells["messages"] not in (cells["chosen"], cells["rejected"]):
        raise Unfit(
            "ambiguous_columns",
            f"could be read with answer from 'messages' (a conversation) or {shape.described}",
        )
    return _read_shape(cells, shape)


PREFERENCES = {side: _preferences(side) for side in ("chosen", "rejected")}

SHAPES: tuple[Shape, ...] = (
    _plain("task", "student_solution"),
    *(_plain("prompt", answer) for answer in ("response", "completion", "output", "answer")),
    *(_plain("instruction", answer) for answer in ("output", "response", "generation")),
    *(_plain("question", answer) for answer in ("answer", "response")),
    *(_whole(column) for column in ("messages", "conversations", "conversation")),
    *PREFERENCES["rejected"],
    Shape(
        "instruction",
        "completions",
        frozenset({"instruction", "completions"}),
        _read_worst,
        "the one with the lowest overall_score",
    ),
    Shape(
        "instruction",
        "generations",
        frozenset({"instruction", "generations"}),
        _read_generations,
        "the lowest rated",
    ),
)
"""All shapes that are recognised (docs/data.md has an example of each)."""
