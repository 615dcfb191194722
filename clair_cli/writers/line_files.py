"""JSON Lines, plain or packed, in shards."""

import contextlib
import sys
import zlib
from pathlib import Path
from typing import IO, Any, Protocol

from clair_cli.writers.atomic_files import BUFFER, sync

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_GZIP = 16 + zlib.MAX_WBITS
"""zlib's word for a gzip header; it holds neither a time nor a name."""


class Packer(Protocol):
    """What packs a stream of bytes."""

    def compress(self, data: bytes, /) -> bytes:
        """The packed bytes that are ready."""

    def flush(self) -> bytes:
        """The last packed bytes."""


class LineShards:
    """A split as JSON Lines files; each holds whole lines.

    Args:
        stem: The path of the files, without their number and ending.
        kind: `jsonl`, `jsonl.gz` or `jsonl.zst`.
        shard_size: Bytes past which the next line goes to a new file; None for one file.
    """

    def __init__(self, stem: Path, kind: str, shard_size: int | None) -> None:
        self._stem = stem
        self._kind = kind
        self._shard_size = shard_size
        self._paths: list[Path] = []
        self._file: IO[bytes] | None = None
        self._packer: Packer | None = None
        self._size = 0

    def write(self, _record: dict[str, Any], line: bytes) -> None:
        """Add a record by its line."""
        if self._file is None:
            self._file = self._begun()
        data = self._packer.compress(line) if self._packer else line
        self._size += len(data)
        self._file.write(data)
        if self._shard_size is not None and self._size >= self._shard_size:
            self.end()

    def end(self) -> None:
        """Have all that was added on disk."""
        if self._file is None:
            return
        with self._file as file:
            if self._packer:
                file.write(self._packer.flush())
            sync(file)
        self._file = None

    def files(self) -> list[Path]:
        """The files, whole and on disk; one without a line where nothing was added."""
        if not self._paths:
            self._file = self._begun()
            self.end()
        return self._paths

    def abort(self) -> None:
        """Let go of the file."""
        if self._file:
            with contextlib.suppress(OSError):
                self._file.close()

    def _begun(self) -> IO[bytes]:
        number = len(self._paths)
        path = self._stem.with_name(f"{self._stem.name}-{number:05}.{self._kind}.part")
        self._paths.append(path)
        self._packer, self._size = _packer(self._kind), 0
        return path.open("wb", buffering=BUFFER)


class LineStream:
    """All records as lines on a stream that is open already, such as stdout."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def write(self, _record: dict[str, Any], line: bytes) -> None:
        """Add a record by its line."""
        self._stream.write(line)

    def end(self) -> None:
        """Let whoever reads have all that was added."""
        self._stream.flush()

    def files(self) -> list[Path]:
        """None."""
        return []

    def abort(self) -> None:
        """Leave the stream as it is."""


def _packer(kind: str) -> Packer | None:
    if kind == "jsonl.gz":
        return zlib.compressobj(6, zlib.DEFLATED, _GZIP)
    if kind == "jsonl.zst":
        return zstd.ZstdCompressor(level=3)
    return None
