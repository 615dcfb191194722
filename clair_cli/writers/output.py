"""Pairs and failures -> files that appear at the end of the run, whole, or not at all."""

import contextlib
import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from clair_cli.records import Failure, Pair
from clair_cli.writers.atomic_files import (
    part_of,
    rename,
    sync_directory,
    telling_os_errors,
    temporary,
)
from clair_cli.writers.file_plan import Plan, Written
from clair_cli.writers.formats import EXAMPLE, Format
from clair_cli.writers.json_text import json_line
from clair_cli.writers.layout import SPLITS, Layout
from clair_cli.writers.line_files import LineShards, LineStream
from clair_cli.writers.ownership import announce, own_names


class Shards(Protocol):
    """The files of one split, under temporary names."""

    def write(self, record: dict[str, Any], line: bytes, /) -> None:
        """Add a record; `line` is its JSON."""

    def end(self) -> None:
        """Nothing more is added to this split."""

    def files(self) -> list[Path]:
        """The files, whole and on disk; every split has ended."""

    def abort(self) -> None:
        """Let go of what is open."""


class Output:
    """The pairs and failures of a run; a context manager.

    They are written under temporary names in the side directory (to stdout at once where that is
    the output) and get their own by `publish`. Left without it, they leave nothing behind, and
    what stood there before stays.

    Args:
        layout: Where.
        form: The records of a pair.
        plan: What files; it fits the layout.

    Raises:
        UsageError: A file cannot be written (no room, no permission).
        StdoutClosedError: Nobody reads stdout any more.
    """

    def __init__(self, layout: Layout, form: Format, plan: Plan) -> None:
        self._layout = layout
        self._form = form
        self._plan = plan
        self._stack = contextlib.ExitStack()
        self._hash = hashlib.sha256()
        self._rows = dict.fromkeys(plan.splits, 0)

    def __enter__(self) -> Self:
        with self._stack, telling_os_errors():
            self._layout.side.mkdir(parents=True, exist_ok=True)
            self._stack.enter_context(_swept(self._layout.side))
            self._splits = self._shards()
            for shards in self._splits.values():
                self._stack.callback(shards.abort)
            self._failures = self._stack.enter_context(temporary(part_of(self._layout.failures)))
            self._stack = self._stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def write(self, outcome: Pair | Failure) -> None:
        """Add one outcome."""
        with telling_os_errors():
            if isinstance(outcome, Pair):
                self._write_pair(outcome)
            else:
                self._failures.write(json_line(_failure(outcome)))

    def publish(self) -> Written:
        """Give the finished files their names; each is whole on disk before any appears."""
        with telling_os_errors():
            for shards in self._splits.values():
                shards.end()
            parts = {
                split: shards.files()
                for split, shards in self._splits.items()
                if split == "train" or self._rows[split]  # `datasets` cannot load an empty file
            }
            rename(self._failures, part_of(self._layout.failures), self._layout.failures)
            files = {
                split: self._layout.names(split, len(paths), self._plan.kind)
                for split, paths in parts.items()
            }
            if self._layout.folder is not None:
                _reveal(self._layout, self._layout.folder, parts, files)
        return Written(files, self._rows, self._hash.hexdigest())

    def _write_pair(self, pair: Pair) -> None:
        split = self._plan.split_of(pair.row or pair.id)
        for record in self._form(pair):
            line = json_line(record)
            self._splits[split].write(record, line)
            self._rows[split] += 1
            if split != "train":
                self._hash.update(b"%s: " % split.encode())
            self._hash.update(line)

    def _shards(self) -> dict[str, Shards]:
        layout, plan = self._layout, self._plan
        if layout.folder is None:
            return {"train": LineStream(sys.stdout.buffer)}
        size = None if layout.file else plan.shard_size
        if plan.kind != "parquet":
            return {s: LineShards(layout.side / s, plan.kind, size) for s in plan.splits}
        from clair_cli.writers.parquet_files import ParquetShards, Schema  # noqa: PLC0415 - it loads arrow

        schema = Schema(self._form(EXAMPLE)[0])
        return {split: ParquetShards(layout.side / split, size, schema) for split in plan.splits}


def _reveal(
    layout: Layout, folder: Path, parts: dict[str, list[Path]], files: dict[str, tuple[str, ...]]
) -> None:
    """Rename the parts, then remove what an earlier run wrote and this one did not."""
    names = [name for split in files.values() for name in split]
    stale = set(own_names(layout)) - set(names)
    announce(layout, names)
    paths = [path for split in parts.values() for path in split]
    for path, name in zip(paths, names, strict=True):
        path.rename(folder / name)
    sync_directory(folder)
    for name in stale:
        (folder / name).unlink(missing_ok=True)


@contextlib.contextmanager
def _swept(side: Path) -> Iterator[None]:
    """A side directory without data files under temporary names, before and after."""
    _sweep(side)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            _sweep(side)


def _sweep(side: Path) -> None:
    for split in SPLITS:
        for part in side.glob(f"{split}*.part"):
            part.unlink(missing_ok=True)


def _failure(failure: Failure) -> dict[str, Any]:
    return {
        "id": failure.id,
        "file": failure.file,
        "line": failure.line,
        "reason": failure.reason,
        "detail": failure.detail,
        "attempts": failure.attempts,
        "row": failure.original,
    }
