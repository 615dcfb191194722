"""`clair lint`: each finding in a dataset that has it, and none in one that has not."""

import gzip
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clair_cli.cli.main import run
from clair_cli.looking.lint.balance import Labels
from clair_cli.looking.lint.findings import RULES
from clair_cli.looking.lint.linting import Settings, lint
from clair_cli.records import UsageError
from clair_cli.rows.raw import Raw
from tests.conftest import ROOT, Clair, environment, write_rows

Rows = list[dict[str, Any]]
Report = dict[str, Any]
Linted = Callable[..., tuple[int, Report]]

NEEDS_A_TOKENIZER = {"template_refuses", "boundary"}
"""Proved in tests/train, where transformers is installed."""


def user(text: str) -> list[dict[str, Any]]:
    return [{"role": "user", "content": text}]


def assistant(text: str) -> list[dict[str, Any]]:
    return [{"role": "assistant", "content": text}]


def talks(number: int = 4) -> Rows:
    """Clean conversational pairs."""
    return [
        {
            "id": f"row {n}",
            "prompt": user(f"What comes after {n}?"),
            "chosen": assistant(f"After {n} comes the number {n + 1}."),
            "rejected": assistant(f"After {n} comes teh number {n + 1}."),
        }
        for n in range(number)
    ]


def texts(number: int = 4) -> Rows:
    """Clean standard pairs."""
    return [
        {name: row[name][0]["content"] for name in ("prompt", "chosen", "rejected")}
        for row in talks(number)
    ]


def whole(number: int = 4) -> Rows:
    """Conversational pairs without a prompt column."""
    return [{side: row["prompt"] + row[side] for side in SIDES} for row in talks(number)]


def labelled(number: int = 4) -> Rows:
    """Clean labelled answers."""
    return [
        {"prompt": row["prompt"], "completion": row[SIDES[n % 2]], "label": n % 2 == 0}
        for n, row in enumerate(talks(number))
    ]


SIDES = ("chosen", "rejected")


def changed(rows: Rows, number: int = 2, **cells: Any) -> Rows:
    """The rows with other cells in the third one."""
    rows[number].update(cells)
    return rows


def every(rows: Rows, **cells: Any) -> Rows:
    return [row | cells for row in rows]


def without(rows: Rows, *names: str) -> Rows:
    return [{key: value for key, value in row.items() if key not in names} for row in rows]


