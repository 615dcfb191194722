"""Templates: what each sends, what is read from its reply, which side that goes to, its faults."""

import asyncio
import hashlib
import json
import re
import sqlite3
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clair_cli.cli.main import run
from clair_cli.contrast.bounds import Bounds
from clair_cli.endpoint.verdicts import Adapt, GiveUp, judge
from clair_cli.mock import Manners, MockServer
from clair_cli.mock.worsening import worsen
from clair_cli.prompts.asking import Asker
from clair_cli.prompts.shipped import load_template, template_names
from clair_cli.prompts.structured import response_format
from clair_cli.prompts.template import KEYS, Template
from clair_cli.records import METRICS, Completion, Pair, Problem, Request, Row, Usage, UsageError
from clair_cli.replies.headings import Grammar
from clair_cli.run.tasks.revise import Reader
from tests.conftest import ROOT, Clair, Ran, read_rows, write_rows
from tests.serving import Asked, Reply, completion, refuse, revised, serving

SHIPPED = ("aspect", "clair", "clair-system", "json", "minimal", "same-length", "worsen")
OURS = tuple(name for name in SHIPPED if not name.startswith("clair"))
ASPECT = ["--aspect", "factual accuracy"]
SLIP = "The the water boils at 100 degrees , and freezes at 0."
MENDED = "The water boils at 100 degrees, and freezes at 0."
WORSE = "The the water boils at 200 degrees , and freezes at 0."
ODD = "{{ 7 * 7 }} {% raw %} {# no #} {task}: {student_solution}: \x1b[31m </s> <b> \\n {braces}"

OWN = """\
description = "A weaker answer."
direction = "worsen"

[markers]
reasoning = "Diagnosis"
revision = ["Weaker answer"]

[[messages]]
role = "system"
content = "Weaken answers. Write Diagnosis: and Weaker answer: on lines of their own."

[[messages]]
role = "user"
content = '''
Q: {{ prompt }}

A: {{ response }}'''
"""


def bound(name: str) -> Any:
    return load_template(name).bound(aspect="factual accuracy" if name == "aspect" else "")


def row(prompt: str = "Why?", response: str = SLIP) -> Row:
    return Row("r", [{"role": "user", "content": prompt}], response, 1, 0, {})


def read(name: str, reply: str, response: str = SLIP) -> Pair | Problem:
    template = bound(name)
    grammar = Grammar(template.markers.reasoning, template.markers.revision)
    completion = Completion(reply, "", "", "stop", "m", Usage(), b"")
    return Reader(grammar, template.direction)(row(response=response), completion)


def revise(clair: Clair, tmp_path: Path, *more: object, rows: int = 3) -> Ran:
    """Revise a few rows with slips; every pair has a number and a slip to work on."""
    made = [
        {"id": f"r{n}", "prompt": f"Water {n}?", "response": f"{SLIP} Row {n}."}
        for n in range(rows)
    ]
    write_rows(tmp_path / "in.jsonl", made)
    return clair("revise", "in.jsonl", *more)


def pairs(tmp_path: Path) -> list[dict[str, Any]]:
    return read_rows(tmp_path / "in.clair" / "train.jsonl")


def sides(pair: Mapping[str, Any]) -> tuple[str, str]:
    return pair["chosen"][0]["content"], pair["rejected"][0]["content"]


def record(tmp_path: Path) -> Any:
    return orjson.loads((tmp_path / "in.clair/.clair/run.json").read_bytes())


@contextmanager
def refused(capsys: pytest.CaptureFixture[str]) -> Iterator[list[str]]:
    """Where a command is run that must end with code 2 and one line, which is put in the list."""
    told: list[str] = []
    yield told
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("clair: ")
    assert len(err.splitlines()) == 1, err
    told.append(err)


# What ships


def test_these_templates_ship_and_say_what_they_are_for() -> None:
    assert tuple(template_names()) == SHIPPED
    for name in SHIPPED:
        template = load_template(name)
        fields = tomllib.loads(template.text)
        assert fields.keys() <= KEYS
        for told in (template.description, template.use, template.source, template.licence):
            assert told.strip(), name
        assert template.direction == ("worsen" if name == "worsen" else "improve")
        assert fields["direction"] == template.direction
        assert ("D'Oosterlinck" in template.source) == (name not in OURS)


