"""Data files of every kind -> their rows, and how many there will be."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from clair_cli.records import UsageError
from clair_cli.rows.files.columnar import arrow_rows, parquet_row_count, parquet_rows
from clair_cli.rows.files.compression import DAMAGE
from clair_cli.rows.files.data_files import STDIN, DataFile
from clair_cli.rows.files.delimited import delimited_rows
from clair_cli.rows.files.json_array import json_rows
from clair_cli.rows.files.json_lines import json_lines
from clair_cli.rows.files.opening import opened
from clair_cli.rows.raw import Raw


def rows_of(data_file: DataFile) -> Iterator[Raw]:
    """The rows of one file, in order.

    Raises:
        UsageError: It cannot be opened, is damaged or ends early.
    """
    number = 0
    with opened(data_file) as file:
        try:
            for row in _READERS[data_file.kind](file, data_file):
                number = row.number
                yield row
        except DAMAGE as exc:
            raise UsageError(
                f"{data_file.name}: damaged or cut off after line {number} ({exc}); "
                "fetch or write the file again"
            ) from exc


_READERS: dict[str, Callable[..., Iterator[Raw]]] = {
    "jsonl": lambda file, data: json_lines(file, data.name),
    "json": lambda file, data: json_rows(file, data.name, data.key),
    "csv": lambda file, data: delimited_rows(file, data.name, data.separator),
    "tsv": lambda file, data: delimited_rows(file, data.name, data.separator or "\t"),
    "parquet": lambda file, data: parquet_rows(
        file, data.name, packed=bool(data.packing), remote=data.is_url
    ),
    "arrow": lambda file, data: arrow_rows(file, data.name, packed=bool(data.packing)),
}


def is_rereadable(file: DataFile) -> bool:
    """Whether it can be read again: pipes and the like can be read once."""
    return file.is_url or (file.path != STDIN and Path(file.path).is_file())


def total_rows(files: Sequence[DataFile]) -> int | None:
    """How many rows they have together; None where their heads do not tell."""
    if any(f.kind != "parquet" or f.packing or f.is_url or not is_rereadable(f) for f in files):
        return None
    counts = [parquet_row_count(file.path) for file in files]
    return None if None in counts else sum(filter(None, counts))


def total_bytes(files: Sequence[DataFile]) -> int | None:
    """How many bytes they have together; None where rows do not count theirs, or it is unknown."""
    plain = all(
        not f.packing and not f.is_url and f.kind in {"jsonl", "json", "csv", "tsv"} for f in files
    )
    paths = [Path(file.path) for file in files]
    return (
        sum(p.stat().st_size for p in paths) if plain and all(p.is_file() for p in paths) else None
    )
