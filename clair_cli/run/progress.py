"""How far a run is: how much there is in all, and how fast it goes."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from clair_cli.run.tally import Tally

RATE_OVER = 30.0
"""Seconds that a rate is measured over."""


@dataclass(frozen=True, slots=True)
class Total:
    """What is known beforehand of how much there is.

    Attributes:
        rows: The most that will be read (`--limit`), None for no limit.
        size: Bytes of the input, None where they cannot be known.
        counted: Rows of the input, None where they cannot be known.
    """

    rows: int | None = None
    size: int | None = None
    counted: int | None = None

    def rows_of(self, tally: Tally) -> int | None:
        """Rows in all: estimated from the size of those read where only bytes are known."""
        if self.counted is not None:
            return min(self.counted, self.rows) if self.rows else self.counted
        if not self.size or not tally.read_bytes:
            return None
        estimate = max(tally.read, round(self.size * tally.read / tally.read_bytes))
        return min(estimate, self.rows) if self.rows else estimate


class Speed:
    """Rates over the last seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._past: deque[tuple[float, int, int]] = deque([(clock(), 0, 0)])

    def measure(self, tally: Tally) -> tuple[float, float]:
        """Rows and tokens a second."""
        now = self._clock()
        tokens = tally.usage.prompt_tokens + tally.usage.completion_tokens
        self._past.append((now, tally.written, tokens))
        while len(self._past) > 2 and now - self._past[0][0] > RATE_OVER:
            self._past.popleft()
        since, rows, spent = self._past[0]
        seconds = max(now - since, 1e-9)
        return (tally.written - rows) / seconds, (tokens - spent) / seconds
