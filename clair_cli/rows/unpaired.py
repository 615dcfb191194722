"""Halves of pairs (prompt, completion, label) -> whole ones: two rows of one id make one."""

import orjson

from clair_cli.rows.examples import Example

MOST_WAITING = 10_000
"""Rows that are kept until their other half comes; `clair` writes the two beside each other."""


class Halves:
    """Keeps rows until their other half comes.

    Attributes:
        dropped: Rows whose other half was waited for in vain.
    """

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, bool], Example] = {}
        self.dropped = 0

    @property
    def alone(self) -> int:
        """Rows that no pair came of, so far."""
        return self.dropped + len(self._waiting)

    def whole(self, half: Example) -> Example | None:
        """Both answers as one example, where the other half of this one came before."""
        (answer,) = half.answers
        key, label = _key(half), bool(answer.label)
        other = self._waiting.pop((key, not label), None)
        if other is None:
            self._keep((key, label), half)
            return None
        return half._replace(answers=(answer, *other.answers))

    def _keep(self, key: tuple[str, bool], half: Example) -> None:
        self.dropped += key in self._waiting
        self._waiting[key] = half
        if len(self._waiting) > MOST_WAITING:
            self._waiting.pop(next(iter(self._waiting)))
            self.dropped += 1


def _key(half: Example) -> str:
    """The row's id; without one, its prompt."""
    found = half.cells.get("id")
    if found is None:
        found = half.prompt.cell if half.prompt else None
    return orjson.dumps(found, default=str, option=orjson.OPT_SORT_KEYS).decode()
