"""`clair export`: another format of a run, finished or not, without any request."""

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq
import pytest

from tests.conftest import CLAIR, Clair, answers, environment, read_rows, write_rows
from tests.serving import Endpoint

SYSTEM = {"role": "system", "content": "Be brief."}
TURNS = [SYSTEM, {"role": "user", "content": "One?"}, {"role": "assistant", "content": "1."},
         {"role": "user", "content": "Two?"}]  # fmt: skip


@pytest.fixture
def run(clair: Clair, endpoint: Endpoint, tmp_path: Path) -> Path:
    """A finished run of ten rows, one of which is a conversation, with a kept column."""
    rows: list[dict[str, Any]] = [{**row, "source": f"s{n}"} for n, row in enumerate(answers(9))]
    rows.append({"prompt": TURNS, "response": "Two.", "source": "talk"})
    write_rows(tmp_path / "in.jsonl", rows)
    command = ("revise", "in.jsonl", "-m", "x", "--base-url", endpoint.base_url, "-o", "run")
    ran = clair(*command, "--format", "standard", "--keep-columns", "source")
    assert ran.code == 0, ran.err
    return tmp_path / "run"


def test_every_format_is_what_revise_would_have_written(
    run: Path, clair: Clair, endpoint: Endpoint, tmp_path: Path
) -> None:
    asked = endpoint.count()
    for form in ("conversational", "standard", "unpaired", "clair"):
        assert clair("export", "run", "--format", form, "-o", f"{form}.jsonl").code == 0
        command = ("revise", "in.jsonl", "-m", "x", "--offline", "--keep-columns", "source")
        store = run / ".clair/store.sqlite3"
        other = f"again-{form}.jsonl"
        ran = clair(*command, "--store", store, "--format", form, "-o", other)
        assert ran.code == 0, ran.err
        assert (tmp_path / f"{form}.jsonl").read_bytes() == (tmp_path / other).read_bytes()
    talk = read_rows(tmp_path / "conversational.jsonl")[-1]
    assert (talk["prompt"], talk["source"]) == (TURNS, "talk")
    assert endpoint.count() == asked


def test_an_exported_directory_is_a_run_of_its_own(run: Path, clair: Clair, tmp_path: Path) -> None:
    ran = clair("export", "run", "--file-type", "parquet", "--split-test", "0.4", "-o", "new")
    assert ran.code == 0, ran.err
    train, test = (pq.read_table(tmp_path / f"new/{each}.parquet") for each in ("train", "test"))
    assert len(train) + len(test) == 10
    assert len(test) > 0
    assert (tmp_path / "new/README.md").read_text().startswith("---\n")
    record = orjson.loads((tmp_path / "new/.clair/run.json").read_bytes())
    assert (record["counts"]["pairs"], record["format"]) == (10, "conversational")
    again = clair("export", "new", "--format", "unpaired", "-o", "-")
    assert again.code == 0
    assert len(again.out.splitlines()) == 20


def test_of_a_killed_run_the_pairs_whose_replies_are_there_are_written(
    clair: Clair, endpoint: Endpoint, tmp_path: Path
) -> None:
    write_rows(tmp_path / "in.jsonl", answers(50))
    command = ["revise", "in.jsonl", "-m", "x", "--base-url", endpoint.base_url, "-c", "1"]
    process = subprocess.Popen(
        [*CLAIR, *command, "--rpm", "600", "-q"], cwd=tmp_path, env=environment()
    )
    while endpoint.count() < 15:
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    ran = clair("export", "in.clair", "-o", "part")
    assert ran.code == 0, ran.err
    pairs = read_rows(tmp_path / "part/train.jsonl")
    failures = read_rows(tmp_path / "part/.clair/failures.jsonl")
    assert 10 <= len(pairs) <= 20
    assert len(pairs) + len(failures) == 50
    assert {each["reason"] for each in failures} == {"offline"}


