"""What fsspec knows: the file system of a URL, and a file in it."""

from typing import Any

READ_AHEAD = 1 << 16
"""Bytes fetched beyond those that were asked for."""


def file_system(url: str) -> tuple[Any, str]:
    """The file system of a URL, and the path in it."""
    from fsspec.core import url_to_fs  # noqa: PLC0415 - only where a URL is read

    system, path = url_to_fs(url)
    return system, str(path)


class StoredFile:
    """A file of an fsspec file system; `resuming.RemoteFile` says what the members mean."""

    seeks = True

    def __init__(self, url: str) -> None:
        self.size: int | None = None
        self._system, self._path = file_system(url)

    def open_at(self, position: int) -> "_Opened":
        """The bytes from `position` on.

        Raises:
            Exception: Whatever the file system raises.
        """
        # What is read ahead is what a reader of pieces asks for next; more would often be in vain.
        file: Any = self._system.open(
            self._path, "rb", cache_type="readahead", block_size=READ_AHEAD
        )
        self.size = file.size if isinstance(getattr(file, "size", None), int) else None
        if self.size is None:
            self.size = self._system.info(self._path).get("size")
        file.seek(position)
        return _Opened(file)

    def close(self) -> None:
        """Nothing: file systems keep their connections."""


class _Opened:
    """A file of an fsspec file system, which finds any byte by itself; see `resuming.Stream`."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.read, self.close = file.read, file.close

    def go_to(self, position: int) -> bool:
        """Go on from there."""
        self._file.seek(position)
        return True
