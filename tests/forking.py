"""The real command without its slow imports: a process that has loaded them forks for each run."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import orjson

from tests.conftest import Ran, environment

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
    os.environ.update(asked["env"])
    os.chdir(asked["cwd"])
    for stream, path in ((1, asked["out"]), (2, asked["err"])):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), stream)
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


class Forker:
    """Runs commands, each in a fork of one process."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def __call__(self, cwd: Path, *arguments: object, env: Mapping[str, str] | None = None) -> Ran:
        """Run `clair` with `arguments` in the directory `cwd`."""
        out, err = cwd / ".stdout", cwd / ".stderr"
        asked = {
            "arguments": [str(each) for each in arguments],
            "env": dict(env or {}),
            "cwd": str(cwd),
            "out": str(out),
            "err": str(err),
        }
        assert self._process.stdin
        assert self._process.stdout
        print(orjson.dumps(asked).decode(), file=self._process.stdin, flush=True)
        code = int(self._process.stdout.readline())
        return Ran(code, out.read_text(), err.read_text())


@contextmanager
def forking(modules: list[str], env: Mapping[str, str]) -> Iterator[Forker]:
    """A process that has loaded `modules`; what they read of `env` they read but once."""
    command = [sys.executable, "-W", "ignore", "-c", _FORKER, *modules]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, env=environment(env), stdin=pipe, stdout=pipe, text=True
    ) as process:
        yield Forker(process)
