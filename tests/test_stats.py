"""`clair stats`: the metrics of any preference dataset, as figures and small histograms."""

import json
import os
import pty
import statistics
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clair_cli.contrast.distribution import Distribution
from clair_cli.contrast.metrics import contrast
from clair_cli.looking.bins import SHARES, round_edges
from clair_cli.looking.stats import Measured, histograms
from clair_cli.records import METRICS
from clair_cli.rows.pairs import HOPELESS
from tests.conftest import CLAIR, Clair, Ran, environment, write_rows
from tests.forking import Forker, forking
from tests.hubserver import hub_environment, hub_serving
from tests.test_show import NEW, OLD, pair, peak, shapes


@pytest.fixture(scope="module")
def forker() -> Iterator[Forker]:
    with forking(["tests.warming"], {}) as running:
        yield running


@pytest.fixture
def stats(forker: Forker, tmp_path: Path) -> Clair:
    """Run `clair stats` in a directory of its own."""

    def run(*arguments: object, env: Mapping[str, str] | None = None) -> Ran:
        return forker(tmp_path, "stats", *arguments, env=env)

    return run


def told(ran: Ran) -> list[dict[str, Any]]:
    """What `--json` says of each dataset."""
    assert ran.code == 0, ran.err
    found: list[dict[str, Any]] = json.loads(ran.out)["datasets"]
    return found


def several(number: int = 40) -> list[dict[str, Any]]:
    """Pairs that differ more and more."""
    words = [f"w{n}" for n in range(number)]
    return [
        pair(f"p{n}", " ".join(words), " ".join([*("other" for _ in range(n)), *words[n:]]))
        for n in range(1, number + 1)
    ]


# Figures


def test_figures_are_those_of_the_pairs(stats: Clair, tmp_path: Path) -> None:
    rows = several()
    write_rows(tmp_path / "p.jsonl", rows)
    (found,) = told(stats("p.jsonl", "--json"))
    assert (found["name"], found["pairs"], found["from_texts"]) == ("p.jsonl", 40, 40)
    contrasts = [contrast(row["rejected"], row["chosen"]) for row in rows]
    for metric in METRICS:
        values = sorted(getattr(each, metric) for each in contrasts)
        its = found["metrics"][metric]
        assert its["mean"] == pytest.approx(statistics.mean(values), abs=1e-5), metric
        assert (its["min"], its["max"]) == (values[0], values[-1]), metric
        for label, index in (("p10", 3), ("p50", 19), ("p90", 35)):
            assert its[label] == pytest.approx(values[index], rel=0.006), (metric, label)
        assert sum(its["histogram"]["counts"]) == 40
        assert len(its["histogram"]["edges"]) == len(its["histogram"]["counts"]) + 1


@pytest.mark.parametrize("shape", shapes())
def test_every_shape_is_measured_alike(shape: str, stats: Clair, tmp_path: Path) -> None:
    write_rows(tmp_path / "p.jsonl", shapes()[shape])
    (found,) = told(stats("p.jsonl", "--json"))
    assert (found["pairs"], found["no_preference"], found["other_side_missing"]) == (1, 0, 0)
    expected = contrast(OLD, NEW)
    means = {metric: found["metrics"][metric]["mean"] for metric in METRICS}
    assert means == {metric: getattr(expected, metric) for metric in METRICS}


def test_columns_of_ours_are_believed_unless_the_texts_are_asked_for(
    stats: Clair, tmp_path: Path
) -> None:
    columns = dict.fromkeys(METRICS, 0.5)
    rows = [pair("a", **columns), pair("b"), pair("c", **{**columns, "kept": -1})]
    write_rows(tmp_path / "p.jsonl", rows)
    (found,) = told(stats("p.jsonl", "--json"))
    assert (found["pairs"], found["from_texts"]) == (3, 2)
    assert found["metrics"]["levenshtein"]["min"] == 0.5
    (measured,) = told(stats("p.jsonl", "--json", "--from-texts"))
    assert (measured["pairs"], measured["from_texts"]) == (3, 3)
    assert measured["metrics"]["levenshtein"]["min"] == contrast(OLD, NEW).levenshtein
    text = stats("p.jsonl").out
    assert "p.jsonl: 3 pairs, metrics 1 from columns and 2 from the texts" in text


