"""Bytes from a file or a pipe -> numbered lines, whatever they are packed in.

Nothing is read whole: a line of up to 64 MB is held, a longer one is skipped and told.
"""

import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import zstandard

from clair_cli.records import UsageError

LINE_LIMIT = 64 * 1024 * 1024
BOM = b"\xef\xbb\xbf"
_CHUNK = 1 << 17
_PIECE = 1 << 10
"""Packed bytes that are unpacked at a time: they may hold ten thousand times as many."""


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of one input: `-` for stdin, else a path (plain, .gz or .zst).

    Iterating yields (number, line): numbers count all lines from 1, blank ones are left out, and
    a line is None where it is longer than 64 MB. Line ends and a leading BOM are taken off.

    Raises while iterating:
        UsageError: The file cannot be opened, is damaged or ends early.
    """

    input: str

    @property
    def name(self) -> str:
        """What to call it in a message."""
        return "stdin" if self.input == "-" else self.input

    @property
    def total_bytes(self) -> int | None:
        """The size of a plain file, None where it cannot be known beforehand."""
        path = Path(self.input)
        known = path.is_file() and path.suffix.lower() not in {".gz", ".zst"}
        return path.stat().st_size if known else None

    def __iter__(self) -> Iterator[tuple[int, bytes | None]]:
        number = 0
        try:
            with self._open() as file:
                while line := file.readline(LINE_LIMIT + 1):
                    number += 1
                    if len(line) > LINE_LIMIT:
                        _skip_line(file, line)
                        yield number, None
                        continue
                    line = (line.removeprefix(BOM) if number == 1 else line).strip(b" \t\r\n")
                    if line:
                        yield number, line
        except (EOFError, zlib.error, gzip.BadGzipFile, zstandard.ZstdError) as exc:
            raise UsageError(
                f"{self.name}: damaged or cut off after line {number} ({exc}); "
                "fetch or write the file again"
            ) from exc
        except OSError as exc:
            raise UsageError(f"{self.name}: cannot be read ({exc.strerror or exc})") from exc

    def _open(self) -> IO[bytes]:
        if self.input == "-":
            # Not sys.stdin: the interpreter aborts if a thread still reads it at exit.
            return open(sys.stdin.fileno(), "rb", closefd=False)
        suffix = Path(self.input).suffix.lower()
        if suffix == ".gz":
            return cast("IO[bytes]", gzip.open(self.input, "rb"))
        file = Path(self.input).open("rb")  # noqa: SIM115 - closed by the one that iterates
        if suffix == ".zst":
            return io.BufferedReader(_ZstdFile(file), _CHUNK)  # type: ignore[type-var]  # typeshed wants its own protocol
        return file


def _skip_line(file: IO[bytes], line: bytes) -> None:
    while line and not line.endswith(b"\n"):
        line = file.readline(_CHUNK)


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