def test_the_licence_and_the_languages_go_along(clair: Clair, tmp_path: Path) -> None:
    write_rows(tmp_path / "in.jsonl", answers(1))
    stated = ("--license", "cc0-1.0", "--language", "en")
    clair("revise", "in.jsonl", "--mock", "-o", "run", "--max-fail-rate", "1", *stated)
    assert clair("export", "run", "-o", "new").code == 0
    card = (tmp_path / "new/README.md").read_text()
    assert "license: cc0-1.0\n" in card
    assert "- en\n" in card.partition("\n---\n")[0]


def test_rows_from_stdin_are_piped_in_again(clair: Clair, tmp_path: Path) -> None:
    rows = b'{"prompt": "P?", "response": "It is is it."}\n'
    assert clair("revise", "-", "-o", "run", "--mock", stdin=rows).code == 0
    assert clair("export", "run", "-o", "out.jsonl", "--format", "standard", stdin=rows).code == 0
    (pair,) = read_rows(tmp_path / "out.jsonl")
    assert pair["rejected"] == "It is is it."


def test_what_cannot_be_exported_is_told_in_one_line(
    run: Path, clair: Clair, tmp_path: Path
) -> None:
    (tmp_path / "foreign").mkdir()
    for arguments, said in (
        (("nowhere", "-o", "x"), "no such run"),
        (("foreign", "-o", "x"), "was not written by clair"),
        (("run", "-o", "run"), "is the run itself"),
        (("run", "-o", "x.csv"), "cannot write .csv"),
        (("run",), "--output"),
    ):
        ran = clair("export", *arguments)
        assert (ran.code, len(ran.err.splitlines())) == (2, 1), ran.err
        assert said in ran.last
    (tmp_path / "in.jsonl").unlink()
    gone = clair("export", "run", "-o", "x")
    assert (gone.code, "in.jsonl" in gone.last) == (2, True)
    write_rows(tmp_path / "in.jsonl", answers(1))
    (run / ".clair/store.sqlite3").unlink()
    lost = clair("export", "run", "-o", "x")
    assert (lost.code, "store" in lost.last) == (2, True)
    (run / ".clair/recipe.json").write_text("{}")
    damaged = clair("export", "run", "-o", "x")
    assert (damaged.code, "recipe.json" in damaged.last) == (2, True)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("revise", "both"),
        ("min_similarity", "x"),
        ("limit", -1),
        ("attempts", True),
        ("names", []),
        ("license", "a b"),
        ("template", None),
    ],
)
def test_a_recipe_that_holds_what_no_option_can_be_is_told_in_one_line(
    key: str, value: object, run: Path, clair: Clair
) -> None:
    recipe = run / ".clair/recipe.json"
    recipe.write_bytes(orjson.dumps(orjson.loads(recipe.read_bytes()) | {key: value}))
    ran = clair("export", "run", "-o", "new")
    assert (ran.code, len(ran.err.splitlines())) == (2, 1), ran.err


def test_what_is_refused_leaves_the_recipe_of_a_finished_run(run: Path, clair: Clair) -> None:
    recipe = (run / ".clair/recipe.json").read_bytes()
    twice = ("--revise", "chosen", "--response-column", "response")
    ran = clair("revise", "in.jsonl", "--mock", "-o", "run", *twice)
    assert (ran.code, "--response-column" in ran.last) == (2, True)
    assert (run / ".clair/recipe.json").read_bytes() == recipe


def test_where_a_template_lies_is_kept_from_those_who_read_run_json(
    fresh_clair: Clair, clair: Clair, tmp_path: Path
) -> None:
    folder = os.fsdecode(b"secret-\xff")  # no UTF-8
    (tmp_path / folder).mkdir()
    own = tmp_path / folder / "own.toml"
    own.write_text(clair("prompts", "clair").out)
    write_rows(tmp_path / "in.jsonl", [{"prompt": "P?", "response": "It is is it."}])
    ran = fresh_clair("revise", "in.jsonl", "--mock", "-q", "--prompt", f"{folder}/own.toml")
    assert ran.code == 0, ran.err
    record = (tmp_path / "in.clair/.clair/run.json").read_bytes()
    assert orjson.loads(record)["options"]["prompt"] == "own"
    assert b"secret-" not in record + (tmp_path / "in.clair/README.md").read_bytes()