def test_what_a_run_wrote_is_measured_with_both_splits(
    clair: Clair, stats: Clair, tmp_path: Path
) -> None:
    answer = "This is is a test, dont you think?"
    rows = [{"id": f"r{n}", "prompt": f"Say {n}.", "response": f"{answer} {n}"} for n in range(4)]
    write_rows(tmp_path / "in.jsonl", rows)
    assert clair("revise", "in.jsonl", "--mock").code == 0
    write_rows(tmp_path / "in.clair" / "test.jsonl", [pair("held-out")])
    (found,) = told(stats("in.clair", "--json"))
    assert (found["pairs"], found["from_texts"]) == (5, 1)
    (train,) = told(stats("in.clair", "--json", "--split", "train"))
    assert (train["pairs"], train["from_texts"]) == (4, 0)
    (computed,) = told(stats("in.clair", "--json", "--split", "train", "--from-texts"))
    assert computed["metrics"] == train["metrics"]


def test_rows_that_are_no_preference_are_counted_and_told(stats: Clair, tmp_path: Path) -> None:
    unpaired = {"id": "z", "prompt": "p", "completion": "c", "label": True}
    (tmp_path / "p.jsonl").write_text(
        "\n".join(["{oops", json.dumps(pair("a")), '{"a": 1}', json.dumps(unpaired)])
    )
    ran = stats("p.jsonl")
    assert (ran.code, ran.err) == (0, "")
    assert "2 rows are no preference (first: p.jsonl, line 1: is not JSON" in ran.out
    assert "1 rows miss their other side" in ran.out
    (found,) = told(stats("p.jsonl", "--json"))
    assert (found["no_preference"], found["other_side_missing"]) == (2, 1)


def test_a_limit_reads_no_further(stats: Clair, tmp_path: Path) -> None:
    write_rows(tmp_path / "p.jsonl", [*several(5), {"a": 1}])
    (found,) = told(stats("p.jsonl", "--json", "--limit", "3"))
    assert (found["pairs"], found["no_preference"]) == (3, 0)


def test_what_holds_no_pairs_is_refused(stats: Clair, tmp_path: Path) -> None:
    write_rows(tmp_path / "p.jsonl", [pair("a")])
    write_rows(tmp_path / "in.jsonl", [{"prompt": "p", "response": "r"}])
    write_rows(tmp_path / "many.jsonl", [*([{"a": 1}] * HOPELESS), pair("too late")])
    alone = [{"id": n, "prompt": "p", "completion": "c", "label": True} for n in range(3)]
    write_rows(tmp_path / "alone.jsonl", alone)
    (tmp_path / "empty.jsonl").write_bytes(b"")
    for line, word in {
        ("p.jsonl", "in.jsonl"): "in.jsonl, line 1",
        ("many.jsonl",): "many.jsonl, line 1",
        ("alone.jsonl",): "opposite labels",
        ("empty.jsonl",): "empty.jsonl: has no pairs",
        ("absent",): "absent",
        ("-", "p.jsonl"): "stdin",
    }.items():
        ran = stats(*line)
        assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1), line
        assert word in ran.err


@pytest.mark.heavy
def test_a_dataset_on_the_hub_is_measured(clair: Clair, tmp_path: Path) -> None:
    train, test = several(3), several(2)
    files = {
        f"{split}.jsonl": b"".join(json.dumps(row).encode() + b"\n" for row in rows)
        for split, rows in (("train", train), ("test", test))
    }
    with hub_serving() as hub:
        hub.add("user/pairs", files)
        env = hub_environment(hub, tmp_path)
        ran = clair("stats", "user/pairs", "--split", "train", "--json", env=env)
    (found,) = told(ran)
    assert (found["name"], found["pairs"]) == ("user/pairs", 3)


