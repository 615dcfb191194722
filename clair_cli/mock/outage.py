"""A time in which the endpoint answers nothing."""

import asyncio
import math
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outage:
    """When the endpoint is down, and how that looks.

    Attributes:
        after: The request, counted from 1, that is the first to meet the outage.
        seconds: How long it lasts from then on.
        refuses: Whether connections are refused and open ones reset, instead of a 503 for each.
    """

    after: int
    seconds: float
    refuses: bool = False

    def __post_init__(self) -> None:
        """Refuse what is no outage.

        Raises:
            ValueError: `after` is below 1, or `seconds` is not finite or not above 0.
        """
        if self.after < 1:
            raise ValueError(f"outage must begin with request 1 or a later one, not {self.after}")
        if not (math.isfinite(self.seconds) and self.seconds > 0):
            raise ValueError(f"outage must last more than 0 seconds, not {self.seconds!r}")


class Downtime:
    """Counts requests, and tells which of them fall into the outage.

    Attributes:
        begun: Set when the outage begins.
    """

    def __init__(
        self, outage: Outage | None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._outage = outage
        self._clock = clock
        self._requests = 0
        self._until = 0.0
        self.begun = asyncio.Event()

    def strikes(self) -> bool:
        """Count one request, and return whether the endpoint is down for it."""
        if self._outage is None:
            return False
        self._requests += 1
        if self._requests < self._outage.after:
            return False
        if not self.begun.is_set():
            self._until = self._clock() + self._outage.seconds
            self.begun.set()
        return self._clock() < self._until
