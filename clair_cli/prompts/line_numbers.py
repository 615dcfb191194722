"""Where in a template's file something stands: `tomllib` tells only where it stumbles."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TABLE = re.compile(r"\s*\[\[?\s*[\"']?([\w.-]+)")
_KEY = re.compile(r"\s*[\"']?([\w.-]+)[\"']?\s*=\s*(.*)", re.DOTALL)
_LONG = ("'''", '"""')


@dataclass(frozen=True, slots=True)
class Place:
    """A table's head (`key` is "") or a key.

    Attributes:
        line: Its line, from 1.
        table: The table that it is in, "" for the top of the file.
        number: How many tables of this name came before.
        key: The key's name.
        first: The line on which a text of several lines begins; 0 for any other value, and where
            escapes make the lines of the text others than those of the file.
    """

    line: int
    table: str
    number: int
    key: str = ""
    first: int = 0


def line_of(text: str, key: str, table: str = "", number: int = 0) -> int:
    """The line of `key` in the table, else of the table itself; 0 where it cannot be found."""
    lines = [p.line for p in _within(text, table, number) if p.key in {key, ""}]
    return max(lines, default=0)


def line_in(text: str, line: int, key: str, table: str, number: int) -> int:
    """The line of the file on which line `line` (from 1) of a text stands; 0 if that is unknown."""
    for place in _within(text, table, number):
        if place.key == key:
            return place.first + line - 1 if place.first and line else place.line
    return line_of(text, key, table, number)


def _within(text: str, table: str, number: int) -> Iterator[Place]:
    return (p for p in _places(text) if (p.table, p.number) == (table, number))


def _places(text: str) -> Iterator[Place]:
    """Every table's head and every key of a valid file, in order."""
    counts: dict[str, int] = {}
    table, closer = "", ""
    for line, words in enumerate(text.split("\n"), start=1):
        if closer:
            closer = "" if closer in words else closer
        elif head := _TABLE.match(words):
            table = head[1]
            counts[table] = counts.get(table, -1) + 1
            yield Place(line, table, counts[table])
        elif found := _KEY.match(words):
            value = found[2]
            opener = value[:3] if value.startswith(_LONG) else ""
            closer = opener if opener and opener not in value[3:] else ""
            first = _first(text, line, value, closer) if closer else 0
            yield Place(line, table, counts.get(table, 0), found[1], first)


def _first(text: str, line: int, value: str, closer: str) -> int:
    if closer == '"""':
        rest = "\n".join(text.split("\n")[line - 1 :]).partition(closer)[2].partition(closer)[0]
        if "\\" in rest:
            return 0
    return line if value[3:].strip("\r") else line + 1
