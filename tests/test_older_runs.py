"""A run directory of version 0.1 is resumed, exported, shown and reported without a request."""

import shutil
from pathlib import Path

import orjson
import pytest

from tests.conftest import ROOT, Clair, read_rows
from tests.serving import Endpoint

MADE = ROOT / "tests/data/run-0.1"
"""Two runs over in.jsonl: `real` by a scripted endpoint, `mocked` by the offline one."""

REAL = (
    *("--temperature", "0.7", "--param", "top_p=0.9", "--seed", "7"),
    *("--keep-columns", "source", "--min-kept", "0.3", "--license", "mit"),
)
COMMAND = (
    "clair revise in.jsonl --keep-columns source -m gpt-4o --prompt clair --temperature 0.7 "
    "--seed 7 --param top_p=0.9 --min-kept 0.3"
)


@pytest.fixture(autouse=True)
def older(tmp_path: Path) -> Path:
    """A copy of the runs, in the directory that commands run in."""
    shutil.copytree(MADE, tmp_path, dirs_exist_ok=True)
    return tmp_path


def test_it_is_resumed(older: Path, clair: Clair, endpoint: Endpoint) -> None:
    line = ("revise", "in.jsonl", "-o", "real", "-m", "gpt-4o", "--base-url", endpoint.base_url)
    ran = clair(*line, *REAL, "--format", "standard", "--max-fail-rate", "0.5")
    assert (ran.code, endpoint.count()) == (0, 0), ran.err
    for name in ("train.jsonl", ".clair/failures.jsonl"):
        assert (older / "real" / name).read_bytes() == (MADE / "real" / name).read_bytes()
    assert clair("revise", "in.jsonl", "-o", "mocked", "--mock", "--offline").code == 3
    assert (older / "mocked/train.jsonl").read_bytes() == (MADE / "mocked/train.jsonl").read_bytes()


@pytest.mark.parametrize(("run", "form"), [("real", "standard"), ("mocked", "conversational")])
def test_it_is_exported(run: str, form: str, older: Path, clair: Clair) -> None:
    ran = clair("export", run, "-o", "again", "--format", form)
    assert ran.code == 0, ran.err
    assert (older / "again/train.jsonl").read_bytes() == (MADE / run / "train.jsonl").read_bytes()
    command = orjson.loads((older / "again/.clair/run.json").read_bytes())["command"]
    mocked = "clair revise in.jsonl --mock --prompt clair --format conversational"
    real = f"{COMMAND} --format standard --license mit"
    assert command == (real if run == "real" else mocked)
    once_more = clair("export", "again", "-o", "more.jsonl", "--format", form)
    assert once_more.code == 0, once_more.err
    assert (older / "more.jsonl").read_bytes() == (MADE / run / "train.jsonl").read_bytes()


@pytest.mark.parametrize("run", ["real", "mocked"])
def test_it_is_looked_at(run: str, older: Path, clair: Clair) -> None:
    shown = clair("show", run)
    assert shown.code == 0, shown.err
    ids = [row["id"] for row in read_rows(older / run / "train.jsonl")]
    assert [row_id for row_id in ids if f" {row_id} " not in shown.out] == []
    failures = clair("show", run, "--failures")
    assert "empty_response" in failures.out
    stats = orjson.loads(clair("stats", run, "--json").out)
    assert stats["datasets"][0]["pairs"] == len(read_rows(older / run / "train.jsonl"))
    assert clair("lint", run).code == 0
    ran = clair("report", run)
    assert ran.code == 0, ran.err
    page = (older / "report.html").read_text(encoding="utf-8")
    assert (COMMAND if run == "real" else "clair revise in.jsonl --mock") in page
