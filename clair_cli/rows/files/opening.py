"""A place -> its bytes: from disk, stdin or a URL, unpacked, with damage told in one line."""

import io
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import IO, cast

from clair_cli.records import UsageError
from clair_cli.rows.files.compression import unpacked
from clair_cli.rows.files.locations import STDIN, Place


@contextmanager
def opened(place: Place) -> Iterator[IO[bytes]]:
    """The plain bytes of `place`.

    Raises:
        UsageError: It cannot be opened, or (while it is read in the body) is damaged or ends early.
    """
    with _telling_errors(place), _packed(place) as file, unpacked(file, place.packing) as plain:
        yield plain


def _packed(place: Place) -> io.BufferedReader:
    if place.path == STDIN:
        # Not sys.stdin: the interpreter aborts if a thread still reads it at exit.
        return open(sys.stdin.fileno(), "rb", closefd=False)
    if not place.is_url:
        return Path(place.path).open("rb")
    from clair_cli.rows.remote.listing import open_url  # noqa: PLC0415 - brings an HTTP client along

    to_and_fro = place.kind in {"parquet", "arrow"} and not place.packing
    return cast("io.BufferedReader", open_url(place.path, to_and_fro=to_and_fro))


@contextmanager
def _telling_errors(place: Place) -> Iterator[None]:
    try:
        with _telling_remote(place.name) if place.is_url else nullcontext():
            yield
    except OSError as exc:
        raise UsageError(f"{place.name}: cannot be read ({exc.strerror or exc})") from exc


def _telling_remote(name: str) -> AbstractContextManager[None]:
    from clair_cli.rows.remote.listing import telling  # noqa: PLC0415 - brings an HTTP client along

    return telling(name)
