"""Files behind a URL: what is there, and their bytes. `web` reads http, fsspec all else."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

import httpx

from clair_cli.records import UsageError
from clair_cli.rows.files.compression import DAMAGE
from clair_cli.rows.names import is_web, public
from clair_cli.rows.remote.resuming import Origin, Stream, resumed
from clair_cli.rows.remote.retrying import LOOKING, patiently, trouble_of
from clair_cli.rows.remote.web import WebOrigin

PIECE = 1 << 22
"""Bytes read at a time from front to back: each piece may cost a request."""

SMALL_PIECE = 1 << 16
"""The same where a reader goes to and fro, and says itself how much it wants."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What a URL names when it is not one file.

    Attributes:
        files: The URL of each file -> its path below the directory, or all of it for a glob.
        is_directory: Whether it is a directory.
    """

    files: dict[str, str]
    is_directory: bool


def listing(url: str) -> Listing | None:
    """The files that a glob or directory URL means; None where it is a single file.

    Raises:
        UsageError: It cannot be reached.
    """
    if is_web(url):
        return None
    with telling(url):
        system, path = _file_system(url)
        return patiently(lambda: _listing(system, path), LOOKING)


def _listing(system: Any, path: str) -> Listing | None:
    if any(char in path for char in "*["):
        found = [each for each in system.glob(path) if not _is_directory(system, each)]
        return Listing({system.unstrip_protocol(each): each for each in found}, False)
    if not _is_directory(system, path):
        return None
    inside = {each: each.removeprefix(path).strip("/") for each in system.find(path)}
    seen = {each: name for each, name in inside.items() if not _is_hidden(name)}
    return Listing({system.unstrip_protocol(each): name for each, name in seen.items()}, True)


def _is_directory(system: Any, path: str) -> bool:
    """Unlike fsspec's `isdir`, it does not take a failed connection for a no."""
    try:
        return bool(system.info(path)["type"] == "directory")
    except FileNotFoundError as exc:
        if trouble_of(exc):
            raise
        return False


def open_url(url: str, *, to_and_fro: bool) -> IO[bytes]:
    """The file at `url`, to be read from its start.

    Args:
        url: Where it is.
        to_and_fro: Whether the reader will seek in it, if it can.

    Raises:
        Exception: What the library raised; `telling` turns it into one line.
    """
    piece = SMALL_PIECE if to_and_fro else PIECE
    origin: Origin = WebOrigin(url) if is_web(url) else _FileSystemOrigin(url)
    return io.BufferedReader(resumed(origin), piece)


@contextmanager
def telling(url: str) -> Iterator[None]:
    """Turn what libraries say while `url` is read into one line with a cure."""
    try:
        yield
    except (UsageError, *DAMAGE):
        raise
    except Exception as exc:
        # Each file system of fsspec has errors of its own, and many are no OSError.
        raise UsageError(f"{public(url)}: {_said(exc)}") from exc


class _Opened:
    """A file of an fsspec file system, which finds any byte by itself; see `resuming.Stream`."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.read, self.close = file.read, file.close

    def go_to(self, position: int) -> bool:
        """Go on from there."""
        self._file.seek(position)
        return True


class _FileSystemOrigin:
    """A file of an fsspec file system; `resuming.Origin` says what the members mean."""

    seeks = True

    def __init__(self, url: str) -> None:
        self.size: int | None = None
        self._system, self._path = _file_system(url)

    def open_at(self, position: int) -> Stream:
        """The bytes from `position` on.

        Raises:
            Exception: Whatever the file system raises.
        """
        # What is read ahead is what a reader of pieces asks for next; more would often be in vain.
        file: Any = self._system.open(
            self._path, "rb", cache_type="readahead", block_size=SMALL_PIECE
        )
        self.size = file.size if isinstance(getattr(file, "size", None), int) else None
        if self.size is None:
            self.size = self._system.info(self._path).get("size")
        file.seek(position)
        return _Opened(file)

    def close(self) -> None:
        """Nothing: file systems keep their connections."""


def _file_system(url: str) -> tuple[Any, str]:
    from fsspec.core import url_to_fs  # noqa: PLC0415 - only where a URL is read

    system, path = url_to_fs(url)
    return system, str(path)


def _said(error: Exception) -> str:
    """What went wrong, with a cure where there is one."""
    if isinstance(error, FileNotFoundError) or _status(error) in {404, 410}:
        return "is not there; mend the address"
    if isinstance(error, PermissionError) or _status(error) in {401, 403}:
        return f"may not be read ({_first_line(error)}); set the credentials that it needs"
    if isinstance(error, ImportError):
        return f"needs another package ({_first_line(error)})"
    return f"cannot be read ({_first_line(error)})"


def _status(error: Exception) -> int:
    return error.response.status_code if isinstance(error, httpx.HTTPStatusError) else 0


def _is_hidden(inside: str) -> bool:
    return any(part.startswith((".", "__")) for part in inside.split("/"))


def _first_line(error: Exception) -> str:
    if status := _status(error):
        return f"the server says {status}"
    lines = (line.strip() for line in str(error).splitlines())
    return next(filter(None, lines), type(error).__name__)
