"""How the offline endpoint behaves: how slow it is, and which requests it refuses first."""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from types import MappingProxyType

SIGMA = 0.5
"""Shape of the log-normal latency: the standard deviation of its logarithm."""

REMEMBERED = 100_000
"""Refused bodies kept in mind at most; a client that never comes back must not cost memory."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One way of refusing a request, by the status, headers and words an API would use."""

    status: int
    kind: str
    message: str
    headers: tuple[tuple[str, str], ...] = ()


FAULTS: Mapping[str, Fault] = MappingProxyType(
    {
        "rate-limit-seconds": Fault(
            429,
            "rate_limit_error",
            "Rate limit reached (injected fault). Try again in 1 s.",
            (("retry-after", "1"),),
        ),
        "rate-limit-milliseconds": Fault(
            429,
            "rate_limit_error",
            "Rate limit reached (injected fault). Try again in 250 ms.",
            (("retry-after-ms", "250"),),
        ),
        "server-error": Fault(500, "server_error", "Internal error (injected fault)."),
        "overloaded": Fault(503, "server_error", "Overloaded (injected fault)."),
    }
)
"""Every fault by its name, in the order from which one is drawn."""


@dataclass(frozen=True, slots=True)
class Draw:
    """What chance holds for one request: seconds to wait, then a fault's name or an answer."""

    latency: float = 0.0
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Manners:
    """How the endpoint behaves.

    Attributes:
        latency: Mean seconds before an answer; log-normal with sigma 0.5, 0 for none.
        error_rate: Share of requests that are answered with a fault first; from 1 on, always.
        seed: Chooses among equally likely courses; the same seed takes the same course.
    """

    latency: float = 0.0
    error_rate: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what no request could be served by.

        Raises:
            ValueError: `latency` or `error_rate` is negative or not finite.
        """
        for name, value in (("latency", self.latency), ("error_rate", self.error_rate)):
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"{name} must be a finite number, 0 or more, not {value!r}")

    def draw(self, digest: bytes, seen: int = 0) -> Draw:
        """Draw the course of a request from its body's digest and how often it was refused."""
        if not (self.latency or self.error_rate):
            return Draw()
        material = b"%d\0%d\0%s" % (self.seed, seen, digest)
        rng = Random(hashlib.sha256(material).digest())  # noqa: S311  a lottery, not a secret
        refused = rng.random() < self.error_rate and (not seen or self.error_rate >= 1)
        fault = rng.choice(tuple(FAULTS))
        return Draw(self._latency(rng), fault if refused else None)

    def _latency(self, rng: Random) -> float:
        if not self.latency:
            return 0.0
        # The mean of a log-normal is exp(mu + sigma^2 / 2).
        return rng.lognormvariate(math.log(self.latency) - SIGMA**2 / 2, SIGMA)


class Fate:
    """Draws the course of each request and remembers whom it refused, for one server."""

    def __init__(self, manners: Manners, *, remembered: int = REMEMBERED) -> None:
        self._manners = manners
        self._remembered = remembered
        self._refused: dict[bytes, int] = {}

    @property
    def waiting(self) -> int:
        """How many refused bodies are remembered, until they are answered."""
        return len(self._refused)

    def decide(self, digest: bytes) -> Draw:
        """Return the course of the next request whose body has this digest."""
        seen = self._refused.pop(digest, 0)
        draw = self._manners.draw(digest, seen)
        if draw.fault is not None:
            self._remember(digest, seen + 1)
        return draw

    def _remember(self, digest: bytes, times: int) -> None:
        self._refused[digest] = times
        if len(self._refused) > self._remembered:
            del self._refused[next(iter(self._refused))]
