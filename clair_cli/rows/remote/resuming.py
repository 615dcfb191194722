"""A file from afar, read without a gap: a dropped connection is taken up again at its very byte.

So no row can be skipped or repeated, whatever reads above.
"""

import io
from typing import IO, Protocol

from clair_cli.rows.names import is_web
from clair_cli.rows.remote.file_system import StoredFile
from clair_cli.rows.remote.retrying import patiently
from clair_cli.rows.remote.web import WebFile

PIECE = 1 << 22
"""Bytes read at a time from front to back: each piece may cost a request."""

SMALL_PIECE = 1 << 16
"""The same where a reader goes to and fro, and says itself how much it wants."""

_LEAST = 1 << 16
"""Bytes that are asked for at a time after several failures."""


class Stream(Protocol):
    """Bytes from some position on."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes; none at the end."""

    def go_to(self, position: int) -> bool:
        """Go on from there instead; False where only a new one can."""

    def close(self) -> None:
        """Let go of the connection."""


class RemoteFile(Protocol):
    """A file from afar.

    Attributes:
        size: How many bytes it has; None until opened, or where that cannot be known.
        seeks: Whether any position can be opened without reading what is before it.
    """

    size: int | None
    seeks: bool

    def open_at(self, position: int) -> Stream:
        """The bytes from `position` on.

        Raises:
            Exception: Whatever the library raises.
        """

    def close(self) -> None:
        """Let go of all connections."""


def open_url(url: str, *, to_and_fro: bool) -> IO[bytes]:
    """The file at `url`, to be read from its start; reading goes on where a connection broke.

    Args:
        url: Where it is.
        to_and_fro: Whether the reader will seek in it, if it can.

    Raises:
        Exception: What the library raised last; `complaints.telling` turns it into one line.
    """
    remote: RemoteFile = WebFile(url) if is_web(url) else StoredFile(url)
    raw: io.RawIOBase = _Resumed(remote)
    return io.BufferedReader(raw, SMALL_PIECE if to_and_fro else PIECE)


class _Resumed(io.RawIOBase):
    def __init__(self, remote: RemoteFile) -> None:
        self._remote = remote
        self._position = 0
        self._stream: Stream | None = None
        try:
            self._attempt(0)  # tells size and seeks
        except BaseException:  # the connection must not outlive an interruption either
            self.close()
            raise

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._remote.seeks and self._remote.size is not None

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if not self.seekable():
            raise io.UnsupportedOperation("seek")
        bases = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._remote.size or 0}
        position = max(0, bases[whence] + offset)
        if position != self._position and self._stream and not self._stream.go_to(position):
            self._drop()
        self._position = position
        return position

    def close(self) -> None:
        self._drop()
        self._remote.close()
        super().close()

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]  # any writable buffer
        data = self._attempt(len(buffer))
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def _attempt(self, length: int) -> bytes:
        """Up to `length` bytes; less is asked for at a time where it keeps failing."""
        most = length

        def read() -> bytes:
            nonlocal most
            try:
                return self._read(most)
            except BaseException:
                self._drop()
                most = min(length, max(_LEAST, most >> 2))
                raise

        return patiently(read)

    def _read(self, length: int) -> bytes:
        if self._stream is None and not self._is_at_end():
            self._stream = self._remote.open_at(self._position)
        if self._stream is None or self._is_at_end() or not length:
            return b""
        data = self._stream.read(length)
        if len(data) > length:
            raise io.UnsupportedOperation("the server sent more than the part that was asked for")
        if not data and self._remote.size is not None:
            raise ConnectionResetError(f"ended at byte {self._position} of {self._remote.size}")
        return data

    def _is_at_end(self) -> bool:
        return self._remote.size is not None and self._position >= self._remote.size

    def _drop(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()
