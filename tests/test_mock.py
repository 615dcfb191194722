"""The offline endpoint, over real HTTP on a real socket."""

import asyncio
import json
import time
import tomllib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import fmean

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import Environment

from clair_cli.mock import MODEL, Manners, MockServer, edit
from clair_cli.mock.manners import Fate
from clair_cli.mock.replies import reply_to
from clair_cli.mock.student import answer_in

ROOT = Path(__file__).parent.parent
TEMPLATES = ("clair", "clair-system")
SLIP = "The the cat sat here ."
MENDED = "The cat sat here."
NOTE = "\n\n[Note on your last reply: it had no {corrected_student_solution}. Try again.]"

Call = Callable[..., Awaitable[httpx.Response]]


def rendered(template: str, prompt: str, response: str, note: str = "") -> list[dict[str, str]]:
    """The messages that a template makes, as the tool itself would render them."""
    source = tomllib.loads((ROOT / "prompts" / f"{template}.toml").read_text("utf-8"))
    jinja = Environment(autoescape=False)
    messages = [
        {
            "role": message["role"],
            "content": jinja.from_string(message["content"]).render(
                prompt=prompt, response=response
            ),
        }
        for message in source["messages"]
    ]
    messages[-1]["content"] += note
    return messages


def asked(response: str = SLIP, template: str = "clair", **more: object) -> dict[str, object]:
    return {"model": "any", "messages": rendered(template, "Why?", response), **more}


@asynccontextmanager
async def serving(manners: Manners | None = None) -> AsyncIterator[Call]:
    async with (
        MockServer(manners or Manners()) as server,
        httpx.AsyncClient(base_url=server.base_url, timeout=10) as client,
    ):

        async def call(body: object = None, path: str = "/chat/completions", method: str = "POST"):
            raw = body if isinstance(body, bytes) else json.dumps(body).encode()
            return await client.request(method, path, content=raw)

        yield call


def reply(body: object, manners: Manners | None = None, **where: str) -> httpx.Response:
    """What one request is answered with, by a server of its own."""

    async def once() -> httpx.Response:
        async with serving(manners) as call:
            return await call(body, **where)

    return asyncio.run(once())


