"""Many numbers -> their count, mean, extremes, quantiles and histogram, in bounded memory.

Every number is counted under its value at three significant digits, as DDSketch counts it under
a power (Masson et al., 2019, arXiv 1908.10693). Decimal digits stand in for the powers: they need
no logarithm, small whole numbers stay exact, and the result is the same on every machine.
"""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

QUANTILES = {"p10": 0.1, "p50": 0.5, "p90": 0.9}
"""What is told of a metric beside its mean and extremes."""
ERROR = 0.005
"""The most that a quantile is off, as a share of it: half a unit of the third digit."""
_SCALE = 1_000_000
"""The sum is kept in whole millionths: it must not depend on the order that numbers come in."""
_BATCH = 1024


@dataclass(frozen=True, slots=True)
class Bins:
    """A histogram: `counts[i]` numbers from `edges[i]` up to `edges[i + 1]`.

    An edge belongs to the bin above it, the last one to the last bin.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]


class Distribution:
    """Finite numbers from 0 up, of which none is kept.

    What it tells is a function of the multiset of numbers added, whatever their order. Memory is
    bounded by 900 counters for each power of ten between the least and the largest number.

    Numbers are taken in as they come and counted a thousand at a time, which costs a third.
    """

    __slots__ = ("_count", "_counts", "_maximum", "_minimum", "_pending", "_sum")

    def __init__(self) -> None:
        self._pending: list[float] = []
        self._counts: dict[str, int] = {}
        self._count = self._sum = 0
        self._minimum, self._maximum = math.inf, -math.inf

    def add(self, value: float) -> None:
        """Count one number."""
        self._pending.append(value)
        if len(self._pending) >= _BATCH:
            self._fold()

    def _fold(self) -> None:
        batch, self._pending = self._pending, []
        if not batch:
            return
        counts, known = self._counts, self._counts.get
        for value in batch:
            key = f"{value:.3g}"
            counts[key] = known(key, 0) + 1
        self._sum += sum([round(value * _SCALE) for value in batch])
        self._count += len(batch)
        self._minimum = min(self._minimum, *batch)
        self._maximum = max(self._maximum, *batch)

    @property
    def count(self) -> int:
        """How many were added."""
        return self._count + len(self._pending)

    @property
    def minimum(self) -> float:
        """The least, exactly; 0 where there are none."""
        self._fold()
        return self._minimum if self._count else 0.0

    @property
    def maximum(self) -> float:
        """The largest, exactly; 0 where there are none."""
        self._fold()
        return self._maximum if self._count else 0.0

    @property
    def mean(self) -> float:
        """Their mean, within a millionth; 0 where there are none."""
        self._fold()
        return self._sum / self._count / _SCALE if self._count else 0.0

    def quantile(self, share: float) -> float:
        """The least number that `share` (0 to 1) of all do not exceed, within `ERROR` of it.

        0 where there are none.
        """
        rank = math.ceil(round(share * self.count, 6))
        seen = 0
        for value, count in self._sorted():
            seen += count
            if seen >= rank:
                return value
        return 0.0

    @property
    def quantiles(self) -> dict[str, float]:
        """Those of `QUANTILES`."""
        return {label: self.quantile(share) for label, share in QUANTILES.items()}

    def bins(self, edges: Sequence[float] = (), number: int = 10) -> Bins:
        """How many numbers lie between each two `edges`, which ascend.

        Without edges, `number` bins of equal width reach from the least to the largest. A number
        closer to an edge than `ERROR` of it may be counted on the other side; one outside of all
        edges is not counted.
        """
        edges = tuple(edges) or self._equal_edges(number)
        counts = [0] * (len(edges) - 1)
        for value, count in self._sorted():
            index = len(counts) - 1 if value == edges[-1] else bisect_right(edges, value) - 1
            if 0 <= index < len(counts):
                counts[index] += count
        return Bins(edges, tuple(counts))

    def _equal_edges(self, number: int) -> tuple[float, ...]:
        width = (self.maximum - self.minimum) / number
        inner = (self.minimum + width * step for step in range(number))
        return (*inner, self.maximum)

    def _sorted(self) -> list[tuple[float, int]]:
        """The rounded numbers, none outside of the extremes, with their counts."""
        low, high = self.minimum, self.maximum
        rounded = sorted((float(key), count) for key, count in self._counts.items())
        return [(min(max(value, low), high), count) for value, count in rounded]