@pytest.fixture
def linted(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> Linted:
    """Lint rows written to a file; returns the exit code and the JSON."""

    def lint_rows(
        rows: Rows, *options: str, name: str = "data.jsonl"
    ) -> tuple[int, dict[str, Any]]:
        path = write_rows(tmp_path / name, rows)
        code = run(["lint", str(path), "--json", *options])
        return code, orjson.loads(capsysbinary.readouterr().out)

    return lint_rows


def codes(report: Report) -> list[str]:
    return [finding["code"] for finding in report["findings"]]


def talk(**texts_: str) -> Rows:
    """Clean pairs but for the answers of the third one."""
    return changed(talks(), **{side: assistant(text) for side, text in texts_.items()})


def joined(rows: Rows) -> Rows:
    """The prompt before each of the answers, and in its column."""
    space: Any = " " if isinstance(rows[0]["prompt"], str) else []
    return [row | {side: row["prompt"] + space + row[side] for side in SIDES} for row in rows]


def swapped(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"chosen": row["rejected"], "rejected": row["chosen"]}


def lengthened(rows: Rows, column: str, words: str) -> Rows:
    """Rows with longer answers where they are chosen, or labelled so."""
    return [
        row | {column: assistant(f"{row[column][0]['content']} {words}")}
        if row.get("label", True)
        else row
        for row in rows
    ]


LONG = "It goes on and on. " * 30
FENCE = "Here it is:\n\n```python\nprint(1)\n"
PARTS = [{"role": "assistant", "content": [{"type": "text", "text": "x"}]}]
SHAREGPT = [{"from": "gpt", "value": "x"}]
REVISED = "In this revised version, it is three."
KWARGS = {"chat_template_kwargs": {}}
THIRD = 1, 3
"""One row, and the line it stands in."""
EACH = 4, 1

CASES: dict[str, tuple[Rows, str, tuple[int, int]]] = {
    # a finding's code (and what in particular): rows, level, count and first line
    "no_columns": (without(talks(), "rejected"), "breaks", EACH),
    "no_columns (no label)": (without(labelled(), "label"), "breaks", EACH),
    "no_columns (no prompt)": (without(labelled(), "prompt"), "breaks", EACH),
    "mixed_kinds": (talks() + labelled(), "breaks", (8, 1)),
    "null_cell": (changed(talks(), chosen=None), "breaks", THIRD),
    "null_cell (prompt)": (changed(texts(), prompt=None), "breaks", THIRD),
    "null_cell (missing)": (talks(3) + without(talks()[3:], "rejected"), "breaks", (1, 4)),
    "null_cell (implicit)": (whole(2) + talks()[2:], "breaks", (2, 1)),
    "null_cell (label)": (changed(labelled(), label=None), "breaks", THIRD),
    "cell_type": (changed(texts(), chosen=7), "breaks", THIRD),
    "cell_type (sharegpt)": (changed(talks(), chosen=SHAREGPT), "breaks", THIRD),
    "cell_type (object)": (changed(talks(), chosen=SHAREGPT[0]), "breaks", THIRD),
    "string_prompt": (every(talks(), prompt="What?"), "breaks", EACH),
    "string_prompt (labelled)": (every(labelled(), prompt="What?"), "breaks", EACH),
    "mixed_forms (prompt)": (changed(texts(), prompt=user("What?")), "breaks", THIRD),
    "mixed_forms (sides)": (changed(talks(), chosen="x"), "breaks", THIRD),
    "mixed_forms (rows)": (talks(3) + texts()[3:], "breaks", (1, 4)),
    "empty_messages": (changed(talks(), chosen=[]), "breaks", THIRD),
    "empty_messages (prompt)": (changed(labelled(), prompt=[]), "breaks", THIRD),
    "bad_role": (changed(talks(), chosen=[{"role": "gpt", "content": "x"}]), "breaks", THIRD),
    "bad_role (null)": (changed(talks(), chosen=[{"role": None, "content": "x"}]), "breaks", THIRD),
    "content_not_text": (changed(talks(), chosen=PARTS), "breaks", THIRD),
    "content_not_text (null)": (
        changed(talks(), chosen=[{"role": "assistant", "content": None}]),
        "breaks",
        THIRD,
    ),
    "no_assistant": (changed(talks(), chosen=user("x")), "breaks", THIRD),
    "prompt_repeated": (joined(talks()), "breaks", EACH),
    "prompt_repeated (text)": (joined(texts()), "breaks", EACH),
    "no_shared_prompt": (without(talks(), "prompt"), "breaks", EACH),
    "no_shared_prompt (text)": (
        changed(without(texts(), "prompt"), chosen=""),
        "breaks",
        THIRD,
    ),
    "label_type": (changed(labelled(), label="yes"), "breaks", THIRD),
    "label_type (score)": (changed(labelled(), label=0.5), "breaks", THIRD),
    "label_type (minus one)": (changed(labelled(), label=-1), "breaks", THIRD),
    "messages_column": (every(texts(), messages=user("x")), "breaks", EACH),
    "messages_column (null)": (
        changed(every(talks(), messages=user("x")), messages=None),
        "breaks",
        THIRD,
    ),
    "vision": (every(talks(), images=None), "breaks", EACH),
    "template_columns": (changed(talks(), tools="no JSON"), "breaks", THIRD),
    "template_columns (null)": (
        changed(every(talks(), **KWARGS), chat_template_kwargs=None),
        "breaks",
        THIRD,
    ),
    "identical": (talk(chosen="Yes.", rejected="Yes. "), "hurts", THIRD),
    "identical (all)": ([row | {"rejected": row["chosen"]} for row in talks()], "breaks", EACH),
    "identical (implicit)": (changed(whole(), chosen=whole()[2]["rejected"]), "hurts", THIRD),
    "empty_side": (talk(rejected=" \n"), "hurts", THIRD),
    "empty_side (text)": (changed(texts(), chosen=""), "hurts", THIRD),
    "empty_side (labelled)": (changed(labelled(), completion=assistant("")), "hurts", THIRD),
    "empty_prompt": (changed(talks(), prompt=user("")), "hurts", THIRD),
    "last_turn": (changed(talks(), chosen=assistant("x") + user("y")), "hurts", THIRD),
    "prompt_end": (changed(talks(), prompt=user("x") + assistant("y")), "hurts", THIRD),
    "implicit_strings": (without(joined(texts()), "prompt"), "hurts", EACH),
    "implicit_prompt": (whole(), "note", EACH),
    "label_in_pairs": (every(talks(), label=True), "hurts", EACH),
    "reserved_column": (every(talks(), ref_chosen_logps=0.0), "hurts", EACH),
    "one_label": (every(labelled(), label=True), "hurts", EACH),
    "label_imbalance": (changed(labelled(), number=1, label=True), "hurts", EACH),
    "contradiction": ([*talks(3), swapped(talks()[0])], "hurts", (1, 4)),
    "contradiction (labelled)": (
        [*labelled(), labelled()[1] | {"label": True}],
        "hurts",
        (1, 5),
    ),
    "duplicate": ([*talks(3), talks()[0] | {"id": "other"}], "hurts", (1, 4)),
    "duplicate (labelled)": ([*labelled(), labelled()[1]], "hurts", (1, 5)),
    "marker_left": (talk(chosen="**{corrected_student_solution}**: Yes."), "hurts", THIRD),
    "marker_left (rejected)": (talk(rejected="Teacher reasoning: No."), "hurts", THIRD),
    "marker_left (token)": (changed(texts(), chosen="Yes.<|im_end|>"), "hurts", THIRD),
    "marker_left (labelled)": (
        changed(labelled(), completion=assistant("{teacher_reasoning} No.")),
        "hurts",
        THIRD,
    ),
    "thinking_left": (talk(chosen="<think>Well.</think>Yes."), "hurts", THIRD),
    "cut_off": (talk(chosen=FENCE), "hurts", THIRD),
    "alludes": (talk(chosen=REVISED), "hurts", THIRD),
    "alludes (rejected)": (talk(rejected=REVISED), "hurts", THIRD),
    "alludes (labelled)": (changed(labelled(), completion=assistant(REVISED)), "hurts", THIRD),
    "echo": (changed(texts(), prompt=LONG, chosen=f"You ask: {LONG}"), "hurts", THIRD),
    "length_bias": (lengthened(talks(20), "chosen", "Indeed, it does."), "hurts", (20, 1)),
    "length_bias (labelled)": (
        lengthened(labelled(40), "completion", "Indeed, it does."),
        "hurts",
        (40, 1),
    ),
    "mixed_types": (changed(talks(), id=7), "hurts", THIRD),
    "refused": (talk(chosen="I'm sorry, I can't help with that."), "note", THIRD),
    "may_be_cut": (changed(talks(), prompt=user(LONG * 10)), "note", THIRD),
    "repeated_id": (changed(talks(), id="row 0"), "note", THIRD),
}


@pytest.mark.parametrize("name", CASES)
def test_each_finding_is_found_where_it_is(name: str, linted: Linted) -> None:
    rows, level, (count, line) = CASES[name]
    code = name.partition(" ")[0]
    ended, report = linted(rows)
    found = next(finding for finding in report["findings"] if finding["code"] == code)
    assert (found["level"], found["count"], found["line"]) == (level, count, line)
    assert found["share"] == pytest.approx(count / len(rows), abs=1e-6)
    assert found["file"].endswith("data.jsonl")
    assert found["id"] == (str(rows[line - 1].get("id", "")))
    assert ended == (3 if any(each["level"] == "breaks" for each in report["findings"]) else 0)
    assert level != "breaks" or ended == 3
    assert any(fit["trains"] for fit in report["fits"]) == (ended == 0)


@pytest.mark.parametrize("name", CASES)
def test_a_finding_comes_alone_or_with_its_kin(name: str, linted: Linted) -> None:
    """A single flaw is not told in many ways: at most what follows from it as well."""
    kin = {
        "cell_type": {"mixed_types", "types_change"},
        "mixed_forms": {"mixed_types"},
        "string_prompt": {"mixed_types"},
        "content_not_text": {"mixed_types", "empty_side"},
        "label_type": {"mixed_types", "label_imbalance"},
        "null_cell": {"label_imbalance", "implicit_prompt"},
        "empty_messages": {"label_imbalance"},
        "no_shared_prompt": {"implicit_prompt", "implicit_strings"},
        "mixed_kinds": {"null_cell"},
        "identical": {"implicit_prompt"},
        "contradiction": {"label_imbalance", "repeated_id"},
        "duplicate": {"label_imbalance"},
        "prompt_repeated": {"echo"},
        "length_bias": {"label_imbalance"},
    }  # fmt: skip
    code = name.partition(" ")[0]
    _, report = linted(CASES[name][0])
    assert set(codes(report)) - {code} <= kin.get(code, set())


@pytest.mark.parametrize(
    "rows",
    [
        talks(40),
        texts(40),
        labelled(40),
        pytest.param(every(texts(), prompt="After"), id="a short prompt begins an answer"),
        pytest.param([row | {"id": n // 2} for n, row in enumerate(labelled())], id="unpaired ids"),
    ],
)
def test_clean_rows_have_no_finding(rows: Rows, linted: Linted) -> None:
    ended, report = linted(rows)
    assert (ended, codes(report)) == (0, [])


@pytest.mark.parametrize(
    ("rows", "limit", "code", "level"),
    [
        (talks(1), 80, "", ""),
        (talks(1), 40, "cut", "note"),
        (talks(1), 28, "collapses", "breaks"),
        (talks(1), 20, "collapses", "breaks"),
        (talks(1), 19, "prompt_too_long", "breaks"),
        (texts(1), 28, "collapses", "breaks"),
        (labelled(2), 28, "cut", "note"),
        (labelled(2), 19, "prompt_too_long", "breaks"),
    ],
)
def test_rows_are_cut_as_trl_cuts_them(
    rows: Rows, limit: int, code: str, level: str, linted: Linted
) -> None:
    """The prompt has 19 characters; its answers differ behind the 15th of theirs."""
    ended, report = linted(rows, "--max-length", str(limit))
    assert codes(report) == [code][: len(code)]
    assert [finding["level"] for finding in report["findings"]] == [level][: len(level)]
    assert ended == (3 if level == "breaks" else 0)
    assert (report["unit"], report["max_length"]) == ("characters", limit)


def test_every_rule_has_a_case_and_a_row_in_the_docs() -> None:
    proved = {name.partition(" ")[0] for name in CASES}
    elsewhere = {"cut", "collapses", "prompt_too_long", "unreadable", "types_change"}
    assert proved | elsewhere | NEEDS_A_TOKENIZER == RULES.keys()
    page = (ROOT / "docs" / "lint.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| (\w+)", page, re.MULTILINE))
    assert rows == {code: rule.level for code, rule in RULES.items()}


@pytest.mark.parametrize(
    ("early", "late", "code"),
    [
        ({"score": 1}, {"score": "high"}, "types_change"),
        ({"score": 1}, {"score": 1.5}, "types_change"),
        ({"score": None}, {"score": "high"}, "types_change"),
        ({}, {"score": 1}, "types_change"),
        ({"score": {"a": 1}}, {"score": {"a": 1, "b": 2}}, "types_change"),
        ({"score": [1]}, {"score": ["high"]}, "types_change"),
        ({"score": 1.5}, {"score": 1}, ""),
        ({"score": "high"}, {"score": 1}, ""),
        ({"score": "high"}, {}, ""),
        ({"score": {"a": 1, "b": 2}}, {"score": {"a": 1}}, ""),
    ],
)
@pytest.mark.parametrize("late_by", ["file", "bytes"])
def test_a_type_that_changes_late_breaks_loading(
    early: dict[str, Any], late: dict[str, Any], code: str, late_by: str
) -> None:
    """Late is in a later file, or behind the first ten megabytes: `datasets` loads in parts."""
    rows = [*every(talks(2), **early), *every(talks(4)[2:], **late)]
    second, size = ("b.jsonl", 100) if late_by == "file" else ("a.jsonl", 6 << 20)
    files = ["a.jsonl", "a.jsonl", second, second]
    found = lint(Raw(files[n], n + 1, row, size) for n, row in enumerate(rows)).findings
    assert [(each.code, each.file, each.line) for each in found] == [(code, second, 3)][: len(code)]


def test_columns_of_parquet_have_types_of_their_own() -> None:
    rows = [*every(talks(2), score=None), *every(talks(4)[2:], score=1)]
    files = ["a.parquet", "a.parquet", "b.parquet", "b.parquet"]
    assert lint(Raw(files[n], n, row, 100) for n, row in enumerate(rows)).findings == ()


@pytest.mark.parametrize(
    ("true", "false", "advice"),
    [
        (3, 3, ""),
        (4, 3, ""),
        (3, 1, "--desirable_weight 0.33 to 0.44"),
        (1, 3, "--desirable_weight 3.0 to 3.99"),
    ],
)
def test_the_weight_is_advised_that_trl_advises(true: int, false: int, advice: str) -> None:
    assert Labels(true, false).advice() == advice


@pytest.mark.parametrize("form", ["conversational", "standard"])
def test_what_revise_writes_is_clean(form: str, clair: Clair) -> None:
    answers = ROOT / "examples" / "answers.jsonl"
    clair("revise", answers, "-o", "out", "--mock", "--quiet", "--format", form)
    ran = clair("lint", "out")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[0] == f"out: 32 rows, {form} preference"
    assert ran.out.splitlines()[-2:] == [
        f"{form} preference: DPO (apo_zero, apo_down)",
        f"{form} preference: KTO (apo_zero_unpaired)",
    ]
    assert not re.search(r"^(breaks|hurts|note)", ran.out, re.MULTILINE)


def test_a_finding_reads_well_on_a_narrow_terminal(clair: Clair, tmp_path: Path) -> None:
    write_rows(tmp_path / "data.jsonl", changed(talks(), chosen=None))
    ran = clair("lint", "data.jsonl", env={"COLUMNS": "80"})
    assert ran.code == 3
    assert max(map(len, ran.out.splitlines())) <= 80
    assert "breaks  null_cell  1 of the rows (25.0 %)" in ran.out
    assert "        first: data.jsonl, line 3, id row 2: null in chosen" in ran.out
    assert ran.out.splitlines()[-1] == "not trainable: null_cell"


def test_what_a_row_holds_is_no_markup_and_no_control_code(clair: Clair, tmp_path: Path) -> None:
    evil = "[red]x[/red]\x1b[31m\u202e"
    rows = changed(talks(), id=evil, chosen=[{"role": evil, "content": "x"}])
    write_rows(tmp_path / "data.jsonl", rows)
    ran = clair("lint", "data.jsonl")
    assert "id [red]x[/red]\\x1b[31m\\x202e" in ran.out
    assert not {"\x1b", "\u202e"} & set(ran.out)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "no such file"),
        (b"", "has no rows"),
        (b"\n\n", "has no rows"),
        (b"no JSON\n[1]\n", "has no rows that are objects (2 read)"),
    ],
)
def test_an_input_that_is_none_ends_with_2(
    content: bytes | None, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "data.jsonl"
    if content is not None:
        path.write_bytes(content)
    assert run(["lint", str(path)]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert words in said.err


def test_a_line_that_is_no_json_breaks_loading(clair: Clair, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "data.jsonl", talks())
    path.write_bytes(path.read_bytes() + b'{"prompt": "cut\n')
    ran = clair("lint", "data.jsonl", "--json")
    report = orjson.loads(ran.out)
    assert (ran.code, codes(report), report["findings"][0]["line"]) == (3, ["unreadable"], 5)


def test_packed_files_and_stdin_are_read(clair: Clair, tmp_path: Path) -> None:
    data = write_rows(tmp_path / "data.jsonl", talks()).read_bytes()
    (tmp_path / "data.jsonl.gz").write_bytes(gzip.compress(data))
    assert clair("lint", "data.jsonl.gz").out.startswith("data.jsonl.gz: 4 rows")
    assert clair("lint", "-", stdin=data).out.startswith("stdin: 4 rows")


def test_a_cell_that_pandas_takes_for_missing_is_null(clair: Clair, tmp_path: Path) -> None:
    rows = "prompt,completion,label\nWhat?,Yes indeed,True\nWho?,None,False\n"
    (tmp_path / "data.csv").write_text(rows)
    ran = clair("lint", "data.csv", "--json")
    assert (ran.code, codes(orjson.loads(ran.out))) == (3, ["null_cell", "one_label"])


def test_the_train_split_of_a_directory_is_the_default(clair: Clair, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    write_rows(tmp_path / "out" / "train.jsonl", talks(4))
    write_rows(tmp_path / "out" / "test.jsonl", changed(talks(3), chosen=None))
    assert clair("lint", "out").code == 0
    assert clair("lint", "out", "--split", "test").code == 3


def test_a_tokenizer_needs_transformers(fresh_clair: Clair, tmp_path: Path) -> None:
    """A module that cannot be imported stands in for one that is not there."""
    write_rows(tmp_path / "data.jsonl", talks())
    (tmp_path / "absent").mkdir()
    (tmp_path / "absent" / "transformers.py").write_text("raise ModuleNotFoundError('no')\n")
    path = f"{tmp_path / 'absent'}:{environment()['PYTHONPATH']}"
    ran = fresh_clair("lint", "data.jsonl", "--tokenizer", "gpt2", env={"PYTHONPATH": path})
    assert (ran.code, ran.last) == (
        2,
        "clair: --tokenizer needs transformers; pip install transformers",
    )


def test_options_of_revise_in_variables_are_about_another_dataset(
    clair: Clair, tmp_path: Path
) -> None:
    write_rows(tmp_path / "data.jsonl", talks())
    ran = clair("lint", "data.jsonl", env={"CLAIR_SPLIT": "other", "CLAIR_REVISION": "main"})
    assert (ran.code, ran.err) == (0, "")


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(max_size=20)
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
MESSAGES = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "role": st.sampled_from(["user", "assistant", "system"]) | JSON,
            "content": st.text(max_size=30) | JSON,
        },
    ),
    max_size=3,
)
CELLS = MESSAGES | st.text(max_size=30) | JSON
NAMES = ("prompt", "chosen", "rejected", "completion", "label", "messages", "tools", "id")
ROWS = st.lists(
    st.fixed_dictionaries({}, optional=dict.fromkeys(NAMES, CELLS)) | JSON,
    max_size=6,
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=ROWS, limit=st.none() | st.integers(1, 30))
def test_no_rows_make_it_fail(rows: Sequence[Any], limit: int | None) -> None:
    entries = [
        Raw(f"{n % 2}.jsonl", n, row if isinstance(row, dict) else None, 10)
        for n, row in enumerate(rows)
    ]
    try:
        report = lint(entries, settings=Settings(limit))
    except UsageError:
        assert all(entry.cells is None for entry in entries)
        return
    assert all(0 < each.share <= 1 and each.code in RULES for each in report.findings)
    assert any(fit.trains for fit in report.fits) != report.breaks
