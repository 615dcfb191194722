"""A .json file: one array of objects, streamed; or JSON Lines under the wrong name."""

import io
from collections.abc import Iterator
from decimal import Decimal
from typing import IO, TYPE_CHECKING, Any

import orjson

from clair_cli.records import Problem, UsageError
from clair_cli.rows.files.json_lines import BOM, json_lines
from clair_cli.rows.raw import Raw, faulty

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_HEAD = 1 << 16
_PIECE = 1 << 20
"""Bytes parsed at a time: the parser begins a long text anew with each piece."""


class _Counted(io.RawIOBase):
    """A file that counts what was read of it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        with memoryview(buffer) as view:
            data = self._file.read(view.nbytes)
            view[: len(data)] = data
        self.count += len(data)
        return len(data)


def json_rows(file: IO[bytes], name: str, field: str) -> Iterator[Raw]:
    """The rows of a .json file.

    Args:
        file: Its bytes.
        name: What to call it.
        field: The key that holds the array where the file is one object; "" for none.

    Raises:
        UsageError: It is neither an array nor lines of objects, or breaks off.
    """
    counted = _Counted(file)
    source = io.BufferedReader(counted, _HEAD)
    if source.peek().startswith(BOM):
        source.read(len(BOM))
    head = source.peek().lstrip()
    if field or head.startswith(b"["):
        return _array(source, counted, name, f"{field}.item" if field else "item")
    if not head or _begins_with_a_line(head):
        return json_lines(source, name)
    raise UsageError(f"{name}: holds no array of rows; write [...] or one object a line (.jsonl)")


def _begins_with_a_line(head: bytes) -> bool:
    """Whether the first line is an object of its own, or too long to tell."""
    line, ended, _ = head.partition(b"\n")
    if not ended and len(head) >= _HEAD // 2:
        return line.startswith(b"{")
    try:
        return isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        return False


def _array(source: IO[bytes], counted: _Counted, name: str, prefix: str) -> Iterator[Raw]:
    import ijson  # noqa: PLC0415 - only where a .json file is read

    number, before = 0, 0
    try:
        for number, found in enumerate(ijson.items(source, prefix, buf_size=_PIECE), start=1):
            size = counted.count - before or 1
            before = counted.count
            yield _row(name, number, found, size)
    except ijson.JSONError as exc:
        raise UsageError(
            f"{name}: is not JSON after row {number} ({_first_line(exc)}); mend it there (as null "
            "for NaN), or fetch or write it again"
        ) from exc


def _row(name: str, number: int, found: Any, size: int) -> Raw:
    try:
        cells = _plain(found)
        if isinstance(cells, dict):
            return Raw(name, number, cells, size)
        problem, text = Problem("not_object", "is not an object"), repr(cells)
    except RecursionError:
        problem, text = Problem("not_json", "is nested too deep"), ""
    return faulty(name, number, problem, text, size)


def _plain(value: Any) -> Any:
    """The value with floats for the exact numbers that the parser makes (its floats overflow)."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return float(value) if isinstance(value, Decimal) else value


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0].removeprefix("b'").strip()[:120]
