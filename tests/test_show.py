"""`clair show`: pairs and failures as people read them, in order, through a pager."""

import gzip
import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from clair_cli.cli.printing.pager import keeps_colours
from clair_cli.contrast.metrics import contrast
from clair_cli.looking.choice import WORST_FIRST, Choice
from clair_cli.records import Contrast, Pair
from tests.conftest import CLAIR, Clair, Ran, environment, write_rows
from tests.forking import Forker, forking

LOADED = ["tests.warming", "clair_cli.rows.files.columnar", "clair_cli.rows.files.json_array"]
EVIL = "\x1b[31mred\x1b]0;title\x07\x9b2J\x7f\b\r\x00\u202edrow\u2066\u061c"
OLD, NEW = "Ants have eight legs.", "Ants have six legs."
DIFF = "Ants have [-eight-]{+six+} legs."


@pytest.fixture(scope="module")
def forker() -> Iterator[Forker]:
    with forking(LOADED, {}) as running:
        yield running


@pytest.fixture
def show(forker: Forker, tmp_path: Path) -> Clair:
    """Run `clair show` in a directory of its own."""

    def run(*arguments: object, env: Mapping[str, str] | None = None) -> Ran:
        return forker(tmp_path, "show", *arguments, env=env)

    return run


def pair(row_id: str, old: str = OLD, new: str = NEW, **more: Any) -> dict[str, Any]:
    return {"id": row_id, "prompt": "How many?", "chosen": new, "rejected": old, **more}


def turns(*said: str) -> list[dict[str, str]]:
    return [{"role": ("user", "assistant")[n % 2], "content": text} for n, text in enumerate(said)]


def shapes() -> dict[str, list[dict[str, Any]]]:
    """The pair in every shape that `clair` writes, and some that others do."""
    old, new = turns("q", OLD), turns("q", NEW)
    return {
        "conversational": [{"prompt": old[:1], "chosen": new[1:], "rejected": old[1:]}],
        "standard": [{"prompt": "q", "chosen": NEW, "rejected": OLD}],
        "unpaired": [
            {"id": "a", "prompt": old[:1], "completion": new[1:], "label": True},
            {"id": "a", "prompt": old[:1], "completion": old[1:], "label": False},
        ],
        "clair": [{"prompt": "q", "chosen": new, "rejected": old, "rational": "r"}],
        "implicit": [{"chosen": new, "rejected": old}],
        "ranked": [{"prompt": "q", "completions": [new[1:], turns("", "Ants!")[1:], old[1:]]}],
    }


@pytest.mark.parametrize("shape", shapes())
def test_a_pair_of_any_shape_is_shown_as_a_diff(shape: str, show: Clair, tmp_path: Path) -> None:
    write_rows(tmp_path / "pairs.jsonl", shapes()[shape])
    ran = show("pairs.jsonl")
    assert (ran.code, ran.err) == (0, "")
    assert DIFF in ran.out
    assert "\nq\n" in ran.out
    assert "levenshtein 4  similarity 0.810  jaccard 0.600  kept 0.750" in ran.out


def test_every_kind_of_file_can_be_shown(clair: Clair, show: Clair, tmp_path: Path) -> None:
    rows = [pair("a")]
    (tmp_path / "p.jsonl.gz").write_bytes(gzip.compress(json.dumps(rows[0]).encode()))
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "p.parquet")
    (tmp_path / "p.json").write_text(json.dumps(rows))
    (tmp_path / "p.csv").write_text(f"id,chosen,rejected\na,{NEW},{OLD}\n")
    for file in ("p.jsonl.gz", "p.parquet", "p.json", "p.csv"):
        ran = show(file)
        assert (ran.code, DIFF in ran.out) == (0, True), (file, ran.err)
    piped = clair("show", "-", stdin=json.dumps(rows[0]).encode())
    assert DIFF in piped.out


