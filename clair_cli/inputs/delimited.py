"""A .csv or .tsv file: a header, then rows whose cells are all text (RFC 4180)."""

import csv
import io
from collections.abc import Iterator
from typing import IO

from clair_cli.inputs.lines import LINE_LIMIT
from clair_cli.inputs.raw import Raw, faulty
from clair_cli.records import Problem, UsageError


def delimited_rows(file: IO[bytes], name: str, separator: str) -> Iterator[Raw]:
    """The rows of a delimited file, numbered by the line each begins at.

    Args:
        file: Its bytes, UTF-8.
        name: What to call it.
        separator: What stands between cells; "" for a comma, or what the header has instead.

    Raises:
        UsageError: The header has empty or repeated names, or a quoted cell never ends.
    """
    csv.field_size_limit(LINE_LIMIT)
    # Surrogates mark bytes that are no UTF-8, so that one bad row does not end the file.
    text = io.TextIOWrapper(file, "utf-8-sig", errors="surrogateescape", newline="")
    header_line = text.readline(LINE_LIMIT)
    if not header_line.strip():
        return
    separator = separator or _separator(header_line)
    lines = _Lines(text, header_line)
    reader = csv.reader(lines, delimiter=separator, strict=True)
    header = _header(reader, name)
    yield from _rows(reader, lines, header, name)
    text.detach()


class _Lines:
    """The lines of a file from the header on, which remembers what it gave since `begin`."""

    def __init__(self, text: io.TextIOWrapper, first: str) -> None:
        self._text = text
        self._first = first
        self.begins = 1
        self.number = 0
        self.size = 0
        self.ended = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line, self._first = self._first or self._text.readline(LINE_LIMIT), ""
        if not line:
            self.ended = True
            raise StopIteration
        self.number += 1
        self.size += len(line)
        return line

    def begin(self) -> None:
        """A row begins with the next line."""
        self.begins, self.size = self.number + 1, 0


def _separator(header: str) -> str:
    """A comma, unless the header has none and one of the usual others."""
    return next((char for char in ",;\t|" if char in header), ",")


def _header(reader: Iterator[list[str]], name: str) -> list[str]:
    try:
        header = next(reader)
    except csv.Error as exc:
        raise UsageError(f"{name}, line 1: the header is broken ({exc})") from exc
    if len(set(header)) < len(header):
        twice = next(each for each in header if header.count(each) > 1)
        raise UsageError(f"{name}, line 1: the column {twice!r} stands twice; rename one")
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
            if lines.ended:
                raise UsageError(
                    f"{name}, line {lines.begins}: a quoted cell never ends; fetch or write the "
                    "file again"
                ) from exc
            yield faulty(name, lines.begins, Problem("not_csv", f"is broken ({exc})"), "", 0)
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
