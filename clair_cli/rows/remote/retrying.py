"""Trying again what a network or a server refused for the moment."""

import io
import math
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import uniform
from typing import Any, TypeVar

import aiohttp
import httpx

TRIES = 7
"""Attempts in a row that may fail."""

_TRANSIT = (OSError, aiohttp.ClientError, httpx.HTTPError)
_FINAL = (
    *(FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError),
    io.UnsupportedOperation,
)
_LONGEST = 300.0
"""Seconds that a server may make us wait before one attempt."""

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


def patiently(
    call: Callable[[], T],
    *,
    reach: float = math.inf,
    between: Callable[[], object] = lambda: None,
) -> T:
    """What `call` returns, once it does: it is tried again after trouble that may pass.

    Args:
        call: What to do; it may be done several times.
        reach: Seconds after which nobody is looked for any more who has not answered at all.
        between: To be done after each failed attempt.
    """
    begun = time.monotonic()
    for attempt in range(1, TRIES):
        try:
            return call()
        except Exception as exc:
            # The clients below share no base error; `trouble_of` tells what may pass by status and
            # type, and all else is raised at once.
            between()
            trouble = trouble_of(exc)
            late = time.monotonic() - begun > reach
            if trouble is None or (late and not trouble.answered):
                raise
        pause = uniform(0.5, 1) * 0.25 * 2**attempt  # noqa: S311 - jitter
        time.sleep(max(pause, min(trouble.after, _LONGEST)))
    return call()


def trouble_of(error: BaseException) -> Trouble | None:
    """What may pass in `error`, or in what it came from; None where it is final."""
    chain = list(causes(error))
    for each in chain:
        if (status := status_of(each)) is not None:
            passes = status in {408, 425, 429} or status >= 500
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
    return isinstance(error, (*_TRANSIT, *([errors.HTTPError] if errors else [])))


def _wanted(error: BaseException) -> float:
    """Seconds that the answer tells to wait: Retry-After (RFC 9110), or the Hub's own header."""
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    after = str(headers.get("retry-after", ""))
    if after.isdigit():
        return float(after)
    if errors := _of_the_hub():
        limit = sys.modules[errors.__package__].utils.parse_ratelimit_headers(headers)
        return float(limit.reset_in_seconds) if limit and limit.remaining == 0 else 0.0
    return 0.0


def _of_the_hub() -> Any:
    """The errors of the Hub's client; only where it is loaded can they have been raised."""
    return sys.modules.get("huggingface_hub.errors")