def content(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    return answer.json()["choices"][0]["message"]["content"]


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("note", ["", NOTE], ids=["first", "again"])
def test_an_answer_is_edited_in_the_format_of_the_paper(template: str, note: str) -> None:
    messages = rendered(template, "What did the the cat do ?", SLIP, note)
    text = content(reply({"messages": messages}))
    rationale, revised = text.split("\n\n{corrected_student_solution}:\n")
    assert revised == MENDED
    assert rationale.startswith("{teacher_reasoning}:\nI am clair's offline copy editor, ")
    assert "not a language model" in rationale
    assert "removed the doubled word “the”" in rationale


def test_an_answer_without_slips_is_given_back_and_the_rationale_says_so() -> None:
    text = content(reply(asked(MENDED)))
    assert text.endswith(f"\n\n{{corrected_student_solution}}:\n{MENDED}")
    assert "No rule found anything to mend" in text


ODD = st.sampled_from(
    [
        *("{task}: ", "{student_solution}: ", "{corrected_student_solution}", "\n", "\n\n", " "),
        *("-----------------", "\n\n-----------------\n\n", "Let's first think step by step"),
        *("[Note on your last reply: ", "]", "{{", "{%", "🎉", "\u2028", "x", "identifiers"),
    ]
)
TEXT = st.text(max_size=60) | st.lists(ODD, max_size=12).map("".join)


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("note", ["", NOTE], ids=["first", "again"])
@settings(deadline=None)
@given(prompt=TEXT, response=TEXT)
def test_any_answer_is_cut_out_whole(template: str, note: str, prompt: str, response: str) -> None:
    # A task that quotes an answer mark of its own can be read in two ways; so can an answer that
    # ends in what looks like our note.
    prompt = prompt.replace("{student_solution}: ", "{student_solution}; ")
    response = response.replace("[Note on", "[note on")
    messages = rendered(template, prompt, response, note)
    assert answer_in([messages[-1]["content"]]) == response


def test_an_answer_may_quote_every_mark_of_the_prompt() -> None:
    response = (
        "One\n\n{student_solution}: two\n\n{task}: three\n\n-----------------\n\n"
        "Let's first think step by step with a four"
    )
    for template in TEMPLATES:
        messages = rendered(template, "A\n\n{task}: B", response)
        assert answer_in([messages[-1]["content"]]) == response


@pytest.mark.parametrize(
    "messages",
    [
        [{"role": "user", "content": "Hello there"}],
        [{"role": "system", "content": "{task}: a\n\n{student_solution}: b"}],
        [{"role": "user", "content": [{"type": "text", "text": "{student_solution}: b"}]}],
        [{"role": "user", "content": None}],
    ],
)
def test_anything_else_gets_a_plain_word(messages: object) -> None:
    text = content(reply({"model": "gpt-9", "messages": messages}))
    assert "offline endpoint of clair" in text
    assert "not a language model" in text
    assert "{" not in text


def test_text_parts_are_read_as_one_text() -> None:
    (message,) = rendered("clair", "Why?", SLIP)
    half = len(message["content"]) // 2
    parts = [{"type": "text", "text": text} for text in (message["content"][:half], "")]
    parts.append({"type": "text", "text": message["content"][half:]})
    text = content(reply({"messages": [{"role": "user", "content": parts}]}))
    assert text.endswith(MENDED)


@settings(deadline=None)
@given(TEXT)
def test_the_rationale_is_one_safe_paragraph(odd: str) -> None:
    weird = f"dont  {{teacher_reasoning}}:\x1b[31m the\u2028the the {odd} recieve is {odd}"
    text = reply_to([rendered("clair-system", "Why?", weird)[1]["content"]])
    rationale = text.removeprefix("{teacher_reasoning}:\n").split("\n\n", 1)[0]
    assert rationale.isprintable()
    assert "{" not in rationale
    assert "teacher_reasoning" not in rationale
    assert "student_solution" not in rationale


def test_the_reply_is_a_whole_chat_completion() -> None:
    body = asked(model="some/model", n=1, stream=False, temperature=0.3)
    answer = reply(body)
    reply_text = content(answer)
    value = answer.json()
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.headers["x-request-id"].startswith("req_")
    assert value["object"] == "chat.completion"
    assert value["id"].startswith("chatcmpl-")
    assert value["model"] == MODEL
    assert value["choices"][0]["finish_reason"] == "stop"
    assert value["usage"]["prompt_tokens"] == -(-len(body["messages"][0]["content"].encode()) // 4)
    assert value["usage"]["completion_tokens"] == -(-len(reply_text.encode()) // 4)
    assert value["usage"]["total_tokens"] == sum(list(value["usage"].values())[:2])


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_a_long_reply_is_cut_where_it_was_told_to(name: str) -> None:
    full = content(reply(asked("Grüße für für alle 🎉")))
    answer = reply(asked("Grüße für für alle 🎉", **{name: 40}))
    value = answer.json()
    assert value["choices"][0]["finish_reason"] == "length"
    assert full.startswith(content(answer))
    assert 38 <= value["usage"]["completion_tokens"] <= 40
    assert reply(asked(**{name: 4096})).json()["choices"][0]["finish_reason"] == "stop"


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"{", "JSON"),
        (b"", "JSON"),
        (b'"\xff"', "JSON"),
        ([1], "object"),
        ({}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": "hi"}, "messages"),
        ({"messages": ["hi"]}, "message"),
        ({"messages": [{"content": "hi"}]}, "role"),
        ({"messages": [{"role": "user", "content": 7}]}, "content"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "text"),
        (asked(stream=True), "Streaming"),
        (asked(n=2), "choice"),
        (asked(model=7), "model"),
        (asked(max_tokens=0), "max_tokens"),
        (asked(max_tokens="9"), "max_tokens"),
        (asked(max_completion_tokens=True), "max_completion_tokens"),
    ],
)
def test_a_wrong_request_is_refused_in_the_shape_of_openai(body: object, word: str) -> None:
    answer = reply(body)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["type"] == "invalid_request_error"
    assert word in error["message"]


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/chat/completions", "GET", 405),
        ("/models", "POST", 405),
        ("/nothing", "GET", 404),
        ("/nothing", "POST", 404),
        ("/models", "GET", 200),
    ],
)
def test_paths_and_methods(path: str, method: str, status: int) -> None:
    answer = reply(None, path=path, method=method)
    assert answer.status_code == status
    if status == 200:
        assert [model["id"] for model in answer.json()["data"]] == [MODEL]
    else:
        assert answer.json()["error"]["message"]


def test_health_and_the_end_of_service() -> None:
    async def visit() -> None:
        async with httpx.AsyncClient() as client:
            async with MockServer() as server:
                root = server.base_url.removesuffix("/v1")
                assert (await client.get(f"{root}/health")).status_code == 200
            with pytest.raises(httpx.ConnectError):
                await client.get(f"{root}/health")

    asyncio.run(visit())


def test_a_taken_port_is_an_os_error() -> None:
    async def twice() -> None:
        async with MockServer() as server:
            port = int(server.base_url.split(":")[2].split("/")[0])
            with pytest.raises(OSError, match="in use"):
                async with MockServer(port=port):
                    pass

    asyncio.run(twice())


