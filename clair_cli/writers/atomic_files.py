"""Files that appear whole or not at all."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from clair_cli.records import UsageError

BUFFER = 1 << 18


class StdoutClosedError(UsageError):
    """Whoever read the pairs from stdout has stopped reading."""

    exit_code = 141  # as if SIGPIPE had ended us, which is what a pipeline expects


def write_whole(path: Path, data: bytes) -> None:
    """Replace the file at `path` by `data`, atomically.

    Raises:
        UsageError: It cannot be written.
    """
    with whole_file(path) as file:
        file.write(data)


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """A file to write to, which takes the place of the one at `path` at the end, atomically.

    Raises:
        UsageError: It cannot be written.
    """
    with telling_os_errors(), temporary(part_of(path)) as file:
        yield file
        rename(file, part_of(path), path)


@contextlib.contextmanager
def telling_os_errors() -> Iterator[None]:
    """Turn what the system says about files into one line with a cure."""
    try:
        yield
    except BrokenPipeError as exc:
        raise StdoutClosedError("stdout was closed; run again to get the pairs") from exc
    except OSError as exc:
        name = exc.filename or "the output"
        raise UsageError(
            f"{name}: cannot be written ({exc.strerror}); make room or choose another -o, then "
            "run the same command again: replies are kept in the store"
        ) from exc


def part_of(path: Path) -> Path:
    """A temporary name that the next run uses again, so that a kill leaves nothing for good."""
    return path.with_name(f"{path.name}.part")


@contextlib.contextmanager
def temporary(path: Path) -> Iterator[IO[bytes]]:
    """A file to write to, which is gone at the end unless it was renamed meanwhile."""
    with path.open("wb", buffering=BUFFER) as file:
        try:
            yield file
        finally:
            with contextlib.suppress(OSError):
                file.close()
            path.unlink(missing_ok=True)


def rename(file: IO[bytes], old: Path, new: Path) -> None:
    """Give a file that is still open its name; it is on disk before it appears."""
    sync(file)
    old.rename(new)
    sync_directory(new.parent)


def sync(file: IO[bytes]) -> None:
    """Have all that was written to `file` on disk."""
    file.flush()
    os.fsync(file.fileno())


def sync_directory(path: Path) -> None:
    """Have the names in a directory on disk."""
    directory = os.open(path, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
