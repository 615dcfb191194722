"""Parsing: replies with known answers, properties on any text, and hostile texts of a megabyte.

A file of `tests/replies` has `manner`, `response`, `reply`, perhaps `prompt` and `finish_reason`,
and an `[expect]` table: the `revision` and its `rationale`, or the `reasons` of which one must be
given. Where it has both, a failure is as good as that split, and any other split is wrong.
"""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from clair_cli.contrast.checks import check, is_refusal
from clair_cli.prompts.shipped import load_template
from clair_cli.records import Completion, Pair, Problem, Revision, Row, Usage
from clair_cli.replies.headings import Grammar
from clair_cli.replies.sections import parse
from clair_cli.run.tasks.revise import Reader

REPLIES = Path(__file__).parent / "replies"
CASES = {path.stem: path for path in sorted(REPLIES.glob("*.toml"))}
REAL = Path(__file__).parents[2] / "shared" / "gpt4-revisions" / "replies.jsonl"
TEMPLATE = load_template("clair")
GRAMMAR = Grammar(TEMPLATE.markers.reasoning, TEMPLATE.markers.revision)
READ = Reader(GRAMMAR, TEMPLATE.direction)
RESPONSE = "An answer that a student gave."

T, R = "{teacher_reasoning}", "{corrected_student_solution}"
IDENTIFIER = re.compile(
    r"(?<![^\W_])(?:teacher_reasoning|(?:corrected|worsened)_student_solution)(?![^\W_])",
    re.IGNORECASE,
)

