"""What cannot work is found before anything is made or sent."""

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from clair_cli.records import METRICS, UsageError
from clair_cli.writers.layout import Layout
from clair_cli.writers.ownership import own_names

WRITTEN = frozenset(
    {
        *("id", "prompt", "chosen", "rejected", "completion", "completions", "label", "rational"),
        *("rationale", "model", *METRICS, "thinking", "flag", "worsened_rationale"),
    }
)
"""The columns of a pair, in one format or another."""
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+_-]{0,63}")


def check_stdin(names: Sequence[str]) -> None:
    """See that stdin is there where it is to be read.

    Raises:
        UsageError: It is not, or it is named beside others.
    """
    if "-" in names and sys.stdin is None:
        raise UsageError("-: stdin is closed; name a file, or pipe rows in")
    if "-" in names and len(names) > 1:
        raise UsageError("-: stdin cannot be joined with files; name one or the others")


def check_apart(names: Sequence[str], paths: Layout) -> None:
    """See that pairs do not go into a directory that is read, to be taken for input next time.

    Raises:
        UsageError: They would.
    """
    for name in names:
        if Path(name).is_dir() and paths.side.resolve().is_relative_to(Path(name).resolve()):
            raise UsageError(
                f"{name}: the output {paths.data or paths.side} lies in it, and would be read with "
                "it next time; name another place with -o"
            )


def check_paths(
    inputs: Sequence[Path], paths: Layout, store: Path | None, summary: Path | None
) -> None:
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
    own_data = [paths.data.with_name(name) for name in own_names(paths)] if paths.data else []
    outputs = [("-o", file) for file in (paths.data, *own_data)]
    for option, file in (*outputs, ("--summary", summary)):
        if file and file.exists() and any(file.samefile(each) for each in inputs):
            raise UsageError(f"{option} {file}: is the input itself; name another file")
    own = (
        paths.data,
        *own_data,
        paths.card,
        paths.failures,
        paths.run,
        paths.mock_store,
        paths.store,
        store,
    )
    if summary and summary.resolve() in {file.resolve() for file in own if file}:
        raise UsageError(f"--summary {summary}: is a file of the run; name another")


def check_kept_columns(names: Sequence[str]) -> None:
    """See that `--keep-columns` names columns that pairs can have beside their own.

    Raises:
        UsageError: One is empty, is named twice, or has the name of a column that clair writes.
    """
    for name in names:
        if not name or names.count(name) > 1:
            raise UsageError(
                f"--keep-columns {','.join(names)}: write the names with a comma between them"
            )
        if name in WRITTEN:
            raise UsageError(f"--keep-columns {name}: clair writes a column of that name itself")


def card_id(option: str, value: str) -> str:
    """The value of `--license` or `--language`, in the Hub's small letters.

    Raises:
        UsageError: It cannot be an id of the Hub.
    """
    if not _ID.fullmatch(value):
        raise UsageError(f"{option} {value!r}: write an id of the Hub, such as mit or en")
    return value.lower()
