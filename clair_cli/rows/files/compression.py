"""Packed bytes -> plain bytes, as a stream that tells a damaged or cut file from a whole one."""

import bz2
import gzip
import io
import lzma
import re
import sys
import zlib
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, cast

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

DAMAGE = (EOFError, zlib.error, gzip.BadGzipFile, lzma.LZMAError, zstd.ZstdError)
"""What reading a damaged or cut file raises."""

_CHUNK = 1 << 17


def unpacked(file: io.BufferedReader, ending: str) -> IO[bytes]:
    """The plain bytes of `file`, packed as its name's `ending` says, or else as they begin."""
    if ending not in _OPENERS:
        head = file.peek(_LONGEST)
        ending = next((each for each, magic in _MAGIC.items() if magic.match(head)), "")
    opener = _OPENERS.get(ending)
    return cast("IO[bytes]", opener(file)) if opener else file


class _Bz2File(bz2.BZ2File):
    """Tells damage by an error of its own, not by a bare OSError."""

    def readinto(self, buffer: "WriteableBuffer") -> int:
        try:
            return super().readinto(buffer)
        except OSError as exc:
            raise EOFError(str(exc)) if exc.errno is None else exc from exc


def _zst(file: io.BufferedReader) -> io.BufferedIOBase:
    """With windows of any size, which the command `zstd` makes with `--long`."""
    window = zstd.DecompressionParameter.window_log_max
    options: dict[int, int] = {window: window.bounds()[1]}
    return zstd.ZstdFile(file, options=options) if file.peek(1) else file


_OPENERS: dict[str, Callable[[io.BufferedReader], io.BufferedIOBase]] = {
    ".gz": lambda file: gzip.GzipFile(fileobj=file),
    ".zst": _zst,
    ".bz2": lambda file: io.BufferedReader(_Bz2File(file), _CHUNK),
    ".xz": lzma.LZMAFile,
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
