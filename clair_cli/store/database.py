"""The durable map from a request to its reply: what was paid for is asked once.

One SQLite file in WAL mode with `synchronous=FULL`: a reply is on disk before its row goes on. A
writer thread commits all replies that arrived while the last commit was under way together (group
commit), so one fsync serves many at high rates and a reply waits for one fsync at low ones.

What is not promised: two processes on one store (the second is turned away), or a network file
system without POSIX locks.
"""

import asyncio
import contextlib
import queue
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self, TypeAlias

from clair_cli.records import Completion, Request, UsageError
from clair_cli.replies.completion import read_completion
from clair_cli.store.lock import lock

_Put: TypeAlias = tuple[Request, bytes, float | None, "asyncio.Future[None]"]

LAYOUT = 2
"""Version of the tables, kept in SQLite's `user_version`."""

COMMIT_AT_MOST = 1024
"""Replies in one transaction."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS replies (
    digest     BLOB    NOT NULL,  -- SHA-256 of the request's canonical JSON
    occurrence INTEGER NOT NULL,
    attempt    INTEGER NOT NULL,
    reply      BLOB    NOT NULL,  -- the body as it came
    stored_at  REAL    NOT NULL,  -- seconds since the epoch
    seconds    REAL,              -- from sending the request to the last byte; NULL if unknown
    PRIMARY KEY (digest, occurrence, attempt)
);
"""

SINCE = {1: "BEGIN; ALTER TABLE replies ADD COLUMN seconds REAL; PRAGMA user_version = 2; COMMIT;"}
"""What brings an older layout to the one after it, whole or not at all."""


INSERT = (
    "INSERT OR REPLACE INTO replies (digest, occurrence, attempt, reply, stored_at, seconds) "
    "VALUES (?,?,?,?,?,?)"
)


class StoreError(UsageError):
    """The store cannot be opened, read or written. Nothing that it held is lost."""


