"""What to do about an HTTP exchange that brought no answer: one pure function, `judge`.

Sources: RFC 9110 (status codes, Retry-After), OpenAI's error codes and `x-should-retry`, the
`retry-after-ms` of Azure and OpenAI, 498 (Groq, over capacity) and 529 (Anthropic, overloaded),
OpenRouter's 402 (no credit) and its 403 for one flagged input.
"""

import email.utils
import errno
import math
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import aiohttp
import httpx

from clair_cli.records import Problem
from clair_cli.replies.error_body import codes_of, error_of, inner_status, short, words_of

Trouble: TypeAlias = Literal["none", "overload", "failing", "unreachable"]

OVERLOADS = frozenset({429, 498, 503, 529})
FAILING = frozenset({502, 504})
UNSUPPORTED = frozenset({"unsupported_parameter", "unsupported_value"})
REPLACEMENTS = {"max_tokens": "max_completion_tokens"}
"""What reasoning models of OpenAI want instead of a parameter."""
FORMAT = "response_format"
RETRIED_STATUSES = frozenset({408, 409, 425, 429, 498})
QUOTA_CODES = frozenset(
    {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "quota_exceeded"}
)
KEY_CODES = frozenset({"invalid_api_key", "API_KEY_INVALID", "account_deactivated"})
MODEL_CODES = frozenset({"model_not_found", "invalid_model"})
ROW_REASONS = {
    "context_length_exceeded": "context_length",
    "string_above_max_length": "context_length",
    "content_filter": "content_filter",
    "content_policy_violation": "content_filter",
    "invalid_prompt": "content_filter",
}
ENDS = {
    "key": "the endpoint refused the API key {}; set OPENAI_API_KEY to a valid one",
    "quota": "the account has no quota or credit left {}; top it up, then run again",
    "forbidden": "the endpoint forbids this {}; check what the key and the account may use",
    "model": "the endpoint knows no such model or path {}; check --model, and that --base-url "
    "ends as the endpoint wants it (often /v1)",
    "route": "this is no chat-completions endpoint {}; check --base-url",
}
"""What the user is told, with the endpoint's words in the middle."""


class ReplyTooLarge(Exception):  # noqa: N818 - a finding about a reply, not a fault
    """The reply's body went past the limit, and the rest was not read."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Ask again, after `after` seconds where the endpoint named a time.

    `trouble` says what else follows: less for an endpoint with an `overload`, a rest for a replica
    that is `failing` or `unreachable`.
    """

    reason: str
    detail: str
    after: float | None = None
    trouble: Trouble = "none"


@dataclass(frozen=True, slots=True)
class Adapt:
    """The endpoint does not take `parameter`: send `replacement` instead, or nothing for ""."""

    parameter: str
    replacement: str
    words: str


@dataclass(frozen=True, slots=True)
class GiveUp:
    """This row cannot be answered; others can."""

    problem: Problem


@dataclass(frozen=True, slots=True)
class End:
    """No row can be answered. `sentence` says why, and what to do."""

    sentence: str


Verdict: TypeAlias = Retry | Adapt | GiveUp | End


def judge(
    outcome: int | Exception,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    *,
    now: float = 0.0,
) -> Verdict:
    """What follows from an exchange that was no answer.

    Args:
        outcome: The status, or the exception that the exchange ended with.
        headers: The reply's headers, with lower-case names.
        body: The reply's body.
        now: Seconds since the epoch: what a date in Retry-After is measured from.
    """
    if isinstance(outcome, Exception):
        return _judge_exception(outcome)
    headers = headers or {}
    error = error_of(body)
    words = words_of(error, body)
    end = _end(outcome, headers, error, words)
    if end is not None:
        return end
    status = inner_status(outcome, error)
    if _is_retried(status, headers):
        reason = "not_an_answer" if status < 400 else f"http_{status}"
        after = _retry_after(headers, now)
        return Retry(reason, f"HTTP {status}: {words}", after, _trouble(status))
    parameter = _unsupported(outcome, error, words)
    if parameter:
        return Adapt(parameter, REPLACEMENTS.get(parameter, ""), words)
    return GiveUp(Problem(_row_reason(error), f"HTTP {status}: {words}"))


