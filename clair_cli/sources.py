"""JSON Lines from a file or a pipe -> Row, or the Failure of a line that is none.

The names of columns stop here. Shapes are recognised by columns: see `SHAPES`.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, TypeAlias

import orjson

from clair_cli.lines import Lines
from clair_cli.records import Failure, Message, Row, UsageError

Cells: TypeAlias = Mapping[str, Any]

LOOKED_AT = 100
"""Rows that may be read before one must fit."""

HELD_AT_MOST = 32 * 1024 * 1024
"""Bytes of such rows that are held until one fits."""

MISFITS = frozenset({"not_json", "not_object", "no_columns", "ambiguous_columns"})
"""Reasons that mean the input has not the right form, rather than a bad cell here and there."""

SHAPES: tuple[tuple[str, str], ...] = (
    ("task", "student_solution"),
    ("prompt", "response"),
    ("instruction", "output"),
    ("prompt", "rejected"),
)
"""Columns of the prompt and of the answer, as datasets name them."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The user's choice of columns, as dotted paths; "" leaves it to recognition."""

    prompt: str = ""
    response: str = ""
    id: str = ""


class _Unfit(Exception):  # noqa: N818 - a finding about a row, turned into a Failure
    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def read_rows(lines: Lines, columns: Columns) -> Iterator[Row | Failure]:
    """The rows of `lines`, each good one as a Row, each bad one as a Failure.

    Raises:
        UsageError: Nothing fits among the first 100 rows, there are none, or the file is broken.
    """
    return _checked((_row(number, line, columns) for number, line in lines), lines.name)


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
        f"{name}: {which}; line {first.line}: {first.detail}{columns}; "
        "name them with --prompt-column and --response-column"
    )


def _row(number: int, line: bytes | None, columns: Columns) -> Row | Failure:
    if line is None:
        return Failure("", number, "too_long", "the line is longer than 64 MB", 0, "")
    cells: object = line.decode("utf-8", "backslashreplace")
    try:
        cells = _object(line)
        prompt, response = _texts(cells, columns)
        row_id = _id(cells, prompt, response, columns)
    except _Unfit as exc:
        shown = cells if isinstance(cells, dict) else line.decode("utf-8", "backslashreplace")
        return Failure(_own_id(cells, columns), number, exc.reason, exc.detail, 0, shown, len(line))
    return Row(row_id, prompt, response, number, len(line), cells)


def _object(line: bytes) -> dict[str, Any]:
    try:
        cells = orjson.loads(line)
    except orjson.JSONDecodeError as exc:
        raise _Unfit("not_json", f"is not JSON ({exc.msg} at column {exc.colno})") from exc
    if not isinstance(cells, dict):
        raise _Unfit("not_object", "is JSON, but not an object")
    return cells


def _texts(cells: Cells, columns: Columns) -> tuple[list[Message], str]:
    """The prompt's messages and the answer, from whichever columns hold them."""
    prompt_column, response_column = _choose(cells, columns)
    prompt = _prompt(_cell(cells, prompt_column), prompt_column)
    if prompt_column == "instruction" and not columns.prompt:
        prompt = _with_input(prompt, cells.get("input"))
    return _answered(prompt, _cell(cells, response_column), response_column)


def _choose(cells: Cells, columns: Columns) -> tuple[str, str]:
    fitting = [
        (prompt, response)
        for prompt, response in SHAPES
        if (columns.prompt or prompt in cells) and (columns.response or response in cells)
    ]
    chosen = {(columns.prompt or p, columns.response or r) for p, r in fitting}
    if len(chosen) > 1:
        names = " or ".join(f"{p!r} with {r!r}" for p, r in sorted(chosen))
        raise _Unfit("ambiguous_columns", f"could be read as {names}")
    if not chosen:
        raise _Unfit("no_columns", "has no column of a prompt beside one of an answer")
    return next(iter(chosen))


def _cell(cells: Cells, path: str) -> object:
    """The cell at a dotted path; a column whose own name has the dots comes first."""
    if path in cells:
        return cells[path]
    value: object = cells
    for name in path.split("."):
        if not isinstance(value, Mapping) or name not in value:
            raise _Unfit("no_columns", f"has no column {path!r}")
        value = value[name]
    return value


