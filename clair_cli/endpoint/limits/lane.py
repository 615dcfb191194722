"""One replica of an endpoint, as the gate sees it: its ceiling, its limits, its health."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from clair_cli.endpoint.limits.ceiling import Ceiling
from clair_cli.endpoint.limits.pace import Pace

FIRST_REST = 1.0
LONGEST_REST = 60.0
SHORT_COOLDOWN = 0.5
"""Seconds without requests after an overload that names no time; doubled until an answer."""
MOST_DOUBLINGS = 10
"""Past the longest rest; a run may meet more overloads than a float has powers of two."""
FAILURES = 3
"""Failures in a row that put a replica to rest, where the connection itself did not fail."""


@dataclass(frozen=True, slots=True)
class Admission:
    """Leave for one request to go.

    Attributes:
        lane: The replica that it goes to.
        serial: Its number among the replica's requests.
        at: When it was given, in seconds on a monotonic clock.
        tokens: What it was estimated to need.
    """

    lane: "Lane"
    serial: int
    at: float
    tokens: float


class Lane:
    """One replica.

    Attributes:
        name: What it is called in messages.
        number: Its place among the replicas, from 0.
        answered, failed: Requests that it answered, and attempts that it failed.
    """

    def __init__(self, name: str, number: int, most: int) -> None:
        self.name = name
        self.number = number
        self.ceiling = Ceiling(most)
        self.pace = Pace()
        self.in_flight = 0
        self.tokens_in_flight = 0.0
        self.answered = 0
        self.failed = 0
        self._admitted = 0
        self._failures = 0
        self._overloads = 0
        self._eased_at = 0
        self._rest = 0.0
        self._rest_until = 0.0

    @property
    def is_resting(self) -> bool:
        """Whether the replica failed last: one request at a time tries it again."""
        return self._rest > 0

    @property
    def room(self) -> int:
        """Requests that it would bear beside those in flight."""
        most = 1 if self.is_resting else int(self.ceiling)
        return most - self.in_flight

    @property
    def appeal(self) -> float:
        """What the next request is drawn by: room, or the chance to find a rested replica well."""
        return math.inf if self.is_resting else self.room

    def ready_in(self, tokens: float, now: float) -> float | None:
        """Seconds until a request of so many tokens may go there; None while it has no room."""
        if self.room <= 0:
            return None
        return max(self._rest_until - now, self.pace.ready_in(tokens, now))

    def admit(self, tokens: float, now: float) -> Admission:
        """Let a request go."""
        self._admitted += 1
        self.in_flight += 1
        self.tokens_in_flight += tokens
        self.pace.take(tokens, now)
        return Admission(self, self._admitted, now, tokens)

    def leave(self, admission: Admission) -> None:
        """A request came back, however it ended."""
        self.in_flight -= 1
        self.tokens_in_flight -= admission.tokens

    def learn(
        self, admission: Admission, headers: Mapping[str, str], now: float, wall: float
    ) -> bool:
        """Take over what a reply's headers say of limits; whether they say anything."""
        return self.pace.learn(
            headers,
            in_flight=self.in_flight - 1,
            tokens_in_flight=self.tokens_in_flight - admission.tokens,
            age=now - admission.at,
            now=now,
            wall=wall,
        )

    def on_answer(self, admission: Admission, tokens: int, now: float) -> None:
        """An answer of so many tokens came."""
        self.answered += 1
        self._failures, self._rest, self._rest_until = 0, 0.0, 0.0
        self._overloads = 0
        self.ceiling.answered(now - admission.at)
        if tokens:
            self.pace.correct(admission.tokens, tokens, now)

    def on_overload(
        self, admission: Admission, after: float | None, now: float, *, only_paced: bool
    ) -> None:
        """The replica asks for less; nothing goes there for `after` seconds, if it names a time.

        Where its limits are known (`only_paced`), keeping to them is enough, and the ceiling stays.
        """
        self.failed += 1
        if not only_paced:
            self.ceiling.overloaded(admission.serial, self._admitted)
        if after is None:
            after = min(LONGEST_REST, SHORT_COOLDOWN * 2.0 ** min(self._overloads, MOST_DOUBLINGS))
            self._overloads += admission.serial > self._eased_at
        self._eased_at = self._admitted
        self.pace.cool(after, now)

    def on_failure(self, now: float, *, at_once: bool) -> None:
        """The replica failed: it rests, longer each time, `at_once` or when that repeats."""
        self.failed += 1
        self._failures += 1
        if at_once or self.is_resting or self._failures >= FAILURES:
            self._rest = min(LONGEST_REST, self._rest * 2 or FIRST_REST)
            self._rest_until = now + self._rest
