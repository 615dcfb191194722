"""How tests drive the program: the real command in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.serving import Endpoint, serving

ROOT = Path(__file__).parent.parent
CLAIR = [sys.executable, "-m", "clair_cli"]


@dataclass
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def last(self) -> str:
        """The last line on stderr."""
        return self.err.strip().splitlines()[-1] if self.err.strip() else ""


Clair = Callable[..., Ran]


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment for a command: nothing of the tester's own settings."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("OPENAI_", "CLAIR_"))}
    return {**kept, "PYTHONPATH": str(ROOT), "COLUMNS": "100", **(extra or {})}


@pytest.fixture
def clair(tmp_path: Path) -> Clair:
    """Run `clair` in a directory of its own."""

    def run(*arguments: object, env: Mapping[str, str] | None = None, stdin: bytes = b"") -> Ran:
        done = subprocess.run(
            [*CLAIR, *map(str, arguments)],
            cwd=tmp_path,
            env=environment(env),
            input=stdin,
            capture_output=True,
            timeout=100,
            check=False,
        )
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """An endpoint that adds a word to every answer."""
    with serving() as server:
        yield server


def write_rows(path: Path, rows: Sequence[Any]) -> Path:
    """Write `rows` as JSON Lines."""
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path


def answers(number: int) -> list[dict[str, Any]]:
    """So many rows, all different."""
    return [{"prompt": f"What is {n}?", "response": f"It is {n}."} for n in range(number)]


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The objects of a JSON Lines file."""
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]