def test_the_authors_wording_is_as_they_wrote_it() -> None:
    asked = row("PROMPT", "RESPONSE")
    sent = orjson.dumps([load_template(n).render(asked) for n in ("clair", "clair-system")])
    # Of the messages when they were compared with the authors' repository, byte by byte.
    assert hashlib.sha256(sent).hexdigest() == (
        "3a261f34392e9d96939ef4ff84a2958db898b9788502cf64441b7c1de5d8b0d6"
    )


@pytest.mark.parametrize("name", SHIPPED)
def test_a_rows_text_reaches_the_messages_as_it_is(name: str) -> None:
    messages = bound(name).render(row(f"prompt {ODD}", f"response {ODD}"))
    said = "\n".join(message["content"] for message in messages)
    assert said.count(ODD) == 2
    assert f"{{student_solution}}: response {ODD}" in said
    assert f"{{task}}: prompt {ODD}" in said
    assert {m["role"] for m in messages} <= {"system", "user"}
    assert messages[-1]["role"] == "user"


@pytest.mark.parametrize("name", SHIPPED)
def test_every_conversation_is_shown_whole(name: str) -> None:
    prompt = [
        {"role": "system", "content": "Be {brief}."},
        {"role": "user", "content": "Hello {{ you }}"},
        {"role": "assistant", "content": "Hi"},
        {"role": "user", "content": "Why?"},
    ]
    messages = bound(name).render(Row("r", prompt, "Because.", 1, 0, {}))
    shown = "System: Be {brief}.\n\nUser: Hello {{ you }}\n\nAssistant: Hi\n\nUser: Why?"
    assert any(shown in message["content"] for message in messages)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_reply_in_its_own_markers_makes_a_pair_whose_sides_follow_its_direction(
    name: str,
) -> None:
    template = load_template(name)
    reasoning, revision = template.markers.reasoning[0], template.markers.revision[0]
    headed = f"{{{reasoning}}}:\nIt had a slip.\n\n{{{revision}}}:\n{MENDED}"
    for reply in (headed, json.dumps({reasoning: "It had a slip.", revision: MENDED})):
        pair = read(name, reply)
        assert isinstance(pair, Pair), pair
        assert pair.rationale == "It had a slip."
        both = (pair.chosen, pair.rejected)
        assert both == ((SLIP, MENDED) if name == "worsen" else (MENDED, SLIP))


def test_an_improved_answer_is_not_taken_for_a_worsened_one() -> None:
    assert isinstance(read("worsen", revised(MENDED)), Problem)


def test_same_length_tells_how_many_words_there_may_be() -> None:
    def told(words: int) -> str:
        return bound("same-length").render(row(response="word " * words))[0]["content"]

    assert told(100).endswith("has 100 words. Write between 90 and 110.")
    assert "Write between" not in told(19)


def test_only_aspect_asks_for_an_aspect() -> None:
    assert [name for name in SHIPPED if load_template(name).wants_aspect] == ["aspect"]
    assert "factual accuracy" in bound("aspect").render(row())[0]["content"]


# The offline endpoint


async def _answers(bodies: list[dict[str, Any]], **manners: Any) -> list[str]:
    async with (
        MockServer(Manners(**manners)) as server,
        httpx.AsyncClient(base_url=server.base_url) as client,
    ):
        replies = [await client.post("/chat/completions", json=body) for body in bodies]
    return [reply.json()["choices"][0]["message"]["content"] for reply in replies]


def answered(*bodies: dict[str, Any], **manners: Any) -> list[str]:
    return asyncio.run(_answers(list(bodies), **manners))


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("structured", [False, True], ids=["plain", "structured"])
def test_the_offline_endpoint_understands_what_ships(name: str, structured: bool) -> None:
    template = bound(name)
    body: dict[str, Any] = {"messages": template.render(row(f"prompt {ODD}"))}
    if structured:
        body["response_format"] = response_format(template.markers)
    (reply,) = answered(body)
    assert reply.startswith('{"teacher_reasoning"') == (structured or name == "json")
    pair = read(name, reply)
    assert isinstance(pair, Pair), pair
    both = (pair.chosen, pair.rejected)
    assert both == ((SLIP, WORSE) if name == "worsen" else (MENDED, SLIP))
    assert "offline copy editor" in pair.rationale
    assert ("200" in pair.rationale) == (name == "worsen")


