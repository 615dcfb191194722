"""From the lines of a file to rows: shapes, ids, misfits, packing, and text that stays data."""

import gzip
import tomllib
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from clair_cli.prompts.asking import Asker
from clair_cli.prompts.shipped import load_template
from clair_cli.records import Completion, Failure, Pair, Row, Usage
from clair_cli.replies.headings import Grammar
from clair_cli.rows.columns import Columns
from clair_cli.rows.input import find_input
from clair_cli.rows.picking import Picking, pick
from clair_cli.rows.raw import Raw
from clair_cli.rows.reader import read_rows
from clair_cli.run.tasks.revise import Reader
from tests.conftest import ROOT, Clair, Ran, answers, write_rows
from tests.conftest import read_rows as records
from tests.serving import Endpoint, revised

Pack = Callable[[bytes], bytes]

USER, ASSISTANT, SYSTEM = "user", "assistant", "system"
GOOD = {"prompt": "What is it?", "response": "It is it."}
MENDABLE = {"prompt": "What is it?", "response": "It is is it."}


def turn(role: str, content: Any) -> dict[str, Any]:
    return {"role": role, "content": content}


def part(text: str) -> dict[str, str]:
    return {"type": "text", "text": text}


def zstd(data: bytes) -> bytes:
    """Several frames, the last of which ends the data."""
    frame = zstandard.ZstdCompressor().compress
    third = len(data) // 3
    return b"".join(map(frame, (data[:third], b"", data[third:])))


PACKS: dict[str, Pack] = {".jsonl": bytes, ".jsonl.gz": gzip.compress, ".jsonl.zst": zstd}


def parsed(path: Path, rows: list[Any], columns: Columns | None = None) -> list[Row | Failure]:
    """What the source makes of `rows`."""
    return read(write_rows(path, rows), columns)


def read(path: Path, columns: Columns | None = None) -> list[Row | Failure]:
    """What the source makes of the rows in a file."""
    return list(read_rows(raws(path), path.name, columns or Columns(), lambda _: None))


def raws(path: Path) -> list[Raw]:
    """The rows in a file as they are."""
    return list(find_input([str(path)]))


def pairs_in(directory: Path) -> list[dict[str, Any]]:
    return records(directory / "train.jsonl")


def failures_in(directory: Path) -> list[dict[str, Any]]:
    return records(directory / ".clair" / "failures.jsonl")


def is_refused(ran: Ran, *parts: str) -> bool:
    """Code 2, and one line at the end that says why."""
    assert ran.code == 2, ran.err
    assert "Traceback" not in ran.err
    assert ran.last.startswith("clair: ")
    missing = [part for part in parts if part not in ran.last]
    assert not missing, ran.last
    return True


# Shapes: (the row, the prompt it must yield, the answer it must yield)

U1, A1, U2, A2 = (
    turn(USER, "One?"),
    turn(ASSISTANT, "1."),
    turn(USER, "Two?"),
    turn(ASSISTANT, "2."),
)
S = turn(SYSTEM, "Be brief.")
ONE = [U1]