FEW = settings(
    deadline=None,
    database=None,
    max_examples=200,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
MANY = settings(FEW, max_examples=800)


def row(response: str = RESPONSE, prompt: str = "A question?") -> Row:
    return Row("1", [{"role": "user", "content": prompt}], response, 1, len(response), {})


def completion(text: str, finish_reason: str = "stop") -> Completion:
    return Completion(text, "", "", finish_reason, "a-model", Usage(), b"")


def parsed(reply: str, response: str = RESPONSE) -> Revision | Problem:
    return parse(reply, GRAMMAR, response)


# Replies with known answers


@pytest.mark.parametrize("name", CASES)
def test_a_reply_is_split_or_refused_as_its_file_says(name: str) -> None:
    case = tomllib.loads(CASES[name].read_text(encoding="utf-8"))
    asked = row(case["response"], case.get("prompt", "A question?"))
    outcome = READ(asked, completion(case["reply"], case.get("finish_reason", "stop")))
    accepted = _accepted(case["expect"])
    assert accepted, f"{name} expects nothing"
    assert _told(outcome) in accepted, case["manner"]


def test_the_collection_of_replies_is_whole() -> None:
    assert len(CASES) >= 60


def _accepted(expect: dict[str, Any]) -> list[tuple[str, ...]]:
    splits = [("pair", expect["revision"], expect["rationale"])] if "revision" in expect else []
    return [*splits, *(("problem", reason) for reason in expect.get("reasons", []))]


def _told(outcome: Pair | Problem) -> tuple[str, ...]:
    if isinstance(outcome, Problem):
        return ("problem", outcome.reason)
    return ("pair", outcome.chosen, outcome.rationale)


# Ten real replies, where they are at hand


def _real() -> list[dict[str, Any]]:
    if not REAL.exists():
        return []
    return [json.loads(line) for line in REAL.read_text(encoding="utf-8").splitlines()]


@pytest.mark.skipif(not REAL.exists(), reason="the real replies are not at hand")
@pytest.mark.parametrize("call", _real(), ids=lambda call: call["reply"]["id"])
def test_a_real_reply_is_split_as_by_hand(call: dict[str, Any]) -> None:
    content = call["reply"]["choices"][0]["message"]["content"]
    assert content.count(T) == content.count(R) == 1
    reasoning, revision = content.split(R)
    asked = row(call["student_solution"], call["task"])
    pair = READ(asked, completion(content))
    assert isinstance(pair, Pair)
    assert pair.chosen == revision.removeprefix(":").strip()
    assert pair.rationale == reasoning.removeprefix(T).removeprefix(":").strip()
    assert pair.rejected == call["student_solution"]


@pytest.mark.skipif(not REAL.exists(), reason="the real replies are not at hand")
@pytest.mark.parametrize("call", _real(), ids=lambda call: call["reply"]["id"])
def test_the_template_renders_what_the_authors_sent(call: dict[str, Any]) -> None:
    messages = TEMPLATE.render(row(call["student_solution"], call["task"]))
    assert messages == [{"role": "user", "content": call["user_message"]}]


# Any text


NAMES = [
    "teacher_reasoning",
    "corrected_student_solution",
    "worsened_student_solution",
    "Teacher Reasoning",
    "Corrected Student Solution",
    "CORRECTED-STUDENT-SOLUTION",
    r"teacher\_reasoning",
    "student_solution",
    "task",
]
DRESSES = [
    "{%s}",
    "{{%s}}",
    r"\{%s\}",
    "{/%s}",
    "{{/%s}}",
    "<%s>",
    "</%s>",
    "[%s]",
    "**{%s}**",
    "**{%s}:**",
    "**{/%s}**",
    "### %s",
    "`{%s}`",
    '"%s": "',
    "1. {%s}:",
    "- {%s}:",
    "{%s:",
    "{%s_2}:",
    "*%s",
    "%s",
]
PIECES = [
    *(dress % name for dress in DRESSES for name in NAMES),
    *("```", "````", "~~~", "```json\n", "```markdown\n", "\n```\n"),
    *("<think>", "</think>", "<think>\n", "\n</think>\n", "[THINK]", "[/THINK]", "<thinking>"),
    *('{"teacher_reasoning": "why"', ', "corrected_student_solution": "what"}', '"}', "\\", '"'),
    *("\\ud83d", "\\u0041", "{ ", " }", "null", "[1e999]", "9" * 5000),
    *("---", "***", "\n---\n", "\n===\n", "- - -", "___"),
    *("<|im_end|>", "</s>", "<|channel|>final<|message|>", "<｜end▁of▁sentence｜>"),
    *(":", "：", " :", ": ", "\n", "\n\n", "\r\n", "\r", "\t", "    ", "\0", "\u00a0", "\ufeff"),
    *("Paris.", "the answer", "I'm sorry, but I can't help", "Sure!", "Here is", "答え", "👩‍🏫"),
    *("**", "*", "_", "`", "#", "> ", "- ", "\u2028", "\u202e", "ﬁ", "İ"),
]
pieces = st.one_of(st.sampled_from(PIECES), st.text(max_size=8), st.sampled_from(["\n", " "]))
patchworks = st.lists(pieces, max_size=30).map("".join)
noise = st.lists(pieces, max_size=5).map("".join)


@st.composite
def framed(draw: st.DrawFn) -> str:
    """A reply with both sections in order, and anything at all between and around."""
    return "".join(
        [
            *(
                draw(noise),
                "\n",
                T,
                draw(st.sampled_from([":", ":\n", "\n"])),
                " why ",
                draw(noise),
            ),
            *(
                "\n",
                R,
                draw(st.sampled_from([":", ":\n", "\n"])),
                draw(noise),
                " text ",
                draw(noise),
            ),
        ]
    )


replies = st.one_of(st.text(), patchworks, framed(), framed())


@given(replies, st.one_of(st.just(RESPONSE), patchworks))
@MANY
def test_any_text_gives_a_revision_or_a_problem(reply: str, response: str) -> None:
    found = parsed(reply, response)
    assert isinstance(found, Revision | Problem)
    if isinstance(found, Problem):
        assert found.reason
        assert found.detail


@given(replies)
@MANY
def test_a_revision_is_text_from_the_reply_without_markers(reply: str) -> None:
    found = parsed(reply)
    assume(isinstance(found, Revision))
    assert isinstance(found, Revision)
    assert found.text.strip()
    found.text.encode()
    found.rationale.encode()
    assert not IDENTIFIER.search(found.text)
    if not re.search(r'\{\s*"', reply):
        assert found.text in reply


@given(replies, st.one_of(st.just(RESPONSE), patchworks))
@FEW
def test_parsing_is_a_pure_function(reply: str, response: str) -> None:
    fresh = Grammar(TEMPLATE.markers.reasoning, TEMPLATE.markers.revision)
    first = parsed(reply, response)
    parsed(f"{reply}\n{T}:", response)
    assert parsed(reply, response) == first == parse(reply, fresh, response)


@given(replies, st.sampled_from(["", "stop", "length"]))
@FEW
def test_reading_any_reply_gives_a_pair_or_a_problem(reply: str, finish_reason: str) -> None:
    outcome = READ(row(), completion(reply, finish_reason))
    assert isinstance(outcome, Pair | Problem)
    if isinstance(outcome, Pair):
        assert finish_reason != "length"
        assert outcome.chosen.strip() != outcome.rejected.strip() == RESPONSE


# Round trips


LINES = [
    "A plain sentence, with a comma: and a colon.",
    "**Bold** words and *others*.",
    "- a bullet",
    "  - one below it",
    "1. a first step",
    "> a quotation",
    "## A heading of its own",
    "| a | b |",
    "| --- | --- |",
    "if a < b: return {'x': [1, 2]}",
    "    return x",
    r"\(a_{1} + \frac{b}{c}\)",
    "---",
    "",
    "",
    "Ünïcödé, 日本語：はい, عربي 👍🏽",
    "Note: this is it",
    "trailing blanks  ",
    "}",
    "{{ user.name }}",
    "</div>",
]
odd_lines = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="`~<["))
prose = st.lists(st.one_of(st.sampled_from(LINES), odd_lines), min_size=1, max_size=6)
BLANK_OR_RULE = re.compile(r"[-*_=#\\\s]*")