def test_a_run_is_shown_with_its_rationale_and_both_splits(
    clair: Clair, show: Clair, tmp_path: Path
) -> None:
    messy = {"id": "messy", "prompt": "Say it.", "response": "This is is a test, dont you think?"}
    write_rows(tmp_path / "in.jsonl", [{**messy, "id": "first", "prompt": "Other."}, messy])
    assert clair("revise", "in.jsonl", "--mock").code == 0
    (tmp_path / "in.clair" / "test.jsonl").write_text(json.dumps(pair("held-out")) + "\n")
    ran = show("in.clair", "--id", "messy")
    assert (ran.code, ran.err) == (0, "")
    assert "Say it." in ran.out
    assert "Rationale: " in ran.out
    assert "first" not in ran.out.partition("levenshtein")[0]
    both = show("in.clair").out
    assert both.index("first") < both.index("messy") < both.index("held-out")
    assert "messy" not in show("in.clair", "--split", "test").out
    assert "messy" not in show("in.clair", "-n", "1").out


def test_colours_stand_for_the_marks_where_there_are_colours(show: Clair, tmp_path: Path) -> None:
    write_rows(tmp_path / "pairs.jsonl", [pair("a")])
    coloured = show("pairs.jsonl", env={"FORCE_COLOR": "1"}).out
    assert "\x1b[9;31meight\x1b[0m\x1b[32msix\x1b[0m" in coloured
    assert "[-" not in coloured
    assert DIFF in show("pairs.jsonl", env={"FORCE_COLOR": "1", "NO_COLOR": "1"}).out


def test_lines_fit_into_80_columns(show: Clair, tmp_path: Path) -> None:
    long = "我" * 300 + " " + "word " * 60
    write_rows(tmp_path / "pairs.jsonl", [pair("i" * 200, long, f"{long}more", rationale=long)])
    for line in show("pairs.jsonl", env={"COLUMNS": "80"}).out.splitlines():
        assert len(line) + line.count("我") <= 80, line


# Which, and in which order


def various() -> list[dict[str, Any]]:
    """Pairs that differ more and more, then one that only grows."""
    base = [f"w{n}" for n in range(10)]
    rows = [
        pair(f"p{n}", " ".join(base), " ".join([*("x" for _ in range(n)), *base[n:]]))
        for n in (3, 1, 4, 2)
    ]
    return [*rows, pair("long", "w", "w " * 40, flag="above_length_ratio")]


def order(out: str) -> list[str]:
    heads = [line for line in out.splitlines() if line.startswith("──")]
    return [line.strip("─ ") for line in heads]


@pytest.mark.parametrize("metric", WORST_FIRST)
def test_the_least_minimal_come_first(metric: str, show: Clair, tmp_path: Path) -> None:
    rows = various()
    write_rows(tmp_path / "pairs.jsonl", rows)
    whole = show("pairs.jsonl", "--sort", metric)
    assert whole.code == 0, whole.err
    measured = list(Choice().among(map(as_pair, rows)))
    sign = -1 if metric in {"levenshtein", "length_ratio", "first_change"} else 1
    expected = sorted(measured, key=lambda each: sign * getattr(each.contrast, metric))
    assert order(whole.out) == [each.id for each in expected]
    assert order(show("pairs.jsonl", "--sort", metric, "-n", "2").out) == [
        each.id for each in expected[:2]
    ]


def as_pair(row: dict[str, Any]) -> Pair:
    told = contrast(row["rejected"], row["chosen"])
    return Pair(row["id"], [], row["chosen"], row["rejected"], "", "", told)


def test_columns_of_ours_are_believed(show: Clair, tmp_path: Path) -> None:
    told = {"levenshtein": 7, "similarity": 0.25, "jaccard": 0.5, "kept": 0.125,
            "length_ratio": 1.5, "first_change": 3}  # fmt: skip
    write_rows(tmp_path / "pairs.jsonl", [pair("a", **told), pair("b", **{**told, "kept": "high"})])
    out = show("pairs.jsonl").out
    assert "levenshtein 7  similarity 0.250  jaccard 0.500  kept 0.125\nlength_ratio 1.500" in out
    assert "levenshtein 4  similarity 0.810" in out


