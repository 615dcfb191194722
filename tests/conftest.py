"""How tests drive the program: the real command in a process of its own."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.forking import ROOT, Forker, Ran, environment, forking
from tests.serving import Endpoint, serving

__all__ = ["CLAIR", "ROOT", "Clair", "Ran", "environment"]

CLAIR = [sys.executable, "-m", "clair_cli"]
LOADED = ["clair_cli.cli.running", "clair_cli.run.export", "clair_cli.cli.commands.show"]

Clair = Callable[..., Ran]


@pytest.fixture(scope="session")
def preloaded() -> Iterator[Forker]:
    """A process that has loaded what most commands need."""
    with forking(LOADED, {}) as started:
        yield started


@pytest.fixture
def clair(tmp_path: Path, preloaded: Forker) -> Clair:
    """Run `clair` in a directory of its own."""

    def run(*arguments: object, env: Mapping[str, str] | None = None, stdin: bytes = b"") -> Ran:
        return preloaded(tmp_path, *arguments, env=env, stdin=stdin)

    return run


@pytest.fixture
def fresh_clair(tmp_path: Path) -> Clair:
    """The same in a process that loads everything itself, as its environment says."""

    def run(*arguments: object, env: Mapping[str, str] | None = None) -> Ran:
        done = subprocess.run(
            [*CLAIR, *map(str, arguments)],
            cwd=tmp_path,
            env=environment(env),
            stdin=subprocess.DEVNULL,
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