def _is_clean(text: str) -> bool:
    """Whether no end of `text` could be taken for wrapping, and no word of it for a marker."""
    lines = text.split("\n")
    ends = BLANK_OR_RULE.fullmatch(lines[0]) or BLANK_OR_RULE.fullmatch(lines[-1])
    ends = ends or text.endswith("\\") or re.search(r"\s[*_]+$", text)
    named = re.search(r"reasoning|solution|task", text, re.IGNORECASE)
    return bool(text) and text == text.strip() and not ends and not named


clean_texts = prose.map("\n".join).map(str.strip).filter(_is_clean)

SPELLINGS = [
    ("teacher_reasoning", "corrected_student_solution"),
    ("teacher_reasoning", "worsened_student_solution"),
    ("Teacher Reasoning", "Corrected Student Solution"),
    ("TEACHER_REASONING", "CORRECTED_STUDENT_SOLUTION"),
    ("teacher-reasoning", "corrected-student-solution"),
    (r"teacher\_reasoning", r"corrected\_student\_solution"),
]
ALONE = ["%s", "{%s}", "{{%s}}", "<%s>", "[%s]", r"\{%s\}", "{ %s }"]
ALONE += ["**%s**", "**{%s}**", "*{%s}*", "_{%s}_", "__%s__", "`{%s}`", "**`{%s}`**", '"{%s}"']
ALONE += ["# %s", "### {%s}", "### **{%s}**", "## {%s} ##", "1. {%s}", "**2) %s**", "  {%s}"]
WITH_COLON = ["%s:", "{%s}:", "{%s} :", "{%s}：", "**{%s}:**", "**{%s}**:", "`{%s}`:", "*{%s}*:"]
WITH_COLON += ["**{%s}** :", "### {%s}:", "1. **{%s}:**", r"\{%s\}:", "[%s]:", "“{%s}”:", "{{%s}}:"]
BEFORE = ["", "\n\n", "Sure, here it is:\n\n", f"<think>\nHm. {R}\n{R}: no\n</think>\n\n", "---\n"]
BETWEEN = ["\n", "\n\n", "\n\n---\n\n", "  \n\n\n", "\n\n* * *\n"]
AFTER = [
    "",
    "\n",
    " \n\n",
    "\n\n---\n",
    "<|im_end|>",
    "\n<|eot_id|>\n",
    "\n{%s}",
    "\n\n**{%s}:**\n",
]
AFTER += ["\n</%s>\n\nI hope this helps!", "\n{/%s}\n---\nA word more: yes", "</%s>"]


