"""Packed bytes -> plain bytes, as a stream that tells a damaged or cut file from a whole one."""

import bz2
import gzip
import io
import lzma
import re
import zlib
from collections.abc import Callable
from typing import IO, cast

import zstandard

DAMAGE = (EOFError, zlib.error, gzip.BadGzipFile, lzma.LZMAError, zstandard.ZstdError)
"""What reading a damaged or cut file raises."""

_CHUNK = 1 << 17
_PIECE = 1 << 10
"""Packed bytes that are unpacked at a time: they may hold ten thousand times as many."""


def unpacked(file: io.BufferedReader, ending: str) -> IO[bytes]:
    """The plain bytes of `file`, packed as its name's `ending` says, or else as they begin."""
    if ending not in _OPENERS:
        head = file.peek(_LONGEST)
        ending = next((each for each, magic in _MAGIC.items() if magic.match(head)), "")
    opener = _OPENERS.get(ending)
    return opener(file) if opener else file


class _Bz2File(bz2.BZ2File):
    """Tells damage by an error of its own, not by a bare OSError."""

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]  # any writable buffer
        try:
            return super().readinto(buffer)
        except OSError as exc:
            raise EOFError(str(exc)) if exc.errno is None else exc from exc


class _ZstdFile(io.RawIOBase):
    """Zstandard frames, one after the other; unlike the library's reader it tells a cut one."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._frame: zstandard.ZstdDecompressionObj | None = None
        self._packed = b""
        self._plain = memoryview(b"")

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self._file.close()
        super().close()

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]  # any writable buffer
        while not self._plain:
            if not self._packed:
                self._packed = self._file.read(_CHUNK)
            if not self._packed:
                self._check_whole()
                return 0
            self._unpack()
        size = min(len(buffer), len(self._plain))
        buffer[:size] = self._plain[:size]
        self._plain = self._plain[size:]
        return size

    def _unpack(self) -> None:
        frame = self._frame or zstandard.ZstdDecompressor().decompressobj()
        piece, self._packed = self._packed[:_PIECE], self._packed[_PIECE:]
        self._plain = memoryview(frame.decompress(piece))
        self._packed = self._packed if not frame.eof else frame.unused_data + self._packed
        self._frame = None if frame.eof else frame

    def _check_whole(self) -> None:
        if self._frame is not None:
            raise EOFError("the last frame is incomplete")


def _gz(file: IO[bytes]) -> IO[bytes]:
    return cast("IO[bytes]", gzip.GzipFile(fileobj=file))


def _bz2(file: IO[bytes]) -> IO[bytes]:
    return io.BufferedReader(_Bz2File(file), _CHUNK)  # type: ignore[type-var]  # typeshed wants its own protocol


def _xz(file: IO[bytes]) -> IO[bytes]:
    return cast("IO[bytes]", lzma.LZMAFile(file))


def _zst(file: IO[bytes]) -> IO[bytes]:
    return io.BufferedReader(_ZstdFile(file), _CHUNK)  # type: ignore[type-var]  # typeshed wants its own protocol


_OPENERS: dict[str, Callable[[IO[bytes]], IO[bytes]]] = {
    ".gz": _gz,
    ".zst": _zst,
    ".bz2": _bz2,
    ".xz": _xz,
}
PACKINGS = tuple(_OPENERS)
_MAGIC = {
    ".gz": re.compile(rb"\x1f\x8b\x08"),
    ".zst": re.compile(rb"\x28\xb5\x2f\xfd"),
    ".bz2": re.compile(rb"BZh[1-9]\x31\x41\x59\x26\x53\x59"),
    ".xz": re.compile(rb"\xfd7zXZ\x00"),
}
"""How packed bytes begin; no file that we read begins so."""

_LONGEST = 10