@pytest.mark.parametrize("name", OURS)
def test_an_over_edited_row_is_edited_as_usual_when_asked_again(name: str) -> None:
    template = bound(name)
    grammar = Grammar(template.markers.reasoning, template.markers.revision)
    reader = Reader(grammar, template.direction, Bounds(min_similarity=0.8))

    def made(request: Request) -> Pair | Problem:
        (reply,) = answered(orjson.loads(request.body), faults={"over-edit": 0.999999})
        return reader(row(), Completion(reply, "", "", "stop", "m", Usage(), b""))

    ask = Asker(template, {"model": "m"}, lambda _: 0)
    first = ask(row(), None, None)
    problem = made(first)
    assert isinstance(problem, Problem)
    assert problem.reason == "below_similarity"
    again = ask(row(), first, problem)
    assert problem.detail in orjson.loads(again.body)["messages"][-1]["content"]
    assert isinstance(made(again), Pair)


WORDINGS = {
    "one message, instructions first": (
        "Correct it. Write {critique} and {improved_answer}.\n\n{task}: P\n\n{student_solution}: S"
    ),
    "labels on lines of their own": (
        "Write {critique} and {improved_answer}.\n{task}:\nP\n{student_solution}:\nS"
    ),
    "instructions last": (
        "{task}:\nP\n\n{student_solution}:\nS\n\nNow write {critique}: and {improved_answer}:"
    ),
    "instructions behind dashes": (
        "Teach.\n\n{task}: P\n\n{student_solution}: S\n\n---\n\nBe brief.\n\n"
        "{critique}, then {improved_answer}"
    ),
}


@pytest.mark.parametrize("wording", WORDINGS.values(), ids=WORDINGS)
def test_the_offline_endpoint_understands_other_words_that_keep_the_labels(wording: str) -> None:
    text = wording.replace("P", "What of water?").replace("S", f"{SLIP}\n\nSo it is.")
    (reply,) = answered({"messages": [{"role": "user", "content": text}]})
    assert reply.endswith(f"{{improved_answer}}:\n{MENDED}\n\nSo it is.")
    assert reply.startswith("{critique}:\n")


def test_the_offline_endpoint_worsens_for_a_name_that_says_so() -> None:
    text = "Write <thoughts> and <flawed_answer>.\n\n{task}: Why?\n\n{student_solution}: It is 9."
    (reply,) = answered({"messages": [{"role": "user", "content": text}]})
    assert reply.endswith("{flawed_answer}:\nIt is 8.")


PLACES = {
    "a number": ("It takes 15 minutes.", "It takes 16 minutes."),
    "a year": ("It began in 1969. It ended.", "It began in 1968. It ended."),
    "thousands": ("About 250,000 people live there.", "About 260,000 people live there."),
    "a decimal": ("Pi is 3.14 or so.", "Pi is 3.15 or so."),
    "no list number": ("1. The one\n2. It has 3.", "1. The one\n2. It has 4."),
    "a word": ("Always add the acid to it.", "Never add the acid to it."),
    "a denial": ("It is not a fish.", "It is a fish."),
    "a claim": ("The whale is a mammal.", "The whale is not a mammal."),
    "two words": ("Der Hund und die Katze", "Der Hund die und Katze"),
    "code stays": ("```\nx = 1\n```\nIt is `2`.", None),
    "nothing to change": ("这是一个很好的例子", "这是一个很好的例子"),
}


@pytest.mark.parametrize(("text", "worse"), PLACES.values(), ids=PLACES)
def test_one_error_is_put_in(text: str, worse: str | None) -> None:
    found = worsen(text)
    assert found.text == (text if worse is None else worse)
    assert len(found.notes) == (found.text != text)


