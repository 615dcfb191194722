"""The real command without its slow imports: a process that has loaded them forks for each run.

A fork has the arguments, the environment, the directory, the standard streams and the exit code of
a process of its own. What starting takes is tested where it matters (`--help`, kills, signals).
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parent.parent

_FORKER = """
import importlib, json, os, sys, traceback
from clair_cli.cli.main import main

for name in sys.argv[1:]:
    importlib.import_module(name)
for line in sys.stdin:
    asked = json.loads(line)
    child = os.fork()
    if child:
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
        continue
    os.environ.clear()
    os.environ.update(asked["env"])
    os.chdir(asked["cwd"])
    write = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    for stream, (name, mode) in enumerate((("in", 0), ("out", write), ("err", write))):
        os.dup2(os.open(asked[name], mode), stream)
    sys.stdin = open(0, closefd=False)
    sys.argv, code = ["clair", *asked["arguments"]], 1
    try:
        main()
    except SystemExit as end:
        code = end.code
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush(), sys.stderr.flush()
    os._exit(code)
"""


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


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment for a command: nothing of the tester's own settings.

    Bytecode is kept from one command to the next, as it is for users.
    """
    own = ("OPENAI_", "CLAIR_", "PYTHONDONTWRITEBYTECODE")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(own)}
    return {**kept, "PYTHONPATH": str(ROOT), "COLUMNS": "100", **(extra or {})}


class Forker:
    """Runs commands, each in a fork of one process."""

    def __init__(
        self, process: "subprocess.Popen[str]", folder: Path, env: Mapping[str, str]
    ) -> None:
        self._process = process
        self._folder = folder
        self._env = env

    def __call__(
        self,
        cwd: Path,
        *arguments: object,
        env: Mapping[str, str] | None = None,
        stdin: bytes = b"",
    ) -> Ran:
        """Run `clair` with `arguments` in the directory `cwd`."""
        streams = {name: self._folder / name for name in ("in", "out", "err")}
        streams["in"].write_bytes(stdin)
        asked = {
            "arguments": [str(each) for each in arguments],
            "env": environment({**self._env, **(env or {})}),
            "cwd": str(cwd),
            **{name: str(path) for name, path in streams.items()},
        }
        assert self._process.stdin
        assert self._process.stdout
        print(json.dumps(asked), file=self._process.stdin, flush=True)
        code = int(self._process.stdout.readline())
        return Ran(code, *(streams[name].read_bytes().decode() for name in ("out", "err")))


@contextmanager
def forking(modules: list[str], env: Mapping[str, str]) -> Iterator[Forker]:
    """A process that has loaded `modules`; what they read of `env` they read but once."""
    command = [sys.executable, "-W", "ignore", "-c", _FORKER, *modules]
    pipe = subprocess.PIPE
    with (
        TemporaryDirectory() as folder,
        subprocess.Popen(
            command, env=environment(env), stdin=pipe, stdout=pipe, text=True
        ) as process,
    ):
        yield Forker(process, Path(folder), env)
