"""A row as its file holds it, before anybody knows what its columns mean."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from clair_cli.records import Problem


@dataclass(frozen=True, slots=True)
class Raw:
    """One row of an input.

    Attributes:
        file: The file it stands in, as it is called in messages.
        number: Its line in a .jsonl or .csv file, else which row it is; from 1.
        cells: What it holds by column; None where `fault` says why it cannot be known.
        size: Bytes that it took, unpacked; an average in columnar files.
        fault: Why there are no cells.
        text: What stands there instead of cells.
    """

    file: str
    number: int
    cells: Mapping[str, Any] | None = field(repr=False)
    size: int
    fault: Problem | None = None
    text: str = field(default="", repr=False)


def faulty(file: str, number: int, problem: Problem, text: str, size: int) -> Raw:
    """A row that could not be read."""
    return Raw(file, number, None, size, problem, text)
