"""How fast an account lets requests and tokens through: known limits, learnt ones, and cooldowns.

`aiolimiter` would serve fixed limits alone: its level cannot be corrected by what the endpoint
says of it, and it lets small amounts overtake large ones, which starves long rows.

Sources: the `x-ratelimit-*` headers of OpenAI, Azure, Groq and OpenRouter, and Anthropic's.
"""

import email.utils
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

MINUTE = 60.0
_PERIODS = (1.0, 10.0, MINUTE, 3600.0, 86400.0)
_UNITS = {"ms": 0.001, "s": 1.0, "m": MINUTE, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SMOOTH = 1.0
"""Seconds' worth of a limit of the user's own that may go at once."""


@dataclass(frozen=True, slots=True)
class Quota:
    """What an endpoint says of one limit; None for what it leaves out.

    Attributes:
        limit: The most that a full period admits.
        remaining: What is left of it.
        reset: Seconds until all of it is there again.
    """

    limit: float | None
    remaining: float | None
    reset: float | None


class Bucket:
    """An amount that is let through at `rate` a second, with up to `capacity` saved up."""

    def __init__(self, rate: float, capacity: float, now: float) -> None:
        self.rate = rate
        self.capacity = capacity
        self.level = capacity
        self._at = now
        self._hint = 0.0

    def ready_in(self, amount: float, now: float) -> float:
        """Seconds until `amount` may go; what is larger than the capacity waits for all of it."""
        self._refill(now)
        missing = min(amount, self.capacity) - self.level
        return missing / self.rate if missing > 1e-9 else 0.0

    def take(self, amount: float, now: float) -> None:
        """Let `amount` go; the level may fall below zero, which later amounts wait for."""
        self._refill(now)
        self.level -= amount

    def learn(self, quota: Quota, *, outstanding: float, age: float, now: float) -> None:
        """Believe what the endpoint said of this limit `age` seconds ago at most.

        `outstanding` is what has gone since or is on its way: some of it may not be counted yet.
        """
        self._refill(now)
        if quota.limit:
            self.capacity = quota.limit
            self.rate = self._rate(quota)
        if quota.remaining is not None:
            lowest = quota.remaining - outstanding
            highest = quota.remaining + 1 + self.rate * age
            self.level = max(lowest, min(self.level, highest))

    def _rate(self, quota: Quota) -> float:
        """The limit over its period: a minute, unless two replies in a row say otherwise."""
        limit = quota.limit or self.capacity
        used = limit - (limit if quota.remaining is None else quota.remaining)
        hint = 0.0
        if quota.reset and used > 0:
            period = limit * quota.reset / used
            hint = next((p for p in _PERIODS if 0.8 <= period / p <= 1.25), 0.0)
        agreed, self._hint = hint == self._hint, hint
        if hint and agreed:
            return limit / hint
        return self.rate if self.capacity == limit and self.rate else limit / MINUTE

    def _refill(self, now: float) -> None:
        self.level = min(self.capacity, self.level + (now - self._at) * self.rate)
        self._at = now


class Pace:
    """The limits of one account: requests, tokens, and a pause that all of it obeys.

    Args:
        rpm: Requests a minute, None for no known limit.
        tpm: Tokens a minute, likewise.
        now: Seconds on a monotonic clock.
    """

    def __init__(
        self, rpm: float | None = None, tpm: float | None = None, *, now: float = 0.0
    ) -> None:
        self._requests = _own_bucket(rpm, now)
        self._tokens = _own_bucket(tpm, now)
        self._tpm = tpm
        self._cool_until = 0.0

    def bears(self, tokens: float) -> bool:
        """Whether a request of so many tokens fits into a minute at all."""
        return self._tpm is None or tokens <= self._tpm

    def ready_in(self, tokens: float, now: float) -> float:
        """Seconds until a request of so many tokens may go."""
        waits = [self._cool_until - now, 0.0]
        if self._requests:
            waits.append(self._requests.ready_in(1, now))
        if self._tokens:
            waits.append(self._tokens.ready_in(tokens, now))
        return max(waits)

    def take(self, tokens: float, now: float) -> None:
        """A request of so many tokens goes."""
        if self._requests:
            self._requests.take(1, now)
        if self._tokens:
            self._tokens.take(tokens, now)

    def correct(self, estimated: float, actual: float, now: float) -> None:
        """A request turned out to need another number of tokens than estimated."""
        if self._tokens:
            self._tokens.take(actual - estimated, now)

    def cool(self, seconds: float, now: float) -> None:
        """Let nothing go for so long."""
        self._cool_until = max(self._cool_until, now + seconds)

    def learn(
        self,
        headers: Mapping[str, str],
        *,
        in_flight: int,
        tokens_in_flight: float,
        age: float,
        now: float,
        wall: float,
    ) -> bool:
        """Take over what a reply's headers say of limits; whether they say anything."""
        if not any("ratelimit" in name for name in headers):
            return False
        requests = quota(headers, "requests", wall)
        tokens = quota(headers, "tokens", wall)
        self._requests = _learnt(self._requests, requests, in_flight, age, now)
        self._tokens = _learnt(self._tokens, tokens, tokens_in_flight, age, now)
        return any(q.remaining is not None for q in (requests, tokens))


def _own_bucket(per_minute: float | None, now: float) -> Bucket | None:
    if per_minute is None:
        return None
    rate = per_minute / MINUTE
    return Bucket(rate, max(1.0, rate * _SMOOTH), now)


def _learnt(
    bucket: Bucket | None, said: Quota, outstanding: float, age: float, now: float
) -> Bucket | None:
    if bucket is None and said.limit:
        bucket = Bucket(said.limit / MINUTE, said.limit, now)
    if bucket is not None:
        bucket.learn(said, outstanding=outstanding, age=age, now=now)
    return bucket


def quota(headers: Mapping[str, str], kind: str, wall: float) -> Quota:
    """What `headers` say of the limit on `kind` (requests or tokens).

    Args:
        headers: By lower-case names.
        kind: `requests` or `tokens`.
        wall: Seconds since the epoch, which dates are measured from.
    """

    def read(what: str) -> str | None:
        names = [f"x-ratelimit-{what}-{kind}", f"anthropic-ratelimit-{kind}-{what}"]
        names += [f"x-ratelimit-{what}"] if kind == "requests" else []
        return next((headers[name] for name in names if name in headers), None)

    return Quota(_amount(read("limit")), _amount(read("remaining")), _reset(read("reset"), wall))


def _amount(value: str | None) -> float | None:
    """A count; what is missing, negative (-1: not known) or no number is None."""
    try:
        number = float(value or "")
    except ValueError:
        return None
    return number if 0 <= number < float("inf") else None


def _reset(value: str | None, wall: float) -> float | None:
    """Seconds until a reset: `6m0s`, `120ms`, seconds, a date, or a moment since the epoch."""
    text = (value or "").strip()
    parts = _DURATION.findall(text)
    if parts and "".join(number + unit for number, unit in parts) == text:
        return sum(float(number) * _UNITS[unit] for number, unit in parts)
    number = _amount(text)
    if number is not None:
        moment = number / 1000 if number > 1e11 else number
        return max(0.0, moment - wall) if moment > 1e9 else number
    return _until(text, wall)


def _until(date: str, wall: float) -> float | None:
    for read in (datetime.fromisoformat, email.utils.parsedate_to_datetime):
        try:
            return max(0.0, read(date).timestamp() - wall)
        except (ValueError, OverflowError):
            continue
    return None
