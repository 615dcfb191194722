"""Parquet and Arrow files: a batch at a time, so that a row group need not fit in memory."""

import tempfile
from collections.abc import Iterator
from shutil import copyfileobj
from typing import IO, TYPE_CHECKING, Any, cast

from clair_cli.inputs.raw import Raw
from clair_cli.records import UsageError

if TYPE_CHECKING:
    import pyarrow as pa

BATCH_BYTES = 1 << 20
BATCH_ROWS = 1024
BUFFERED = 16 << 20
"""Bytes that may be held of all columns together."""

_MAGIC_FILE = b"ARROW1"


def parquet_rows(file: IO[bytes], name: str, *, packed: bool) -> Iterator[Raw]:
    """The rows of a Parquet file, numbered from 1.

    Raises:
        UsageError: It is no Parquet file, or damaged.
    """
    import pyarrow as pa  # noqa: PLC0415 - only where such a file is read
    import pyarrow.parquet as pq  # noqa: PLC0415

    def batches() -> Iterator["pa.RecordBatch"]:
        whole = _seekable(file, packed)
        meta = pq.read_metadata(whole)
        with pq.ParquetFile(
            whole, metadata=meta, pre_buffer=False, buffer_size=_buffer(meta.num_columns)
        ) as parquet:
            rows, size = meta.num_rows, _plain_size(meta)
            yield from parquet.iter_batches(batch_size=_batch_rows(rows, size))

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
        whole = _seekable(file, packed, head)
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


def batch_rows(batch: "pa.RecordBatch", name: str, number: int) -> Iterator[Raw]:
    """The rows of one batch, the first of which is row `number`."""
    size = max(1, batch.nbytes // max(1, batch.num_rows))
    for offset, cells in enumerate(batch.to_pylist()):
        yield Raw(name, number + offset, cells, size)


def _rows(
    batches: Iterator["pa.RecordBatch"], name: str, kind: str, damage: type[Exception]
) -> Iterator[Raw]:
    number = 1
    try:
        for batch in batches:
            yield from batch_rows(batch, name, number)
            number += batch.num_rows
    except (damage, UnicodeDecodeError) as exc:
        what = f"damaged or cut off after row {number - 1}" if number > 1 else f"is no {kind} file"
        reason = " ".join(str(exc).split())[:120]
        raise UsageError(f"{name}: {what} ({reason}); fetch or write it again") from exc


def _buffer(columns: int) -> int:
    """Bytes to read at a time of each column, which lie apart: behind a URL, a request each."""
    return max(1 << 16, min(1 << 20, BUFFERED // max(1, columns)))


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


def _seekable(file: IO[bytes], packed: bool, head: bytes = b"") -> IO[bytes]:
    """The file from its start, with `head` already read; a copy on disk where it cannot seek."""
    if file.seekable() and not packed:
        file.seek(0)
        return file
    copy = tempfile.TemporaryFile()  # noqa: SIM115 - gone when the reader lets go of it
    copy.write(head)
    copyfileobj(file, copy)
    copy.seek(0)
    return cast("IO[bytes]", copy)
