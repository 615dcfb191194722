"""Parquet files in shards, row group by row group; imported only where they are asked for.

All files of a run end with one schema. Most of it is the format's. The types of kept columns are
seen from their values, so a schema can widen during the run: what comes then goes to another
segment, and at the end the segments with a narrower schema are written again, a row group at a
time.
"""

import contextlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from clair_cli.writers.atomic_files import BUFFER, sync
from clair_cli.writers.json_text import whole_text
from clair_cli.writers.parquet_cells import cell_of, is_plain, value_of
from clair_cli.writers.parquet_types import NULL, merged, stored, type_of

GROUP_ROWS = 10_000
GROUP_BYTES = 8 * 1024 * 1024
"""A row group ends at either, in records or in bytes of their JSON: what is held in memory."""

Columns: TypeAlias = dict[str, pa.DataType]
"""The type that each holds, as `parquet_types` has it."""
Record: TypeAlias = dict[str, Any]


class Schema:
    """The columns of a run, shared by its splits; those that `example` has are settled."""

    def __init__(self, example: Record) -> None:
        self._settled: Columns = {name: type_of(value) for name, value in example.items()}
        self.columns = self._settled

    def widen(self, records: Sequence[Record]) -> Columns:
        """The columns, with room for `records` as well."""
        columns = dict(self.columns)
        for record in records:
            for name, value in record.items():
                if name not in self._settled:
                    columns[name] = merged(columns.get(name, NULL), type_of(value))
        self.columns = columns
        return columns


class ParquetShards:
    """A split as Parquet files.

    Args:
        stem: The path of the files, without their number and ending.
        shard_size: Bytes past which the next row group goes to a new file; None for one file.
        schema: Of all splits.
    """

    def __init__(self, stem: Path, shard_size: int | None, schema: Schema) -> None:
        self._stem = stem
        self._shard_size = shard_size
        self._schema = schema
        self._group_bytes = min(GROUP_BYTES, shard_size or GROUP_BYTES)
        self._records: list[Record] = []
        self._bytes = 0
        self._shards: list[list[_Segment]] = []
        self._is_full = True

    def write(self, record: Record, line: bytes) -> None:
        """Add a record; `line` is its JSON."""
        self._records.append(record)
        self._bytes += len(line)
        if len(self._records) >= GROUP_ROWS or self._bytes >= self._group_bytes:
            self._write_group()

    def end(self) -> None:
        """Have all that was added on disk, and in the schema."""
        if self._records:
            self._write_group()
        self._end_segment()

    def files(self) -> list[Path]:
        """The files, whole and on disk, all with one schema; one without a row for no records."""
        if not self._shards:
            self._segment(self._schema.columns).end()
        return [self._whole(number, shard) for number, shard in enumerate(self._shards)]

    def abort(self) -> None:
        """Let go of the file."""
        for shard in self._shards[-1:]:
            shard[-1].abort()

    def _write_group(self) -> None:
        columns = self._schema.widen(self._records)
        segment = self._segment(columns)
        segment.write(_table(self._records, columns))
        self._records, self._bytes = [], 0
        if self._shard_size is not None:
            self._is_full = sum(each.size for each in self._shards[-1]) >= self._shard_size

    def _segment(self, columns: Columns) -> "_Segment":
        """Where the next rows go."""
        if self._is_full:
            self._end_segment()
            self._shards.append([])
            self._is_full = False
        shard = self._shards[-1]
        if not shard or shard[-1].columns != columns:
            self._end_segment()
            name = f"{self._stem.name}-{len(self._shards) - 1:05}.{len(shard):05}.parquet.part"
            shard.append(_Segment(self._stem.with_name(name), columns))
        return shard[-1]

    def _end_segment(self) -> None:
        for shard in self._shards[-1:]:
            for segment in shard[-1:]:
                segment.end()

    def _whole(self, number: int, segments: Sequence["_Segment"]) -> Path:
        """One file of the segments, with the last schema."""
        columns = self._schema.columns
        if len(segments) == 1 and segments[0].columns == columns:
            return segments[0].path
        whole = _Segment(
            self._stem.with_name(f"{self._stem.name}-{number:05}.parquet.part"), columns
        )
        try:
            for segment in segments:
                for group in segment.groups():
                    whole.write(_widened(group, segment.columns, columns))
                segment.path.unlink()
            whole.end()
        finally:
            whole.abort()
        return whole.path


class _Segment:
    """A Parquet file that is being written, row group by row group."""

    def __init__(self, path: Path, columns: Columns) -> None:
        self.path = path
        self.columns = columns
        self._file = path.open("wb", buffering=BUFFER)
        self._writer = pq.ParquetWriter(self._file, _arrow_schema(columns), compression="zstd")

    @property
    def size(self) -> int:
        return self.path.stat().st_size if self._file.closed else self._file.tell()

    def write(self, table: pa.Table) -> None:
        self._writer.write_table(table, row_group_size=max(1, table.num_rows))

    def end(self) -> None:
        """Have it whole and on disk."""
        if self._file.closed:
            return
        self._writer.close()
        sync(self._file)
        self._file.close()

    def abort(self) -> None:
        """Let go of it, whole or not."""
        with contextlib.suppress(OSError, ValueError, pa.ArrowException):
            self._writer.close()  # it would try when it is collected, and complain on stderr
        with contextlib.suppress(OSError):
            self._file.close()

    def groups(self) -> Iterable[pa.Table]:
        """The row groups, of a file that was ended."""
        with pq.ParquetFile(self.path, pre_buffer=False) as parquet:
            for index in range(parquet.num_row_groups):
                yield parquet.read_row_group(index)


def _arrow_schema(columns: Columns) -> pa.Schema:
    return pa.schema([(whole_text(name), stored(kind)) for name, kind in columns.items()])


def _table(records: Sequence[Record], columns: Columns) -> pa.Table:
    arrays = [
        _array([record.get(name) for record in records], kind) for name, kind in columns.items()
    ]
    return pa.Table.from_arrays(arrays, schema=_arrow_schema(columns))


def _array(values: list[Any], kind: pa.DataType) -> pa.Array:
    if is_plain(kind):
        with contextlib.suppress(UnicodeEncodeError):  # half of a surrogate pair, somewhere
            return pa.array(values, stored(kind))
    return pa.array([cell_of(kind, value) for value in values], stored(kind))


def _widened(table: pa.Table, old: Columns, new: Columns) -> pa.Table:
    """The same rows with room for more."""
    positions = {name: position for position, name in enumerate(old)}
    arrays = []
    for name, kind in new.items():
        if name not in positions:
            arrays.append(pa.nulls(table.num_rows, stored(kind)))
        elif old[name] == kind:
            arrays.append(table.column(positions[name]))
        else:
            cells = table.column(positions[name]).to_pylist()
            arrays.append(_array([value_of(old[name], cell) for cell in cells], kind))
    return pa.Table.from_arrays(arrays, schema=_arrow_schema(new))
