"""A data file -> its bytes: from disk, stdin or a URL, unpacked, with damage told in one line."""

import io
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import IO, cast

from clair_cli.records import UsageError
from clair_cli.rows.files.compression import unpacked
from clair_cli.rows.files.data_files import STDIN, DataFile


@contextmanager
def opened(file: DataFile) -> Iterator[IO[bytes]]:
    """The plain bytes of `file`.

    Raises:
        UsageError: It cannot be opened, or (while it is read in the body) is damaged or ends early.
    """
    with _telling_errors(file), _packed(file) as packed, unpacked(packed, file.packing) as plain:
        yield plain


def _packed(file: DataFile) -> io.BufferedReader:
    if file.path == STDIN:
        # Not sys.stdin: the interpreter aborts if a thread still reads it at exit.
        return open(sys.stdin.fileno(), "rb", closefd=False)
    if not file.is_url:
        return Path(file.path).open("rb")
    from clair_cli.rows.remote.resuming import open_url  # noqa: PLC0415 - brings an HTTP client along

    to_and_fro = file.kind in {"parquet", "arrow"} and not file.packing
    return cast("io.BufferedReader", open_url(file.path, to_and_fro=to_and_fro))


@contextmanager
def _telling_errors(file: DataFile) -> Iterator[None]:
    try:
        with _telling_remote(file.name) if file.is_url else nullcontext():
            yield
    except OSError as exc:
        raise UsageError(f"{file.name}: cannot be read ({exc.strerror or exc})") from exc


def _telling_remote(name: str) -> AbstractContextManager[None]:
    from clair_cli.rows.remote.complaints import telling  # noqa: PLC0415 - brings an HTTP client along

    return telling(name)
