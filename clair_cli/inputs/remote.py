"""Files behind a URL: what is there, and their bytes without a gap when a connection drops.

A dropped connection is taken up again at the very byte that it broke off at, so that no row can be
skipped or repeated, whatever reads above.
"""

import importlib
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, cast

from clair_cli.inputs.patience import patiently, trouble_of
from clair_cli.inputs.unpacking import DAMAGE
from clair_cli.records import UsageError

REACH = 6.0
"""Seconds after which a server that never answered is given up."""

_PIECE = 1 << 20
_BUFFER = 4 << 20
"""Bytes of one request: when read at random, and from start to end."""

_BLOCKWISE = ("hf://", "http://", "https://", "s3://", "s3a://", "gs://", "gcs://")
"""Where fsspec would read blocks of up to 50 MB ahead: of a Parquet file, whose columns lie apart,
the same ones again and again."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What a URL names when it is not one file."""

    files: list[str]
    is_directory: bool


def listing(url: str) -> Listing | None:
    """The files that a glob or directory URL means; None where it is a single file.

    Raises:
        UsageError: Nothing is there, or it cannot be reached.
    """
    with telling(url):
        system, path = _file_system(url)
        return patiently(lambda: _listing(system, path, url), reach=REACH)


def _listing(system: Any, path: str, url: str) -> Listing | None:
    if _is_http(url):
        return None
    if any(char in path for char in "*["):
        found = system.glob(path)
        return Listing([system.unstrip_protocol(each) for each in found], False)
    if _is_directory(system, path):
        found = [each for each in system.find(path) if not _is_hidden(each[len(path) :])]
        return Listing([system.unstrip_protocol(each) for each in found], True)
    return None


def _is_directory(system: Any, path: str) -> bool:
    """Unlike fsspec's `isdir`, it does not take a failed connection for a no."""
    try:
        return bool(system.info(path)["type"] == "directory")
    except FileNotFoundError as exc:
        if trouble_of(exc):
            raise
        return False


def open_url(url: str, *, at_random: bool = False) -> IO[bytes]:
    """The file at `url`, to be read from its start.

    Args:
        url: Its address.
        at_random: Whether it will be read here and there rather than from start to end.

    Raises what its file system raises, within `telling`.
    """
    system, path = _file_system(url)
    info = patiently(lambda: system.info(path))
    ranges = info.get("partial") is not False  # only fsspec's http says so
    options = {"cache_type": "none"} if url.startswith(_BLOCKWISE) else {}
    file = _Resumed(lambda: system.open(path, "rb", **options), info.get("size"), ranges=ranges)
    return io.BufferedReader(file, _PIECE if at_random else _BUFFER)  # type: ignore[type-var]  # typeshed wants its own protocol


@contextmanager
def telling(url: str) -> Iterator[None]:
    """Turn what a file system says into one line with a cure."""
    try:
        yield
    except (UsageError, *DAMAGE):
        raise
    except FileNotFoundError as exc:
        raise UsageError(f"{url}: is not there; mend the address") from exc
    except ImportError as exc:
        raise UsageError(f"{url}: needs another package ({_first_line(exc)})") from exc
    except Exception as exc:
        raise UsageError(f"{url}: cannot be read ({_first_line(exc)})") from exc


class _Resumed(io.RawIOBase):
    """A file that is opened again, at the same byte, when reading from it fails.

    Args:
        opener: Opens it at its start.
        size: Its bytes; None where the server does not say.
        ranges: Whether it can be read from any byte.
    """

    def __init__(self, opener: Callable[[], Any], size: int | None, *, ranges: bool) -> None:
        self._opener = opener
        self._size = size
        self._ranges = ranges and size is not None
        self._position = 0
        self._file: Any = None
        self._file_position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._ranges

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if not self._ranges:
            raise io.UnsupportedOperation("seek")
        bases = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size or 0}
        self._position = max(0, bases[whence] + offset)
        return self._position

    def close(self) -> None:
        self._drop()
        super().close()

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]  # any writable buffer
        data = self._read(len(buffer))
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def _read(self, length: int) -> bytes:
        return patiently(lambda: self._read_once(length), between=self._drop)

    def _read_once(self, length: int) -> bytes:
        if self._size is not None and self._position >= self._size:
            return b""
        file = self._at_position()
        data = cast("bytes", file.read(length))
        self._file_position += len(data)
        if len(data) > length:
            raise io.UnsupportedOperation("the server sent the whole file instead of a part")
        if not data and self._size is not None:
            raise ConnectionResetError(f"ended at byte {self._position} of {self._size}")
        return data

    def _at_position(self) -> Any:
        if self._file is None:
            self._file, self._file_position = self._opener(), 0
        if self._ranges:
            self._file.seek(self._position)
            self._file_position = self._position
        while (left := self._position - self._file_position) > 0:
            skipped = self._file.read(min(left, _PIECE))
            if not skipped:
                raise ConnectionResetError(f"ended at byte {self._file_position}")
            self._file_position += len(skipped)
        return self._file

    def _drop(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.close()


def _file_system(url: str) -> tuple[Any, str]:
    fsspec = importlib.import_module("fsspec.core")
    system, path = fsspec.url_to_fs(url)
    return system, str(path)


def _is_http(url: str) -> bool:
    return url.startswith(("http://", "https://"))


def _is_hidden(inside: str) -> bool:
    return any(part.startswith((".", "__")) for part in inside.split("/"))


def _first_line(error: Exception) -> str:
    lines = (line.strip() for line in str(error).splitlines())
    return next(filter(None, lines), type(error).__name__)
