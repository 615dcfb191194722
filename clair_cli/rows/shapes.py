"""The shapes that datasets come in: which columns hold the prompt and the answers."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from math import isfinite

from clair_cli.rows.columns import Columns
from clair_cli.rows.examples import Answer, Example
from clair_cli.rows.passages import Passage
from clair_cli.rows.raw import Cells, Unfit, cell_at, is_blank

PROMPTS = ("prompt", "question", "instruction", "input")
"""Columns that hold the prompt of a preference."""
SYSTEM_COLUMNS = ("system", "system_prompt")
CONTEXT_COLUMNS = ("input", "context")
SIDES = {"chosen": True, "rejected": False}
"""The columns of a preference, and what they say of their answers."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Where the prompt and the answers stand, and how they are read.

    Attributes:
        prompt: The prompt's column; "" where the answers hold the conversation.
        answer: The column of the answer that is to be revised, or of all answers.
        needs: The columns that tell the shape.
        read: Takes an example out of a row's cells.
        what: A word for the user on what the answer's column holds; "" for a plain answer.
    """

    prompt: str
    answer: str
    needs: frozenset[str]
    read: Callable[[Cells, "Shape"], Example]
    what: str = ""

    @property
    def described(self) -> str:
        """The shape in words."""
        prompt = f"prompt from {self.prompt!r}, " if self.prompt else ""
        what = f" ({self.what})" if self.what else ""
        return f"{prompt}answer from {self.answer!r}{what}"


def revisable(columns: Columns, names: Collection[str]) -> Sequence[Shape]:
    """The shapes of rows with an answer to revise, with the user's columns in their places."""
    shapes = PREFERENCES[columns.revise] if columns.revise else SHAPES
    if columns.prompt and columns.response:
        return [Shape(columns.prompt, columns.response, frozenset(), _separate)]
    if columns.prompt:
        return _with_prompt(shapes, columns.prompt)
    return _with_answer(shapes, columns.response, names) if columns.response else shapes


def paired(names: Collection[str]) -> Sequence[Shape]:
    """The shapes of rows with a pair or a half of one; of several that fit, the first is meant."""
    return [each for each in PAIRED if each.read is not _ranked or "chosen" not in names]


def _with_prompt(shapes: Iterable[Shape], prompt: str) -> list[Shape]:
    """The shapes with another column of the prompt; each once."""
    named = [
        replace(shape, prompt=prompt, needs=shape.needs - {shape.prompt})
        for shape in shapes
        if shape.prompt
    ]
    return list({shape.needs: shape for shape in reversed(named)}.values())


def _with_answer(shapes: Iterable[Shape], answer: str, names: Collection[str]) -> list[Shape]:
    """The shapes with that answer, else it beside what could be a prompt, else it alone."""
    known = [shape for shape in shapes if shape.answer == answer and shape.needs <= {*names}]
    prompts = {shape.prompt for shape in shapes if shape.prompt in names} - {answer}
    if "instruction" in prompts:
        prompts.discard("input")  # which is its context
    beside = [Shape(name, answer, frozenset({name}), _separate) for name in sorted(prompts)]
    return known or beside or [Shape("", answer, frozenset(), _separate)]


def _separate(cells: Cells, shape: Shape) -> Example:
    """A prompt and an answer, perhaps labelled; or an answer with the conversation before it."""
    prompt = _prompt(cells, shape)
    said = Passage(shape.answer, cell_at(cells, shape.answer))
    answer = Answer(said, cells.get("label"))
    return Example(prompt, (answer,), cells, _context(cells, shape), _system(cells))


def _preference(cells: Cells, shape: Shape) -> Example:
    sides = [side for side in SIDES if side in cells]
    answers = [Answer(Passage(side, cells[side]), SIDES[side]) for side in sides]
    return _example(cells, shape, answers)


def _implicit(cells: Cells, shape: Shape) -> Example:
    """A preference without a prompt, of which each side is the whole conversation."""
    side = Passage(shape.answer, cells[shape.answer])
    if side.form == "text" and side.dialogue() is None:
        raise Unfit("no_columns", f"has no prompt: {shape.answer!r} is a text without turns")
    return _preference(cells, shape)


def _copied(cells: Cells, shape: Shape) -> Example:
    """A preference whose `messages` are one of its sides again, or what both begin with."""
    copy = cells["messages"] or []
    sides = [cells[side] for side in SIDES if isinstance(cells[side], list)]
    if not isinstance(copy, list) or not any(side[: len(copy)] == copy for side in sides):
        raise Unfit(
            "ambiguous_columns",
            f"could be read with answer from 'messages' (a conversation) or {shape.described}",
        )
    return _preference(cells, shape)


def _completions(cells: Cells, shape: Shape) -> Example:
    """UltraFeedback: completions with an `overall_score` each."""
    found = cells[shape.answer] if isinstance(cells[shape.answer], list) else []
    answers = tuple(
        Answer(Passage(shape.answer, each.get("response")), score=score, about=each)
        for each in found
        if isinstance(each, dict) and (score := _number(each.get("overall_score"))) is not None
    )
    if not answers:
        raise Unfit(
            "no_completions", f"has no completion with an overall_score in {shape.answer!r}"
        )
    return Example(_prompt(cells, shape), answers, cells)