SHAPES: dict[str, tuple[dict[str, Any], list[dict[str, str]], str]] = {
    "task": ({"task": "One?", "student_solution": "1."}, ONE, "1."),
    "prompt": ({"prompt": "One?", "response": "1."}, ONE, "1."),
    "prompt as messages": ({"prompt": [S, U1, A1, U2], "response": "2."}, [S, U1, A1, U2], "2."),
    "instruction": ({"instruction": "One?", "output": "1."}, ONE, "1."),
    "alpaca": (
        {"instruction": "Translate.", "input": "eins", "output": "one"},
        [turn(USER, "Translate.\n\neins")],
        "one",
    ),
    "alpaca, blank input": ({"instruction": "One?", "input": " ", "output": "1."}, ONE, "1."),
    "alpaca, null input": ({"instruction": "One?", "input": None, "output": "1."}, ONE, "1."),
    "preference": ({"prompt": "One?", "chosen": "One.", "rejected": "1."}, ONE, "1."),
    "preference, answers as messages": ({"prompt": "One?", "rejected": [A1]}, ONE, "1."),
    "preference, all messages": ({"prompt": [U1, A1, U2], "rejected": [A2]}, [U1, A1, U2], "2."),
    "whole conversation in rejected": ({"prompt": "One?", "rejected": [U1, A1]}, ONE, "1."),
    "with its system turn": ({"prompt": "One?", "rejected": [S, U1, A1]}, [S, U1], "1."),
    "multi-turn in rejected": (
        {"prompt": "One?", "rejected": [U1, A1, U2, A2]},
        [U1, A1, U2],
        "2.",
    ),
    "prompt that is all turns as one text": (
        {
            "prompt": "System: Be brief.\n\nUser: One?\n\nAssistant: 1.\n\nUser: Two?",
            "rejected": [S, U1, A1, U2, A2],
        },
        [S, U1, A1, U2],
        "2.",
    ),
    "prompt repeated before more turns": (
        {"prompt": [S, U1], "rejected": [S, U1, A1, U2, A2]},
        [S, U1, A1, U2],
        "2.",
    ),
    "more turns in rejected": ({"prompt": "One?", "rejected": [A1, U2, A2]}, [U1, A1, U2], "2."),
    "system turn outside rejected": ({"prompt": [S, U1], "rejected": [U1, A1]}, [S, U1], "1."),
    "last turn repeated": (
        {"prompt": [U1, A1, U2], "rejected": [U2, A2]},
        [U1, A1, U2],
        "2.",
    ),
    "content in parts": (
        {
            "prompt": [turn(USER, [part("One"), part("?")])],
            "rejected": [turn(ASSISTANT, [part("1.")])],
        },
        ONE,
        "1.",
    ),
    "other columns beside": ({"x.y": [], "prompt": "One?", "response": "1."}, ONE, "1."),
}  # fmt: skip


@pytest.mark.parametrize("name", SHAPES)
def test_a_known_shape_yields_its_prompt_and_its_answer(name: str, tmp_path: Path) -> None:
    cells, prompt, response = SHAPES[name]
    (row,) = parsed(tmp_path / "in.jsonl", [cells])
    assert isinstance(row, Row), row
    assert (row.prompt, row.response, row.line) == (prompt, response, 1)


def test_every_shape_becomes_a_pair_in_input_order(
    clair: Clair, endpoint: Endpoint, tmp_path: Path
) -> None:
    rows = [cells for cells, _, _ in SHAPES.values()]
    write_rows(tmp_path / "in.jsonl", rows)
    ran = clair("revise", "in.jsonl", "--base-url", endpoint.base_url, "-m", "x")
    assert ran.code == 0, ran.err
    pairs = pairs_in(tmp_path / "in.clair")
    expected = [(prompt, [turn(ASSISTANT, answer)]) for _, prompt, answer in SHAPES.values()]
    assert [(p["prompt"], p["rejected"]) for p in pairs] == expected


# Ids


def test_an_id_is_the_rows_own_or_a_hash_that_survives_reordering(
    clair: Clair, endpoint: Endpoint, tmp_path: Path
) -> None:
    rows = [r | {"n": i} for i, r in enumerate(answers(3))]
    rows += [{"id": "own", **r} for r in answers(4)[3:]] + [{"id": 0, **r} for r in answers(5)[4:]]
    write_rows(tmp_path / "a.jsonl", rows)
    write_rows(tmp_path / "b.jsonl", [r | {"n": "edited"} for r in rows[::-1]])
    for name in ("a.jsonl", "b.jsonl"):
        assert clair("revise", name, "--base-url", endpoint.base_url, "-m", "x").code == 0
    first, again = (
        [pair["id"] for pair in pairs_in(tmp_path / name)] for name in ("a.clair", "b.clair")
    )
    assert first[3:] == ["own", "0"]
    assert len(set(first[:3])) == 3
    assert all(len(each) == 16 and int(each, 16) >= 0 for each in first[:3])
    assert again == first[::-1]