@settings(deadline=None)
@given(st.text(max_size=200) | st.text("0123456789 .,)\n`is not many-", max_size=80))
def test_worsening_any_text_changes_one_place_of_it(text: str) -> None:
    found = worsen(text)
    assert (found.text == text) == (not found.notes)
    assert found.text.count("\n") == text.count("\n")
    assert abs(len(found.text) - len(text)) <= 5
    assert worsen(text) == found


# clair revise


@pytest.mark.parametrize("name", SHIPPED)
def test_each_template_makes_pairs_offline(name: str, clair: Clair, tmp_path: Path) -> None:
    more = ASPECT if name == "aspect" else []
    ran = revise(clair, tmp_path, "--mock", "--prompt", name, *more)
    assert ran.code == 0, ran.err
    made = pairs(tmp_path)
    assert len(made) == 3
    for number, pair in enumerate(made):
        old = f"{SLIP} Row {number}."
        edited = f"{WORSE} Row {number}." if name == "worsen" else f"{MENDED} Row {number}."
        assert sides(pair) == ((old, edited) if name == "worsen" else (edited, old))
        assert set(METRICS) <= pair.keys()
    card = (tmp_path / "in.clair/README.md").read_text()
    assert f"template | `{name}`" in card
    assert ("The answer is `chosen`, a minimally worsened version" in card) == (name == "worsen")
    assert ("revised for | factual accuracy" in card) == (name == "aspect")
    options = record(tmp_path)["options"]
    assert options["aspect"] == ("factual accuracy" if name == "aspect" else "")
    assert options["direction"] == load_template(name).direction
    assert options["structured"] is False


def test_the_direction_can_be_told(clair: Clair, tmp_path: Path) -> None:
    assert revise(clair, tmp_path, "--mock", "--direction", "worsen").code == 0
    chosen, rejected = sides(pairs(tmp_path)[0])
    assert (chosen, rejected) == (f"{SLIP} Row 0.", f"{MENDED} Row 0.")
    card = (tmp_path / "in.clair/README.md").read_text()
    assert "The answer is `chosen`, a minimally worsened version" in card
    assert "--prompt clair --direction worsen" in card
    assert record(tmp_path)["template"]["direction"] == "worsen"
    again = clair("revise", "in.jsonl", "--mock", "--prompt", "worsen", "--direction", "improve")
    assert again.code == 0
    assert sides(pairs(tmp_path)[0]) == (f"{WORSE} Row 0.", f"{SLIP} Row 0.")


def test_an_export_makes_the_same_requests(clair: Clair, tmp_path: Path) -> None:
    line = ["--mock", "--prompt", "aspect", *ASPECT, "--structured", "--direction", "worsen"]
    assert revise(clair, tmp_path, *line).code == 0
    ran = clair("export", "in.clair", "-o", "other.jsonl", "--format", "conversational")
    assert ran.code == 0, ran.err
    assert read_rows(tmp_path / "other.jsonl") == pairs(tmp_path)
    assert sides(pairs(tmp_path)[0]) == (f"{SLIP} Row 0.", f"{MENDED} Row 0.")
    card = (tmp_path / "in.clair/README.md").read_text()
    assert "--aspect 'factual accuracy' --direction worsen --structured" in card
    assert "reply | JSON, by `response_format`" in card


def test_the_template_asked_as_well_has_a_schema_of_its_own(clair: Clair, tmp_path: Path) -> None:
    line = ["--mock", "--prompt", "json", "--also", "worsen", "--structured"]
    assert revise(clair, tmp_path, *line, rows=1).code == 0
    made = [sides(pair) for pair in pairs(tmp_path)]
    assert (f"{SLIP} Row 0.", f"{WORSE} Row 0.") in made
    assert (f"{MENDED} Row 0.", f"{SLIP} Row 0.") in made
    with sqlite3.connect(tmp_path / "in.clair/.clair/mock.sqlite3") as store:
        replies = [bytes(row[0]) for row in store.execute("SELECT reply FROM replies")]
    assert all(b'{\\"teacher_reasoning' in reply for reply in replies)
    ran = clair("export", "in.clair", "-o", "other.jsonl")
    assert ran.code == 0, ran.err
    assert len(read_rows(tmp_path / "other.jsonl")) == 2
    alone = clair("revise", "in.jsonl", "--mock", "--also", "aspect", "--direction", "worsen")
    assert (alone.code, "one aspect" in alone.err) == (2, True)


