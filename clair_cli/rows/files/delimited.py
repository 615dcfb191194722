"""A .csv or .tsv file: a header, then rows whose cells are all text (RFC 4180)."""

import csv
import io
from collections.abc import Iterator
from typing import IO

from clair_cli.records import Problem, UsageError
from clair_cli.rows.files.json_lines import LINE_LIMIT
from clair_cli.rows.raw import Raw, faulty


def delimited_rows(file: IO[bytes], name: str, separator: str) -> Iterator[Raw]:
    """The rows of a delimited file, numbered by the line each begins at.

    Args:
        file: Its bytes, UTF-8.
        name: What to call it.
        separator: What stands between cells; "" for a comma, or what the header has instead.

    Raises:
        UsageError: The header is no UTF-8 or repeats a name, or a quoted cell never ends.
    """
    csv.field_size_limit(LINE_LIMIT)
    # Surrogates mark bytes that are no UTF-8, so that one bad row does not end the file.
    text = io.TextIOWrapper(file, "utf-8-sig", errors="surrogateescape", newline="")
    try:
        lines = _Lines(text)
        if lines.first.strip():
            separator = separator or _separator(lines.first)
            reader = csv.reader(lines, delimiter=separator, strict=True)
            header = _header(reader, name, lines.begins)
            yield from _rows(reader, lines, header, name)
    finally:
        text.detach()  # the file is closed by whoever opened it


class _Lines:
    """The lines of a file from the header on, which remembers those since `begin`."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self.number = 0
        self.ended = False
        self.taken: list[str] = []
        self.first = text.readline(LINE_LIMIT)
        while self.first and not self.first.strip():
            self.number += 1
            self.first = text.readline(LINE_LIMIT)
        self._next = self.first
        self.begins = self.number + 1

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line, self._next = self._next or self._text.readline(LINE_LIMIT), ""
        if not line:
            self.ended = True
            raise StopIteration
        self.number += 1
        self.taken.append(line)
        return line

    def begin(self) -> None:
        """A row begins with the next line."""
        self.begins = self.number + 1
        self.taken.clear()

    @property
    def size(self) -> int:
        """Bytes of the row that began last."""
        return sum(len(line.encode("utf-8", "surrogateescape")) for line in self.taken)


def _separator(header: str) -> str:
    """A comma, unless the header has none and one of the usual others."""
    return next((char for char in ",;\t|" if char in header), ",")


def _header(reader: Iterator[list[str]], name: str, line: int) -> list[str]:
    """The columns' names; several may be empty, as after a spreadsheet's spare commas."""
    try:
        header = next(reader)
    except csv.Error as exc:
        raise UsageError(f"{name}, line {line}: the header is broken ({exc})") from exc
    if any("\0" in each or _is_broken(each) for each in header):
        raise UsageError(
            f"{name}, line {line}: the header is not UTF-8; convert the file, as with iconv"
        )
    twice = next((each for each in header if each and header.count(each) > 1), "")
    if twice:
        raise UsageError(f"{name}, line {line}: the column {twice!r} stands twice; rename one")
    return header


def _rows(
    reader: Iterator[list[str]], lines: _Lines, header: list[str], name: str
) -> Iterator[Raw]:
    while True:
        lines.begin()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as exc:
            if lines.ended or lines.size > LINE_LIMIT:
                raise UsageError(
                    f"{name}, line {lines.begins}: a quoted cell never ends, or is longer than "
                    "64 MB; mend the quotes"
                ) from exc
            problem = Problem("not_csv", f"is broken ({exc})")
            yield faulty(name, lines.begins, problem, _readable("".join(lines.taken)), lines.size)
            continue
        if cells:
            yield _row(name, lines, header, cells)


def _row(name: str, lines: _Lines, header: list[str], cells: list[str]) -> Raw:
    number, size = lines.begins, lines.size
    if len(cells) != len(header):
        problem = Problem("not_csv", f"has {len(cells)} cells, the header {len(header)}")
        return faulty(name, number, problem, _readable(" | ".join(cells)), size)
    if any(not cell.isascii() and _is_broken(cell) for cell in cells):
        problem = Problem("not_utf8", "is not UTF-8; convert the file, as with iconv")
        return faulty(name, number, problem, _readable(" | ".join(cells)), size)
    return Raw(name, number, dict(zip(header, cells, strict=True)), size)


def _is_broken(cell: str) -> bool:
    return any("\ud800" <= char <= "\udfff" for char in cell)


def _readable(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
