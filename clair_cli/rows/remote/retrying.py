"""Trying again what a network or a server refused for the moment."""

import email.utils
import io
import math
import random
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import aiohttp
import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception

MOST_DOUBLINGS = 10
"""Past the longest wait."""

_PASSING = frozenset({408, 409, 412, 425, 429})
"""Statuses that may pass, as those from 500 on do; 412 says to look again: a branch moved on."""

_TRANSIT = (OSError, aiohttp.ClientError, httpx.HTTPError)
_FINAL = (
    *(FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError),
    *(io.UnsupportedOperation, httpx.UnsupportedProtocol, httpx.TooManyRedirects),
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that may pass.

    Attributes:
        answered: Whether a server was reached, which asked for patience.
        after: Seconds that it wants us to wait.
    """

    answered: bool
    after: float = 0.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How long trouble in transit is borne, in seconds.

    Attributes:
        first_wait: Before the second attempt; each wait after it is up to twice as long.
        longest_wait: Waits grow no longer than this, unless the server asks for it.
        give_up_after: For everything, waits included.
        unreachable: The same as long as no server has answered once.
        timeout: For the next bytes of an answer; the Hub is slow to answer large commits.
        tries: Attempts in a row that may fail.
    """

    first_wait: float = 0.5
    longest_wait: float = 30.0
    give_up_after: float = 300.0
    unreachable: float = 10.0
    timeout: float = 120.0
    tries: float = math.inf

    def wait(self, state: RetryCallState) -> float:
        """Exponential backoff with jitter; what the server asked for is a floor."""
        number = min(state.attempt_number - 1, MOST_DOUBLINGS)
        longest = min(self.first_wait * 2.0**number, self.longest_wait)
        drawn = random.uniform(longest / 2, longest)  # noqa: S311 - not for secrets
        return max(_failed(state)[1].after, drawn)

    def is_over(self, state: RetryCallState, *, answered: bool) -> bool:
        """Whether the next attempt would be one too many, or come too late."""
        longest = self.give_up_after if answered else min(self.unreachable, self.give_up_after)
        late = (state.seconds_since_start or 0.0) + state.upcoming_sleep > longest
        return late or state.attempt_number >= self.tries


READING = Patience(first_wait=0.25, give_up_after=600.0, unreachable=600.0, tries=8)
"""For what a run needs in its midst: the waits add up to 16 to 32 s, or what the server asks."""
LOOKING = replace(READING, unreachable=6.0, timeout=8.0)
"""For what a run begins with: a server that is not there is told soon."""


def patiently(
    call: Callable[[], T],
    patience: Patience = READING,
    *,
    answered: Callable[[], bool] = lambda: False,
    tell: Callable[[BaseException, float], None] = lambda _error, _pause: None,
) -> T:
    """What `call` returns, once it does: it is tried again after trouble that may pass.

    Args:
        call: What to do; it may be done several times.
        patience: How long.
        answered: Whether a server is known to be there, whatever the last error says.
        tell: Told each error that will be followed by an attempt, and the seconds until then.

    Raises:
        Exception: What `call` raised last.
    """
    attempts = Retrying(
        retry=retry_if_exception(lambda error: trouble_of(error) is not None),
        wait=patience.wait,
        stop=lambda state: patience.is_over(
            state, answered=_failed(state)[1].answered or answered()
        ),
        before_sleep=lambda state: tell(_failed(state)[0], state.upcoming_sleep),
        reraise=True,
    )
    return attempts(call)


def _failed(state: RetryCallState) -> tuple[BaseException, Trouble]:
    error = state.outcome.exception() if state.outcome else None
    trouble = trouble_of(error) if error else None
    if error is None or trouble is None:
        raise TypeError("a retry without a reason")
    return error, trouble


def trouble_of(error: BaseException) -> Trouble | None:
    """What may pass in `error`, or in what it came from; None where it is final."""
    chain = list(causes(error))
    for each in chain:
        if (status := status_of(each)) is not None:
            passes = status in _PASSING or status >= 500
            return Trouble(True, _wanted(each)) if passes else None
    return Trouble(False) if any(_is_transit(each) for each in chain) else None


def status_of(error: BaseException) -> int | None:
    """The HTTP status that an error stands for."""
    response = getattr(error, "response", None)
    status = getattr(error, "status", None) or getattr(response, "status_code", None)
    return status if isinstance(status, int) else None


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """`error`, what it was raised from, and so on."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _is_transit(error: BaseException) -> bool:
    errors = _of_the_hub()
    if isinstance(error, (*_FINAL, *([errors.OfflineModeIsEnabled] if errors else []))):
        return False
    if isinstance(error, OSError) and error.filename:
        return False  # a file of this machine
    return isinstance(error, (*_TRANSIT, *([errors.HTTPError] if errors else [])))


def _wanted(error: BaseException) -> float:
    """Seconds that the answer tells to wait: Retry-After (RFC 9110), or the Hub's own header."""
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    limit = None
    if errors := _of_the_hub():
        limit = sys.modules[errors.__package__].utils.parse_ratelimit_headers(headers)
    reset = float(limit.reset_in_seconds) if limit and limit.remaining == 0 else 0.0
    return max(reset, _retry_after(headers))


def _retry_after(headers: Mapping[str, str]) -> float:
    """Seconds, or those until a date; 0 where there is neither."""
    text = str(headers.get("retry-after", ""))
    try:
        seconds = float(text)
    except ValueError:
        date = email.utils.parsedate_tz(text)
        seconds = email.utils.mktime_tz(date) - time.time() if date else 0.0
    return max(0.0, seconds) if math.isfinite(seconds) else 0.0


def _of_the_hub() -> Any:
    """The errors of the Hub's client; only where it is loaded can they have been raised."""
    return sys.modules.get("huggingface_hub.errors")