def test_ids_that_are_not_text_or_a_whole_number_give_way_to_a_hash(tmp_path: Path) -> None:
    rows = parsed(tmp_path / "in.jsonl", [GOOD | {"id": i} for i in (None, True, 1.5, "", [1])])
    plain = parsed(tmp_path / "in.jsonl", [GOOD])[0]
    assert [r.id for r in rows] == [plain.id] * 5
    assert len(plain.id) == 16


# Columns that the user names


def test_columns_can_be_named_by_dotted_paths(
    clair: Clair, endpoint: Endpoint, tmp_path: Path
) -> None:
    nested = {"data": {"q": {"text": "Nested?"}, "a": [U1, A1]}, "meta": {"key": 7}}
    dotted = {"data.q.text": "Dotted?", "data": {"a": "It is."}, "meta": {"key": "k"}}
    empty = {"data": {"q": {"text": "Empty?"}, "a": " "}, "meta": {"key": "e"}}
    lacking = {"data": {"q": "no text below"}, "meta": {"key": "m"}}
    without = {"data": {"q": {"text": "No id?"}, "a": "None."}, "meta": {}}
    write_rows(tmp_path / "in.jsonl", [nested, dotted, empty, lacking, without])
    ran = clair(
        "revise", "in.jsonl", "--base-url", endpoint.base_url, "-m", "x", "--prompt-column",
        "data.q.text", "--response-column", "data.a", "--id-column", "meta.key",
    )  # fmt: skip
    assert ran.code == 3, ran.err
    pairs, failures = pairs_in(tmp_path / "in.clair"), failures_in(tmp_path / "in.clair")
    assert [(p["id"], p["prompt"][0]["content"]) for p in pairs] == [
        ("7", "Nested?"),
        ("k", "Dotted?"),
    ]
    assert [(f["reason"], f["row"]) for f in failures] == [
        ("empty_response", empty),
        ("no_columns", lacking),
        ("no_columns", without),
    ]
    assert "'data.q.text'" in failures[1]["detail"]
    assert "'meta.key'" in failures[2]["detail"]
    assert [f["id"] for f in failures] == ["e", "m", ""]


def test_naming_one_column_settles_what_is_ambiguous(tmp_path: Path) -> None:
    cells = {"prompt": "P", "response": "R", "chosen": "C", "rejected": "J", "task": "T"}
    for column, answer in (("response", "R"), ("rejected", "J"), ("chosen", "C")):
        (row,) = parsed(tmp_path / "in.jsonl", [cells], Columns("prompt", column))
        assert isinstance(row, Row), row
        assert row.response == answer


# Rows that are none

