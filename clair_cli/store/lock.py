"""One run at a time on a file: the lock names its holder, and dies with it."""

import contextlib
import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from clair_cli.records import UsageError


@contextlib.contextmanager
def lock(path: Path) -> Iterator[None]:
    """Hold `path`.lock, which names its holder; the kernel lets go of it when the holder dies."""
    lock_path = path.with_name(f"{path.name}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = _take_lock(lock_path)
    except OSError as exc:
        raise UsageError(
            f"{path}: the store cannot be made here ({exc.strerror}); choose another place with -o "
            "or --store"
        ) from exc
    with file:
        file.truncate(0)
        json.dump({"pid": os.getpid(), "host": socket.gethostname(), "since": time.ctime()}, file)
        file.flush()
        try:
            yield
        finally:
            lock_path.unlink(missing_ok=True)


def _take_lock(lock_path: Path) -> IO[str]:
    while True:
        file = lock_path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with file:
                raise _held(lock_path, file) from None
        if _is_still(lock_path, file):
            return file
        file.close()


def _is_still(lock_path: Path, file: IO[str]) -> bool:
    """Whether the locked file is the one at its path: its last holder unlinks it when done."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), lock_path.stat())
    except FileNotFoundError:
        return False


def _held(lock_path: Path, file: IO[str]) -> UsageError:
    file.seek(0)
    try:
        holder = json.load(file)
        name = f"process {holder['pid']} on {holder['host']} since {holder['since']}"
    except (ValueError, KeyError, TypeError):
        name = "another run"
    store = str(lock_path).removesuffix(".lock")
    return UsageError(f"{store}: in use by {name}; wait for it, or name another -o or --store")
