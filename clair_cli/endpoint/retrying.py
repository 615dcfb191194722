"""How long a request is retried, and how long it waits each time."""

import random
from dataclasses import dataclass

from tenacity import RetryCallState

from clair_cli.endpoint.verdicts import Retry

FIRST_WAIT = 1.0
LONGEST_WAIT = 60.0
MOST_DOUBLINGS = 10
"""Past the longest wait; a row may be retried more often than a float has powers of two."""
LONGEST_OVERLOAD = 8.0
"""The same after an overload: the gate makes the whole replica pause by then."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds.

    Attributes:
        timeout: For one attempt, from sending to the reply's last byte, even if bytes trickle.
        give_up_after: For all attempts to get one reply, pauses included.
    """

    timeout: float = 600.0
    give_up_after: float = 600.0


class TryAgain(Exception):  # noqa: N818 - carries a verdict between attempts
    """An attempt failed; `verdict` says that another may do better."""

    def __init__(self, verdict: Retry) -> None:
        super().__init__(verdict.detail)
        self.verdict = verdict


def verdict_of(state: RetryCallState) -> Retry:
    """The verdict on the last attempt."""
    exc = state.outcome.exception() if state.outcome else None
    if not isinstance(exc, TryAgain):
        raise TypeError("a retry without a verdict")
    return exc.verdict


def wait(state: RetryCallState) -> float:
    """Exponential backoff with full jitter over bands that do not overlap; Retry-After is a floor.

    The first wait is drawn from 0 to 1 s, the n-th from 1.15 * 2^(n-2) to 2^(n-1) s, up to 60 s
    (8 s after an overload): each wait is longer than the last, and those of many rows are spread.
    """
    number = state.attempt_number
    verdict = verdict_of(state)
    most = LONGEST_OVERLOAD if verdict.trouble == "overload" else LONGEST_WAIT
    longest = min(FIRST_WAIT * 2.0 ** min(number - 1, MOST_DOUBLINGS), most)
    shortest = 0.0 if number == 1 else 0.575 * longest
    drawn = random.uniform(shortest, longest)  # noqa: S311 - not for secrets
    if verdict.after is None:
        return drawn
    return verdict.after + min(drawn, 0.1 * verdict.after + 0.1)
