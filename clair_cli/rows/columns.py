"""The user's choice of columns, and how a path finds a cell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeGuard

from clair_cli.records import UsageError
from clair_cli.rows.unfit import Unfit

Cells: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Columns:
    """The user's choice of columns, as dotted paths; "" leaves it to recognition.

    Attributes:
        prompt, response, id: Where these stand.
        revise: Which answer of a preference row is revised: `chosen` or `rejected`; "" revises the
            rejected one where a row has both.
        keep: Columns that the pair keeps.

    Raises:
        UsageError: Two of them name the answer.
    """

    prompt: str = ""
    response: str = ""
    id: str = ""
    revise: str = ""
    keep: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.revise and self.response:
            raise UsageError(
                f"--revise {self.revise}: --response-column {self.response} names the answer too; "
                "give one of them"
            )


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


def _is_list(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)
