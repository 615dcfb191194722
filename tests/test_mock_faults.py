"""The faults of the offline endpoint, as a raw client sees them, and a job that outlives them."""

import asyncio
import contextlib
import json
import re
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from clair_cli.mock import Manners, MockServer, Outage
from clair_cli.mock.errors import Refusal
from clair_cli.mock.faults import ERRORS, EVEN, NAMES, ONCE, SLIPS
from clair_cli.mock.ratelimit import RateLimit, duration
from clair_cli.mock.student import has_note
from clair_cli.records import Problem
from clair_cli.replies.headings import Grammar
from clair_cli.replies.sections import parse
from tests.conftest import CLAIR, ROOT, Clair, environment, read_rows, write_rows
from tests.test_mock import MENDED, NOTE, SLIP, TEMPLATES, asked, rendered

ALMOST = 0.999999
"""A share that meets every body, and each of them once."""
GRAMMAR = Grammar(["teacher_reasoning"], ["corrected_student_solution"])
LONG = "The the water boils at a hundred degrees , and the steam rises from it to the sky. " * 5


@dataclass
class Seen:
    """What came back on one connection, and how that ended: `whole`, `closed`, `reset`, `open`."""

    end: str
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)
    seconds: float = 0.0

    @property
    def value(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> Any:
        return self.value["error"]

    @property
    def text(self) -> str:
        assert self.status == 200, self.body
        return self.value["choices"][0]["message"]["content"]


async def ask(
    server: MockServer, body: object, *, wait: float = 5.0, headers: Mapping[str, str] | None = None
) -> Seen:
    """Send one request on a connection of its own, and read until it ends or `wait` is over."""
    began = time.monotonic()
    port = int(server.base_url.split(":")[2].split("/")[0])
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        return Seen("refused")
    raw = json.dumps(body).encode()
    lines = {"host": "x", "content-length": str(len(raw)), **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    writer.write(f"POST /v1/chat/completions HTTP/1.1\r\n{head}\r\n".encode() + raw)
    seen = Seen("open")
    try:
        async with asyncio.timeout(wait):
            seen.end = await read_reply(reader, seen)
    except ConnectionResetError:
        seen.end = "reset"
    except TimeoutError:
        pass
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
    seen.seconds = time.monotonic() - began
    return seen


async def read_reply(reader: asyncio.StreamReader, seen: Seen) -> str:
    """Read a reply into `seen` piece by piece, so that what came before a break is there."""
    while line := (await reader.readline()).decode().strip():
        if line.startswith("HTTP/"):
            seen.status = int(line.split()[1])
        else:
            name, _, value = line.partition(":")
            seen.headers[name.lower()] = value.strip()
    if not seen.status:
        return "closed"
    if seen.headers.get("transfer-encoding") == "chunked":
        while size := int(await reader.readline(), 16):
            seen.body += await reader.readexactly(size)
            await reader.readline()
        return "whole"
    length = int(seen.headers["content-length"])
    while len(seen.body) < length:
        piece = await reader.read(length - len(seen.body))
        if not piece:
            return "closed"
        seen.body += piece
    return "whole"


@asynccontextmanager
async def serving(**manners: Any) -> AsyncIterator[MockServer]:
    async with MockServer(Manners(**manners)) as server:
        yield server


def meet(body: object, times: int = 1, wait: float = 5.0, **manners: Any) -> list[Seen]:
    """What a body meets, so many times, at a server of its own."""

    async def visit() -> list[Seen]:
        async with serving(**manners) as server:
            return [await ask(server, body, wait=wait) for _ in range(times)]

    return asyncio.run(visit())


def fault(name: str, body: object = None, **more: Any) -> Seen:
    """What a request meets at a server that always commits one fault."""
    wait = more.pop("wait", 5.0)
    (seen,) = meet(body or asked(), wait=wait, faults={name: 1.0}, **more)
    return seen


CALM = meet(asked())[0]


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_reply_has_the_status_and_the_words_of_an_api(name: str) -> None:
    seen = fault(name)
    said = ERRORS[name]
    assert (seen.end, seen.status) == ("whole", said.status)
    assert set(seen.error) == {"message", "type", "param", "code"}
    waits = {k: v for k, v in seen.headers.items() if k.startswith("retry-after")}
    assert waits == dict(said.headers)


def test_error_replies_differ_in_what_tells_them_apart() -> None:
    assert fault("429").headers["retry-after"] == "1"
    assert int(fault("429-ms").headers["retry-after-ms"]) < 1000
    assert fault("429-bare").error["code"] == "rate_limit_exceeded"
    assert fault("quota").error["code"] == "insufficient_quota"
    assert [fault(name).status for name in ("500", "503", "529")] == [500, 503, 529]


def test_a_reset_comes_before_any_byte() -> None:
    seen = fault("reset")
    assert (seen.end, seen.status, seen.body) == ("reset", 0, b"")


def test_a_reset_in_the_body_comes_after_half_of_it() -> None:
    seen = fault("reset-body")
    assert (seen.end, seen.status) == ("reset", 200)
    assert 0 < len(seen.body) < int(seen.headers["content-length"])
    assert CALM.body.startswith(seen.body)


def test_a_hang_says_nothing_for_so_long_and_then_answers() -> None:
    silent = fault("hang", hang=30, wait=0.5)
    assert (silent.end, silent.status) == ("open", 0)
    late = fault("hang", hang=0.5)
    assert late.seconds >= 0.5
    assert late.body == CALM.body


@pytest.mark.parametrize("name", ["hang", "trickle"])
def test_what_stalls_ends_with_its_client_and_with_the_server(name: str) -> None:
    async def leave() -> tuple[int, float]:
        async with serving(faults={name: 1.0}, hang=60) as server:
            await asyncio.sleep(0.05)
            before = len(asyncio.all_tasks())
            await asyncio.gather(*(ask(server, asked(f"No {n}"), wait=0.2) for n in range(5)))
            await asyncio.sleep(1.3 if name == "trickle" else 0.3)
            left = len(asyncio.all_tasks()) - before
            last = asyncio.create_task(ask(server, asked(), wait=30))
            await asyncio.sleep(0.1)
            began = time.monotonic()
        await last
        return left, time.monotonic() - began

    left, seconds = asyncio.run(leave())
    assert left == 0
    assert seconds < 2


def test_a_trickle_sends_a_few_bytes_and_the_rest_at_the_end() -> None:
    begun = fault("trickle", hang=5, wait=1.2)
    assert begun.end == "open"
    assert 1 <= len(begun.body) <= 4
    assert CALM.body.startswith(begun.body)
    late = fault("trickle", hang=0.5)
    assert late.seconds >= 0.5
    assert (late.end, late.body) == ("whole", CALM.body)


def test_a_cut_body_has_the_length_it_says_and_is_no_json() -> None:
    seen = fault("cut")
    assert (seen.end, seen.status) == ("whole", 200)
    assert CALM.body.startswith(seen.body)
    with pytest.raises(json.JSONDecodeError):
        json.loads(seen.body)


def test_a_wrong_length_promises_more_than_comes() -> None:
    seen = fault("wrong-length")
    assert (seen.end, seen.status, seen.body) == ("closed", 200, CALM.body)
    assert int(seen.headers["content-length"]) > len(seen.body)


@pytest.mark.parametrize(("name", "status"), [("html", 502), ("html-200", 200)])
def test_an_html_page_comes_with_its_type(name: str, status: int) -> None:
    seen = fault(name)
    assert seen.status == status
    assert seen.headers["content-type"].startswith("text/html")
    assert b"<html>" in seen.body


def test_objects_without_an_answer() -> None:
    seen = fault("error-200")
    assert (seen.status, seen.error["code"]) == (200, 502)
    assert "choices" not in seen.value
    assert fault("empty-choices").value == {**CALM.value, "choices": []}
    choice = fault("null-content").value["choices"][0]
    assert (choice["message"]["content"], choice["finish_reason"]) == (None, "stop")


def test_a_huge_body_is_whole_valid_and_larger_than_32_megabytes() -> None:
    seen = fault("huge", wait=20)
    assert (seen.end, seen.status) == ("whole", 200)
    assert len(seen.body) > 32 * 1024 * 1024
    assert seen.value == CALM.value


def test_a_client_may_leave_a_huge_body_half_read(caplog: pytest.LogCaptureFixture) -> None:
    async def leave() -> Seen:
        async with serving(faults={"huge": ALMOST}) as server:
            port = int(server.base_url.split(":")[2].split("/")[0])
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            raw = json.dumps(asked()).encode()
            head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: {len(raw)}"
            writer.write(f"{head}\r\n\r\n".encode() + raw)
            await reader.readexactly(100_000)
            writer.transport.abort()
            await asyncio.sleep(0.1)
            return await ask(server, asked())

    assert asyncio.run(leave()).body == CALM.body
    assert caplog.records == []


def test_text_parts_are_a_valid_answer() -> None:
    seen = fault("list-content")
    parts = seen.value["choices"][0]["message"]["content"]
    assert {part["type"] for part in parts} == {"text"}
    assert "".join(part["text"] for part in parts) == CALM.text


def test_an_answer_without_usage_is_otherwise_the_same() -> None:
    value = CALM.value
    del value["usage"]
    assert fault("no-usage").value == value


@pytest.mark.parametrize("text", [SLIP, LONG, "Say {corrected_student_solution}:\nhello  there"])
def test_an_unparseable_reply_has_no_headings(text: str) -> None:
    found = parse(fault("unparseable", asked(text)).text, GRAMMAR, text)
    assert isinstance(found, Problem)
    assert found.reason == "no_markers"


@pytest.mark.parametrize("text", [SLIP, LONG, "```python\nleft open\n", "!", "日本語"])
def test_a_duplicate_marker_heads_two_different_texts(text: str) -> None:
    content = fault("duplicate-marker", asked(text)).text
    _, one, two = content.split("{corrected_student_solution}:\n")
    assert one.strip() != two.strip()
    assert parse(content, GRAMMAR, text) == Problem(
        "ambiguous", "the headings can be read in more than one way (TRR)"
    )


@pytest.mark.parametrize("text", [SLIP, LONG, "```python\nleft open\n", "!", "# I cannot help"])
def test_an_over_edit_can_be_parsed_and_keeps_little(text: str) -> None:
    found = parse(fault("over-edit", asked(text)).text, GRAMMAR, text)
    assert not isinstance(found, Problem)
    assert found.text.startswith("In other words: ")
    assert len(found.text) > len(text) / 2 + 100


@pytest.mark.parametrize("name", ONCE)
def test_a_fault_meets_a_body_once(name: str) -> None:
    first, second = meet(asked(), 2, faults={name: ALMOST}, hang=0.3)
    assert (first.end, first.body, first.seconds > 0.3) != ("whole", CALM.body, False)
    assert (second.end, second.status, second.body) == ("whole", 200, CALM.body)
    assert second.seconds < 0.3


@pytest.mark.parametrize("name", ["500", "reset", "error-200"])
def test_a_share_of_one_never_ends(name: str) -> None:
    seen = meet(asked(), 4, faults={name: 1.0})
    assert all(each.body != CALM.body for each in seen)


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("name", SLIPS)
def test_a_note_gets_the_calm_answer_unless_the_share_is_one(name: str, template: str) -> None:
    again = {"messages": rendered(template, "Why?", SLIP, NOTE)}

    async def both(share: float) -> list[Seen]:
        async with serving(faults={name: share}) as server:
            return [await ask(server, body) for body in (asked(template=template), again)]

    first, noted = asyncio.run(both(ALMOST))
    assert first.body != CALM.body
    assert noted.text == CALM.text
    assert noted.value["usage"]
    first, noted = asyncio.run(both(1.0))
    assert noted.value["choices"] == first.value["choices"]
    assert noted.value["choices"] != CALM.value["choices"] or name == "no-usage"


def test_a_note_is_only_what_ends_the_last_message() -> None:
    inside = rendered("clair", "Why?", f"I say{NOTE}")[0]["content"]
    assert not has_note([inside])
    assert has_note([inside + NOTE])
    assert not has_note([])


def test_equal_answers_slip_alike_whatever_is_around_them() -> None:
    texts = [f"The the cat number {n} is  here" for n in range(60)]

    async def slips(template: str, seed: int) -> list[bool]:
        async with serving(faults={"unparseable": 0.3}, seed=seed) as server:
            bodies = [asked(text, template) for text in texts]
            seen = await asyncio.gather(*(ask(server, body) for body in bodies))
            assert server.counts["unparseable"] == sum("{" not in each.text for each in seen)
        return ["{" not in each.text for each in seen]

    one = asyncio.run(slips("clair", 1))
    assert 8 <= sum(one) <= 30
    assert one == asyncio.run(slips("clair-system", 1))
    assert one != asyncio.run(slips("clair", 2))


MIX = {"429": 0.1, "500": 0.1, "reset": 0.1, "cut": 0.1, "error-200": 0.1, "unparseable": 0.2}
BODIES = [asked(f"The the cat number {n} is  here") for n in range(100)]


def test_the_same_seed_commits_the_same_faults_whatever_the_concurrency() -> None:
    async def course(seed: int, width: int, faults: Mapping[str, float]) -> list[Any]:
        gate = asyncio.Semaphore(width)

        async def until_answered(server: MockServer, body: object) -> Any:
            met = []
            async with gate:
                while not met or met[-1][0] != CALM.status or len(met[-1][1]) < 400:
                    seen = await ask(server, body)
                    met.append((seen.status, bytes(seen.body), seen.end))
                    if len(met) == 3:
                        break
            return met

        async with serving(seed=seed, faults=faults) as server:
            return await asyncio.gather(*(until_answered(server, body) for body in BODIES))

    one = asyncio.run(course(5, 1, MIX))
    assert one == asyncio.run(course(5, 32, dict(reversed(MIX.items()))))
    assert one != asyncio.run(course(6, 32, MIX))
    assert {met[0][0] for met in one} == {0, 200, 429, 500}


def test_shares_are_kept() -> None:
    manners = Manners(faults={"429": 0.1, "hang": 0.03}, error_rate=0.2, latency=0.1)
    draws = [manners.draw(b"%d" % n) for n in range(20_000)]
    drawn = [draw.fault for draw in draws]
    assert drawn.count("hang") == pytest.approx(600, rel=0.2)
    assert drawn.count("500") == pytest.approx(20_000 * 0.2 / len(EVEN), rel=0.1)
    assert drawn.count("429") == pytest.approx(20_000 * (0.1 + 0.2 / len(EVEN)), rel=0.1)
    calm = [Manners(latency=0.1).draw(b"%d" % n).latency for n in range(100)]
    assert [draw.latency for draw in draws[:100]] == calm  # faults leave the latencies alone


def test_an_outage_answers_503_from_a_request_on_for_its_seconds() -> None:
    async def visit() -> tuple[list[int], int]:
        async with serving(outage=Outage(3, 0.5)) as server:
            statuses = [(await ask(server, body)).status for body in BODIES[:5]]
            await asyncio.sleep(0.55)
            statuses += [(await ask(server, body)).status for body in BODIES[:2]]
            return statuses, server.counts["outage"]

    assert asyncio.run(visit()) == ([200, 200, 503, 503, 503, 200, 200], 3)


def test_an_outage_can_refuse_connections_and_then_listens_again() -> None:
    async def visit() -> list[str]:
        async with serving(outage=Outage(2, 0.6, refuses=True)) as server:
            seen = [await ask(server, asked()) for _ in range(2)]
            await asyncio.sleep(0.1)
            seen.append(await ask(server, asked()))
            await asyncio.sleep(0.7)
            seen.append(await ask(server, asked()))
            return [each.end for each in seen]

    assert asyncio.run(visit()) == ["whole", "reset", "refused", "whole"]


def test_a_server_may_end_within_its_outage() -> None:
    async def visit() -> str:
        async with serving(outage=Outage(1, 60, refuses=True)) as server:
            return (await ask(server, asked())).end

    assert asyncio.run(visit()) == "reset"


class Clock:
    """Time that passes when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_limits_fill_up_again_and_say_when() -> None:
    clock = Clock()
    limit = RateLimit(60, 1000, clock=clock)
    for _ in range(60):
        limit.admit(10)
    assert limit.headers() == {
        "x-ratelimit-limit-requests": "60",
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "1m0s",
        "x-ratelimit-limit-tokens": "1000",
        "x-ratelimit-remaining-tokens": "400",
        "x-ratelimit-reset-tokens": "36s",
    }
    with pytest.raises(Refusal, match=r"RPM\): Limit 60, Used 60, Requested 1\.") as refused:
        limit.admit(10)
    assert (refused.value.status, refused.value.headers["retry-after"]) == (429, "1")
    assert refused.value.headers["retry-after-ms"] == "1000"
    clock.now = 1.5
    limit.admit(10)
    with pytest.raises(Refusal, match=r"Please try again in 500ms\."):
        limit.admit(10)


def test_a_request_is_not_charged_when_it_is_refused_and_replies_are_afterwards() -> None:
    clock = Clock()
    limit = RateLimit(None, 600, clock=clock)
    limit.admit(500)
    with pytest.raises(Refusal, match="TPM"):
        limit.admit(200)
    limit.admit(100)
    limit.charge(60)
    assert limit.headers()["x-ratelimit-remaining-tokens"] == "0"
    with pytest.raises(Refusal, match=r"try again in 7s\.") as refused:
        limit.admit(10)
    assert refused.value.headers["retry-after"] == "7"
    with pytest.raises(Refusal, match="Request too large") as refused:
        limit.admit(601)
    assert "retry-after" not in refused.value.headers


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(0, "0s"), (0.0204, "21ms"), (0.12, "120ms"), (1, "1s"), (8.64, "8.64s"), (59.9999, "1m0s"),
     (360, "6m0s"), (86.4, "1m26.4s"), (3600, "1h0m0s"), (3661.5, "1h1m1.5s")],
)  # fmt: skip
def test_durations_are_written_as_openai_does(seconds: float, written: str) -> None:
    assert duration(seconds) == written


def test_limits_are_on_every_reply() -> None:
    async def visit() -> list[Seen]:
        async with serving(rpm=3, tpm=100_000, faults={"500": 0.5}) as server:
            bodies = [{"messages": "wrong"}, *BODIES[:5]]
            return [await ask(server, body) for body in bodies]

    seen = asyncio.run(visit())
    assert [each.status for each in seen if each.status not in {200, 500}] == [400, 429, 429]
    for each in seen:
        assert each.headers["x-ratelimit-limit-requests"] == "3"
        assert re.fullmatch(r"\d+", each.headers["x-ratelimit-remaining-tokens"])
    left = [each.headers["x-ratelimit-remaining-requests"] for each in seen]
    assert left == ["3", "2", "1", "0", "0", "0"]
    last = seen[-1]
    assert (last.error["code"], last.error["type"]) == ("rate_limit_exceeded", "requests")
    assert 1 <= int(last.headers["retry-after"]) <= 20


def test_max_tokens_are_taken_from_the_allowance_before_and_replies_afterwards() -> None:
    async def left(**more: int) -> tuple[int, Seen]:
        async with serving(tpm=100_000) as server:
            seen = await ask(server, asked(**more))
            after = await ask(server, {"messages": "wrong"})
            return int(after.headers["x-ratelimit-remaining-tokens"]), seen

    remaining, seen = asyncio.run(left())
    assert 0 <= remaining - (100_000 - seen.value["usage"]["total_tokens"]) <= 300
    remaining, seen = asyncio.run(left(max_tokens=50_000))
    assert 0 <= remaining - (50_000 - seen.value["usage"]["prompt_tokens"]) <= 300


@pytest.mark.parametrize(
    ("manners", "body", "param", "code"),
    [
        ({"max_tokens": False}, asked(max_tokens=9), "max_tokens", "unsupported_parameter"),
        ({"temperature": False}, asked(temperature=0.7), "temperature", "unsupported_value"),
        ({"temperature": False}, asked(temperature=[]), "temperature", "unsupported_value"),
        ({"structured": False}, asked(response_format={"type": "json_object"}), "response_format",
         None),
    ],
)  # fmt: skip
def test_what_a_model_does_not_take_is_refused(
    manners: dict[str, bool], body: object, param: str, code: str | None
) -> None:
    (seen,) = meet(body, **manners)
    assert seen.status == 400
    assert (seen.error["param"], seen.error["code"]) == (param, code)
    assert f"'{param}'" in seen.error["message"]
    assert meet(body)[0].status == 200


def test_such_a_model_takes_the_rest() -> None:
    strict = {"max_tokens": False, "temperature": False, "structured": False}
    body = asked(max_completion_tokens=4096, temperature=1, response_format={"type": "text"})
    assert meet(body, **strict)[0].text == CALM.text


def test_a_key_is_asked_for_and_never_repeated() -> None:
    assert "s3cret" not in repr(Manners(key="s3cret"))

    async def visit(headers: dict[str, str]) -> Seen:
        async with serving(key="s3cret") as server:
            return await ask(server, asked(), headers=headers)

    for headers in ({}, {"authorization": "Bearer other"}, {"authorization": "Basic s3cret"}):
        seen = asyncio.run(visit(headers))
        assert (seen.status, seen.error["code"]) == (401, "invalid_api_key")
        assert b"s3cret" not in seen.body
        assert b"other" not in seen.body
    assert asyncio.run(visit({"authorization": "Bearer s3cret"})).body == CALM.body


def schema(*names: str, **more: Any) -> dict[str, Any]:
    properties = {name: {"type": "string"} for name in names} | more
    described = {"name": "revision", "schema": {"type": "object", "properties": properties}}
    return {"type": "json_schema", "json_schema": described}


@pytest.mark.parametrize(
    ("wanted", "reasoning", "revision"),
    [
        ({"type": "json_object"}, "teacher_reasoning", "corrected_student_solution"),
        (schema("teacher_reasoning", "corrected_student_solution"), "teacher_reasoning",
         "corrected_student_solution"),
        (schema("worsened_student_solution", "rationale"), "rationale",
         "worsened_student_solution"),
        (schema("one", "two"), "one", "two"),
        (schema("thoughts", "score", "answer"), "thoughts", "answer"),
    ],
)  # fmt: skip
def test_structured_output_has_the_keys_that_were_asked_for(
    wanted: object, reasoning: str, revision: str
) -> None:
    value = json.loads(meet(asked(response_format=wanted))[0].text)
    assert value[revision] == MENDED
    assert "offline copy editor" in value[reasoning]
    if isinstance(wanted, dict) and "json_schema" in wanted:
        assert list(value) == list(wanted["json_schema"]["schema"]["properties"])


def test_structured_output_without_a_revision_fits_its_schema() -> None:
    wanted = schema("said", ok={"type": "boolean"}, kind={"enum": ["a", "b"]}, x={})
    hello = {"messages": [{"role": "user", "content": "Hello"}], "response_format": wanted}
    value = json.loads(meet(hello)[0].text)
    assert "offline endpoint" in value.pop("said")
    assert value == {"ok": False, "kind": "a", "x": None}
    hello["response_format"] = {"type": "json_object"}
    assert "offline endpoint" in json.loads(meet(hello)[0].text)["reply"]


@pytest.mark.parametrize(
    "wanted",
    [7, "json", {}, {"type": []}, {"type": "xml"}, {"type": "json_schema"},
     {"type": "json_schema", "json_schema": {"schema": {"properties": []}}}],
)  # fmt: skip
def test_a_wrong_response_format_is_refused(wanted: object) -> None:
    seen = meet(asked(response_format=wanted))[0]
    assert (seen.status, seen.error["type"]) == (400, "invalid_request_error")
    assert seen.error["param"].startswith("response_format")


def test_structured_output_slips_as_well() -> None:
    body = asked(response_format=schema("teacher_reasoning", "corrected_student_solution"))
    twice = parse(fault("duplicate-marker", body).text, GRAMMAR, SLIP)
    assert isinstance(twice, Problem)
    assert twice.reason == "malformed"
    assert isinstance(parse(fault("unparseable", body).text, GRAMMAR, SLIP), Problem)
    assert json.loads(fault("over-edit", body).text)


def test_counts_tell_what_was_done() -> None:
    async def visit() -> dict[str, int]:
        async with serving(faults={"500": ALMOST, "no-usage": 1.0}, rpm=2) as server:
            for body in (asked(), asked(), asked(), {"messages": 7}):
                await ask(server, body)
            return dict(server.counts)

    assert asyncio.run(visit()) == {"500": 1, "no-usage": 1, "rate-limited": 1, "refused": 1}


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"faults": {"hangs": 0.1}}, "faults"),
        ({"faults": {"hang": 1.1}}, "faults"),
        ({"faults": {"hang": float("nan")}}, "faults"),
        ({"faults": {"hang": 0.6, "reset": 0.6}}, "faults"),
        ({"faults": {"hang": 0.6}, "error_rate": 0.6}, "faults"),
        ({"faults": {"no-usage": 0.6, "over-edit": 0.6}}, "faults"),
        ({"hang": -1}, "hang"),
        ({"rpm": 0}, "rpm"),
        ({"tpm": -5}, "tpm"),
    ],
)
def test_impossible_manners_are_refused_by_name(values: dict[str, Any], name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name} must "):
        Manners(**values)


def test_shares_of_both_kinds_are_added_up_apart() -> None:
    Manners(faults={"reset": 0.5, "hang": 0.5, "unparseable": 0.5, "over-edit": 0.5})
    Manners(faults=dict.fromkeys(("429", "500", "cut"), 1 / 3))


@pytest.mark.parametrize(("after", "seconds"), [(0, 1.0), (1, 0.0), (1, float("inf"))])
def test_an_impossible_outage_is_refused(after: int, seconds: float) -> None:
    with pytest.raises(ValueError, match=r"^outage must "):
        Outage(after, seconds)


# The command


@pytest.mark.parametrize(
    "arguments",
    [
        ("--fault", "hangs=0.1"),
        ("--fault", "429"),
        ("--fault", "429=often"),
        ("--fault", "429=2"),
        ("--fault", "429=0.1", "--fault", "429=0.2"),
        ("--fault", "429=0.7", "--fault", "500=0.7"),
        ("--error-rate", "2"),
        ("--outage", "500"),
        ("--outage", "500:3:reset"),
        ("--outage", "0:3"),
        ("--rpm", "0"),
        ("--tpm", "many"),
        ("--hang", "-1"),
        ("--key-env", "NO_SUCH_KEY"),
        ("--port", "70000"),
    ],
)
def test_a_bad_value_is_one_line_that_names_the_option(
    arguments: tuple[str, ...], clair: Clair
) -> None:
    ran = clair("mock", "--port", "0", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert len(ran.err.splitlines()) == 1
    assert arguments[0] in ran.err


def test_the_help_names_every_fault(clair: Clair) -> None:
    listed = clair("mock", "--help", env={"NO_COLOR": "1", "COLUMNS": "500"}).out
    words = set(re.findall(r"[\w-]+", listed))
    assert set(NAMES) - words == set()


def test_the_guide_names_every_fault() -> None:
    guide = (ROOT / "docs/rehearsal.md").read_text("utf-8")
    assert [name for name in NAMES if f"`{name}`" not in guide] == []


@contextmanager
def command(*arguments: str, **env: str) -> "Iterator[tuple[subprocess.Popen[str], str]]":
    """The real command and where it serves."""
    process = subprocess.Popen(
        [*CLAIR, "mock", "--port", "0", *arguments],
        env=environment(env),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr
    try:
        yield process, process.stderr.readline().split()[1]
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.mark.parametrize(("sign", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_command_says_at_its_end_what_it_did(sign: signal.Signals, code: int) -> None:
    with command("--fault", "hang=1", "--rpm", "1") as (process, base_url):
        server = MockServer()
        server.base_url = base_url
        asyncio.run(asyncio.wait_for(ask(server, asked(), wait=0.3), 5))
        asyncio.run(asyncio.wait_for(ask(server, asked(), wait=5), 5))
        process.send_signal(sign)
        _, err = process.communicate(timeout=10)
        assert (process.returncode, err) == (code, "requests=2 hang=1 rate-limited=1\n")


STORM = {"429": 0.05, "429-ms": 0.05, "429-bare": 0.03, "500": 0.05, "503": 0.02, "529": 0.02,
         "reset": 0.03, "reset-body": 0.03, "hang": 0.02, "trickle": 0.02, "cut": 0.02,
         "html": 0.02, "html-200": 0.02, "error-200": 0.02, "empty-choices": 0.02,
         "null-content": 0.02, "wrong-length": 0.02,
         "list-content": 0.1, "no-usage": 0.1, "unparseable": 0.05, "duplicate-marker": 0.05,
         }  # fmt: skip


@pytest.mark.heavy
def test_a_job_ends_in_a_storm_as_it_does_in_a_calm(clair: Clair, tmp_path: Path) -> None:
    rows = [
        {"prompt": f"What is {n}?", "response": f"The the answer is {n} , as  you know"}
        for n in range(300)
    ]
    write_rows(tmp_path / "in.jsonl", rows)
    assert clair("revise", "in.jsonl", "-o", "calm", "-m", "x", "--mock").code == 0
    options = [part for name, share in STORM.items() for part in ("--fault", f"{name}={share}")]
    options += ["--seed", "11", "--outage", "150:1", "--key-env", "THE_KEY", "--latency", "0.01"]
    with command(*options, THE_KEY="sk-storm") as (process, base_url):
        ran = clair(
            *("revise", "in.jsonl", "-o", "storm", "-m", "x", "--timeout", "1.5", "-c", "100"),
            *("--base-url", base_url),
            env={"OPENAI_API_KEY": "sk-storm"},
        )
        assert ran.code == 0, ran.err
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=10)
    assert len(read_rows(tmp_path / "storm/train.jsonl")) == len(rows)
    calm, storm = (tmp_path / name / "train.jsonl" for name in ("calm", "storm"))
    assert storm.read_bytes() == calm.read_bytes()
    counts = dict(part.split("=") for part in err.split())
    assert set(counts) - {"requests", "answered"} == {*STORM, "outage"}
    met = sum(int(counts[name]) for name in STORM if name in ONCE)
    assert int(counts["requests"]) >= len(rows) + met
