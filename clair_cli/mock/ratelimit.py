"""Requests and tokens a minute, limited and reported as OpenAI does.

Sources: OpenAI's guide to rate limits (the `x-ratelimit-*` headers, durations such as `6m0s`) and
the words of its 429 replies. The limits are token buckets: full at first, filled up continuously.
"""

import math
import time
from collections.abc import Callable

from clair_cli.mock.errors import Refusal

NAMES = {"requests": "requests per min (RPM)", "tokens": "tokens per min (TPM)"}


class Bucket:
    """A minute's allowance of one kind, at `now` seconds on a clock that never goes back."""

    def __init__(self, kind: str, limit: int, now: float) -> None:
        self.kind = kind
        self.limit = limit
        self._level = float(limit)
        self._now = now

    def wait(self, amount: float, now: float) -> float:
        """Return the seconds until there is `amount`; 0 if there is."""
        self._fill(now)
        return max(0.0, amount - self._level) * 60 / self.limit

    def take(self, amount: float) -> None:
        """Take `amount` out, into debt if need be."""
        self._level -= amount

    def remaining(self, now: float) -> int:
        """Return how much there is; 0 while in debt."""
        self._fill(now)
        return max(0, math.floor(self._level))

    def headers(self, now: float) -> dict[str, str]:
        """Return how much there is in all and now, and when the bucket is full again."""
        remaining = self.remaining(now)
        missing = (self.limit - self._level) * 60 / self.limit
        return {
            f"x-ratelimit-limit-{self.kind}": str(self.limit),
            f"x-ratelimit-remaining-{self.kind}": str(remaining),
            f"x-ratelimit-reset-{self.kind}": duration(missing),
        }

    def _fill(self, now: float) -> None:
        level = self._level + (now - self._now) * self.limit / 60
        self._level, self._now = min(float(self.limit), level), now


class RateLimit:
    """The limits of one server, for all its clients together.

    Attributes:
        limited: Whether there is any limit.
    """

    def __init__(
        self,
        rpm: int | None,
        tpm: int | None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        limits = (("requests", rpm), ("tokens", tpm))
        self._buckets = [Bucket(kind, limit, clock()) for kind, limit in limits if limit]
        self.limited = bool(self._buckets)

    def admit(self, tokens: int) -> None:
        """Take one request of so many tokens out of the allowance.

        Raises:
            Refusal: There is not enough of it now, or never.
        """
        now = self._clock()
        wanted = [(bucket, self._cost(bucket, tokens)) for bucket in self._buckets]
        for bucket, cost in wanted:
            if cost > bucket.limit:
                raise self._never(bucket, cost)
        late = [(bucket.wait(cost, now), cost, bucket) for bucket, cost in wanted]
        late = [each for each in late if each[0] > 0]
        if late:
            raise self._not_yet(*max(late, key=lambda each: each[0]))
        for bucket, cost in wanted:
            bucket.take(cost)

    def charge(self, tokens: int) -> None:
        """Take tokens that turned out to be used, with whatever is left."""
        for bucket in self._buckets:
            if bucket.kind == "tokens":
                bucket.take(tokens)

    def headers(self) -> dict[str, str]:
        """Return the headers that tell a client where it stands; none without limits."""
        now = self._clock()
        return {k: v for bucket in self._buckets for k, v in bucket.headers(now).items()}

    def _cost(self, bucket: Bucket, tokens: int) -> int:
        return 1 if bucket.kind == "requests" else tokens

    def _never(self, bucket: Bucket, cost: int) -> Refusal:
        words = (
            f"Request too large on {NAMES[bucket.kind]}: Limit {bucket.limit}, Requested {cost}. "
            "The input or output tokens must be reduced in order to run successfully."
        )
        return _refusal(bucket, words, self.headers())

    def _not_yet(self, wait: float, cost: int, bucket: Bucket) -> Refusal:
        used = bucket.limit - bucket.remaining(self._clock())
        words = (
            f"Rate limit reached on {NAMES[bucket.kind]}: Limit {bucket.limit}, Used {used}, "
            f"Requested {cost}. Please try again in {duration(wait)}."
        )
        later = {
            "retry-after": str(math.ceil(wait)),
            "retry-after-ms": str(math.ceil(wait * 1000)),
        }
        return _refusal(bucket, words, {**self.headers(), **later})


def _refusal(bucket: Bucket, words: str, headers: dict[str, str]) -> Refusal:
    return Refusal(
        words,
        kind=bucket.kind,
        code="rate_limit_exceeded",
        status=429,
        headers=headers,
        counted="rate-limited",
    )


def duration(seconds: float) -> str:
    """Write a time as OpenAI does: `0s`, `120ms`, `8.64s`, `6m0s`, `1h0m0s`."""
    milliseconds = math.ceil(seconds * 1000 - 1e-6)
    if milliseconds < 1000:
        return f"{milliseconds}ms" if milliseconds > 0 else "0s"
    minutes, rest = divmod(milliseconds, 60_000)
    written = f"{rest / 1000:.3f}".rstrip("0").rstrip(".") + "s"
    if not minutes:
        return written
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes}m{written}" if hours else f"{minutes}m{written}"