class Store:
    """Replies by request; a context manager that holds the file's lock.

    Raises on entering:
        StoreError: Another run holds it, it is not a store, or it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stack = contextlib.ExitStack()
        self._puts: queue.SimpleQueue[_Put | None] = queue.SimpleQueue()

    def __enter__(self) -> Self:
        with self._stack:
            self._stack.enter_context(lock(self.path))
            try:
                self._open()
            except sqlite3.Error as exc:
                raise StoreError(
                    f"{self.path}: cannot be used as a store ({exc}); "
                    "move it away, or name another with --store"
                ) from exc
            self._stack = self._stack.pop_all()
        return self

    def _open(self) -> None:
        self._writer = _connect(self.path, self._stack)
        version = self._writer.execute("PRAGMA user_version").fetchone()[0]
        if version not in {0, LAYOUT, *SINCE}:
            raise StoreError(
                f"{self.path}: written by another version of clair (layout {version}, "
                f"this one knows {LAYOUT}); use that version, or name another with --store"
            )
        tables = {row[0] for row in self._writer.execute("SELECT name FROM sqlite_master")}
        if not version and tables - {"replies", "sqlite_autoindex_replies_1"}:
            raise StoreError(f"{self.path}: is another program's database; name another --store")
        for older in range(version or LAYOUT, LAYOUT):
            self._writer.executescript(SINCE[older])
        self._writer.executescript(f"{SCHEMA}PRAGMA user_version = {LAYOUT};")
        self._reader = _connect(self.path, self._stack)
        self._seen = _scratch(self._stack)
        thread = threading.Thread(target=self._write, name="clair-store", daemon=True)
        thread.start()
        self._stack.callback(thread.join)
        self._stack.callback(self._puts.put, None)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def __len__(self) -> int:
        count: int = self._reader.execute("SELECT count(*) FROM replies").fetchone()[0]
        return count

    def get(self, request: Request) -> Completion | None:
        """The stored completion for `request`, if there is one."""
        try:
            found = self._reader.execute(
                "SELECT reply, ifnull(seconds, 0) FROM replies "
                "WHERE digest = ? AND occurrence = ? AND attempt = ?",
                (request.digest, request.occurrence, request.attempt),
            ).fetchall()
        except sqlite3.Error as exc:
            raise _unusable(self.path, exc) from exc
        return read_completion(*found[0]) if found else None

    async def put(self, request: Request, reply: bytes, seconds: float = 0.0) -> None:
        """Store `reply`, which took `seconds` (0: nobody knows); returns once it is on disk.

        Raises:
            StoreError: It could not be written (a full disk, say).
        """
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._puts.put((request, reply, seconds or None, written))
        await written

    def occurrence(self, digest: bytes) -> int:
        """How often this run asked for the same body before, from 0. Counts this time too.

        Kept in a temporary database, on disk where it grows large: memory stays bounded.
        """
        try:
            found = self._seen.execute(
                "INSERT INTO seen VALUES (?, 0) ON CONFLICT DO UPDATE SET n = n + 1 RETURNING n",
                (digest,),
            ).fetchall()
        except sqlite3.Error as exc:  # a full TMPDIR, say
            raise _unusable(self.path, exc) from exc
        count: int = found[0][0]
        return count

    def _write(self) -> None:
        """The writer thread: take what is queued, commit it, tell those who wait."""
        while (first := self._puts.get()) is not None:
            batch = [first]
            with contextlib.suppress(queue.Empty):
                while len(batch) < COMMIT_AT_MOST:
                    following = self._puts.get_nowait()
                    if following is None:
                        self._puts.put(None)
                        break
                    batch.append(following)
            error = self._commit(batch)
            with contextlib.suppress(RuntimeError):  # the loop may be gone; the replies are safe
                batch[0][-1].get_loop().call_soon_threadsafe(_tell, batch, error)

    def _commit(self, batch: list[_Put]) -> StoreError | None:
        now = time.time()
        rows = [
            (r.digest, r.occurrence, r.attempt, reply, now, seconds)
            for r, reply, seconds, _ in batch
        ]
        try:
            with self._writer:
                self._writer.execute("BEGIN")
                self._writer.executemany(INSERT, rows)
        except sqlite3.Error as exc:
            return _unusable(self.path, exc)
        return None


@contextlib.contextmanager
def put_aside(path: Path) -> Iterator[None]:
    """Let a fresh store begin at `path`; the one there keeps its replies under another name.

    It comes back at the end if the fresh one got none.

    Raises:
        StoreError: Another run holds it.
    """
    if not path.exists():
        yield
        return
    with Store(path):
        pass  # closing the last connection folds the WAL into the file
    numbers = range(1, 1_000_000)
    aside = next(p for n in numbers if not (p := path.with_suffix(f".{n}{path.suffix}")).exists())
    path.rename(aside)
    try:
        yield
    finally:
        if not path.exists() or _is_empty(path):
            aside.replace(path)


def _is_empty(path: Path) -> bool:
    with Store(path) as store:
        return not len(store)


def _connect(path: Path, stack: contextlib.ExitStack) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    stack.callback(connection.close)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def _scratch(stack: contextlib.ExitStack) -> sqlite3.Connection:
    """A private database that goes with its connection: no journal, no fsync, one transaction."""
    connection = sqlite3.connect("", isolation_level=None, check_same_thread=False)
    stack.callback(connection.close)
    connection.execute("PRAGMA journal_mode = OFF")
    connection.execute("CREATE TABLE seen (digest BLOB PRIMARY KEY, n) WITHOUT ROWID")
    connection.execute("BEGIN")
    return connection


def _tell(batch: list[_Put], error: StoreError | None) -> None:
    for *_, written in batch:
        if written.done():
            continue
        if error is None:
            written.set_result(None)
        else:
            written.set_exception(error)


def _unusable(path: Path, exc: sqlite3.Error) -> StoreError:
    if exc.sqlite_errorcode in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return StoreError(
            f"{path}: the store is damaged ({exc}); try sqlite3's .recover on a copy of it, or "
            "name another with --store"
        )
    return StoreError(
        f"{path}: the store cannot be written or read ({exc}); what it holds is safe: "
        "make room or mend the disk, then run the same command again"
    )
