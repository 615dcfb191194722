"""A row as its file holds it, before anybody knows what its columns mean."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeGuard

from clair_cli.records import Problem, RowError

Cells: TypeAlias = Mapping[str, Any]
"""What a row holds by column."""


class Unfit(RowError):  # noqa: N818 - a finding about a row, turned into a Failure
    """The row cannot be used: a reason code and a sentence for a person."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(Problem(reason, detail))


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
    cells: Cells | None = field(repr=False)
    size: int
    fault: Problem | None = None
    text: str = field(default="", repr=False)

    def known(self) -> Cells:
        """The cells.

        Raises:
            Unfit: They cannot be known.
        """
        if self.cells is not None:
            return self.cells
        fault = self.fault or Problem("not_object", "holds no cells")
        raise Unfit(fault.reason, fault.detail)


def faulty(file: str, number: int, problem: Problem, text: str, size: int) -> Raw:
    """A row that could not be read."""
    return Raw(file, number, None, size, problem, text)


def cell_at(cells: Cells, path: str) -> object:
    """The cell at a dotted path; a column whose own name has the dots comes first.

    Raises:
        Unfit: There is none.
    """
    if path in cells:
        return cells[path]
    value: object = cells
    for name in path.split("."):
        if isinstance(value, Mapping) and name in value:
            value = value[name]
        elif _is_list(value) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        else:
            raise Unfit("no_columns", f"has no column {path!r}")
    return value


def is_blank(cell: object) -> bool:
    """Whether the cell is null or empty, so that its column does not count."""
    return cell is None or cell == [] or (isinstance(cell, str) and not cell.strip())


def _is_list(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)