def _unsupported(status: int, error: Mapping[str, Any], words: str) -> str:
    """The parameter that the endpoint does not take; "" where it is something else.

    OpenAI gives no code for a `response_format` that a model lacks, and others name it in words
    alone (DeepSeek, or a validator's 422). `json_validate_failed` (Groq) is one reply's fault.
    """
    parameter, codes = error.get("param"), codes_of(error)
    if isinstance(parameter, str) and codes & UNSUPPORTED:
        return parameter.partition(".")[0]
    if status not in {400, 422} or codes & (ROW_REASONS.keys() | {"json_validate_failed"}):
        return ""
    named = parameter if isinstance(parameter, str) and parameter else words
    return FORMAT if FORMAT in named else ""


def _judge_exception(exc: Exception) -> Verdict:
    if _caused_by(exc, ssl.SSLCertVerificationError):
        return End(
            "the endpoint's certificate cannot be verified "
            f"({short(str(exc))}); set SSL_CERT_FILE to the CA that signed it, "
            "or check --base-url"
        )
    if isinstance(exc, httpx.UnsupportedProtocol | httpx.InvalidURL):
        return End(f"the base URL cannot be used ({short(str(exc))}); check --base-url")
    if _errno(exc) in {errno.EMFILE, errno.ENFILE}:
        return End("too many files are open for another connection; lower -c, or raise ulimit -n")
    if isinstance(exc, ReplyTooLarge):
        return GiveUp(Problem("reply_too_large", str(exc)))
    if type(exc) is TimeoutError:
        return Retry("timeout", "no whole reply within --timeout", trouble="overload")
    root = exc.__cause__ or exc  # the transport's mapping to httpx's errors is too coarse
    detail = short(f"{type(root).__name__}: {root}".rstrip(": "))
    connecting = isinstance(root, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)
    return Retry("connection", detail, trouble="unreachable" if connecting else "failing")


def _end(
    status: int, headers: Mapping[str, str], error: Mapping[str, Any], words: str
) -> End | None:
    """The verdict for what no row of the run can get past."""
    inner = inner_status(status, error)
    if 300 <= inner < 400:
        target = short(headers.get("location", "elsewhere"))
        return End(
            f"the endpoint redirects to {target}, and a key is never sent after a redirect; "
            "set --base-url to the final address"
        )
    kind = _kind_of_end(inner, error)
    return End(ENDS[kind].replace("{}", f"(HTTP {inner}: {words})")) if kind else None


def _kind_of_end(status: int, error: Mapping[str, Any]) -> str:
    codes = codes_of(error)
    if codes & KEY_CODES:
        return "key"
    if codes & QUOTA_CODES:
        return "quota"
    if codes & MODEL_CODES:
        return "model"
    if status == 403 and _is_flagged(error):
        return ""
    return {401: "key", 402: "quota", 403: "forbidden", 404: "model", 405: "route"}.get(status, "")


def _trouble(status: int) -> Trouble:
    if status in OVERLOADS:
        return "overload"
    return "failing" if status in FAILING else "none"


def _is_retried(status: int, headers: Mapping[str, str]) -> bool:
    told = headers.get("x-should-retry", "").strip().lower()
    if told in {"true", "false"} and status >= 400:
        return told == "true"
    return status < 400 or status >= 500 or status in RETRIED_STATUSES


def _retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds to wait from `retry-after-ms` or `retry-after` (RFC 9110, 10.2.3), if sensible."""
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("retry-after")
    seconds = _number(value)
    if seconds is not None or not value:
        return seconds
    try:
        when = email.utils.parsedate_to_datetime(value).timestamp()
    except (ValueError, OverflowError):
        return None
    return max(0.0, when - now)


def _number(value: str | None) -> float | None:
    try:
        number = float(value or "")
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _is_flagged(error: Mapping[str, Any]) -> bool:
    """OpenRouter: 403 about one input that moderation flagged, with the reasons beside it."""
    metadata = error.get("metadata")
    return isinstance(metadata, dict) and ("reasons" in metadata or "flagged_input" in metadata)


def _row_reason(error: Mapping[str, Any]) -> str:
    if _is_flagged(error):
        return "content_filter"
    for code in sorted(codes_of(error)):
        if code in ROW_REASONS:
            return ROW_REASONS[code]
    return "rejected_request"


def _errno(exc: BaseException | None) -> int | None:
    while exc is not None:
        if isinstance(exc, OSError) and exc.errno:
            return exc.errno
        exc = exc.__cause__ or exc.__context__
    return None


def _caused_by(exc: BaseException | None, kind: type[BaseException]) -> bool:
    while exc is not None:
        if isinstance(exc, kind):
            return True
        exc = exc.__cause__ or exc.__context__
    return False
