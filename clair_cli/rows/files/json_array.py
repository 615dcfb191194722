"""A .json file: one array of objects, streamed; or JSON Lines under the wrong name."""

from collections.abc import Iterator
from decimal import Decimal
from typing import IO, Any

import orjson

from clair_cli.records import Problem, UsageError
from clair_cli.rows.files.json_lines import BOM, json_lines
from clair_cli.rows.raw import Raw, faulty

_HEAD = 1 << 16
_PIECE = 1 << 20
"""Bytes parsed at a time: the parser begins a long text anew with each piece."""


class _Counting:
    """A file from its first meaningful byte, which counts what was read of it."""

    def __init__(self, head: bytes, file: IO[bytes]) -> None:
        self._head = head
        self._file = file
        self.count = 0

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes."""
        if self._head and size != 0:
            data, self._head = self._head[:size], self._head[size:] if size > 0 else b""
        else:
            data = self._file.read(size)
        self.count += len(data)
        return data

    def readline(self, size: int = -1) -> bytes:
        """A line of up to `size` bytes."""
        end = self._head.find(b"\n")
        if self._head and 0 <= end < size:
            return self.read(end + 1)
        head, self._head = self._head, b""
        return head + self._file.readline(size - len(head))


def json_rows(file: IO[bytes], name: str, field: str) -> Iterator[Raw]:
    """The rows of a .json file.

    Args:
        file: Its bytes.
        name: What to call it.
        field: The key that holds the array where the file is one object; "" for none.

    Raises:
        UsageError: It is neither an array nor lines of objects, or breaks off.
    """
    head = _meaningful(file)
    source = _Counting(head, file)
    if field or head.startswith(b"["):
        return _array(source, name, f"{field}.item" if field else "item")
    if _begins_with_a_line(head):
        return json_lines(source, name)  # type: ignore[arg-type]  # it only reads lines
    if not head:
        return iter(())
    raise UsageError(f"{name}: holds no array of rows; write [...] or one object a line (.jsonl)")


def _meaningful(file: IO[bytes]) -> bytes:
    head = file.read(_HEAD).removeprefix(BOM).lstrip()
    while not head and (more := file.read(_HEAD)):
        head = more.lstrip()
    return head


def _begins_with_a_line(head: bytes) -> bool:
    """Whether the first line is an object of its own, or too long to tell."""
    line, ended, _ = head.partition(b"\n")
    if not ended and len(head) >= _HEAD // 2:
        return line.startswith(b"{")
    try:
        return isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        return False


def _array(source: _Counting, name: str, prefix: str) -> Iterator[Raw]:
    import ijson  # noqa: PLC0415 - only where a .json file is read

    number, before = 0, 0
    try:
        for number, found in enumerate(ijson.items(source, prefix, buf_size=_PIECE), start=1):
            size = source.count - before or 1
            before = source.count
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
