"""What cannot work is found before anything is made or sent."""

import sys
from pathlib import Path

from clair_cli.layout import Layout
from clair_cli.lines import Lines
from clair_cli.records import UsageError


def check_input(lines: Lines) -> None:
    """See that there is something to read.

    Raises:
        UsageError: There is not.
    """
    if lines.input == "-":
        if sys.stdin is None:
            raise UsageError("-: stdin is closed; name a file, or pipe rows in")
        return
    path = Path(lines.input)
    if not path.exists():
        raise UsageError(f"{lines.input}: no such file; name a .jsonl file, or - for stdin")
    if path.is_dir():
        raise UsageError(f"{lines.input}: is a directory; name a .jsonl file in it")


def check_paths(source: str, paths: Layout, store: Path | None, summary: Path | None) -> None:
    """See that nothing is written where it must not be.

    Raises:
        UsageError: It would be.
    """
    if paths.data is None and sys.stdout is None:
        raise UsageError("-o -: stdout is closed; name a directory or a .jsonl file")
    for option, file in (("--store", store), ("--summary", summary)):
        if file and (not file.name or file.is_dir()):
            raise UsageError(f"{option} {file}: is a directory; name a file")
    if summary and not summary.absolute().parent.is_dir():
        raise UsageError(f"--summary {summary}: there is no such directory; make it first")
    for option, file in (("-o", paths.data), ("--summary", summary)):
        if source != "-" and file and file.exists() and file.samefile(source):
            raise UsageError(f"{option} {file}: is the input itself; name another file")
    own = (paths.data, paths.card, paths.failures, paths.run, paths.mock_store, paths.store, store)
    if summary and summary.resolve() in {file.resolve() for file in own if file}:
        raise UsageError(f"--summary {summary}: is a file of the run; name another")