def test_flagged_pairs_can_be_picked(show: Clair, tmp_path: Path) -> None:
    write_rows(tmp_path / "pairs.jsonl", various())
    ran = show("pairs.jsonl", "--reason", "above_length_ratio")
    assert order(ran.out) == ["long"]
    assert "flag above_length_ratio" in ran.out
    none = show("pairs.jsonl", "--reason", "below_kept")
    assert (none.code, none.out) == (2, "")
    assert "below_kept" in none.err
    assert "--failures" in none.err


def test_rows_that_are_no_preference_are_told_and_passed_over(show: Clair, tmp_path: Path) -> None:
    write_rows(tmp_path / "pairs.jsonl", [{"a": 1}, pair("a"), {"chosen": 3, "rejected": "x"}])
    ran = show("pairs.jsonl")
    assert ran.code == 0
    assert order(ran.out) == ["a"]
    assert "2 rows are no preference (first: pairs.jsonl, line 1: " in ran.err


def test_what_holds_no_such_pair_is_refused_in_a_line(show: Clair, tmp_path: Path) -> None:
    write_rows(tmp_path / "pairs.jsonl", [pair("a")])
    write_rows(tmp_path / "in.jsonl", [{"prompt": "p", "response": "r"}])
    (tmp_path / "empty.jsonl").write_bytes(b"")
    (tmp_path / "empty").mkdir()
    for line, word in {
        ("pairs.jsonl", "--id", "zzz"): "'zzz'",
        ("in.jsonl",): "in.jsonl, line 1",
        ("absent",): "absent",
        ("empty.jsonl",): "empty.jsonl: has no pairs",
        ("empty",): "empty: holds no",
        ("pairs.jsonl", "--failures"): "failures.jsonl",
        ("pairs.jsonl", "--sort", "beauty"): "similarity, jaccard",
        ("pairs.jsonl", "--sort", "kept", "--failures"): "no metrics",
    }.items():
        ran = show(*line)
        assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1), line
        assert word in ran.err


# Failures


def failures(tmp_path: Path, *more: dict[str, Any]) -> None:
    (tmp_path / "out" / ".clair").mkdir(parents=True)
    write_rows(tmp_path / "out" / "train.jsonl", [pair("a")])
    rows = [
        {"id": "f1", "file": "in.jsonl", "line": 3, "reason": "unchanged", "detail": "is the same",
         "attempts": 3, "row": {"prompt": "Q\nq", "response": "[red]A[/red]"}},
        {"id": "", "line": 9, "reason": "not_json", "detail": "is not JSON", "attempts": 0,
         "row": "{oops"},
        *more,
    ]  # fmt: skip
    write_rows(tmp_path / "out" / ".clair" / "failures.jsonl", rows)


def test_failures_are_shown_with_their_reason_and_row(show: Clair, tmp_path: Path) -> None:
    failures(tmp_path)
    ran = show("out", "--failures")
    assert (ran.code, ran.err) == (0, "")
    assert order(ran.out) == ["f1 (in.jsonl, line 3)", "(no id) (line 9)"]
    assert "unchanged: is the same  (3 replies)\nprompt: Q\nq\nresponse: [red]A[/red]\n" in ran.out
    assert "not_json: is not JSON  (no replies)\nrow: {oops\n" in ran.out
    assert show("out/.clair/failures.jsonl", "--failures").out == ran.out
    only = show("out", "--failures", "--reason", "not_json").out
    assert order(only) == ["(no id) (line 9)"]
    assert order(show("out", "--failures", "--id", "f1").out) == ["f1 (in.jsonl, line 3)"]
    assert len(order(show("out", "--failures", "-n", "1").out)) == 1
    none = show("out", "--failures", "--reason", "refused")
    assert (none.code, none.err) == (2, "clair: out: has no failures of the reason 'refused'\n")


