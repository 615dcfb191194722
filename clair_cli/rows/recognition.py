"""Which shapes rows can have: decided once for a set of columns and the blank ones among them.

A shape fits by the columns that it needs, blank ones aside. Where several fit, the one that needs
all that the others need, and more, is meant. Nothing else in a row's cells counts, and no row
changes how another is read.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from clair_cli.rows.raw import Cells, is_blank
from clair_cli.rows.shapes import Shape

Shapes: TypeAlias = tuple[Shape, ...]

MOST_KEPT = 1000
"""Sets of columns, and of blanks in one of them, whose shapes are kept in memory."""


@dataclass(frozen=True, slots=True)
class _ColumnSet:
    """What is known of the rows with the same columns.

    Attributes:
        fitting: The shapes that need no other columns.
        telling: What they need; which of it is blank tells them apart.
        chosen: Those that are meant, by the columns of `telling` that are filled.
    """

    fitting: Shapes
    telling: tuple[str, ...]
    chosen: dict[tuple[str, ...], Shapes] = field(default_factory=dict)


class Recognition:
    """The shapes of an input, of which `possible` gives all that there are for some columns."""

    def __init__(self, possible: Callable[[Collection[str]], Sequence[Shape]]) -> None:
        self._possible = possible
        self._known: dict[tuple[str, ...], _ColumnSet] = {}

    def shapes(self, cells: Cells) -> Shapes:
        """The shapes that the row could be read with; none fits where there are none."""
        known = self._columns(cells)
        if len(known.fitting) < 2:
            return known.fitting
        filled = tuple([name for name in known.telling if not is_blank(cells[name])])
        chosen = known.chosen.get(filled)
        if chosen is None:
            _make_room(known.chosen)
            chosen = known.chosen[filled] = _meant(known.fitting, {*filled})
        return chosen

    def _columns(self, cells: Cells) -> _ColumnSet:
        names = tuple(cells)
        known = self._known.get(names)
        if known is None:
            _make_room(self._known)
            fitting = tuple(s for s in self._possible(names) if s.needs <= cells.keys())
            telling = tuple(sorted(frozenset().union(*(shape.needs for shape in fitting))))
            known = self._known[names] = _ColumnSet(fitting, telling)
        return known


def _make_room(kept: dict[tuple[str, ...], Any]) -> None:
    if len(kept) >= MOST_KEPT:
        kept.clear()


def _meant(fitting: Shapes, filled: set[str]) -> Shapes:
    """Those whose columns are all filled, where there are any."""
    return _fullest(shape for shape in fitting if shape.needs <= filled) or _fullest(fitting)


def _fullest(shapes: Iterable[Shape]) -> Shapes:
    found = tuple(shapes)
    return tuple(each for each in found if not any(each.needs < other.needs for other in found))
