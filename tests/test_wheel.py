"""The wheel alone, in a bare environment and another directory, does the demo."""

import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.conftest import ROOT, environment, read_rows


@pytest.mark.heavy
def test_the_wheel_runs_the_demo(tmp_path: Path) -> None:
    env = {k: v for k, v in environment().items() if k != "PYTHONPATH"}
    build = [sys.executable, "-m", "build", "--wheel", "--outdir", tmp_path / "dist", ROOT]
    subprocess.run([*map(str, build)], check=True, capture_output=True, env=env)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    venv.create(tmp_path / "bare", with_pip=True)
    bare = tmp_path / "bare/bin"
    subprocess.run(
        [str(bare / "pip"), "install", "--quiet", str(wheel)], check=True, capture_output=True
    )
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    def clair(*arguments: str) -> str:
        done = subprocess.run(
            [str(bare / "clair"), *arguments],
            cwd=elsewhere,
            env=env,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

    answers = ROOT / "examples/answers.jsonl"
    clair("revise", str(answers), "-o", "demo", "--mock", "--quiet")
    assert len(read_rows(elsewhere / "demo/train.jsonl")) == len(read_rows(answers))
    assert "Rationale: " in clair("show", "demo", "--number", "1")
    assert "clair-system" in clair("prompts")
    assert clair("report", "demo") == "report.html\n"