# On the screen


def test_datasets_stand_side_by_side_over_the_same_bins(stats: Clair, tmp_path: Path) -> None:
    rows = several()
    write_rows(tmp_path / "near.jsonl", rows[:10])
    write_rows(tmp_path / "far.jsonl", rows[30:])
    near, far = told(stats("near.jsonl", "far.jsonl", "--json"))
    for metric in METRICS:
        edges = [each["metrics"][metric]["histogram"]["edges"] for each in (near, far)]
        assert edges[0] == edges[1], metric
    assert near["metrics"]["jaccard"]["mean"] > far["metrics"]["jaccard"]["mean"]
    assert near["metrics"]["levenshtein"]["mean"] < far["metrics"]["levenshtein"]["mean"]
    lines = stats("near.jsonl", "far.jsonl", env={"COLUMNS": "80"}).out.splitlines()
    assert max(map(len, lines)) <= 80
    at = next(n for n, line in enumerate(lines) if line.startswith("jaccard"))
    assert lines[at + 1].split()[:2] == ["near.jsonl", "10"]
    assert lines[at + 2].split()[:2] == ["far.jsonl", "10"]
    bars = [line[line.index("|") : line.rindex("|")] for line in lines[at + 1 : at + 3]]
    assert bars[0].lstrip("| ") > ""
    assert len(bars[0].rstrip()) > len(bars[1].rstrip()), "the near ones lie further right"


def test_long_names_are_written_once_and_then_by_a_letter(stats: Clair, tmp_path: Path) -> None:
    names = ["a-very-long-name-of-a-dataset.jsonl", "another-one-of-these.jsonl"]
    for name in names:
        write_rows(tmp_path / name, [pair("a")])
    lines = stats(*names).out.splitlines()
    assert [line.split(":")[0] for line in lines[:2]] == [f"A  {names[0]}", f"B  {names[1]}"]
    assert sum(line.startswith("  A ") for line in lines) == len(METRICS)


def test_columns_stay_in_line_whatever_the_numbers(stats: Clair, tmp_path: Path) -> None:
    huge = dict.fromkeys(METRICS, 1.0) | {"levenshtein": 123_456_789, "length_ratio": 98_765.4}
    tiny = dict.fromkeys(METRICS, 0.0) | {"length_ratio": 0.000_001, "first_change": 99_999}
    write_rows(tmp_path / "p.jsonl", [pair("a", **huge), pair("b", **tiny)])
    lines = [line for line in stats("p.jsonl").out.splitlines() if "|" in line]
    assert len(lines) == len(METRICS)
    assert {line.index("|") for line in lines} == {66}
    assert all(len(line.split("|")[0].split()) == 8 for line in lines)


def test_a_terminal_without_blocks_gets_plain_characters(stats: Clair, tmp_path: Path) -> None:
    write_rows(tmp_path / "p.jsonl", several())
    assert "█" in stats("p.jsonl").out
    done = subprocess.run(
        [*CLAIR, "stats", "p.jsonl"],
        cwd=tmp_path,
        env=environment({"PYTHONIOENCODING": "ascii"}),
        capture_output=True,
        check=True,
    )
    assert b"@" in done.stdout
    assert b"\\u" not in done.stdout


def test_a_name_is_no_control_code_and_no_markup(stats: Clair, tmp_path: Path) -> None:
    name = "[red]\x1b[31mx\u202e.jsonl"
    write_rows(tmp_path / name, [pair("a"), {"\x1b[2J": 1}])
    for line in ([name], [name, "--json"]):
        ran = stats(*line)
        assert ran.code == 0, ran.err
        assert "[red]" in ran.out
        assert not {"\x1b", "\u202e"} & set(ran.out)


