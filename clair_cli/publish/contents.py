"""What of a run is published."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from clair_cli.records import UsageError

CARD = "README.md"
RECORD = ".clair/run.json"
RECIPE = ".clair/recipe.json"
UNFINISHED = "its run was not finished; run the same clair revise again first"
DATA = re.compile(r"(?:train|test)[\w.-]*\.(?:jsonl|jsonl\.gz|jsonl\.zst|parquet)")
"""The names of data files; none of them has a slash, so none lies outside of the run."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a finished run publishes: files of `run` by name, and what they hold.

    Attributes:
        run: The directory.
        data: The names of the data files.
        pairs: How many pairs they hold.
    """

    run: Path
    data: tuple[str, ...]
    pairs: int

    @property
    def compared(self) -> tuple[str, ...]:
        """The files whose change is worth a commit; run.json holds dates, and follows them."""
        return (*self.data, CARD)


def contents_of(run: Path) -> Contents:
    """What is to be published of a directory that `clair revise` wrote.

    Raises:
        UsageError: It is none, its run did not finish, or a file of it is missing.
    """
    if run.is_file():
        raise UsageError(
            f"{run}: a file output cannot be pushed; make a directory with clair export"
        )
    record = _record(run)
    if not record.get("finished"):
        raise UsageError(f"{run}: {UNFINISHED}")
    names = data_files(record)
    if not names or list(names) != record.get("files"):
        raise UsageError(
            f"{run / RECORD}: does not name the data files alone; run the same clair revise again"
        )
    missing = next((n for n in (*names, CARD) if not (run / n).is_file()), None)
    if missing:
        raise UsageError(f"{run / missing}: is missing; run the same clair revise again")
    counts = record.get("counts")
    pairs = counts.get("pairs") if isinstance(counts, dict) else None
    return Contents(run, names, pairs if isinstance(pairs, int) else 0)


def data_files(record: Mapping[str, Any]) -> tuple[str, ...]:
    """The data files that a run.json names."""
    named = record.get("files")
    names = named if isinstance(named, list) else []
    return tuple(name for name in names if isinstance(name, str) and DATA.fullmatch(name))


def public_record(run: Path) -> bytes:
    """run.json without what concerns only whoever ran it: the addresses that were asked.

    Raises:
        UsageError: It cannot be read.
    """
    record = _record(run)
    record.pop("replicas", None)
    if isinstance(record.get("options"), dict):
        record["options"].pop("endpoints", None)
    return orjson.dumps(record, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _record(run: Path) -> dict[str, Any]:
    if not run.is_dir():
        raise UsageError(f"{run}: no such directory; name one that clair revise wrote")
    try:
        record = orjson.loads((run / RECORD).read_bytes())
    except FileNotFoundError:
        if (run / RECIPE).is_file():
            raise UsageError(f"{run}: {UNFINISHED}") from None
        raise UsageError(
            f"{run}: was not written by clair (it has no {RECORD}); name what clair revise wrote"
        ) from None
    except OSError as exc:
        raise UsageError(f"{run / RECORD}: cannot be read ({exc.strerror})") from exc
    except orjson.JSONDecodeError:
        record = None
    if not isinstance(record, dict):
        raise UsageError(f"{run / RECORD}: is damaged; run the same clair revise again")
    return record