CELLS: list[tuple[str, Any, str]] = [
    ("no_columns", {"query": "Q?", "reply": "A."}, "no column"),
    ("no_columns", {"prompt": "P"}, "no column"),
    ("no_columns", {}, "no column"),
    ("ambiguous_columns", {"prompt": "P", "response": "R", "rejected": "J"}, "'rejected'"),
    ("ambiguous_columns", {**GOOD, "task": "T", "student_solution": "S"}, "'student_solution'"),
    ("empty_response", {"prompt": "P", "response": ""}, "'response'"),
    ("empty_response", {"prompt": "P", "response": " \n\t\u00a0"}, "'response'"),
    ("empty_response", {"prompt": "P", "rejected": [U1, turn(ASSISTANT, " ")]}, "'rejected'"),
    ("not_text", {"prompt": "P", "response": None}, "null"),
    ("not_text", {"prompt": "P", "response": 42}, "int"),
    ("not_text", {"prompt": "P", "response": ["a", "b"]}, "'response'"),
    ("not_text", {"prompt": "P", "response": {"text": "R"}}, "dict"),
    ("not_text", {"prompt": "P", "rejected": []}, "'rejected'"),
    ("not_text", {"prompt": "P", "rejected": [U1]}, "'rejected'"),
    ("not_text", {"prompt": "P", "rejected": [turn(ASSISTANT, None)]}, "null"),
    ("not_text", {"prompt": None, "response": "R"}, "null"),
    ("not_text", {"prompt": [{"content": "P"}], "response": "R"}, "role"),
    ("not_text", {"instruction": "I", "input": 3, "output": "O"}, "'input'"),
    ("empty_prompt", {"prompt": " ", "response": "R"}, "'prompt'"),
    ("empty_prompt", {"prompt": [], "response": "R"}, "'prompt'"),
    ("no_user_turn", {"prompt": [U1, A1], "response": "R"}, "user"),
    ("no_user_turn", {"prompt": [S], "response": "R"}, "user"),
]
RAW: list[tuple[str, bytes, str]] = [
    ("not_json", b'{"prompt": "P", "response"', '{"prompt": "P", "response"'),
    ("not_json", b'{"prompt": "P"} {"prompt": "Q"}', '{"prompt": "P"} {"prompt": "Q"}'),
    ("not_json", b'{"prompt": "\xff\xfe"}', '{"prompt": "\\xff\\xfe"}'),
    ("not_json", b"prompt,response", "prompt,response"),
    ("not_object", b'["P", "R"]', '["P", "R"]'),
    ("not_object", b"null", "null"),
    ("not_object", b'"text \\u001b[31m"', '"text \\u001b[31m"'),
]  # fmt: skip


def test_each_bad_row_fails_with_reason_line_and_original_and_the_run_goes_on(
    clair: Clair, endpoint: Endpoint, tmp_path: Path
) -> None:
    lines = [orjson.dumps({"id": n, **cells}) for n, (_, cells, _) in enumerate(CELLS)]
    lines += [line for _, line, _ in RAW]
    (tmp_path / "in.jsonl").write_bytes(b"\n\n".join([*lines, orjson.dumps(GOOD)]))
    ran = clair("revise", "in.jsonl", "--base-url", endpoint.base_url, "-m", "x")
    assert ran.code == 3, ran.err
    failures = failures_in(tmp_path / "in.clair")
    assert [(f["reason"], f["row"]) for f in failures] == [
        *((reason, {"id": n, **cells}) for n, (reason, cells, _) in enumerate(CELLS)),
        *((reason, text) for reason, _, text in RAW),
    ]
    assert [f["line"] for f in failures] == [1 + 2 * n for n in range(len(lines))]
    assert [f["id"] for f in failures] == [*map(str, range(len(CELLS))), *("" for _ in RAW)]
    assert {f["attempts"] for f in failures} == {0}
    said = [f["detail"] for f in failures[: len(CELLS)]]
    assert [d for (_, _, part), d in zip(CELLS, said, strict=True) if part not in d] == []
    assert len(pairs_in(tmp_path / "in.clair")) == endpoint.count() == 1


def test_a_bad_row_may_be_nested_deeper_than_json_can_be_written(
    clair: Clair, tmp_path: Path
) -> None:
    deep = b'{"prompt": "P", "response": "", "x": ' + b"[" * 400 + b"]" * 400 + b"}"
    (tmp_path / "in.jsonl").write_bytes(deep + b"\n" + orjson.dumps(MENDABLE))
    ran = clair("revise", "in.jsonl", "--mock", "--max-fail-rate", "1")
    assert ran.code == 0, ran.err
    assert [f["line"] for f in failures_in(tmp_path / "in.clair")] == [1]
    assert len(pairs_in(tmp_path / "in.clair")) == 1