def test_a_file_output_has_its_failures_beside_it(
    clair: Clair, show: Clair, tmp_path: Path
) -> None:
    write_rows(tmp_path / "in.jsonl", [{"prompt": "What?", "response": ""}])
    assert clair("revise", "in.jsonl", "-o", "p.jsonl", "--mock").code == 3
    assert "empty_response: " in show("p.jsonl", "--failures").out


# What rows may not do


def test_no_control_code_of_a_row_reaches_the_terminal(show: Clair, tmp_path: Path) -> None:
    side = f"{EVIL} one [red]markup[/red] :smile:"
    row = {**pair(f"id{EVIL}", f"{EVIL} two", side), "prompt": turns(EVIL), "rationale": EVIL}
    row |= {"model": EVIL, "flag": EVIL, "similarity": EVIL}
    write_rows(tmp_path / "pairs.jsonl", [row, {EVIL: EVIL}])
    bad = {"id": EVIL, "line": EVIL, "file": EVIL, "reason": EVIL, "detail": EVIL,
           "attempts": EVIL, "row": {EVIL: {EVIL: EVIL}}}  # fmt: skip
    failures(tmp_path, bad, {**bad, "row": EVIL})
    broken = write_rows(tmp_path / "broken.jsonl", [{EVIL: EVIL}])
    ran = show("pairs.jsonl")
    failed = show("out", "--failures")
    refusals = [show(broken.name), show("pairs.jsonl", "--id", EVIL[:9])]
    assert [ran.code, failed.code, *(each.code for each in refusals)] == [0, 0, 2, 2]
    shown = "".join(each.out + each.err for each in (ran, failed, *refusals))
    assert [char for char in EVIL if not char.isprintable() and char in shown] == []
    assert "[red]markup[/red] :smile:" in ran.out
    assert "\\x1b[31mred" in ran.out


def test_what_is_kept_on_disk_comes_back_as_it_was() -> None:
    told = Contrast(1, 0.5, 0.5, 0.5, 0.5, 2)
    text = "half a surrogate pair \ud83d\n"
    whole = Pair("a", turns(text), text, "two", "r", "m", told, {"flag": "x"}, ("between",))
    assert list(Choice(sort="kept").among([whole, whole])) == [whole, whole]


# The pager


def on_terminal(
    tmp_path: Path, *arguments: str, env: dict[str, str], out: Path | None = None
) -> tuple[int, str]:
    """Run the command with a terminal of its own; what appears there. Data may go to `out`."""
    inside, outside = pty.openpty()
    child = subprocess.Popen(
        [*CLAIR, *arguments],
        cwd=tmp_path,
        env={**environment(), "TERM": "xterm", **env},
        stdin=outside,
        stdout=os.open(out, os.O_WRONLY | os.O_CREAT) if out else outside,
        stderr=outside,
    )
    os.close(outside)
    shown = b""
    try:
        while data := os.read(inside, 65536):
            shown += data
    except OSError:  # the other end was closed
        pass
    os.close(inside)
    return child.wait(timeout=60), shown.decode()


def script(path: Path, body: str) -> str:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return str(path)


def test_a_pager_gets_it_all_on_a_terminal_and_nothing_elsewhere(
    show: Clair, tmp_path: Path
) -> None:
    write_rows(tmp_path / "pairs.jsonl", [pair("a")])
    pager = script(tmp_path / "pager", 'cat > paged; echo "$LESS" > options')
    code, shown = on_terminal(tmp_path, "show", "pairs.jsonl", env={"PAGER": pager})
    assert (code, shown) == (0, "")
    paged = (tmp_path / "paged").read_text()
    assert DIFF in paged, "a pager of which nothing is known gets marks, not colours"
    assert "\x1b" not in paged
    (tmp_path / "paged").unlink()
    assert DIFF in show("pairs.jsonl", env={"PAGER": pager}).out
    out = tmp_path / "out"
    assert on_terminal(tmp_path, "show", "pairs.jsonl", env={"PAGER": pager}, out=out) == (0, "")
    assert DIFF in out.read_text()
    assert not (tmp_path / "paged").exists()


