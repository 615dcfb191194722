"""JSON Lines: bytes -> numbered lines -> rows. One bad line is one bad row.

A line of up to 64 MB is held, a longer one is skipped and told.
"""

from collections.abc import Iterator
from typing import IO

import orjson

from clair_cli.records import Problem
from clair_cli.rows.raw import Raw, faulty

LINE_LIMIT = 64 * 1024 * 1024
BOM = b"\xef\xbb\xbf"
_CHUNK = 1 << 17


def json_lines(file: IO[bytes], name: str) -> Iterator[Raw]:
    """The rows of a .jsonl file; blank lines are left out, but counted."""
    for number, line in numbered_lines(file):
        yield _row(name, number, line)


def numbered_lines(file: IO[bytes]) -> Iterator[tuple[int, bytes | None]]:
    """(number, line) from 1, None for a line that is too long; without line ends and BOM."""
    number = 0
    while line := file.readline(LINE_LIMIT + 1):
        number += 1
        if len(line) > LINE_LIMIT:
            _skip_line(file, line)
            yield number, None
            continue
        line = (line.removeprefix(BOM) if number == 1 else line).strip(b" \t\r\n")
        if line:
            yield number, line


def _skip_line(file: IO[bytes], line: bytes) -> None:
    while line and not line.endswith(b"\n"):
        line = file.readline(_CHUNK)


def _row(name: str, number: int, line: bytes | None) -> Raw:
    if line is None:
        return faulty(name, number, Problem("too_long", "the line is longer than 64 MB"), "", 0)
    try:
        cells = orjson.loads(line)
    except orjson.JSONDecodeError as exc:
        cure = "; write null for NaN" if b"NaN" in line else ""
        problem = Problem("not_json", f"is not JSON ({exc.msg} at column {exc.colno}){cure}")
    else:
        if isinstance(cells, dict):
            return Raw(name, number, cells, len(line))
        problem = Problem("not_object", "is JSON, but not an object")
    return faulty(name, number, problem, line.decode("utf-8", "backslashreplace"), len(line))