@pytest.mark.parametrize("misfit", [b'{"query": "Q", "reply": 1}', b"not json"])
def test_a_run_ends_where_none_of_the_first_hundred_rows_fits(
    misfit: bytes, clair: Clair, tmp_path: Path
) -> None:
    good = orjson.dumps(GOOD)
    (tmp_path / "in.jsonl").write_bytes(b"\n\n".join([misfit] * 100 + [good]))
    ran = clair("revise", "in.jsonl", "--mock")
    assert is_refused(ran, "in.jsonl", "first 100 rows", "line 1", "--prompt-column")
    if b"query" in misfit:
        assert is_refused(ran, "'query'", "'reply'")
    assert not (tmp_path / "in.clair" / "train.jsonl").exists()


def test_a_run_goes_on_where_the_hundredth_row_fits(clair: Clair, tmp_path: Path) -> None:
    write_rows(tmp_path / "in.jsonl", [{"question": "Q"}] * 99 + [GOOD, GOOD | {"response": "r"}])
    assert clair("revise", "in.jsonl", "--mock", "--quiet").code == 3
    outcomes = failures_in(tmp_path / "in.clair") + pairs_in(tmp_path / "in.clair")
    assert len(outcomes) == 101
    assert [f["line"] for f in failures_in(tmp_path / "in.clair")][:99] == [*range(1, 100)]


def test_a_short_input_without_a_fitting_row_ends_the_run(tmp_path: Path, clair: Clair) -> None:
    write_rows(tmp_path / "in.jsonl", [{"a": 1, "b": 2}, {"c\x1b[31m": 3}])
    ran = clair("revise", "in.jsonl", "--mock")
    assert is_refused(ran, "none of the first 2 rows fits", "'a', 'b'", "'c\\x1b[31m'")


# Files


def test_line_ends_blank_lines_and_a_byte_order_mark_do_no_harm(
    clair: Clair, endpoint: Endpoint, tmp_path: Path
) -> None:
    one, two, three = (orjson.dumps({"id": n, **r}) for n, r in enumerate(answers(3)))
    lines = b"\xef\xbb\xbf" + one + b"\r\n\r\n \t \r\n  " + two + b"  \n\n\n" + three
    ran = clair("revise", "-", "--base-url", endpoint.base_url, "-m", "x", stdin=lines)
    assert ran.code == 0, ran.err
    assert [p["id"] for p in pairs_in(tmp_path / "stdin.clair")] == ["0", "1", "2"]


