"""A job runs below the command line: no typer, nothing printed, no exit."""

import subprocess
import sys
from pathlib import Path

from tests.conftest import answers, environment, read_rows, write_rows

SCRIPT = """
import sys
from clair_cli.run.job import Job
from clair_cli.run.options.endpoint import EndpointOptions
from clair_cli.run.options.revising import ReviseOptions
from clair_cli.run.options.trust import TrustOptions
from clair_cli.run.runner import Runner
from clair_cli.run.watching import Nobody

options = ReviseOptions(
    endpoint=EndpointOptions(mock=True), trust=TrustOptions(max_fail_rate=float(sys.argv[1]))
)
runner = Runner(Job.of(["in.jsonl"], options), Nobody())
code = runner.to_end()
loaded = [name for name in sys.modules if name == "typer" or name.startswith("clair_cli.cli")]
assert not loaded, loaded
sys.exit(10 + code + runner.tally.pairs)
"""


def test_a_job_is_run_from_a_script(tmp_path: Path) -> None:
    messy = {"prompt": "Say it.", "response": "This is is a test, dont you think?"}
    write_rows(tmp_path / "in.jsonl", [messy, *answers(1)])
    for rate, code in (("1", 0), ("0", 3)):
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, rate],
            cwd=tmp_path,
            env=environment(),
            capture_output=True,
            check=False,
        )
        assert (done.returncode, done.stdout, done.stderr) == (10 + code + 1, b"", b"")
    (pair,) = read_rows(tmp_path / "in.clair/train.jsonl")
    assert pair["rejected"][0]["content"] == messy["response"]
