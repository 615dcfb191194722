"""What a run left behind: its pairs, its record, its failures, its store."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from clair_cli.inputs import Raw, find_input
from clair_cli.layout import Layout
from clair_cli.records import UsageError

ENDINGS = (".jsonl", ".jsonl.gz", ".jsonl.zst", ".parquet")


@dataclass(frozen=True, slots=True)
class Found:
    """What there is to report on.

    Attributes:
        name: What to call it.
        rows: The rows of its data files.
        is_run: Whether `clair revise` wrote it.
        record: Its run.json; empty where there is none.
        failures: Its failures.jsonl; None where there is none.
        store: Its store; None where there is none.
    """

    name: str
    rows: Iterable[Raw]
    is_run: bool = False
    record: Mapping[str, Any] = field(default_factory=dict)
    failures: Path | None = None
    store: Path | None = None

    @property
    def worsens(self) -> bool:
        """Whether the revisions are the rejected side."""
        template = self.record.get("template")
        return isinstance(template, Mapping) and template.get("direction") == "worsen"


def find_run(out: str, split: str, store: Path | None) -> Found:
    """The run or dataset that `out` names.

    Raises:
        UsageError: There is none, it is not finished, or it has no such store.
    """
    if store and not store.is_file():
        raise UsageError(f"--store {store}: no such file")
    path = Path(out)
    if path.is_dir():
        paths = Layout(path / "train.jsonl", path / ".clair", None)
        files = sorted(_data_files(path)) if paths.side.is_dir() else []
    else:
        paths = Layout(path, path.with_name(f".{path.name}.clair"), None)
        files = [path] if path.is_file() else []
    if not paths.side.is_dir():
        return Found(out, find_input([out], split=split), store=store)
    files = [each for each in files if each.name.startswith(split)]
    if not files:
        raise UsageError(_nothing(out, split))
    return _run(out, files, paths, store)


def _run(out: str, files: list[Path], paths: Layout, store: Path | None) -> Found:
    record = _record(paths.run)
    return Found(
        name=Path(out).resolve().name,
        rows=find_input([str(file) for file in files]),
        is_run=True,
        record=record,
        failures=paths.failures if paths.failures.is_file() else None,
        store=store or _store(paths, record),
    )


def _data_files(directory: Path) -> list[Path]:
    return [
        each for each in directory.iterdir()
        if each.name.endswith(ENDINGS) and each.is_file() and not each.name.startswith(".")
    ]  # fmt: skip


def _nothing(out: str, split: str) -> str:
    if split:
        return f"--split {split}: {out} has no such split"
    return f"{out}: the run has not finished; run the same clair revise again, then report"


def _record(path: Path) -> Mapping[str, Any]:
    """run.json as far as it can be read: a report is still worth having without it."""
    try:
        record = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return {}
    return record if isinstance(record, dict) else {}


def _store(paths: Layout, record: Mapping[str, Any]) -> Path | None:
    """The store that the run's replies came from; never the offline endpoint's for a real one."""
    options = record.get("options")
    options = options if isinstance(options, Mapping) else {}
    named = options.get("store")
    if isinstance(named, str) and named:
        return Path(named) if Path(named).is_file() else None
    mock = options.get("mock")
    stores = [paths.store] if mock is not True else []
    stores += [paths.mock_store] if mock is not False else []
    return next((store for store in stores if store.is_file()), None)
