"""Which columns hold the prompt and the answer: the shapes that datasets come in.

A shape is recognised by the columns that it needs, blank ones aside. Where several fit, the one
that needs all that the others need, and more, is meant; then those are out that a row's values do
not fit, and those that say the same count once. What is still ambiguous is told, not guessed.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import TypeAlias

from clair_cli.records import Message
from clair_cli.rows.columns import Cells, Columns, cell_at
from clair_cli.rows.turns import answered, conversation, dialogue, joined, messages, text
from clair_cli.rows.unfit import Unfit

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
    fitting = _fitting(cells, _candidates(cells, columns))
    if not fitting:
        raise Unfit("no_columns", "has no column of a prompt beside one of an answer")
    if len(fitting) == 1:
        return _read(cells, fitting[0]), fitting[0]
    read = list(_readable(cells, fitting))
    if read and all(texts == read[0][0] for texts, _ in read):
        return read[0]
    names = sorted(shape.described for shape in ([shape for _, shape in read] or fitting))
    raise Unfit("ambiguous_columns", f"could be read with {' or '.join(names)}")


def _read(cells: Cells, shape: Shape) -> Texts:
    prompt, response = shape.read(cells, shape)
    if not response.strip():
        raise Unfit("empty_response", f"has an empty answer in {shape.answer!r}")
    if not prompt:
        raise Unfit("empty_prompt", f"has no turn before the answer in {shape.answer!r}")
    if prompt[-1]["role"] != "user":
        raise Unfit("no_user_turn", "has a prompt that does not end with a user's turn")
    if not prompt[-1]["content"].strip():
        raise Unfit("empty_prompt", f"has an empty prompt in {shape.prompt or shape.answer!r}")
    return prompt, response


def _readable(cells: Cells, shapes: Iterable[Shape]) -> Iterator[tuple[Texts, Shape]]:
    for shape in shapes:
        try:
            yield _read(cells, shape), shape
        except Unfit:
            continue


def _fitting(cells: Cells, shapes: Iterable[Shape]) -> list[Shape]:
    """The shapes whose columns are there: with values if possible, else at all."""
    filled = {name for name, cell in cells.items() if not _is_blank(cell)}
    found = [shape for shape in shapes if shape.needs <= filled]
    found = found or [shape for shape in shapes if shape.needs <= cells.keys()]
    return [shape for shape in found if not any(shape.needs < other.needs for other in found)]


def _candidates(cells: Cells, columns: Columns) -> Sequence[Shape]:
    """The shapes that could be meant, with the columns that the user named in their places."""
    shapes = PREFERENCES[columns.revise] if columns.revise else SHAPES
    if columns.prompt and columns.response:
        return [Shape(columns.prompt, columns.response, frozenset(), _read_shape)]
    if columns.prompt:
        return _with_prompt(shapes, columns.prompt)
    return _with_answer(shapes, columns.response, cells) if columns.response else shapes


def _with_prompt(shapes: Iterable[Shape], prompt: str) -> list[Shape]:
    """The shapes with another column of the prompt; each once."""
    named = [
        replace(shape, prompt=prompt, needs=shape.needs - {shape.prompt})
        for shape in shapes
        if shape.prompt
    ]
    return list({shape.needs: shape for shape in reversed(named)}.values())


def _with_answer(shapes: Iterable[Shape], answer: str, cells: Cells) -> list[Shape]:
    """The shapes with that answer, else it beside what could be a prompt, else it alone."""
    known = [shape for shape in shapes if shape.answer == answer and shape.needs <= cells.keys()]
    prompts = {shape.prompt for shape in shapes if shape.prompt in cells} - {answer}
    if "instruction" in prompts:
        prompts.discard("input")  # which is its context
    beside = [Shape(name, answer, frozenset({name}), _read_shape) for name in sorted(prompts)]
    return known or beside or [Shape("", answer, frozenset(), _read_conversation)]


def _read_shape(cells: Cells, shape: Shape) -> Texts:
    """A prompt and an answer in columns of their own, each a text or a list of messages.

    An answer given as messages is their last assistant turn. Turns before it belong to the
    prompt: they are the prompt again (the whole conversation is in the cell), or follow it. So do
    the columns that hold a context or a system prompt.
    """
    prompt = _prompt(cell_at(cells, shape.prompt), shape.prompt)
    cell = cell_at(cells, shape.answer)
    response = ""
    if isinstance(cell, list):
        before, response = answered(messages(cell, shape.answer), shape.answer)
        prompt = joined(prompt, before)
    else:
        response = text(cell, shape.answer)
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
    if isinstance(cell, str) and dialogue(cell) is None:
        raise Unfit("no_columns", f"has no prompt: {shape.answer!r} is a text without turns")
    return _read_conversation(cells, shape)


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
    prompt = _prompt(cell_at(cells, shape.prompt), shape.prompt)
    return prompt, text(worst.get("response"), shape.answer)


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
    prompt = _prompt(cell_at(cells, shape.prompt), shape.prompt)
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
    return cell is None or cell == [] or (isinstance(cell, str) and not cell.strip())


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
    """A preference row whose `messages` are one of its sides again, or what both begin with."""
    copy = cells["messages"]
    sides = [side for side in (cells["chosen"], cells["rejected"]) if isinstance(side, list)]
    if not any(side[: len(copy)] == copy for side in sides):
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
