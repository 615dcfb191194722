"""The commands of the training proof, each in a process that sees no more than it must."""

import os
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

HERE = Path(__file__).parent
ANSWERS = HERE.parents[1] / "examples" / "answers.jsonl"
TRL = Path(sysconfig.get_path("scripts")) / "trl"
SETTINGS = ("ACCELERATE_", "CLAIR_", "HF_", "OPENAI_", "TRANSFORMERS_", "WANDB_")
QUIET = {
    "CUDA_VISIBLE_DEVICES": "",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "OMP_NUM_THREADS": "1",  # a model this small is the slower for more
    "TOKENIZERS_PARALLELISM": "false",
}
OFFLINE = {"HF_DATASETS_OFFLINE": "1", "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}


def attempt(
    command: list[object], place: Path, hub: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run `command` in `place` until it ends.

    It sees no GPU, none of the caller's settings, no cache but `place`/hf, and no Hub but the one
    that the variables in `hub` name.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(SETTINGS)}
    reach = OFFLINE if hub is None else hub
    return subprocess.run(
        [str(part) for part in command],
        cwd=place,
        env=inherited | QUIET | {"HF_HOME": str(place / "hf")} | dict(reach),
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
        timeout=390,
    )


def run(command: list[object], place: Path, hub: Mapping[str, str] | None = None) -> str:
    """Run `command` like `attempt`; it must end with 0. Returns its stderr."""
    done = attempt(command, place, hub)
    said = f"{done.stdout}\n{done.stderr}"[-6000:]
    assert done.returncode == 0, f"{command[:4]} ended with {done.returncode}:\n{said}"
    return done.stderr


def revise(answers: Path, place: Path, *options: str) -> Path:
    """Let the real command write a directory of pairs, `place`/out."""
    clair = [sys.executable, "-m", "clair_cli"]
    run([*clair, "revise", answers, "-o", place / "out", "--mock", "--quiet", *options], place)
    return place / "out"