def test_colours_go_through_a_less_that_passes_them_on(tmp_path: Path) -> None:
    write_rows(tmp_path / "pairs.jsonl", [pair("a")])
    less = script(tmp_path / "less", 'cat > paged; echo "$LESS" > options')
    assert on_terminal(tmp_path, "show", "pairs.jsonl", env={"PAGER": less}) == (0, "")
    assert "\x1b[9;31meight" in (tmp_path / "paged").read_text()
    assert (tmp_path / "options").read_text() == "FRX\n"
    env = {"PAGER": less, "LESS": "M"}
    assert on_terminal(tmp_path, "show", "pairs.jsonl", env=env) == (0, "")
    assert DIFF in (tmp_path / "paged").read_text()


@pytest.mark.parametrize("pager", ["", "cat", "no-such-pager"])
def test_without_a_pager_the_terminal_gets_it(pager: str, tmp_path: Path) -> None:
    write_rows(tmp_path / "pairs.jsonl", [pair("a")])
    code, shown = on_terminal(tmp_path, "show", "pairs.jsonl", env={"PAGER": pager})
    assert code == 0
    assert "eight" in shown


def test_a_pager_that_is_left_ends_the_reading(tmp_path: Path) -> None:
    write_rows(tmp_path / "pairs.jsonl", [pair(f"a{n}") for n in range(20_000)])
    pager = script(tmp_path / "pager", "head -n 1 > paged")
    code, shown = on_terminal(tmp_path, "show", "pairs.jsonl", env={"PAGER": pager})
    assert (code, shown) == (0, "")
    assert "a0" in (tmp_path / "paged").read_text()


@pytest.mark.parametrize(
    ("command", "environ", "kept"),
    [
        ([], {}, True),
        (["less"], {}, True),
        (["/usr/bin/less", "-R"], {"LESS": "M"}, True),
        (["less"], {"LESS": "-Mr"}, True),
        (["less"], {"LESS": "M"}, False),
        (["more"], {}, False),
    ],
)
def test_which_pagers_show_colours(command: list[str], environ: dict[str, str], kept: bool) -> None:
    assert keeps_colours(command, environ) == kept


def test_a_reader_that_goes_away_ends_the_command_as_a_pipeline_expects(tmp_path: Path) -> None:
    write_rows(tmp_path / "pairs.jsonl", [pair(f"a{n}") for n in range(2_000)])
    with subprocess.Popen(
        [*CLAIR, "show", "pairs.jsonl"],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as child:
        assert child.stdout
        assert child.stderr
        child.stdout.readline()
        child.stdout.close()
        assert child.stderr.read() == b""
    assert child.returncode == 141


# Memory


PEAK = """
import resource, sys
from clair_cli.cli.main import run
code = run(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
sys.exit(code)
"""


def peak(tmp_path: Path, *arguments: str) -> int:
    """Kilobytes that the command took at most until somebody had read its first lines."""
    with subprocess.Popen(
        [sys.executable, "-c", PEAK, *arguments],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as child:
        assert child.stdout
        assert child.stderr
        assert child.stdout.readline()
        child.stdout.close()
        return int(child.stderr.read().split()[-1])


@pytest.mark.heavy
@pytest.mark.parametrize("line", [["--sort", "kept", "-n", "5"], ["--sort", "kept"]])
def test_sorting_many_holds_few(line: list[str], tmp_path: Path) -> None:
    told = Contrast(5, 0.5, 0.5, 0.5, 1.0, 1)
    metrics = {field: getattr(told, field) for field in told.__slots__}
    for number, name in ((2_000, "few.jsonl"), (100_000, "many.jsonl")):
        with (tmp_path / name).open("w") as file:
            for n in range(number):
                row = pair(f"p{n}", OLD * 20, NEW * 20, **{**metrics, "kept": n / number})
                file.write(json.dumps(row) + "\n")
    few, many = (peak(tmp_path, "show", name, *line) for name in ("few.jsonl", "many.jsonl"))
    assert many < few + 40_000