def test_an_unchanged_answer_is_asked_again_in_words_that_fit_the_direction(
    clair: Clair, tmp_path: Path
) -> None:
    def copy(asked: Asked) -> Reply:
        answer = asked.text.partition("{student_solution}: It")[2]
        answer = "It" + answer.partition("\n\n[Note")[0]
        return completion(
            f"{{teacher_reasoning}}: None.\n\n{{worsened_student_solution}}:\n{answer}"
        )

    write_rows(tmp_path / "in.jsonl", [{"prompt": "What?", "response": "It is so."}])
    with serving(copy) as server:
        ran = clair("revise", "in.jsonl", "-m", "x", "--base-url", server.base_url,
                    "--prompt", "worsen", "--attempts", "2")  # fmt: skip
    assert ran.code == 3
    note = server.asked[1].body["messages"][-1]["content"].rpartition("\n\n")[2]
    assert note == (
        "[Note on your last reply: the answer came back unchanged; put exactly one error into it.]"
    )


@pytest.mark.parametrize("name", ["json", "worsen"])
def test_structured_output_is_asked_for_by_a_strict_schema(
    name: str, clair: Clair, tmp_path: Path
) -> None:
    def script(asked: Asked) -> Reply:
        if "max_tokens" in asked.body:
            error = {"code": "unsupported_parameter", "param": "max_tokens"}
            return refuse(400, error=error)
        wanted = asked.body["response_format"]["json_schema"]["schema"]["required"]
        return completion(json.dumps(dict(zip(wanted, ["Why.", "It is better."], strict=True))))

    write_rows(tmp_path / "in.jsonl", [{"prompt": "What?", "response": "It is so."}])
    with serving(script) as server:
        line = ["revise", "in.jsonl", "-m", "x", "--base-url", server.base_url]
        line += ["--structured", "--max-tokens", "999"]
        ran = clair(*line, "--prompt", name)
        assert ran.code == 0, ran.err
    asked = server.asked[0]
    assert len(server.asked) == 2
    revision = "worsened_student_solution" if name == "worsen" else "corrected_student_solution"
    assert asked.body["response_format"] == {
        "type": "json_schema",
        "json_schema": {
            "name": "revision",
            "strict": True,
            "schema": {
                "type": "object",
                "properties": {
                    "teacher_reasoning": {"type": "string"},
                    revision: {"type": "string"},
                },
                "required": ["teacher_reasoning", revision],
                "additionalProperties": False,
            },
        },
    }
    (pair,) = pairs(tmp_path)
    assert pair["rationale"] == "Why."
    assert "It is better." in sides(pair)
    assert record(tmp_path)["options"]["structured"] is True
    assert all("max_completion_tokens" in asked.body for asked in server.asked[1:])
    for each in server.asked:  # the model writes in this order, so it is to reason first
        wanted = each.body["response_format"]["json_schema"]["schema"]["properties"]
        assert list(wanted) == ["teacher_reasoning", revision]
    assert f"--prompt {name} --structured" in record(tmp_path)["command"]
    offline = clair(*line, "--prompt", name, "--offline")
    assert offline.code == 0, offline.err  # the same requests, so none is missing


BARE = '{"error": {"message": "%s", "type": "invalid_request_error", "param": %s, "code": %s}}'
DETAIL = (
    '{"detail": [{"type": "extra_forbidden", "loc": ["body", "response_format"], "msg": "no"}]}'
)


@pytest.mark.parametrize(
    ("status", "body", "adapted"),
    [
        (400, BARE % ("No.", '"response_format"', '"unsupported_parameter"'), True),  # OpenAI
        (400, BARE % ("No.", '"response_format"', "null"), True),
        (400, BARE % ("No.", '"response_format.type"', "null"), True),
        (400, BARE % ("This response_format type is unavailable now", "null", "null"), True),
        (422, DETAIL, True),
        (400, BARE % ("response_format: no JSON came", "null", '"json_validate_failed"'), False),
        (400, BARE % ("response_format is long", "null", '"context_length_exceeded"'), False),
        (400, BARE % ("say json to use response_format", '"messages"', "null"), False),
        (400, BARE % ("No.", "null", "null"), False),
    ],
)
def test_a_refused_response_format_is_told_from_other_refusals(
    status: int, body: str, adapted: bool
) -> None:
    verdict = judge(status, {}, body.encode())
    if adapted:
        assert isinstance(verdict, Adapt)
        assert (verdict.parameter, verdict.replacement) == ("response_format", "")
    else:
        assert isinstance(verdict, GiveUp)