@pytest.mark.heavy
def test_progress_is_told_on_stderr_where_it_takes_long(tmp_path: Path) -> None:
    """A pipe that is fed slowly, so that it does on every machine."""
    os.mkfifo(tmp_path / "pipe.jsonl")
    inside, outside = pty.openpty()
    line = json.dumps(pair("a")).encode() + b"\n"
    done = threading.Event()

    def feed() -> None:
        with (tmp_path / "pipe.jsonl").open("wb", buffering=0) as pipe:
            while not done.is_set():
                pipe.write(line * 200)
                time.sleep(0.05)

    feeder = threading.Thread(target=feed)
    feeder.start()
    with subprocess.Popen(
        [*CLAIR, "stats", "pipe.jsonl", "--json"],
        cwd=tmp_path,
        env=environment({"TERM": "xterm"}),
        stdout=subprocess.PIPE,
        stderr=outside,
    ) as child:
        os.close(outside)
        shown = b""
        while b"pairs measured" not in shown:
            shown += os.read(inside, 4096)
        done.set()
        feeder.join()
        out = child.stdout.read() if child.stdout else b""
    os.close(inside)
    assert child.returncode == 0
    assert json.loads(out)["datasets"][0]["pairs"] % 200 == 0


# Histograms


values = st.lists(st.floats(0, 1e6, allow_subnormal=False), min_size=1, max_size=60)


@given(values, values)
@settings(deadline=None, database=None, max_examples=60)
def test_every_value_is_in_a_bin(first: list[float], second: list[float]) -> None:
    measured = [Measured("a"), Measured("b")]
    for metric in METRICS:
        for each, its in zip(measured, (first, second), strict=True):
            for value in its:
                each.metrics[metric].add(value / 1e6 if metric in SHARES else value)
        found = histograms(metric, measured)
        assert [sum(bins.counts) for bins in found] == [len(first), len(second)]
        assert found[0].edges == found[1].edges
        assert list(found[0].edges) == sorted(set(found[0].edges))


def of(numbers: list[float]) -> Distribution:
    found = Distribution()
    for number in numbers:
        found.add(number)
    return found


@given(values.filter(any), st.sampled_from(METRICS), st.sampled_from([5, 20, 32]))
@settings(deadline=None, database=None, max_examples=60)
def test_round_bins_are_equal_and_hold_all_but_a_hundredth(
    numbers: list[float], metric: str, number: int
) -> None:
    numbers = [each / 1e6 if metric in SHARES else each for each in numbers]
    edges = round_edges(metric, of(numbers), number)
    width = edges[1] - edges[0]
    assert len(edges) == number
    assert [b - a for a, b in pairwise(edges)] == pytest.approx([width] * (number - 1), rel=1e-5)
    most = of(numbers).quantile(0.99)
    assert edges[0] <= of(numbers).quantile(0.01)
    assert edges[-1] + width >= most * (1 - 1e-6)
    if metric == "levenshtein":
        assert all(edge.is_integer() for edge in edges)


def test_round_bins_begin_and_step_in_numbers_that_people_count_in() -> None:
    ratios = of([0.874, *(0.9 + n / 1000 for n in range(400)), 7.0])
    assert round_edges("length_ratio", ratios, 20)[:3] == (0.9, 0.925, 0.95)
    assert round_edges("levenshtein", of([3.0, 1000.0, 2000.0]), 20)[-2:] == (3600.0, 3800.0)
    assert round_edges("kept", of([0.5]), 20)[-2:] == (0.9, 0.95)


@pytest.mark.heavy
def test_many_pairs_take_no_more_memory_than_few(tmp_path: Path) -> None:
    row = json.dumps(pair("x", OLD * 20, NEW * 20)) + "\n"
    (tmp_path / "few.jsonl").write_text(row * 1_000)
    (tmp_path / "many.jsonl").write_text(row * 100_000)
    few, many = (peak(tmp_path, "stats", name) for name in ("few.jsonl", "many.jsonl"))
    assert many < few + 20_000
