"""What a run left behind, found by its name: its pairs, record, failures, and store."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from clair_cli.records import UsageError
from clair_cli.rows.input import find_input
from clair_cli.rows.raw import Raw
from clair_cli.writers.layout import SPLITS, Layout, layout_of


@dataclass(frozen=True, slots=True)
class Artifacts:
    """What there is to report on; of a dataset that no run wrote, its rows alone.

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


def find_artifacts(out: str, split: str, store: Path | None) -> Artifacts:
    """The run or dataset that `out` names.

    Raises:
        UsageError: There is none, it is not finished, or it has no such store.
    """
    if store and not store.is_file():
        raise UsageError(f"--store {store}: no such file")
    path = Path(out)
    paths = layout_of(path)
    if not paths.side.is_dir():
        return Artifacts(out, find_input([out], split=split), store=store)
    record = _record(paths.run)
    files = _data_files(paths, record, split)
    if not files:
        raise UsageError(_nothing(out, split))
    return Artifacts(
        name=path.resolve().name,
        rows=find_input([str(file) for file in files]),
        is_run=True,
        record=record,
        failures=paths.failures if paths.failures.is_file() else None,
        store=store or _store(paths),
    )


def _data_files(paths: Layout, record: Mapping[str, Any], split: str) -> list[Path]:
    """The data files, train first: those that run.json names, else those of a run's names."""
    folder = paths.folder or Path()
    named = record.get("files")
    named = named if isinstance(named, list) else []
    names = [name for name in named if isinstance(name, str) and Path(name).name == name]
    names = names or sorted(
        each.name for each in folder.iterdir() if paths.split_and_kind(each.name)
    )
    by_split = {part: [name for name in names if _split(paths, name) == part] for part in SPLITS}
    wanted = [name for part, some in by_split.items() if split in {"", part} for name in some]
    return [folder / name for name in wanted if (folder / name).is_file()]


def _split(paths: Layout, name: str) -> str:
    found = paths.split_and_kind(name)
    return found[0] if found else SPLITS[0]


def _nothing(out: str, split: str) -> str:
    if split:
        return f"--split {split}: {out} has no such split"
    return f"{out}: the run has not finished; run the same clair revise again, then report"


def _record(path: Path) -> Mapping[str, Any]:
    """A record as far as it can be read: a report is still worth having without it."""
    try:
        record = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return {}
    return record if isinstance(record, dict) else {}


def _store(paths: Layout) -> Path | None:
    """The store that the run's replies came from; never the offline endpoint's for a real one."""
    recipe = _record(paths.recipe)  # run.json may be published, and names no store
    named, mock = recipe.get("store"), recipe.get("mock")
    if isinstance(named, str) and named:
        return Path(named) if Path(named).is_file() else None
    stores = [paths.store] if mock is not True else []
    stores += [paths.mock_store] if mock is not False else []
    return next((store for store in stores if store.is_file()), None)
