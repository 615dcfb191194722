"""The one judgement of what a failed exchange means, as a table."""

import email.utils
import json
import ssl
from typing import Any

import aiohttp
import httpx
import pytest

from clair_cli.endpoint.verdicts import End, GiveUp, ReplyTooLarge, Retry, judge

NOW = 1_700_000_000.0


def error(**fields: Any) -> bytes:
    return json.dumps({"error": {"message": "words", **fields}}).encode()


def date(seconds: float) -> str:
    return email.utils.formatdate(NOW + seconds, usegmt=True)


RETRIED = [
    *(
        (status, {}, b"", None)
        for status in (408, 409, 425, 429, 498, 500, 502, 503, 504, 529, 599)
    ),
    (429, {}, error(code="rate_limit_exceeded", type="requests"), None),
    (429, {"retry-after": "7"}, b"", 7.0),
    (429, {"retry-after": "0.25"}, b"", 0.25),
    (429, {"retry-after-ms": "1500", "retry-after": "9"}, b"", 1.5),
    (429, {"retry-after": date(30)}, b"", 30.0),
    (429, {"retry-after": date(-30)}, b"", 0.0),
    (429, {"retry-after": "soon"}, b"", None),
    (429, {"retry-after": "nan"}, b"", None),
    (429, {"retry-after": "-1"}, b"", None),
    (503, {"retry-after": "2"}, b"<html>busy</html>", 2.0),
    (400, {"x-should-retry": "true"}, error(), None),
    (200, {}, b"", None),
    (200, {}, b'{"choices": [', None),
    (200, {}, b"<html>hello</html>", None),
    (200, {}, b'{"choices": []}', None),
    (200, {}, b'{"choices": [{"message": {"content": null}}]}', None),
    (200, {}, error(code=502), None),
    (200, {}, error(code="429"), None),
    (200, {}, b'{"error": "overloaded"}', None),
]

GIVEN_UP = [
    (400, error(code="context_length_exceeded"), "context_length"),
    (400, error(code="content_filter"), "content_filter"),
    (400, error(code="invalid_prompt"), "content_filter"),
    (400, error(type="invalid_request_error"), "rejected_request"),
    (413, b"", "rejected_request"),
    (422, b'{"detail": [{"msg": "too long"}]}', "rejected_request"),
    (403, error(metadata={"reasons": ["violence"], "flagged_input": "..."}), "content_filter"),
    (200, error(code=400), "rejected_request"),
    (400, b'{"object": "error", "message": "too long", "code": 400}', "rejected_request"),
]

ENDED = [
    (401, b"", "OPENAI_API_KEY"),
    (200, error(code=401), "OPENAI_API_KEY"),
    (400, error(code="invalid_api_key"), "OPENAI_API_KEY"),
    (400, b'[{"error": {"message": "m", "details": [{"reason": "API_KEY_INVALID"}]}}]', "API key"),
    (402, error(), "credit"),
    (429, error(code="insufficient_quota"), "top it up"),
    (429, error(type="insufficient_quota"), "top it up"),
    (403, error(), "forbids"),
    (404, error(code="model_not_found"), "--model"),
    (400, error(code="model_not_found"), "--model"),
    (404, b"<html>no</html>", "--base-url"),
    (405, b"", "--base-url"),
    (301, b"", "redirects to https://other.example/v1"),
    (307, b"", "redirects"),
]


@pytest.mark.parametrize(("status", "headers", "body", "after"), RETRIED)
def test_retried(status: int, headers: dict[str, str], body: bytes, after: float | None) -> None:
    verdict = judge(status, headers, body, now=NOW)
    assert isinstance(verdict, Retry), verdict
    assert verdict.after == pytest.approx(after)
    assert verdict.trouble != "unreachable"


@pytest.mark.parametrize(("status", "body", "reason"), GIVEN_UP)
def test_given_up(status: int, body: bytes, reason: str) -> None:
    verdict = judge(status, {}, body)
    assert isinstance(verdict, GiveUp), verdict
    assert verdict.problem.reason == reason
    assert "HTTP" in verdict.problem.detail


@pytest.mark.parametrize(("status", "body", "cure"), ENDED)
def test_ended(status: int, body: bytes, cure: str) -> None:
    verdict = judge(status, {"location": "https://other.example/v1"}, body)
    assert isinstance(verdict, End), verdict
    assert cure in verdict.sentence
    assert "\n" not in verdict.sentence


def test_a_server_may_forbid_retries() -> None:
    assert isinstance(judge(500, {"x-should-retry": "false"}, b""), GiveUp)


def caused(outer: Exception, inner: BaseException) -> Exception:
    outer.__cause__ = inner
    return outer


def test_exceptions() -> None:
    key = aiohttp.client_reqrep.ConnectionKey("h", 1, False, True, None, None, None)
    refused = aiohttp.ClientConnectorError(key, OSError(111, "refused"))
    verdict = judge(caused(httpx.ConnectError("x"), refused))
    assert isinstance(verdict, Retry)
    assert verdict.trouble == "unreachable"
    reset = judge(caused(httpx.ConnectTimeout("x"), aiohttp.ServerDisconnectedError()))
    assert isinstance(reset, Retry)
    assert reset.trouble == "failing"
    assert judge(TimeoutError()) == Retry(
        "timeout", "no whole reply within --timeout", trouble="overload"
    )
    assert isinstance(judge(caused(httpx.ConnectError("x"), ssl.SSLCertVerificationError())), End)
    assert isinstance(judge(httpx.InvalidURL("x")), End)
    too_large = judge(ReplyTooLarge("big"))
    assert isinstance(too_large, GiveUp)
    assert too_large.problem.reason == "reply_too_large"


def test_words_are_short_and_on_one_line() -> None:
    verdict = judge(400, {}, error(message="a\n" * 5000))
    assert isinstance(verdict, GiveUp)
    assert len(verdict.problem.detail) < 400
    assert "\n" not in verdict.problem.detail
