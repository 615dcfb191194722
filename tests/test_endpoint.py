"""Manners towards a real server on a real socket, through the real command."""

import asyncio
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from aiohttp import web

from tests.conftest import Clair, Ran, answers, read_rows, write_rows
from tests.serving import (
    Asked,
    Endpoint,
    Reply,
    Script,
    completion,
    improve,
    refuse,
    revised,
    serving,
)

KEY = {"OPENAI_API_KEY": "sk-very-secret-0123456789"}


@pytest.fixture
def revise(tmp_path: Path, clair: Clair) -> "Revise":
    return Revise(tmp_path, clair)


class Revise:
    """Runs a few rows against a script."""

    def __init__(self, folder: Path, clair: Clair) -> None:
        self._folder, self._clair = folder, clair
        self.server = Endpoint()

    def __call__(self, script: Script, *arguments: object, rows: int = 1) -> Ran:
        write_rows(self._folder / "in.jsonl", answers(rows))
        with serving(script) as self.server:
            return self._clair(
                *("revise", "in.jsonl", "-m", "x", "--base-url", self.server.base_url),
                *arguments,
                env=KEY,
            )

    def pairs(self) -> list[str]:
        return [
            pair["chosen"][0]["content"]
            for pair in read_rows(self._folder / "in.clair/train.jsonl")
        ]

    def failures(self) -> list[tuple[str, str]]:
        found = read_rows(self._folder / "in.clair/.clair/failures.jsonl")
        return [(failure["reason"], failure["detail"]) for failure in found]


def cut_body() -> web.Response:
    return web.Response(body=b'{"choices": [{"mess', content_type="application/json")


PASSING = {
    "429 with Retry-After": lambda: refuse(429, headers={"Retry-After": "0.3"}),
    "500": lambda: refuse(500),
    "503 in HTML": lambda: web.Response(status=503, text="<html>busy</html>"),
    "cut JSON": cut_body,
    "error in a 200": lambda: {"error": {"message": "overloaded", "code": 503}},
    "no choices": lambda: completion("x", choices=[]),
    "null content": lambda: completion(None),
}


@pytest.mark.parametrize("fault", PASSING)
def test_passing_trouble_is_waited_out(revise: Revise, fault: str) -> None:
    done = revise(lambda asked: improve(asked) if asked.time else PASSING[fault](), rows=2)
    assert done.code == 0, done.err
    assert revise.pairs() == ["It is 0. Indeed.", "It is 1. Indeed."]
    assert revise.server.count() == 4


def test_retry_after_is_obeyed_and_the_key_is_sent(revise: Revise) -> None:
    times: list[float] = []

    def script(asked: Asked) -> Reply:
        times.append(time.monotonic())
        return improve(asked) if asked.time else refuse(429, headers={"retry-after-ms": "900"})

    assert revise(script).code == 0
    assert times[1] - times[0] >= 0.9
    assert revise.server.asked[0].headers["Authorization"] == f"Bearer {KEY['OPENAI_API_KEY']}"


def test_a_hang_ends_at_the_timeout(revise: Revise) -> None:
    async def hang_once(asked: Asked) -> Reply:
        if asked.time == 0:
            await asyncio.sleep(30)
        return improve(asked)

    began = time.monotonic()
    done = revise(hang_once, "--timeout", "1")
    assert done.code == 0, done.err
    assert time.monotonic() - began < 15
    assert "timeout 1" in done.err


def test_a_trickle_does_not_hold_a_row_for_ever(revise: Revise) -> None:
    async def trickle(asked: Asked) -> Reply:
        if asked.time:
            return improve(asked)
        response = web.StreamResponse()
        await response.prepare(asked.request)
        for _ in range(100):
            await response.write(b" ")
            await asyncio.sleep(0.1)
        return response

    done = revise(trickle, "--timeout", "1")
    assert done.code == 0, done.err
    assert revise.server.count() == 2


def test_a_reset_in_the_middle_of_the_body_is_retried(revise: Revise) -> None:
    async def reset(asked: Asked) -> Reply:
        if asked.time:
            return improve(asked)
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(asked.request)
        await response.write(b'{"choices":')
        assert asked.request.transport
        asked.request.transport.abort()
        return response

    done = revise(reset)
    assert done.code == 0, done.err
    assert revise.server.count() == 2


