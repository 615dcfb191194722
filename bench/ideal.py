"""The best that any client can do: list scheduling of known latencies."""

import heapq
from collections.abc import Iterable


def makespan(latencies: Iterable[float], ceiling: int) -> float:
    """Seconds until the last of `latencies` ends, `ceiling` at a time, in order."""
    ends = [0.0] * ceiling
    for each in latencies:
        heapq.heappush(ends, heapq.heappop(ends) + each)
    return max(ends)