@st.composite
def headings(draw: st.DrawFn) -> str:
    """A heading's dress with what separates it from its text."""
    if draw(st.booleans()):
        return draw(st.sampled_from(ALONE)) + draw(st.sampled_from(["\n", "\n\n", "  \n"]))
    return draw(st.sampled_from(WITH_COLON)) + draw(st.sampled_from([" ", "\n", " \n\n"]))


@st.composite
def decorations(draw: st.DrawFn) -> str:
    """A reply of the paper's shape, with %s for the reasoning and then for the revision."""
    reasoning, revision = draw(st.sampled_from(SPELLINGS))
    before, between = draw(st.sampled_from(BEFORE)), draw(st.sampled_from(BETWEEN))
    after = draw(st.sampled_from(AFTER)).replace("%s", revision)
    why, what = draw(headings()) % reasoning, draw(headings()) % revision
    return f"{before}{why}%s{between}{what}%s{after}"


@given(clean_texts, clean_texts, decorations())
@MANY
def test_what_was_dressed_up_comes_out_bare(why: str, what: str, dress: str) -> None:
    assert parsed(dress % (why, what)) == Revision(what, why)


FENCES = [("```", "```"), ("````", "````"), ("```markdown", "```"), ("~~~text", "~~~")]


@given(clean_texts, clean_texts, st.sampled_from(FENCES))
@FEW
def test_a_fence_around_all_or_around_the_revision_comes_off(
    why: str, what: str, fence: tuple[str, str]
) -> None:
    begin, end = fence
    around_one = f"{T}:\n{why}\n\n{R}:\n{begin}\n{what}\n{end}"
    around_all = f"{begin}\n{T}:\n{why}\n\n{R}:\n{what}\n{end}\n"
    assert parsed(around_one) == parsed(around_all) == Revision(what, why)


@given(clean_texts, clean_texts)
@FEW
def test_windows_line_ends_change_nothing_else(why: str, what: str) -> None:
    reply = f"**{T}:**\n{why}\n\n---\n\n**{R}**\n{what}\n".replace("\n", "\r\n")
    assert parsed(reply) == Revision(what.replace("\n", "\r\n"), why.replace("\n", "\r\n"))


@given(clean_texts, clean_texts, st.booleans(), st.sampled_from([None, 2]), st.booleans())
@FEW
def test_json_comes_out_as_it_went_in(
    why: str, what: str, ascii_only: bool, indent: int | None, fenced: bool
) -> None:
    texts = {"teacher_reasoning": why, "corrected_student_solution": what}
    reply = json.dumps(texts, ensure_ascii=ascii_only, indent=indent)
    assert parsed(f"```json\n{reply}\n```" if fenced else reply) == Revision(what, why)


MENTIONS = [R, T, "corrected_student_solution", "**{corrected_student_solution}**", f"`{R}`:"]
MENTIONS += [
    "{teacher_reasoning}:",
    "corrected student solution:",
    f'"{R}"',
    r"\{teacher\_reasoning\}",
]


@given(clean_texts, clean_texts, clean_texts, st.sampled_from(MENTIONS), decorations())
@FEW
def test_a_mention_in_a_sentence_never_changes_the_revision(
    why: str, more: str, what: str, mention: str, dress: str
) -> None:
    reasoning = f"{why}\nWhat I want of the {mention} is a number.\n{more}"
    found = parsed(dress % (reasoning, what))
    assert isinstance(found, Revision)
    assert found.text == what
    assert not IDENTIFIER.search(found.rationale)


@given(clean_texts, clean_texts, st.sampled_from(MENTIONS[:5]))
@FEW
def test_a_marker_in_the_revision_must_be_in_the_response(
    why: str, what: str, mention: str
) -> None:
    revised = f"{what}\nA template with a {mention} in it."
    reply = f"{T}:\n{why}\n\n{R}:\n{revised}"
    found = parsed(reply)
    assert isinstance(found, Problem)
    assert found.reason == "marker_left"
    assert parsed(reply, f"A templet with {mention} in it.") == Revision(revised, why)


