"""How the endpoint behaves: how slow and how strict it is, and which requests go wrong."""

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from random import Random

from clair_cli.mock.faults import EVEN, NAMES, ONCE, SLIPS, drawn
from clair_cli.mock.outage import Outage

SIGMA = 0.5
"""Shape of the log-normal latency: the standard deviation of its logarithm."""

REMEMBERED = 100_000
"""Refused bodies kept in mind at most; a client that never comes back must not cost memory."""

ROUNDING = 1e-9
"""By how much shares that add up to 1 may miss it."""


@dataclass(frozen=True, slots=True)
class Draw:
    """What chance holds for one request: seconds to wait, then a fault's name or an answer."""

    latency: float = 0.0
    fault: str | None = None


CALM = Draw()


@dataclass(frozen=True, slots=True)
class Manners:
    """How the endpoint behaves.

    Attributes:
        latency: Mean seconds before an answer; log-normal with sigma 0.5, 0 for none.
        error_rate: Share of bodies that first meet one of `faults.EVEN`; from 1 on, always.
        seed: Chooses among equally likely courses; the same seed takes the same course.
        faults: Share of requests that meet a fault, for each fault by its name (`faults.NAMES`).
        hang: Seconds that the faults `hang` and `trickle` last.
        outage: A time in which nothing is answered; None for none.
        rpm: Requests a minute, over all clients; None for any number.
        tpm: Tokens a minute, over all clients; None for any number.
        max_tokens: Whether `max_tokens` is taken; a model that wants `max_completion_tokens`
            refuses it.
        temperature: Whether a `temperature` other than 1 is taken.
        structured: Whether `response_format` is taken.
        key: The API key to ask for; "" asks for none.
    """

    latency: float = 0.0
    error_rate: float = 0.0
    seed: int = 0
    faults: Mapping[str, float] = field(default_factory=dict, hash=False)
    hang: float = 60.0
    outage: Outage | None = None
    rpm: int | None = None
    tpm: int | None = None
    max_tokens: bool = True
    temperature: bool = True
    structured: bool = True
    key: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        """Refuse what no request could be served by.

        Raises:
            ValueError: A value cannot be; the message begins with the attribute's name.
        """
        for name in ("latency", "error_rate", "hang"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"{name} must be a finite number, 0 or more, not {value!r}")
        for name in ("rpm", "tpm"):
            limit = getattr(self, name)
            if limit is not None and limit < 1:
                raise ValueError(f"{name} must be 1 or more, or none at all, not {limit!r}")
        self._check_faults()

    def draw(self, digest: bytes, seen: int = 0) -> Draw:
        """Draw the course of a request from its body's digest and how often it was refused."""
        if not (self.latency or self.error_rate or self.faults):
            return CALM
        rng = self._lottery(b"%d\0%s" % (seen, digest))
        latency = self._latency(rng)
        lot, again = rng.random(), seen > 0
        if lot < self.error_rate:
            return Draw(latency, rng.choice(EVEN) if self.error_rate >= 1 or not again else None)
        return Draw(latency, drawn(self.faults, ONCE, lot - self.error_rate, again=again))

    def slip(self, answer: bytes, *, again: bool) -> str | None:
        """Draw the oddity of an answer.

        Args:
            answer: The student's answer that is revised, or whatever else is answered.
            again: Whether the request has a note on the last reply.
        """
        if not self.faults or self.faults.keys().isdisjoint(SLIPS):
            return None
        return drawn(self.faults, SLIPS, self._lottery(b"slip\0" + answer).random(), again=again)

    def _lottery(self, material: bytes) -> Random:
        seeded = hashlib.sha256(b"%d\0" % self.seed + material).digest()
        return Random(seeded)  # noqa: S311  a lottery, not a secret

    def _latency(self, rng: Random) -> float:
        if not self.latency:
            return 0.0
        # The mean of a log-normal is exp(mu + sigma^2 / 2).
        return rng.lognormvariate(math.log(self.latency) - SIGMA**2 / 2, SIGMA)

    def _check_faults(self) -> None:
        for name, share in self.faults.items():
            if name not in NAMES:
                raise ValueError(f"faults must be some of {', '.join(NAMES)}, not {name!r}")
            if not 0 <= share <= 1:
                raise ValueError(f"faults must have shares from 0 to 1, not {share!r} for {name}")
        whole = min(self.error_rate, 1.0)
        if self._sum(ONCE) + whole > 1 + ROUNDING or self._sum(SLIPS) > 1 + ROUNDING:
            raise ValueError(
                "faults must have shares that add up to 1 at most, with the error rate; "
                f"{', '.join(SLIPS)} are added up on their own"
            )

    def _sum(self, names: Iterable[str]) -> float:
        return sum(self.faults.get(name, 0.0) for name in names)


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
