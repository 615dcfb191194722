"""Parquet and Arrow files: a batch at a time, so that a row group need not fit in memory."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from shutil import copyfileobj
from typing import IO, TYPE_CHECKING, Any, cast

from clair_cli.records import Problem, UsageError
from clair_cli.rows.files.arrow_values import as_json, is_json_type, unquoted
from clair_cli.rows.raw import Raw, faulty

if TYPE_CHECKING:
    import pyarrow as pa

BATCH_BYTES = 1 << 20
BATCH_ROWS = 1024
LOCAL_PIECE, REMOTE_PIECE = 1 << 16, 1 << 22
"""Bytes of a column that are read at a time. Each piece from afar costs a request."""
PIECES = 1 << 25
"""Bytes of all columns together that are held so."""
SMALL_GROUP = 1 << 23
"""Bytes of a row group from afar that is fetched whole: it is held three times for a moment."""

_MAGIC_FILE = b"ARROW1"


def parquet_rows(file: IO[bytes], name: str, *, packed: bool, remote: bool) -> Iterator[Raw]:
    """The rows of a Parquet file, numbered from 1.

    Args:
        file: Its bytes.
        name: What to call it.
        packed: Whether they come out of a packing: seeking in them would unpack all anew.
        remote: Whether they come from afar.

    Raises:
        UsageError: It is no Parquet file, or damaged.
    """
    import pyarrow as pa  # noqa: PLC0415 - only where such a file is read
    import pyarrow.parquet as pq  # noqa: PLC0415

    def batches() -> Iterator["pa.RecordBatch"]:
        with _seekable(file, packed) as whole:
            meta = pq.read_metadata(whole)
            step = _batch_rows(meta.num_rows, _plain_size(meta))
            everything = [*range(meta.num_row_groups)]
            # What a file has fetched at once it holds until it is closed: one for each group.
            for groups in [[group] for group in everything] if remote else [everything]:
                how = _fetching(meta, groups[0]) if remote else {"buffer_size": LOCAL_PIECE}
                parquet = pq.ParquetFile(whole, metadata=meta, **{"pre_buffer": False, **how})
                yield from parquet.iter_batches(step, row_groups=groups, use_threads=False)

    return _rows(batches(), name, "Parquet", pa.ArrowException)


def arrow_rows(file: IO[bytes], name: str, *, packed: bool) -> Iterator[Raw]:
    """The rows of an Arrow file or stream (also Feather version 2), numbered from 1.

    Raises:
        UsageError: It is no Arrow data, or damaged.
    """
    import pyarrow as pa  # noqa: PLC0415 - only where such a file is read

    def batches() -> Iterator["pa.RecordBatch"]:
        head = file.read(len(_MAGIC_FILE))
        if not head:
            return
        with _seekable(file, packed, head) as whole:
            if head == _MAGIC_FILE:
                with pa.ipc.open_file(whole) as arrow:
                    for index in range(arrow.num_record_batches):
                        yield from _sliced(arrow.get_batch(index))
            else:
                with pa.ipc.open_stream(whole) as stream:
                    for batch in stream:
                        yield from _sliced(batch)

    return _rows(batches(), name, "Arrow", pa.ArrowException)


def parquet_row_count(path: str) -> int | None:
    """The rows of a local Parquet file by its footer; None where it has none that can be read."""
    import pyarrow as pa  # noqa: PLC0415 - only where such a file is read
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        return cast("int", pq.read_metadata(path).num_rows)
    except (pa.ArrowException, OSError):
        return None


def _rows(
    batches: Iterator["pa.RecordBatch"], name: str, kind: str, damage: type[Exception]
) -> Iterator[Raw]:
    number = 1
    try:
        for batch in batches:
            if number == 1:
                _check_names(batch.schema.names, name)
            yield from _batch(batch, name, number)
            number += batch.num_rows
    except (damage, OSError) as exc:
        if isinstance(exc, OSError) and type(exc) is not OSError:
            raise  # a disk's or a network's; damage found by Arrow comes as a bare one
        what = f"is no {kind} file that can be read"
        what = f"damaged or cut off after row {number - 1}" if number > 1 else what
        reason = " ".join(str(exc).split())[:120]
        raise UsageError(f"{name}: {what} ({reason}); fetch or write it again") from exc


def _check_names(names: list[str], name: str) -> None:
    twice = next((each for each in names if names.count(each) > 1), None)
    if twice is not None:
        raise UsageError(f"{name}: the column {twice!r} stands twice; rename one")


def _batch(batch: "pa.RecordBatch", name: str, number: int) -> Iterator[Raw]:
    """The rows of one batch, the first of which is row `number`."""
    size = max(1, batch.nbytes // max(1, batch.num_rows))
    odd = {each.name: each.type for each in batch.schema if not is_json_type(each.type)}
    try:
        rows = batch.to_pylist()
    except (ValueError, OverflowError):
        rows = [_one_row(batch.slice(index, 1)) for index in range(batch.num_rows)]
    for index, cells in enumerate(rows, start=number):
        if isinstance(cells, _Unreadable):
            yield faulty(name, index, cells.problem, cells.text, size)
        else:
            changed = {each: as_json(unquoted(cells[each], kind)) for each, kind in odd.items()}
            yield Raw(name, index, cells | changed, size)


@dataclass(frozen=True, slots=True)
class _Unreadable:
    problem: Problem
    text: str


def _one_row(row: "pa.RecordBatch") -> dict[str, Any] | _Unreadable:
    """A row of its own, of which Python may not be able to hold some cells."""
    cells: dict[str, Any] = {}
    problem: Problem | None = None
    for name, column in zip(row.schema.names, row.columns, strict=True):
        try:
            cells[name] = column[0].as_py()
        except UnicodeDecodeError:
            problem = Problem("not_utf8", f"is not UTF-8 in {name!r}")
        except (ValueError, OverflowError) as exc:
            problem = Problem("unreadable", f"has a value in {name!r} that cannot be read ({exc})")
    return _Unreadable(problem, repr(cells)) if problem else cells


def _fetching(meta: Any, group: int) -> dict[str, Any]:
    """How to read a row group from afar: a small one at once, a large one piece by piece."""
    columns = [meta.row_group(group).column(n) for n in range(meta.num_columns)]
    if sum(column.total_compressed_size for column in columns) <= SMALL_GROUP:
        return {"pre_buffer": True}
    return {"buffer_size": max(LOCAL_PIECE, min(REMOTE_PIECE, PIECES // max(1, len(columns))))}


def _batch_rows(rows: int, size: int) -> int:
    average = max(1, size // max(1, rows))
    return max(1, min(BATCH_ROWS, BATCH_BYTES // average))


def _plain_size(metadata: Any) -> int:
    groups = range(metadata.num_row_groups)
    return sum(metadata.row_group(index).total_byte_size for index in groups)


def _sliced(batch: "pa.RecordBatch") -> Iterator["pa.RecordBatch"]:
    step = _batch_rows(batch.num_rows, batch.nbytes)
    for start in range(0, batch.num_rows, step):
        yield batch.slice(start, step)


@contextmanager
def _seekable(file: IO[bytes], packed: bool, head: bytes = b"") -> Iterator[IO[bytes]]:
    """The file from its start, with `head` already read; a copy on disk where it cannot seek."""
    if file.seekable() and not packed:
        file.seek(0)
        yield file
        return
    with tempfile.TemporaryFile() as copy:
        copy.write(head)
        copyfileobj(file, copy)
        copy.seek(0)
        yield copy