def test_a_huge_reply_is_refused(revise: Revise) -> None:
    done = revise(lambda asked: completion("x" * (33 << 20)))
    assert done.code == 3
    assert revise.failures()[0][0] == "reply_too_large"
    assert revise.server.count() == 1


def test_text_parts_are_joined(revise: Revise) -> None:
    text = revised("It is 0. Indeed.")
    parts = [{"type": "text", "text": text[:20]}, {"type": "text", "text": text[20:]}]
    assert revise(lambda asked: completion(parts)).code == 0
    assert revise.pairs() == ["It is 0. Indeed."]


def test_a_row_that_the_endpoint_rejects_fails_alone(revise: Revise) -> None:
    def script(asked: Asked) -> Reply:
        if asked.answer == "It is 1.":
            return refuse(400, error={"code": "context_length_exceeded", "message": "too long"})
        return improve(asked)

    done = revise(script, rows=3)
    assert done.code == 3
    assert revise.pairs() == ["It is 0. Indeed.", "It is 2. Indeed."]
    assert revise.failures() == [("context_length", "HTTP 400: too long")]
    assert revise.server.count() == 3


def test_unusable_answers_are_kept_and_never_pairs(revise: Revise) -> None:
    replies = {
        "It is 0.": completion(None, finish_reason="length"),
        "It is 1.": completion(revised("It is 1. Cut o"), finish_reason="length"),
        "It is 2.": completion(None, message={"refusal": "I will not."}),
        "It is 3.": completion("I'm sorry, but I can't help with that."),
        "It is 4.": completion("", finish_reason="content_filter"),
    }
    done = revise(lambda asked: replies[asked.answer], "--attempts", "2", rows=5)
    assert done.code == 3
    reasons = [reason for reason, _ in revise.failures()]
    assert reasons == ["truncated", "truncated", "refused", "refused", "refused"]
    assert revise.server.count() == 10


def test_a_lasting_fault_of_one_row_fails_that_row(revise: Revise) -> None:
    async def script(asked: Asked) -> Reply:
        if asked.answer == "It is 0.":
            return refuse(500)
        await asyncio.sleep(0.7)
        return improve(asked)

    done = revise(script, "--give-up-after", "2", "-c", "2", rows=8)
    assert done.code == 3, done.err
    assert [reason for reason, _ in revise.failures()] == ["endpoint_error"]
    assert len(revise.pairs()) == 7


FATAL = {
    "key": (lambda: refuse(401), "set OPENAI_API_KEY"),
    "quota": (lambda: refuse(429, error={"code": "insufficient_quota"}), "top it up"),
    "credit": (lambda: refuse(402), "credit"),
    "forbidden": (lambda: refuse(403), "what the key and the account may use"),
    "model": (lambda: refuse(404, error={"code": "model_not_found"}), "check --model"),
    "redirect": (lambda: web.Response(status=302, headers={"Location": "http://e.org/"}), "e.org"),
    "not an LLM": (lambda: web.Response(text="<html>hi</html>"), "check --base-url"),
}


@pytest.mark.parametrize("fault", FATAL)
def test_what_no_row_can_pass_ends_the_run(revise: Revise, fault: str) -> None:
    reply, cure = FATAL[fault]
    began = time.monotonic()
    done = revise(lambda _: reply(), "-c", "4", rows=4 if fault == "not an LLM" else 50)
    assert done.code == 4, done.err
    assert time.monotonic() - began < 25
    assert cure in done.last
    assert done.last.startswith("clair: http://127.0.0.1:")
    assert "Traceback" not in done.err
    assert KEY["OPENAI_API_KEY"] not in done.err
    assert revise.server.count() <= (12 if fault == "not an LLM" else 4)


def test_an_unreachable_host_ends_the_run_soon(tmp_path: Path, clair: Clair) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/v1"
        write_rows(tmp_path / "in.jsonl", answers(3))
        began = time.monotonic()
        done = clair("revise", "in.jsonl", "-m", "x", "--base-url", url)
    assert done.code == 4
    assert time.monotonic() - began < 10
    assert "cannot be reached" in done.last