def _generations(cells: Cells, shape: Shape) -> Example:
    """Distilabel: a list of answers, and perhaps one of their ratings."""
    found, ratings = cells[shape.answer] or [], cells.get("ratings")
    if not isinstance(found, list) or not found:
        raise Unfit("no_completions", f"has no answers in {shape.answer!r}")
    if not isinstance(ratings, list) or len(ratings) != len(found):
        ratings = [None] * len(found)
    answers = tuple(
        Answer(Passage(shape.answer, text), score=_number(rating))
        for text, rating in zip(found, ratings, strict=True)
    )
    return Example(_prompt(cells, shape), answers, cells, system=_system(cells))


def _ranked(cells: Cells, shape: Shape) -> Example:
    """Answers from the best to the worst, each a list of messages."""
    ranking = cells[shape.answer] if isinstance(cells[shape.answer], list) else []
    if len(ranking) < 2 or not all(isinstance(each, list) for each in ranking):
        raise Unfit("no_columns", NO_PAIR)
    labels = [True, *[None] * (len(ranking) - 2), False]
    sides = zip(ranking, labels, strict=True)
    return _example(cells, shape, [Answer(Passage(shape.answer, each), it) for each, it in sides])


def _example(cells: Cells, shape: Shape, answers: Iterable[Answer]) -> Example:
    prompt, context = _prompt(cells, shape), _context(cells, shape)
    return Example(prompt, tuple(answers), cells, context, _system(cells))


def _prompt(cells: Cells, shape: Shape) -> Passage | None:
    return Passage(shape.prompt, cell_at(cells, shape.prompt)) if shape.prompt else None


def _context(cells: Cells, shape: Shape) -> Passage | None:
    """Alpaca's shape: what the instruction is about stands in a column of its own."""
    if shape.prompt != "instruction":
        return None
    column = next((name for name in CONTEXT_COLUMNS if not is_blank(cells.get(name))), "")
    return Passage(column, cells[column]) if column else None


def _system(cells: Cells) -> str:
    for name in SYSTEM_COLUMNS:
        cell = cells.get(name)
        if cell is not None and not is_blank(cell):
            return cell if isinstance(cell, str) else ""
    return ""


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value) if isfinite(float(value)) else None
    except ValueError:
        return None


def _plain(prompt: str, answer: str) -> Shape:
    return Shape(prompt, answer, frozenset({prompt, answer}), _separate)


def _conversation(column: str) -> Shape:
    return Shape("", column, frozenset({column}), _separate, "a conversation")


def _preferences(side: str) -> tuple[Shape, ...]:
    """Preference rows, of which the answer on `side` is revised."""
    both, what = frozenset(SIDES), "a preference"
    return (
        Shape("prompt", side, frozenset({"prompt", side}), _preference, what),
        Shape("", side, both, _implicit, what),
        *(Shape(prompt, side, both | {prompt}, _preference, what) for prompt in PROMPTS),
        # Distilabel's and the alignment handbook's: what the sides were made of stands beside.
        Shape("prompt", side, both | {"prompt", "instruction", "generations"}, _preference, what),
        Shape("prompt", side, both | {"prompt", "messages"}, _copied, what),
    )


def _paired(prompt: str) -> tuple[Shape, ...]:
    beside = {prompt} - {""}
    return (
        Shape(prompt, "rejected", frozenset(SIDES) | beside, _preference),
        Shape(prompt, "completion", frozenset({"completion", "label"}) | beside, _separate),
        Shape(prompt, "completions", frozenset({"completions"}) | beside, _ranked),
    )


NO_PAIR = "is not a pair: it has no columns 'chosen' and 'rejected'"

PREFERENCES = {side: _preferences(side) for side in SIDES}

SHAPES: tuple[Shape, ...] = (
    _plain("task", "student_solution"),
    *(_plain("prompt", answer) for answer in ("response", "completion", "output", "answer")),
    *(_plain("instruction", answer) for answer in ("output", "response", "generation")),
    *(_plain("question", answer) for answer in ("answer", "response")),
    *(_conversation(column) for column in ("messages", "conversations", "conversation")),
    *PREFERENCES["rejected"],
    Shape(
        "instruction",
        "completions",
        frozenset({"instruction", "completions"}),
        _completions,
        "the one with the lowest overall_score",
    ),
    Shape(
        "instruction",
        "generations",
        frozenset({"instruction", "generations"}),
        _generations,
        "the lowest rated",
    ),
)
"""All shapes with an answer to revise (docs/data.md has an example of each)."""

PAIRED = tuple(shape for prompt in (*PROMPTS, "") for shape in _paired(prompt))
"""All shapes that hold a pair or a half of one."""

TRAINED = (
    Shape("prompt", "rejected", frozenset({"prompt", *SIDES}), _preference),
    Shape("", "rejected", frozenset(SIDES), _preference),
    Shape("prompt", "completion", frozenset({"prompt", "completion"}), _separate),
)
"""The shapes that TRL's trainers take, by the names that it gives their columns."""