@pytest.mark.heavy
def test_a_body_of_ten_megabytes_is_served_and_one_of_seventy_is_not() -> None:
    big = "One  two is here. " * 550_000

    async def both() -> None:
        async with serving() as call:
            assert content(await call(asked(big))).endswith("One two is here. ")
            refused = await call(b" " * 70_000_000)
            assert refused.status_code == 413
            assert refused.json()["error"]["message"]

    asyncio.run(both())


async def course(manners: Manners, bodies: list[object], width: int) -> list[list[object]]:
    """What every body meets until it is answered (at most five times), `width` at a time."""
    gate = asyncio.Semaphore(width)

    async def until_answered(call: Call, body: object) -> list[object]:
        met: list[object] = []
        async with gate:
            for _ in range(5):
                answer = await call(body)
                met.append((answer.status_code, answer.content, sorted(answer.headers)))
                if answer.status_code == 200:
                    break
        return met

    async with serving(manners) as call:
        return await asyncio.gather(*(until_answered(call, body) for body in bodies))


BODIES: list[object] = [asked(f"The the cat number {n} is  here") for n in range(120)]


def test_the_same_seed_takes_the_same_course_whatever_the_concurrency() -> None:
    manners = Manners(latency=0.002, error_rate=0.4, seed=7)
    one = asyncio.run(course(manners, BODIES, 1))
    many = asyncio.run(course(manners, BODIES, 64))
    backwards = asyncio.run(course(manners, BODIES[::-1], 16))[::-1]
    assert one == many == backwards
    other = asyncio.run(course(Manners(error_rate=0.4, seed=8), BODIES, 64))
    assert [len(met) for met in other] != [len(met) for met in one]
    assert [met[-1] for met in other] == [met[-1] for met in one]


def test_a_refused_request_is_answered_the_second_time() -> None:
    met = asyncio.run(course(Manners(error_rate=0.4), BODIES, 32))
    assert {len(each) for each in met} == {1, 2}
    assert all(each[-1][0] == 200 for each in met)
    refused = [each[0][0] for each in met if len(each) == 2]
    assert 30 <= len(refused) <= 66
    assert set(refused) == {429, 500, 503}


def test_an_error_rate_of_one_never_answers() -> None:
    met = asyncio.run(course(Manners(error_rate=1), BODIES[:10], 4))
    assert all(len(each) == 5 for each in met)
    assert all(status != 200 for each in met for status, _, _ in each)


def test_faults_look_like_those_of_an_api() -> None:
    async def collect() -> list[httpx.Response]:
        async with serving(Manners(error_rate=1)) as call:
            return [await call(body) for body in BODIES[:40]]

    answers = asyncio.run(collect())
    assert {answer.status_code for answer in answers} == {429, 500, 503}
    limited = [answer.headers for answer in answers if answer.status_code == 429]
    assert {headers.get("retry-after") for headers in limited} == {"1", None}
    assert {headers.get("retry-after-ms") for headers in limited} == {"250", None}
    for answer in answers:
        assert set(answer.json()["error"]) == {"message", "type", "param", "code"}


def test_equal_requests_get_equal_bytes() -> None:
    first, second = (reply(BODIES[0]) for _ in range(2))
    assert first.content == second.content
    assert reply(BODIES[1]).json()["id"] != first.json()["id"]


def test_latency_has_the_mean_that_was_asked_for() -> None:
    draws = [Manners(latency=0.5, seed=3).draw(b"%d" % n).latency for n in range(4000)]
    assert 0.48 < fmean(draws) < 0.52
    assert min(draws) > 0
    assert sorted(draws)[2000] == pytest.approx(0.5 * 2.718281828 ** (-0.125), rel=0.05)


def test_latency_is_waited_for_and_side_by_side() -> None:
    manners = Manners(latency=0.2)
    started = time.perf_counter()
    asyncio.run(course(manners, BODIES[:40], 40))
    assert 0.15 < time.perf_counter() - started < 4


def test_only_refused_bodies_are_remembered_and_not_without_end() -> None:
    fate = Fate(Manners(error_rate=0.5))
    digests = [b"%d" % n for n in range(1000)]
    refused = [digest for digest in digests if fate.decide(digest).fault]
    assert fate.waiting == len(refused) > 0
    for digest in refused:
        assert fate.decide(digest).fault is None
    assert fate.waiting == 0
    always = Fate(Manners(error_rate=1), remembered=100)
    for digest in digests:
        always.decide(digest)
    assert always.waiting == 100


@pytest.mark.parametrize("values", [{"latency": -1}, {"error_rate": -0.1}, {"latency": 1e999}])
def test_impossible_manners_are_refused(values: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(values))):
        Manners(**values)


def test_the_package_exports_its_editor() -> None:
    assert edit(SLIP).text == MENDED
