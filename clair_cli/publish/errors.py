"""What follows from an error of the Hub's client: another attempt, or the end with a cure."""

import time
from collections.abc import Iterator

from clair_cli.endpoint.verdicts import Retry, judge
from clair_cli.records import EndpointError, RunError, UsageError
from clair_cli.replies.error_body import SHOWN

LOGIN = "set HF_TOKEN or run `hf auth login`"
_NOT_ALLOWED = (
    "{repo}: the token may not write there ({said}); use one with write access, of a user who may"
)
CURES: dict[int | str, str] = {
    "gated": "{repo}: is gated ({said}); ask its owner for access",
    401: f"the Hub refused the token ({{said}}); {LOGIN} with a valid one",
    402: _NOT_ALLOWED,
    403: _NOT_ALLOWED,
    404: "{repo}: the Hub does not know it ({said}); check the name and --revision",
}
"""What the user is told, by status."""
CHANGED_MEANWHILE = 412
"""The status when the branch moved on since we looked: look again."""


class TryAgain(Exception):  # noqa: N818 - a verdict on an attempt
    """An attempt failed in transit; another, after at least `after` seconds, may do better.

    `answered` tells whether the Hub was reached at all.
    """

    def __init__(self, reason: str, *, after: float = 0.0, answered: bool = True) -> None:
        super().__init__(reason)
        self.after, self.answered = after, answered


def verdict(error: Exception, repo: str, token: str) -> TryAgain | RunError:
    """What follows from `error`, or from whatever of the Hub's errors it was raised from."""
    from huggingface_hub.errors import (  # noqa: PLC0415 - `clair --help` stays quick
        HfHubHTTPError,
        HTTPError,  # of httpx or httpx2, by the client's version
        OfflineModeIsEnabled,
    )

    for each in _causes(error):
        if isinstance(each, OfflineModeIsEnabled):
            return UsageError("HF_HUB_OFFLINE is set, so nothing can be pushed; unset it")
        if isinstance(each, HfHubHTTPError):
            words = _said(each.server_message or "", token)
            return _answer(each.response.status_code, dict(each.response.headers), words, repo)
        if isinstance(each, HTTPError | ConnectionError | TimeoutError):
            return TryAgain(_said(f"{type(each).__name__}: {each}", token), answered=False)
    if isinstance(error, OSError) and error.filename:
        return UsageError(f"{error.filename}: cannot be read ({error.strerror})")
    return EndpointError(f"{repo}: the Hub did not take it ({_said(str(error), token)})")


def _answer(status: int, headers: dict[str, str], words: str, repo: str) -> TryAgain | RunError:
    said = f"HTTP {status}: {words}" if words else f"HTTP {status}"
    gated = headers.get("x-error-code") == "GatedRepo"
    cure = CURES.get("gated" if gated else status)
    if cure:
        return EndpointError(cure.format(repo=repo, said=said))
    if status == CHANGED_MEANWHILE:
        return TryAgain(f"the branch has moved on ({said})")
    found = judge(status, headers, now=time.time())
    if isinstance(found, Retry):
        return TryAgain(said, after=max(found.after or 0.0, _reset(headers)))
    return EndpointError(f"{repo}: the Hub refused it ({said})")


def _reset(headers: dict[str, str]) -> float:
    """Seconds until the Hub's rate limit ends, from its `RateLimit` header (an IETF draft)."""
    from huggingface_hub.utils import parse_ratelimit_headers  # noqa: PLC0415

    limit = parse_ratelimit_headers(headers)
    return float(limit.reset_in_seconds) if limit and limit.remaining == 0 else 0.0


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _said(words: str, token: str) -> str:
    """Words of the other side, on one line, cut, and without the token."""
    line = " ".join((words.replace(token, "[secret]") if token else words).split())
    return line if len(line) <= SHOWN else f"{line[:SHOWN]}…"