def _prompt(cell: object, column: str) -> list[Message]:
    messages = _messages(cell, column) if isinstance(cell, list) else None
    if messages is None:
        messages = [{"role": "user", "content": _string(cell, column)}]
    if not messages or not messages[-1]["content"].strip():
        raise _Unfit("empty_prompt", f"has an empty prompt in {column!r}")
    return messages


def _with_input(prompt: list[Message], cell: object) -> list[Message]:
    """Alpaca's shape: what the instruction is about stands in a column of its own."""
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return prompt
    text = f"{prompt[-1]['content']}\n\n{_string(cell, 'input')}"
    return [*prompt[:-1], {"role": "user", "content": text}]


def _answered(prompt: list[Message], cell: object, column: str) -> tuple[list[Message], str]:
    """The whole prompt, and the answer to it.

    An answer given as messages is their last assistant turn. Turns before it belong to the
    prompt: they are the prompt again (the whole conversation is in the cell), or follow it.
    """
    turns: list[Message] = []
    if isinstance(cell, list):
        turns = _messages(cell, column)
        if not turns or turns[-1]["role"] != "assistant":
            raise _Unfit("not_text", f"does not end with an assistant's turn in {column!r}")
        response = turns.pop()["content"]
    else:
        response = _string(cell, column)
    if not response.strip():
        raise _Unfit("empty_response", f"has an empty answer in {column!r}")
    prompt = _joined(prompt, turns)
    if prompt[-1]["role"] != "user":
        raise _Unfit("no_user_turn", "has a prompt that does not end with a user's turn")
    return prompt, response


def _joined(prompt: list[Message], turns: list[Message]) -> list[Message]:
    """Both in a row, what stands in both of them once; nothing of either is lost."""
    size = len(prompt)
    if any(turns[start : start + size] == prompt for start in range(len(turns))):
        return turns
    shared = range(min(size, len(turns)), 0, -1)
    overlap = next((n for n in shared if prompt[-n:] == turns[:n]), 0)
    return [*prompt, *turns[overlap:]]


def _messages(cell: list[Any], column: str) -> list[Message]:
    return [_message(turn, column) for turn in cell]


def _message(turn: object, column: str) -> Message:
    if not isinstance(turn, Mapping) or not isinstance(turn.get("role"), str):
        raise _Unfit("not_text", f"has a turn without a role in {column!r}")
    content = turn.get("content")
    if isinstance(content, list):
        content = "".join(_string(_part(part), column) for part in content)
    return {"role": turn["role"], "content": _string(content, column)}


def _part(part: object) -> object:
    return part.get("text") if isinstance(part, Mapping) else part


def _string(cell: object, column: str) -> str:
    if not isinstance(cell, str):
        kind = "null" if cell is None else type(cell).__name__
        raise _Unfit("not_text", f"has {kind} instead of text in {column!r}")
    return cell


def _id(cells: Cells, prompt: list[Message], response: str, columns: Columns) -> str:
    """The row's own id, else a hash of what is asked and answered: it survives reordering."""
    if columns.id:
        cell = _cell(cells, columns.id)
        if not _is_id(cell):
            raise _Unfit("no_columns", f"has no text or number in {columns.id!r}")
        return str(cell)
    if _is_id(cells.get("id")):
        return str(cells["id"])
    return hashlib.sha256(orjson.dumps([prompt, response])).hexdigest()[:16]


def _own_id(cells: object, columns: Columns) -> str:
    try:
        cell = _cell(cells, columns.id or "id") if isinstance(cells, Mapping) else None
    except _Unfit:
        return ""
    return str(cell) if _is_id(cell) else ""


def _is_id(cell: object) -> bool:
    return isinstance(cell, str | int) and not isinstance(cell, bool) and cell != ""


def take(rows: Iterable[Row | Failure], limit: int | None) -> Iterator[Row | Failure]:
    """At most `limit` of `rows`; all of them for None."""
    return islice(rows, limit)