def test_an_endpoint_without_structured_output_is_asked_in_plain_once_and_for_all(
    clair: Clair, tmp_path: Path
) -> None:
    def script(asked: Asked) -> Reply:
        if "response_format" in asked.body:
            return refuse(400, error={"message": "This response_format type is unavailable now"})
        return completion(revised("B"))

    with serving(script) as server:
        ran = revise(clair, tmp_path, "-m", "x", "--base-url", server.base_url, "-c", "1",
                     "--structured")  # fmt: skip
    assert ran.code == 0, ran.err
    assert ran.err.count("does not take response_format: it is left out") == 1
    assert ["response_format" in asked.body for asked in server.asked] == [True, *[False] * 3]
    assert [sides(pair)[0] for pair in pairs(tmp_path)] == ["B"] * 3


def test_the_offline_endpoint_with_and_without_structured_output_gives_the_same_pairs(
    clair: Clair, tmp_path: Path
) -> None:
    async def visit() -> Ran:
        async with MockServer(Manners(structured=False)) as server:
            line = ["--base-url", server.base_url, "-m", "m", "--prompt", "json", "--structured"]
            return await asyncio.to_thread(revise, clair, tmp_path, *line)

    ran = asyncio.run(visit())
    assert ran.code == 0, ran.err
    assert ran.err.count("does not take response_format: it is left out") == 1
    without = pairs(tmp_path)
    assert sides(without[0]) == (f"{MENDED} Row 0.", f"{SLIP} Row 0.")
    ran = clair("revise", "in.jsonl", "--mock", "--prompt", "json", "--structured")
    assert ran.code == 0, ran.err
    assert "left out" not in ran.err
    assert pairs(tmp_path) == without


def test_a_template_of_ones_own_runs_with_its_own_markers(clair: Clair, tmp_path: Path) -> None:
    own = OWN.replace("Q: ", "{task}: ").replace("A: ", "{student_solution}: ")
    own = own.replace('"Diagnosis"', '"diagnosis"').replace('["Weaker answer"]', '"weaker_answer"')
    own = own.replace("Diagnosis:", "{diagnosis}").replace("Weaker answer:", "{weaker_answer}")
    (tmp_path / "own.toml").write_text(own)
    ran = revise(clair, tmp_path, "--mock", "--prompt", "own.toml")
    assert ran.code == 0, ran.err
    assert sides(pairs(tmp_path)[0]) == (f"{SLIP} Row 0.", f"{WORSE} Row 0.")


@pytest.mark.parametrize("number", [0, 1])
def test_the_examples_of_the_page_pass_the_check_and_make_pairs_offline(
    number: int, clair: Clair, tmp_path: Path
) -> None:
    text = (ROOT / "docs/templates.md").read_text(encoding="utf-8")
    examples = re.findall(r"```toml\n(.*?\[markers\].*?)```", text, re.DOTALL)
    assert len(examples) == 2
    own = examples[number]
    (tmp_path / "own.toml").write_text(own)
    checked = clair("prompts", "check", "own.toml")
    assert checked.code == 0, checked.err
    assert "Note:" not in checked.out
    assert revise(clair, tmp_path, "--mock", "--prompt", "own.toml").code == 0
    assert sides(pairs(tmp_path)[0]) == (f"{MENDED} Row 0.", f"{SLIP} Row 0.")


