"""The rows of an input -> Row, or the Failure of one that is none. Column names stop here."""

import datetime as dt
import hashlib
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import chain

import orjson

from clair_cli.records import Failure, Message, Row, UsageError
from clair_cli.rows.columns import Cells, Columns, cell_at
from clair_cli.rows.raw import Raw
from clair_cli.rows.shapes import read_texts
from clair_cli.rows.unfit import Unfit

__all__ = ["Columns", "once", "read_rows"]

LOOKED_AT = 100
"""Rows that may be read before one must fit."""

HELD_AT_MOST = 32 * 1024 * 1024
"""Bytes of such rows that are held until one fits."""

MISFITS = frozenset(
    {"not_json", "not_object", "not_csv", "not_utf8", "no_columns", "ambiguous_columns"}
)
"""Reasons that mean the input has not the right form, rather than a bad cell here and there."""

_IDS = (str, int, Decimal, dt.date, uuid.UUID)


def read_rows(
    raws: Iterable[Raw], name: str, columns: Columns, tell: Callable[[str], None]
) -> Iterator[Row | Failure]:
    """The rows of an input, each good one as a Row, each bad one as a Failure.

    Args:
        raws: The rows as they are.
        name: What to call the input.
        columns: The user's choice of columns.
        tell: Takes a sentence on how a row is read, for each row anew.

    Raises:
        UsageError: Nothing fits among the first 100 rows, there are none, or a file is broken.
    """
    reading = _Reading(columns, tell)
    return _checked((reading.row(raw) for raw in raws), name)


def once(tell: Callable[[str], None]) -> Callable[[str], None]:
    """The same as `tell`, but each sentence goes through a single time."""
    told: set[str] = set()

    def tell_new(sentence: str) -> None:
        if sentence not in told:
            told.add(sentence)
            tell(sentence)

    return tell_new


class _Reading:
    """Turns rows as they are into Rows, and tells how they are read."""

    def __init__(self, columns: Columns, tell: Callable[[str], None]) -> None:
        self._columns = columns
        self._tell = tell

    def row(self, raw: Raw) -> Row | Failure:
        """The row in `raw`, or why there is none."""
        if raw.cells is None or raw.fault is not None:
            return _faulty(raw)
        try:
            (prompt, response), shape = read_texts(raw.cells, self._columns)
            row_id = _id(raw.cells, prompt, response, self._columns)
            extra = {name: _kept(raw.cells, name) for name in self._columns.keep}
        except Unfit as exc:
            return _unfit(raw, raw.cells, exc, self._columns)
        self._tell(f"columns: {shape.described}")
        return Row(
            row_id, prompt, response, raw.number, raw.size, raw.cells, file=raw.file, extra=extra
        )


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


def _faulty(raw: Raw) -> Failure:
    reason = raw.fault.reason if raw.fault else "not_object"
    detail = raw.fault.detail if raw.fault else "holds no cells"
    return Failure("", raw.number, reason, detail, 0, raw.text, raw.size, raw.file)


def _unfit(raw: Raw, cells: Cells, why: Unfit, columns: Columns) -> Failure:
    row_id = _own_id(cells, columns)
    return Failure(row_id, raw.number, why.reason, why.detail, 0, cells, raw.size, raw.file)


def _kept(cells: Cells, name: str) -> object:
    try:
        return cell_at(cells, name)
    except Unfit:
        return None


def _id(cells: Cells, prompt: list[Message], response: str, columns: Columns) -> str:
    """The row's own id, else a hash of what is asked and answered: it survives reordering."""
    if columns.id:
        named = _as_id(cell_at(cells, columns.id))
        if not named:
            raise Unfit("no_columns", f"has no text, number or date in {columns.id!r}")
        return named
    own = _as_id(cells.get("id"))
    return own or hashlib.sha256(orjson.dumps([prompt, response])).hexdigest()[:16]


def _own_id(cells: Cells, columns: Columns) -> str:
    try:
        return _as_id(cell_at(cells, columns.id or "id"))
    except Unfit:
        return ""


def _as_id(cell: object) -> str:
    """An id as text; "" where the cell holds nothing that rows are told apart by."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        cell = int(cell)  # what a whole number becomes in a table that has a gap there
    if isinstance(cell, bool) or not isinstance(cell, _IDS):
        return ""
    return str(cell)
