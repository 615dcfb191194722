"""Unpaired rows (prompt, completion, label) -> pairs: two rows of one id make one."""

from collections.abc import Mapping
from typing import Any, TypeAlias

import orjson

Cells: TypeAlias = Mapping[str, Any]

MOST_WAITING = 10_000
"""Rows that are kept until their other side comes; `clair` writes the two beside each other."""


class Joining:
    """Keeps rows until their other side comes.

    Attributes:
        dropped: Rows whose other side was waited for in vain.
    """

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, bool], Cells] = {}
        self.dropped = 0

    @property
    def alone(self) -> int:
        """Rows that no pair came of, so far."""
        return self.dropped + len(self._waiting)

    def whole(self, cells: Cells) -> Cells | None:
        """Both sides as one row, `chosen` and `rejected`, where the other side came before."""
        key, label = _key(cells), bool(cells["label"])
        other = self._waiting.pop((key, not label), None)
        if other is None:
            self._keep((key, label), cells)
            return None
        chosen, rejected = (cells, other) if label else (other, cells)
        return {**cells, "chosen": chosen["completion"], "rejected": rejected["completion"]}

    def _keep(self, key: tuple[str, bool], cells: Cells) -> None:
        self.dropped += key in self._waiting
        self._waiting[key] = cells
        if len(self._waiting) > MOST_WAITING:
            self._waiting.pop(next(iter(self._waiting)))
            self.dropped += 1


def _key(cells: Cells) -> str:
    """The row's id; without one, its prompt."""
    found = cells.get("id")
    if found is None:
        found = cells.get("prompt")
    return orjson.dumps(found, default=str, option=orjson.OPT_SORT_KEYS).decode()