@pytest.mark.heavy
def test_a_host_that_goes_away_is_waited_for_once_it_has_answered(
    tmp_path: Path, clair: Clair
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    write_rows(tmp_path / "in.jsonl", answers(2))
    command = ("revise", "in.jsonl", "-m", "x", "-c", 1)
    with ThreadPoolExecutor() as pool:
        with serving(port=port) as first:
            running = pool.submit(clair, *command, "--base-url", f"http://127.0.0.1:{port}/v1")
            while not first.count():
                time.sleep(0.001)
        time.sleep(6)  # longer than a host may stay unreachable at first
        with serving(port=port):
            done = running.result(60)
    assert done.code == 0, done.err


@pytest.mark.heavy
@pytest.mark.parametrize("headers", [{}, {"Retry-After": "1"}])
def test_a_quota_is_no_rows_fault(revise: Revise, headers: dict[str, str]) -> None:
    """Ten requests a second, and rows that wait for much longer than --give-up-after in all."""
    state = {"level": 3.0, "at": time.monotonic()}

    def bucket(asked: Asked) -> Reply:
        now = time.monotonic()
        state["level"] = min(3.0, state["level"] + 10 * (now - state["at"]))
        state["at"] = now
        if state["level"] < 1:
            return refuse(429, headers=headers)
        state["level"] -= 1
        return improve(asked)

    done = revise(bucket, "--give-up-after", "5", rows=30)
    assert done.code == 0, done.err
    assert len(revise.pairs()) == 30


def test_what_an_endpoint_does_not_take_is_left_out_once(revise: Revise) -> None:
    def picky(asked: Asked) -> Reply:
        for name in ("max_tokens", "temperature"):
            if name in asked.body:
                fields = {"code": "unsupported_parameter", "param": name}
                return refuse(400, error=fields)
        return improve(asked)

    done = revise(picky, "--max-tokens", "99", "--temperature", "0.7", "-c", "2", rows=10)
    assert done.code == 0, done.err
    assert done.err.count("does not take max_tokens: it is sent as max_completion_tokens") == 1
    assert done.err.count("does not take temperature: it is left out") == 1
    assert revise.server.asked[-1].body["max_completion_tokens"] == 99
    assert revise.server.count() <= 10 + 2 * 2


def test_budgets_end_the_run_and_a_bigger_one_goes_on(tmp_path: Path, clair: Clair) -> None:
    write_rows(tmp_path / "in.jsonl", answers(30))
    with serving() as server:
        command = ("revise", "in.jsonl", "-m", "x", "--base-url", server.base_url, "-c", 4)
        first = clair(*command, "--max-requests", 10)
        assert first.code == 5, first.err
        assert "bigger budget" in first.last
        assert server.count() == 10
        # 10 prompt and 5 completion tokens a reply: 20 dollars at a dollar a token
        prices = ("--price-in", 1_000_000, "--price-out", 2_000_000)
        second = clair(*command, "--max-cost", 200, *prices)
        assert second.code == 5, second.err
        assert 16 <= server.count() <= 20
        assert clair(*command).code == 0
        assert server.count() == 30


def test_a_dry_run_sends_nothing(tmp_path: Path, clair: Clair) -> None:
    write_rows(tmp_path / "in.jsonl", [*answers(4), {"prompt": "x", "response": ""}])
    command = ("revise", "in.jsonl", "-m", "gpt-4o", "--dry-run", "--summary", "s.json")
    done = clair(*command)
    assert done.code == 0, done.err
    assert "assuming 3 to 5 bytes a token" in " ".join(done.err.split())
    told = json.loads((tmp_path / "s.json").read_text())
    assert (told["rows"], told["rows_to_ask"]) == (5, 4)
    assert told["failures_by_reason"] == {"empty_response": 1}
    assert 0 < told["usd"][0] < told["usd"][1]
    assert not (tmp_path / "in.clair").exists()


def test_a_limit_too_small_for_one_request_is_told(revise: Revise) -> None:
    done = revise(improve, "--tpm", "50", rows=2)
    assert done.code == 3
    assert [reason for reason, _ in revise.failures()] == ["over_tpm", "over_tpm"]
    assert revise.server.count() == 0


def test_a_user_limit_is_kept(revise: Revise) -> None:
    times: list[float] = []

    def script(asked: Asked) -> Reply:
        times.append(time.monotonic())
        return improve(asked)

    assert revise(script, "--rpm", "300", rows=15).code == 0
    assert times[-1] - times[0] > 1.5  # five go at once, then five a second