def test_very_long_lines_are_read_and_absurd_ones_skipped(
    clair: Clair, endpoint: Endpoint, tmp_path: Path
) -> None:
    text = "0123456789 abcdef" * (10 * 1024 * 1024 // 17)
    long = {"id": "long", "prompt": text, "response": "Short."}
    rows = [orjson.dumps(long), b"{" * (65 << 20), orjson.dumps(GOOD | {"id": "after"})]
    (tmp_path / "in.jsonl.gz").write_bytes(gzip.compress(b"\n".join(rows), 1))
    ran = clair("revise", "in.jsonl.gz", "--base-url", endpoint.base_url, "-m", "x")
    assert ran.code == 3, ran.err
    directory = tmp_path / "in.clair"
    assert [p["id"] for p in pairs_in(directory)] == ["long", "after"]
    assert pairs_in(directory)[0]["prompt"][0]["content"] == text
    (failure,) = failures_in(directory)
    assert (failure["line"], failure["reason"], failure["row"]) == (2, "too_long", "")


@pytest.mark.parametrize("ending", [".jsonl.gz", ".jsonl.zst"])
def test_packed_files_hold_the_same_rows(
    ending: str, clair: Clair, endpoint: Endpoint, tmp_path: Path
) -> None:
    rows = [{"id": n, **row} for n, row in enumerate(answers(50))]
    data = b"\n".join(map(orjson.dumps, rows))
    (tmp_path / f"in{ending}").write_bytes(PACKS[ending](data))
    ran = clair("revise", f"in{ending}", "--base-url", endpoint.base_url, "-m", "x")
    assert ran.code == 0, ran.err
    assert [p["id"] for p in pairs_in(tmp_path / "in.clair")] == [*map(str, range(50))]


@pytest.mark.parametrize("ending", [".jsonl.gz", ".jsonl.zst"])
def test_a_truncated_file_is_told_in_one_line(ending: str, clair: Clair, tmp_path: Path) -> None:
    rows = b"\n".join(b'{"prompt": "P%d", "response": ""}' % n for n in range(3000))
    (tmp_path / f"in{ending}").write_bytes(PACKS[ending](rows)[:-20])
    ran = clair("revise", f"in{ending}", "--mock", "--quiet")
    assert is_refused(ran, f"in{ending}", "cut off after line ")
    assert len(ran.err.splitlines()) == 1
    told = int(ran.last.partition("after line ")[2].split()[0])
    assert 900 < told < 3000
    assert not (tmp_path / "in.clair" / "train.jsonl").exists()


def test_data_that_unpacks_to_a_thousand_times_its_size_is_read_in_little_memory(
    tmp_path: Path,
) -> None:
    line = b'{"prompt": "P", "response": "%b"}\n' % (b"R" * 65536)
    (tmp_path / "in.zst").write_bytes(zstandard.ZstdCompressor().compress(line * 1000))
    tracemalloc.start()
    try:
        numbers = [raw.number for raw in find_input([str(tmp_path / "in.zst")])]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert numbers == [*range(1, 1001)]
    assert peak < 32 << 20


def test_zstd_data_of_every_cut_is_read_or_refused(tmp_path: Path) -> None:
    """Between two frames a file may end; within one it was cut."""
    frame = zstandard.ZstdCompressor().compress(b'{"n":1}\n')
    path = tmp_path / "in.zst"
    for size in range(2 * len(frame) + 1):
        path.write_bytes((frame * 2)[:size])
        try:
            numbers = [raw.number for raw in raws(path)]
        except Exception as exc:  # noqa: BLE001 - which one it is, is asserted
            assert "cut off after line" in str(exc)  # noqa: PT017 - counted by the else below
            assert size % len(frame)
        else:
            assert numbers == [*range(1, size // len(frame) + 1)]


def test_what_is_no_input_is_refused_before_anything_is_made(clair: Clair, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    assert is_refused(clair("revise", "absent.jsonl", "--mock"), "absent.jsonl", "no such file")
    assert is_refused(clair("revise", "folder", "--mock"), "folder", "holds no .jsonl")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["folder"]


@pytest.mark.parametrize("data", [b"", b"\n  \r\n\n", b"\xef\xbb\xbf\n"])
def test_an_input_without_rows_is_refused(data: bytes, clair: Clair) -> None:
    assert is_refused(clair("revise", "-", "--mock", stdin=data), "stdin", "no rows")


def test_a_file_that_is_not_packed_as_its_name_says_is_refused(
    clair: Clair, tmp_path: Path
) -> None:
    (tmp_path / "in.jsonl.zst").write_bytes(orjson.dumps(GOOD))
    assert is_refused(clair("revise", "in.jsonl.zst", "--mock"), "in.jsonl.zst", "line 0")


def test_a_limit_takes_no_row_more_than_it_says(tmp_path: Path) -> None:
    rows: Iterator[Row | Failure] = iter(parsed(tmp_path / "in.jsonl", answers(3)))
    assert [row.line for row in pick(lambda: rows, Picking(limit=2), rereadable=True)] == [1, 2]
    assert [row.line for row in rows] == [3]


# Text is data

HOSTILE = [
    "{{ 7*7 }} {{prompt}} {{ response }} {{ undefined.attribute }}",
    "{% for x in y %} {% raw %} {# comment #} {%- endraw -%}",
    "{task}: {student_solution}: {teacher_reasoning} } { {0} %s ${HOME} $(id)",
    "\n\n{student_solution}: mine",
    "\x00\x01\x1b[31mred\x1b]0;title\x07 \x7f \x9b",
    "lone\rcarriage\r\nboth\n\rswapped",
    "\ufeff \u2028 \u202e \ufffd 𝔘 é e\u0301",
    "  leading and trailing \t\n",
    "<script>alert(1)</script> [bold]rich[/bold] &amp; \\u0041 \\",
]


def test_text_of_a_row_arrives_and_returns_unchanged(
    clair: Clair, endpoint: Endpoint, tmp_path: Path
) -> None:
    rows = [{"prompt": f"Q{n}{text}", "response": text} for n, text in enumerate(HOSTILE)]
    write_rows(tmp_path / "in.jsonl", rows)
    ran = clair("revise", "in.jsonl", "--base-url", endpoint.base_url, "-m", "x", "-c", "1")
    sent = [asked.text for asked in endpoint.asked if asked.time == 0][: len(rows)]
    failures = failures_in(tmp_path / "in.clair")
    assert ran.code == 0, failures
    assert sent == [expected(row["prompt"], row["response"]) for row in rows]
    pairs = pairs_in(tmp_path / "in.clair")
    assert [p["rejected"][0]["content"] for p in pairs] == HOSTILE
    assert [p["prompt"][0]["content"] for p in pairs] == [row["prompt"] for row in rows]


def expected(prompt: str, response: str) -> str:
    """The `clair` template with both inserted, by nothing cleverer than cutting it in three."""
    file = tomllib.loads((ROOT / "prompts" / "clair.toml").read_text(encoding="utf-8"))
    before, _, rest = file["messages"][0]["content"].partition("{{ prompt }}")
    between, _, after = rest.partition("{{ response }}")
    return f"{before}{prompt}{between}{response}{after}"


texts = st.one_of(
    st.text(min_size=1),
    st.lists(st.sampled_from(["{{", "}}", "{%", "%}", "{#", "{", "}", "\r", "\n", "a", " "])).map(
        "".join
    ),
).filter(str.strip)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rows") / "in.jsonl"


@settings(deadline=None)
@given(prompt=texts, response=texts)
def test_any_text_is_asked_and_paired_as_it_is(prompt: str, response: str, scratch: Path) -> None:
    write_rows(scratch, [{"prompt": prompt, "response": response}])
    (row,) = read(scratch)
    assert isinstance(row, Row)
    template = load_template("clair")
    request = Asker(template, {"model": "x"}, lambda _: 0)(row, None, None)
    body = orjson.loads(request.body)
    assert body["messages"] == [turn(USER, expected(prompt, response))]
    grammar = Grammar(template.markers.reasoning, template.markers.revision)
    reply = Completion(revised("Something else altogether."), "", "", "stop", "x", Usage(), b"")
    pair = Reader(grammar, template.direction)(row, reply)
    assert isinstance(pair, Pair)
    assert (pair.rejected, pair.prompt) == (response, [turn(USER, prompt)])


@given(
    rows=st.lists(st.text().map(lambda text: orjson.dumps([text])), max_size=8),
    ends=st.lists(st.sampled_from([b"\n", b"\r\n", b"\n\n", b" \r\n \n"]), min_size=8, max_size=8),
    ending=st.sampled_from(sorted(PACKS)),
    mark=st.sampled_from([b"", b"\xef\xbb\xbf"]),
)
def test_lines_are_the_same_however_they_end_and_are_packed(
    rows: list[bytes], ends: list[bytes], ending: str, mark: bytes, scratch: Path
) -> None:
    data = mark + b"".join(row + end for row, end in zip(rows, ends, strict=False))
    path = scratch.with_name(f"lines{ending}")
    path.write_bytes(PACKS[ending](data))
    found = raws(path)
    assert [raw.text.encode() for raw in found] == rows
    assert [raw.number for raw in found] == [
        1 + b"".join(ends[:n]).count(b"\n") for n in range(len(rows))
    ]
