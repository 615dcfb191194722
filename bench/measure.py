"""What a command cost as a whole process."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CLAIR = [sys.executable, "-m", "clair_cli"]


@dataclass(frozen=True)
class Cost:
    """Wall and CPU time in seconds, peak resident memory in MB, exit code."""

    wall: float
    cpu: float
    peak: float
    code: int


def run(command: Sequence[str | Path], cwd: Path | None = None) -> Cost:
    """Run `command`; its output is thrown away, and a code other than 0 is an error."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("CLAIR_", "OPENAI_"))}
    environment["PYTHONPATH"] = str(Path(__file__).parent.parent)
    began = time.perf_counter()
    process = subprocess.Popen(
        [*map(str, command)],
        cwd=cwd,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert process.stderr
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.stderr.close()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command}: exit code {process.returncode}\n{errors.decode()}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, 0)


def fastest(command: Sequence[str | Path], times: int) -> Cost:
    """The quickest of several runs: the one that the machine's other work disturbed least."""
    return min((run(command) for _ in range(times)), key=lambda cost: cost.wall)
