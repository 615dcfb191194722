"""The rows of an input -> Row, or the Failure of one that is none. Column names stop here."""

import contextlib
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import chain
from typing import TypeAlias

import orjson

from clair_cli.records import Failure, Message, Problem, Row, UsageError
from clair_cli.rows.columns import Columns
from clair_cli.rows.examples import Answer, Example, as_id
from clair_cli.rows.raw import Cells, Raw, Unfit, cell_at
from clair_cli.rows.recognition import Recognition, Shapes
from clair_cli.rows.shapes import Shape, revisable

Exchange: TypeAlias = tuple[list[Message], str]
"""What was asked, and the answer."""

LOOKED_AT = 100
"""Rows that may be read before one must fit."""

HELD_AT_MOST = 32 * 1024 * 1024
"""Bytes of such rows that are held until one fits."""

MISFITS = frozenset(
    {"not_json", "not_object", "not_csv", "not_utf8", "no_columns", "ambiguous_columns"}
)
"""Reasons that mean the input has not the right form, rather than a bad cell here and there."""


def read_rows(
    raws: Iterable[Raw], name: str, columns: Columns, tell: Callable[[str], None]
) -> Iterator[Row | Failure]:
    """The rows of an input, each good one as a Row, each bad one as a Failure.

    Args:
        raws: The rows as they are.
        name: What to call the input.
        columns: The user's choice of columns.
        tell: Takes a sentence on how rows are read, for each shape.

    Raises:
        UsageError: Nothing fits among the first 100 rows, there are none, or a file is broken.
    """
    return _checked(map(_RowReader(columns, tell).row, raws), name)


def once(tell: Callable[[str], None]) -> Callable[[str], None]:
    """The same as `tell`, but each sentence goes through a single time."""
    told: set[str] = set()

    def tell_new(sentence: str) -> None:
        if sentence not in told:
            told.add(sentence)
            tell(sentence)

    return tell_new


class _RowReader:
    """Turns rows as they are into Rows, and tells how they are read."""

    def __init__(self, columns: Columns, tell: Callable[[str], None]) -> None:
        self._columns = columns
        self._tell = tell
        self._told: list[Shape] = []
        self._recognition = Recognition(partial(revisable, columns))

    def row(self, raw: Raw) -> Row | Failure:
        """The row in `raw`, or why there is none."""
        try:
            cells = raw.known()
            (prompt, response), shape = self._read(cells)
            row_id = _id(cells, prompt, response, self._columns)
        except Unfit as exc:
            return _failure(raw, exc.problem, self._columns)
        extra = {name: _kept(cells, name) for name in self._columns.keep}
        if shape not in self._told:
            self._told.append(shape)
            self._tell(f"columns: {shape.described}")
        return Row(
            row_id, prompt, response, raw.number, raw.size, cells, file=raw.file, extra=extra
        )

    def _read(self, cells: Cells) -> tuple[Exchange, Shape]:
        """The prompt and the answer of a row, and the shape they were found in.

        Raises:
            Unfit: No shape fits, several do, or a cell does not hold what it should.
        """
        shapes = self._recognition.shapes(cells)
        if not shapes:
            raise Unfit("no_columns", "has no column of a prompt beside one of an answer")
        if len(shapes) == 1:
            return _exchange(cells, shapes[0]), shapes[0]
        return _agreed(cells, shapes)


def _agreed(cells: Cells, shapes: Shapes) -> tuple[Exchange, Shape]:
    """What all of `shapes` find that can be read; those that say the same count once."""
    found = list(_readable(cells, shapes))
    if found and all(exchange == found[0][0] for exchange, _ in found):
        return found[0]
    names = sorted(shape.described for shape in ([each for _, each in found] or shapes))
    raise Unfit("ambiguous_columns", f"could be read with {' or '.join(names)}")


def _exchange(cells: Cells, shape: Shape) -> Exchange:
    example = shape.read(cells, shape)
    prompt, response = example.asked(_to_revise(example, shape.answer))
    if not response.strip():
        raise Unfit("empty_response", f"has an empty answer in {shape.answer!r}")
    if not prompt:
        raise Unfit("empty_prompt", f"has no turn before the answer in {shape.answer!r}")
    if prompt[-1]["role"] != "user":
        raise Unfit("no_user_turn", "has a prompt that does not end with a user's turn")
    if not prompt[-1]["content"].strip():
        raise Unfit("empty_prompt", f"has an empty prompt in {shape.prompt or shape.answer!r}")
    return prompt, response


def _to_revise(example: Example, column: str) -> Answer:
    """The answer in `column`; of several the one with the lowest score, the first of equals."""
    answers = example.answers
    if len(answers) > 1:
        answers = tuple(answer for answer in answers if answer.said.column == column)
    if len(answers) == 1:
        return answers[0]
    scored = [(each.score, index) for index, each in enumerate(answers) if each.score is not None]
    if not scored:
        raise Unfit("ambiguous_columns", f"has {len(answers)} answers in {column!r}, unrated")
    return answers[min(scored)[1]]


def _readable(cells: Cells, shapes: Shapes) -> Iterator[tuple[Exchange, Shape]]:
    for shape in shapes:
        with contextlib.suppress(Unfit):
            yield _exchange(cells, shape), shape


def _checked(rows: Iterator[Row | Failure], name: str) -> Iterator[Row | Failure]:
    """The same rows, unless no early one has the right form."""
    held: list[Failure] = []
    for row in rows:
        if isinstance(row, Row) or row.reason not in MISFITS:
            yield from chain(held, [row], rows)
            return
        held.append(row)
        if len(held) == LOOKED_AT or sum(failure.size for failure in held) > HELD_AT_MOST:
            break
    raise _nothing_fits(held, name)


def _nothing_fits(held: list[Failure], name: str) -> UsageError:
    if not held:
        return UsageError(f"{name}: has no rows")
    first = held[0]
    objects = [f.original for f in held if isinstance(f.original, Mapping)]
    seen = list(dict.fromkeys(chain.from_iterable(objects)))
    columns = f"; columns seen: {', '.join(map(repr, seen[:40]))}" if seen else ""
    which = f"none of the first {len(held)} rows fits" if len(held) > 1 else "its row does not fit"
    return UsageError(
        f"{first.file or name}: {which}; line {first.line}: {first.detail}{columns}; "
        "name them with --prompt-column and --response-column"
    )


def _failure(raw: Raw, why: Problem, columns: Columns) -> Failure:
    row_id = as_id(_kept(raw.cells or {}, columns.id or "id"))
    original = raw.text if raw.cells is None else raw.cells
    return Failure(row_id, raw.number, why.reason, why.detail, 0, original, raw.size, raw.file)


def _kept(cells: Cells, name: str) -> object:
    try:
        return cell_at(cells, name)
    except Unfit:
        return None


def _id(cells: Cells, prompt: list[Message], response: str, columns: Columns) -> str:
    """The row's own id, else a hash of what is asked and answered: it survives reordering."""
    if columns.id:
        named = as_id(cell_at(cells, columns.id))
        if not named:
            raise Unfit("no_columns", f"has no text, number or date in {columns.id!r}")
        return named
    own = as_id(cells.get("id"))
    return own or hashlib.sha256(orjson.dumps([prompt, response])).hexdigest()[:16]
