"""`clair check-endpoint`: the real command against endpoints of every kind."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.conftest import Clair, Ran
from tests.serving import Asked, Endpoint, Reply, Script, completion, refuse, serving

KEY = "sk-very-secret-0123456789"
KEYS = ("teacher_reasoning", "corrected_student_solution")
PARAMETERS = ("temperature", "max_tokens", "max_completion_tokens", "seed")
FEW = {"prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 25}


@dataclass
class Site(Endpoint):
    """An endpoint that lists models too; `paths` are all that were asked."""

    paths: list[str] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)


@contextmanager
def site(script: Script, *models: str, prefix: str = "/v1") -> Iterator[Site]:
    """Serve `script` and a list of `models` below `prefix` until the block ends."""
    made, started, stop = Site(), threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def chat(request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        asked = Asked(json.loads(raw), raw, made.count(), dict(request.headers), request)
        made.asked.append(asked)
        reply = script(asked)
        if not isinstance(reply, str | dict | web.StreamResponse):
            reply = await reply
        if isinstance(reply, web.StreamResponse):
            return reply
        return web.Response(
            text=reply if isinstance(reply, str) else json.dumps(reply),
            content_type="application/json",
        )

    async def listing(request: web.Request) -> web.StreamResponse:
        return web.json_response({"object": "list", "data": [{"id": name} for name in models]})

    @web.middleware
    async def note(request: web.Request, handler: Any) -> web.StreamResponse:
        made.paths.append(f"{request.method} {request.path_qs}")
        made.headers.append(request.headers.copy())
        reply: web.StreamResponse = await handler(request)
        return reply

    async def serve() -> None:
        app = web.Application(middlewares=[note])
        app.router.add_post(f"{prefix}/chat/completions", chat)
        if models:
            app.router.add_get(f"{prefix}/models", listing)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        made.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}{prefix}"
        started.set()
        await stop.wait()
        await runner.cleanup()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert started.wait(10)
    try:
        yield made
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()


def obliging(asked: Asked) -> Reply:
    """An endpoint that takes everything."""
    if "response_format" in asked.body:
        return completion(json.dumps(dict.fromkeys(KEYS, "so")))
    return completion("1 2 3", usage=FEW)


Check = Callable[..., Ran]


@pytest.fixture
def check(clair: Clair) -> Check:
    def run(*arguments: object, **env: str) -> Ran:
        return clair("check-endpoint", *arguments, env={"OPENAI_API_KEY": KEY, **env})

    return run


def found(ran: Ran) -> dict[str, Any]:
    """The findings about the one endpoint."""
    (one,) = json.loads(ran.out)["endpoints"]
    return dict(one)


def works(findings: Mapping[str, Any]) -> dict[str, bool | None]:
    return {name: support["works"] for name, support in findings["parameters"].items()}


def test_an_endpoint_that_takes_everything(check: Check) -> None:
    with site(obliging, "a", "best", "c") as server:
        done = check("-m", "best", "--base-url", server.base_url, "--json")
    assert done.code == 0, done.err
    assert done.err == "sending at most 30 small requests, without any row's data\n"
    findings = found(done)
    assert findings["endpoint"] == server.base_url
    assert findings["models"] == {"count": 3, "has_model": True, "near": []}
    assert findings["answer"].pop("latency") < 2
    usage = {"prompt_tokens": 20, "completion_tokens": 5, "reasoning_tokens": 0}
    assert findings["answer"] == {"model": "scripted", "finish_reason": "stop", "usage": usage}
    assert works(findings) == dict.fromkeys(PARAMETERS, True)
    assert findings["structured"] == {"works": True, "detail": ""}
    assert findings["limits"] == {}
    assert [step["at_once"] for step in findings["ramp"]] == [1, 4, 16]
    assert findings["requests"] == len(server.paths) == 28
    check_requests(server)


def check_requests(server: Site) -> None:
    """Small requests of its own, the key in each."""
    assert max(len(asked.raw) for asked in server.asked) < 600
    assert {header["Authorization"] for header in server.headers} == {f"Bearer {KEY}"}
    assert {asked.body["model"] for asked in server.asked} == {"best"}
    one_by_one = [sorted(asked.body.keys() - {"model", "messages"}) for asked in server.asked[:6]]
    assert one_by_one == [[], *([name] for name in PARAMETERS), ["response_format"]]


def test_the_table_is_data_and_says_the_same(check: Check) -> None:
    def script(asked: Asked) -> Reply:
        if "seed" in asked.body:
            return refuse(400, error={"message": "no seed here"})
        return completion("1 2\x1b[31m", model="evil\x1b[2J\nmodel", usage=None)

    with serving(script) as server:
        done = check("-m", "best", "--base-url", server.base_url, COLUMNS="200")
    assert done.code == 0, done.err
    lines = dict(line.split("  ", 1) for line in done.out.splitlines() if line.strip())
    lines = {name: value.strip() for name, value in lines.items()}
    assert lines["endpoint"] == server.base_url
    assert lines["models"] == "not listed by the endpoint"
    assert lines["model"] == "evil\\x1b[2J model"
    assert lines["usage"] == "not counted by the endpoint"
    assert lines["temperature"] == "yes"
    assert lines["seed"] == "no: HTTP 400: no seed here"
    assert lines["structured"] == "no: the format is taken, but the reply is no JSON"
    assert lines["rate limits"] == "none in the headers"
    assert lines["suggested"].startswith("--concurrency ")
    assert KEY not in done.out + done.err


def test_what_a_reasoning_model_does_not_take(check: Check) -> None:
    def script(asked: Asked) -> Reply:
        for name, code in (("max_tokens", "unsupported_parameter"),
                           ("temperature", "unsupported_value")):  # fmt: skip
            if name in asked.body:
                return refuse(400, error={"param": name, "code": code})
        return obliging(asked)

    with site(script, "o") as server:
        findings = found(check("-m", "o", "--base-url", server.base_url, "--json"))
    assert works(findings) == {
        "temperature": False, "max_tokens": False, "max_completion_tokens": True, "seed": True,
    }  # fmt: skip
    assert findings["parameters"]["max_tokens"]["detail"].endswith("sent as max_completion_tokens")
    assert findings["parameters"]["temperature"]["detail"].endswith("left out")


@pytest.mark.parametrize(
    ("reply", "word"),
    [('{"teacher_reasoning": 1}', "other JSON"), (refuse, "HTTP 400")],
)
def test_structured_output_that_does_not_work(check: Check, reply: Any, word: str) -> None:
    def script(asked: Asked) -> Reply:
        if "response_format" in asked.body:
            return refuse(400) if callable(reply) else completion(reply)
        return completion("1 2 3", usage=FEW)

    with serving(script) as server:
        done = check("-m", "x", "--base-url", server.base_url, "--json")
    assert done.code == 0, done.err
    assert found(done)["structured"]["works"] is False
    assert word in found(done)["structured"]["detail"]


async def limited(asked: Asked) -> Reply:
    """600 requests and 10 million tokens a minute; 0.2 s for 50 tokens."""
    await asyncio.sleep(0.2)
    headers = {
        "x-ratelimit-limit-requests": "600", "x-ratelimit-remaining-requests": "590",
        "x-ratelimit-reset-requests": "1s", "x-ratelimit-limit-tokens": "10000000",
        "x-ratelimit-remaining-tokens": "9999000", "x-ratelimit-reset-tokens": "6ms",
    }  # fmt: skip
    usage = {"prompt_tokens": 10, "completion_tokens": 50, "total_tokens": 60}
    return web.json_response(completion("1 2 3", usage=usage), headers=headers)


def test_a_known_limit_gives_the_concurrency_by_littles_law(check: Check) -> None:
    with site(limited, "x") as server:
        done = check("-m", "x", "--base-url", server.base_url, "--json")
    findings = found(done)
    requests = findings["limits"]["requests"]
    assert requests == {"limit": 600.0, "remaining": 590.0, "reset": 1.0, "per_minute": 600.0}
    assert findings["limits"]["tokens"]["reset"] == 0.006
    suggestion = findings["suggestion"]
    assert 20 <= suggestion["concurrency"] <= 30  # 10 a second, 2 s for 500 tokens
    assert "600 requests a minute" in suggestion["why"]
    assert "Little's law" in suggestion["why"]
    assert findings["ramp"] == []
    assert findings["requests"] == len(server.paths) == 7


def test_a_limit_for_a_day_is_told_from_one_for_a_minute(check: Check) -> None:
    def script(asked: Asked) -> Reply:
        used = asked.time + 1
        headers = {
            "x-ratelimit-limit-requests": "14400", "x-ratelimit-reset-requests": f"{used * 6}s",
            "x-ratelimit-remaining-requests": str(14400 - used),
        }  # fmt: skip
        return web.json_response(completion("1 2 3", usage=FEW), headers=headers)

    with site(script, "x") as server:
        findings = found(check("-m", "x", "--base-url", server.base_url, "--json"))
    assert findings["limits"]["requests"]["per_minute"] == pytest.approx(10)
    assert findings["suggestion"]["concurrency"] == 1


def one_at_a_time() -> Script:
    turn = asyncio.Lock()

    async def script(asked: Asked) -> Reply:
        async with turn:
            await asyncio.sleep(0.03)
        return obliging(asked)

    return script


def up_to_eight() -> Script:
    inside: list[Asked] = []

    async def script(asked: Asked) -> Reply:
        if len(inside) >= 8:
            return refuse(429)
        inside.append(asked)
        await asyncio.sleep(0.1)
        inside.remove(asked)
        return obliging(asked)

    return script


def all_at_once() -> Script:
    async def script(asked: Asked) -> Reply:
        await asyncio.sleep(0.15)
        return obliging(asked)

    return script


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("kind", "concurrency", "why"),
    [
        (one_at_a_time, 1, "throughput hardly grew"),
        (up_to_eight, 4, "of 16 at once, some were turned away"),
        (all_at_once, 64, "16 at once are as quick as one"),
    ],
)
def test_a_ramp_shows_what_an_endpoint_without_limits_bears(
    check: Check, kind: Callable[[], Script], concurrency: int, why: str
) -> None:
    with serving(kind()) as server:
        done = check("-m", "x", "--base-url", server.base_url, "--json")
    assert done.code == 0, done.err
    assert found(done)["suggestion"]["concurrency"] == concurrency, done.out
    assert why in found(done)["suggestion"]["why"]
    assert server.count() <= 29


ENDS = {
    "wrong key": (lambda: refuse(401, error={"message": f"bad key {KEY}"}), "refused the API key"),
    "a web page": (lambda: web.Response(text="<html>"), "not as a chat-completions endpoint"),
    "refusal": (lambda: refuse(400, error={"message": "never"}), "a plain request is refused"),
}


@pytest.mark.parametrize("fault", ENDS)
def test_an_endpoint_that_cannot_work_ends_the_check_with_a_sentence(
    check: Check, fault: str
) -> None:
    reply, words = ENDS[fault]
    began = time.monotonic()
    with site(lambda asked: reply(), "gpt-best-2", "other") as server:
        done = check("-m", "gpt-best", "--base-url", server.base_url)
    assert time.monotonic() - began < 10
    assert done.code == 4, done.err
    assert done.last.startswith(f"clair: {server.base_url}: ")
    assert words in done.last
    assert "gpt-best-2" in done.out
    assert KEY not in done.out + done.err
    assert server.count() == 1


def test_an_unknown_model_is_told_with_names_that_are_like_it(check: Check) -> None:
    with site(lambda asked: refuse(404), "gpt-best-2", "other") as server:
        done = check("-m", "gpt-best", "--base-url", server.base_url, "--json")
    assert done.code == 4
    assert done.last.endswith("; it lists gpt-best-2")
    assert found(done)["ended"] == done.last.removeprefix("clair: ")
    assert found(done)["answer"] is None


def test_an_unreachable_host_ends_the_check_within_seconds(check: Check) -> None:
    began = time.monotonic()
    done = check("-m", "x", "--base-url", "http://127.0.0.1:1/v1")
    assert time.monotonic() - began < 10
    assert (done.code, done.out) == (4, "")
    assert "cannot be reached" in done.last


def test_a_hang_ends_at_the_timeout(check: Check) -> None:
    async def hang(asked: Asked) -> Reply:
        await asyncio.sleep(30)
        return obliging(asked)

    with serving(hang) as server:
        done = check("-m", "x", "--base-url", server.base_url, "--timeout", "0.3")
    assert done.code == 4, done.err
    assert "has no answer now (no whole reply within --timeout)" in done.last
    assert server.count() == 1


def test_an_endpoint_that_is_busy_at_first_is_asked_again(check: Check) -> None:
    def script(asked: Asked) -> Reply:
        busy = refuse(429, headers={"Retry-After": "0.2"})
        return obliging(asked) if asked.time >= 2 else busy

    with site(script, "x") as server:
        done = check("-m", "x", "--base-url", server.base_url, "--json")
    assert done.code == 0, done.err
    assert found(done)["requests"] == len(server.paths) == 30


def test_quota_that_runs_out_meanwhile_ends_the_check(check: Check) -> None:
    def script(asked: Asked) -> Reply:
        return obliging(asked) if asked.time < 3 else refuse(402)

    with site(script, "x") as server:
        done = check("-m", "x", "--base-url", server.base_url, "--json")
    assert done.code == 4, done.err
    assert "no quota or credit" in done.last
    assert works(found(done))["temperature"] is True
    assert server.count() < 10


def test_each_base_url_is_checked(check: Check) -> None:
    with site(obliging, "x") as one, site(obliging) as two:
        urls = ("http://127.0.0.1:1/v1", one.base_url, two.base_url)
        options = [word for url in urls for word in ("--base-url", url)]
        done = check("-m", "x", *options, "--json")
    assert done.code == 4, done.err
    assert "127.0.0.1:1/v1: cannot be reached" in done.last
    assert "at most 30 small requests to each endpoint" in done.err
    record = json.loads(done.out)
    assert [bool(each["ended"]) for each in record["endpoints"]] == [True, False, False]
    suggested = [each["suggestion"]["concurrency"] for each in record["endpoints"][1:]]
    assert record["concurrency"] == sum(suggested)


def test_options_come_from_variables_and_the_file_too(check: Check, tmp_path: Path) -> None:
    (tmp_path / "clair.toml").write_text(
        'model = "of-the-file"\n[check-endpoint]\ntimeout = 5\n[revise]\nlimit = 3\n'
    )
    with site(obliging, "x") as server:
        header = "X-Extra: ${EXTRA}"
        variables = {"OPENAI_BASE_URL": server.base_url, "CLAIR_HEADER": header, "EXTRA": "e-1234"}
        first = check("--json", **variables)
        second = check(CLAIR_MODEL="of-the-variable", CLAIR_JSON="1", **variables)
    assert (first.code, second.code) == (0, 0), first.err + second.err
    assert [found(first)["model"], found(second)["model"]] == ["of-the-file", "of-the-variable"]
    assert {headers["X-Extra"] for headers in server.headers} == {"e-1234"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "no model: name one with -m"),
        (("-m", "x", "--base-url", "http://8.8.8.8/v1"), "a key would go over plain http"),
        (("-m", "x", "--api-key-env", "NO_SUCH"), "the variable is not set"),
    ],
)
def test_wrong_usage(check: Check, arguments: tuple[str, ...], words: str) -> None:
    done = check(*arguments)
    assert done.code == 2, done.err
    assert words in done.last
    assert done.out == ""