CLOSINGS = ["\n</corrected_student_solution>", "\n{/corrected_student_solution}"]
CLOSINGS += ["</corrected_student_solution>", "\n[/CORRECTED_STUDENT_SOLUTION]"]
outros = st.one_of(st.text(), patchworks).filter(
    lambda text: not re.search(r"reasoning|solution|think|\|>", text, re.IGNORECASE)
)


@given(clean_texts, clean_texts, st.sampled_from(CLOSINGS), outros)
@FEW
def test_nothing_after_a_closing_tag_matters(why: str, what: str, closing: str, outro: str) -> None:
    # On a line with the tag, such a last character is taken for a part of the tag.
    assume(closing.startswith("\n") or what[-1] not in "=-#[<{`")
    assert parsed(f"{T}:\n{why}\n\n{R}\n{what}{closing}{outro}") == Revision(what, why)


@given(clean_texts, clean_texts)
@FEW
def test_a_reply_cut_in_its_reasoning_is_no_pair(why: str, what: str) -> None:
    whole = f"{T}:\n{why}\n\n{R}:\n{what}"
    cut = whole[: whole.index(R) + len(R) - 1]
    assert isinstance(parsed(cut), Problem)


# A megabyte of the same


SIZE = 1_000_000
TIMES = 50_000
LONG = {
    "backslashes": "\\",
    "backticks": "`",
    "braces": "{",
    "doubled braces and blanks": "{{ ",
    "escaped braces": "\\\\\\{",
    "think tags": "<think>",
    "think tags that end": "<think></think>",
    "ends of thinking": "</think>\n",
    "fences": "```\n",
    "fences of two lengths": "````\n```\n",
    "fences with a word": "```a\n",
    "JSON beginnings": '{ "teacher_reasoning": ',
    "JSON beginnings in fences": '```json\n{"teacher_reasoning": ',
    "fences before blank lines": "```\n\n\n\n",
    "dashes": "- - - -",
    "rules": "---\n",
    "stars": "*",
    "underscores": "_",
    "blanks": " ",
    "line ends": "\n",
    "blanks and line ends": " \t\n",
    "Windows line ends": "\r\n",
    "a name's beginning": "teacher" + "_" * 40,
    "quotes": '"',
    "end tokens": "<|im_end|> ",
    "channels": "<|channel|>final<|message|>",
    "full stops": ".\n",
    "allusions begun": "in this revised ",
    "apologies": "I am sorry ",
    "apologies with but": "I'm sorry, but ",
    "NULs": "\0",
}
REPEATED = {
    "names on a line": "corrected_student_solution ",
    "names on lines": "teacher_reasoning\n",
    "headings": "{corrected_student_solution}: x\n",
    "both headings": "{teacher_reasoning}: x\n{corrected_student_solution}: y\n",
    "closing tags": "</corrected_student_solution> ",
    "tags with text": "<corrected_student_solution>x</corrected_student_solution>",
    "tags never closed": "<corrected_student_solution>x\n",
}
RUNS = {
    "rules and blank lines": "---\n\n" * 600_000,
    **{name: unit * (SIZE // len(unit)) for name, unit in LONG.items()},
    **{name: unit * TIMES for name, unit in REPEATED.items()},
}


@pytest.mark.heavy
@pytest.mark.timeout(20)
@pytest.mark.parametrize("name", RUNS)
def test_a_megabyte_of_the_same_is_parsed_in_time(name: str) -> None:
    run = RUNS[name]
    hostile = [
        run,
        f"{T}:\nwhy\n\n{R}:\n{run}x",
        f"{T}:\n{run}x\n\n{R}:\ntext",
    ]
    for reply in hostile:
        assert isinstance(parsed(reply), Revision | Problem)
    assert isinstance(parsed(f"{T}:\nwhy\n\n{R}:\ntext", response=f"{run}x"), Revision | Problem)


@pytest.mark.heavy
@pytest.mark.timeout(20)
def test_a_megabyte_of_the_same_is_checked_in_time() -> None:
    for run in RUNS.values():
        is_refusal(run)
        check(row(), f"x\n{run}x")