def test_an_aspect_is_wanted_where_it_is_used_and_nowhere_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_rows(tmp_path / "in.jsonl", [{"prompt": "P", "response": SLIP}])
    for more, word in [
        (["--prompt", "aspect"], "--aspect"),
        (["--prompt", "aspect", "--aspect", " "], "factual accuracy"),
        (["--aspect", "tone"], "template clair does not use it"),
        (["--prompt", "minimal", *ASPECT], "template minimal does not use it"),
        (["--prompt", "aspect", "--aspect", "a\udcff"], "UTF-8"),
        (["--structured", "--param", "response_format={}"], "--structured"),
    ]:
        with refused(capsys) as told:
            assert run(["revise", "in.jsonl", "--mock", "--quiet", *more]) == 2
        assert word in told[0]
    assert not (tmp_path / "in.clair").exists()


# clair prompts check


@pytest.mark.parametrize("name", SHIPPED)
def test_a_check_shows_what_would_be_sent_and_made(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["prompts", "check", name]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert f"direction  {load_template(name).direction}" in out
    assert '"Dear {{ name }}"' in out
    assert "{% if vip %}sir{% endif %}" in out
    assert "Assistant: Filling in a text, as {# this #} one." in out
    assert "user message, as it would be sent:" in out
    assert f"{load_template(name).markers.revision[0]}" in out.partition("A sample reply:")[2]
    chosen = re.search(r"^chosen +the (\w+)", out, re.MULTILINE)
    assert chosen is not None
    assert chosen[1] == ("answer" if name == "worsen" else "revision")
    assert "Note:" not in out
    assert ("factual accuracy" in out) == (name == "aspect")


def test_a_check_of_ones_own_tells_what_is_seldom_meant(clair: Clair, tmp_path: Path) -> None:
    odd = OWN.replace("Q: {{ prompt }}\n\n", "").replace("{{ response }}", "{{ response | upper }}")
    (tmp_path / "own.toml").write_text(odd)
    ran = clair("prompts", "check", "own.toml")
    assert ran.code == 0, ran.err
    assert "Note: it does not show {{ prompt }}" in ran.out
    assert "Note: it alters the answer" in ran.out
    assert "chosen     the answer as it was" in ran.out


def test_a_check_takes_an_aspect(clair: Clair) -> None:
    assert "a dry tone" in clair("prompts", "check", "aspect", "--aspect", "a dry tone").out
    ran = clair("prompts", "check", "clair", "--aspect", "a dry tone")
    assert (ran.code, ran.out) == (2, "")


FAULTS = {
    "TOML": ('revision = ["Weaker answer"]', "revision = [", 8, "not valid TOML"),
    "an unknown key": ("direction =", "directoin =", 2, "'directoin'"),
    "an unknown table": ("[markers]", "[tools]\n[markers]", 4, "'tools'"),
    "a description of numbers": ('"A weaker answer."', "7", 1, "description"),
    "a direction": ('"worsen"', '"sideways"', 2, "sideways"),
    "a form of reply": ('"worsen"', '"worsen"\nreply = "yaml"', 3, "yaml"),
    "an empty marker": ('"Diagnosis"', '" "', 5, "marker of the reasoning"),
    "no marker": ('reasoning = "Diagnosis"\n', "", 4, "marker of the reasoning"),
    "another marker": ("reasoning =", 'answer = "x"\nreasoning =', 5, "'answer'"),
    "the same marker twice": ('["Weaker answer"]', '["x", "DIAG_NOSIS"]', 6, "diagnosis"),
    "a role": ('role = "user"', 'role = "teacher"', 13, "role"),
    "no content": ('content = "W', 'contents = "W', 8, "content"),
    "an unknown value": ("{{ response }}", "{{ response }} {{ answer }}", 17, "'answer'"),
    "no answer": ("{{ response }}", "the answer", 14, "{{ response }}"),
    "an open brace": ("{{ prompt }}", "{{ prompt", 17, "jinja2"),
    "an open block": ("{{ prompt }}", "{% if prompt %}", 17, "jinja2"),
    "a filter": ("{{ response }}", "{{ response | shout }}", 17, "shout"),
    "a sum": ("{{ response }}", "{{ response + 1 }}", 17, "rendered"),
    "another file": ("{{ response }}", "{{ response }}{% include 'x' %}", 17, "rendered"),
    "the way out": ("{{ response }}", "{{ response.__class__.__mro__ }}", 17, "rendered"),
    "the way out, called": ("{{ response }}", "{{ response.format.__globals__ }}", 17, "rendered"),
    "a long list": ("{{ response }}", "{{ response }}{{ range(10 ** 6) | list }}", 17, "too big"),
    "a long text": ("{{ response }}", "{{ response * 999999999 }}", 17, "too large"),
    "a large power": ("{{ response }}", "{{ response }}{{ 9 ** 9 ** 9 }}", 17, "too large"),
    "a wrong type": ("{{ response }}", "{{ response | dictsort }}", 17, "rendered"),
    "a macro without end": (
        "{{ response }}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}{{ response }}", 17, "rendered",
    ),
    "an unnamed marker": ("Write Diagnosis: and", "Write", 0, "never names its marker"),
    "a marker within a marker": ("Diagnosis", "Weaker", 0, "no reply can be split"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "word"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_told_in_one_line_with_its_place(
    old: str,
    new: str,
    line: int,
    word: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert old in OWN
    (tmp_path / "own.toml").write_text(OWN.replace(old, new))
    with refused(capsys) as told:
        assert run(["prompts", "check", "own.toml"]) == 2
    place = f"own.toml, line {line}" if line else "own.toml"
    assert told[0].startswith(f"clair: {place}: the template "), told[0]
    assert word in told[0]


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"\xff\xfe", "UTF-8"),
        (b"a = " + b"[" * 5000, "the template"),
        (b"", "marker"),
        ((OWN.replace("{{ response }}", "{{ " + "(" * 3000 + "response }}")).encode(), "compiled"),
        ((OWN.replace("{{ response }}", "{% for a in '' %}" * 30 + "{{ response }}"
          + "{% endfor %}" * 30)).encode(), "compiled"),
    ],
    ids=["no text", "deep tables", "empty", "deep brackets", "deep loops"],
)  # fmt: skip
def test_a_hostile_file_is_refused_in_one_line(
    content: bytes,
    word: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.toml").write_bytes(content)
    for line in (
        ["prompts", "check", "own.toml"],
        ["revise", "x", "--mock", "--prompt", "own.toml"],
    ):
        with refused(capsys) as told:
            assert run(line) == 2
        assert "own.toml" in told[0]
        assert word in told[0]


def test_a_file_that_begins_with_a_mark_is_read(tmp_path: Path, clair: Clair) -> None:
    (tmp_path / "own.toml").write_bytes(b"\xef\xbb\xbf" + OWN.replace("\n", "\r\n").encode())
    assert clair("prompts", "check", "own.toml").code == 0


@pytest.mark.parametrize("line", [["check"], ["check", "nothing"], ["clair", "worsen"], ["no"]])
def test_what_cannot_be_checked_or_shown(
    line: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with refused(capsys):
        assert run(["prompts", *line]) == 2


def test_a_check_shows_no_control_code_of_a_template(clair: Clair, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(OWN.replace("Weaken answers.", "Weaken \\u001b[31m"))
    ran = clair("prompts", "check", "own.toml")
    assert ran.code == 0, ran.err
    assert "\x1b" not in ran.out
    assert "\\x1b[31m" in ran.out


def test_lines_are_told_right_in_every_kind_of_text() -> None:
    for quoted, line in [
        ("'''\nA\nB {{ x }}\n{{ response }}'''", 7),
        ("'''A\nB {{ x }}\n{{ response }}'''", 6),
        ('"""\nA\n{{ x }} [x]\nk = 1\n{{ response }}"""', 7),
        ('"A\\nB {{ x }} {{ response }}"', 5),
        ('"""A\\nB\n{{ x }} {{ response }}"""', 5),
    ]:
        text = (
            'markers.reasoning = "a"\nmarkers.revision = "b"\n'
            f'[[messages]]\nrole = "user"\ncontent = {quoted}\n'
        )
        with pytest.raises(UsageError, match=rf"^t\.toml, line {line}: .*'x'"):
            Template("t", text, "t.toml")


def test_ours_are_under_our_licence_and_all_are_documented() -> None:
    for name in OURS:
        assert (load_template(name).source, load_template(name).licence) == ("clair", "MIT")
    page = (ROOT / "docs/templates.md").read_text("utf-8")
    assert set(SHIPPED) <= set(re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE))
