"""A blocking iterable, read in a thread, as an asynchronous iterator.

A pipe whose writer is slow, or a disk that stalls, must not hold up replies that arrive meanwhile.
"""

import asyncio
import threading
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable
from typing import Generic, TypeVar

T = TypeVar("T")


class Feed(Generic[T]):
    """Reads `source` in a thread, at most `ahead` items (and bytes) before they are wanted.

    What the iterable raises is raised by the iteration, after the items before it. The thread is a
    daemon: one that hangs in a read does not keep the program alive.
    """

    def __init__(
        self,
        source: Iterable[T],
        size_of: Callable[[T], int],
        *,
        ahead: int = 256,
        ahead_size: int = 8 * 1024 * 1024,
    ) -> None:
        self._source = source
        self._size_of = size_of
        self._ahead = ahead
        self._ahead_size = ahead_size
        self._size = 0
        self._ready: deque[T] = deque()
        self._changed = threading.Condition()
        self._wanted: asyncio.Event = asyncio.Event()
        self._asleep = False
        self._done = False
        self._closed = False
        self._error: Exception | None = None
        self._loop = asyncio.get_running_loop()

    async def items(self) -> AsyncGenerator[T, None]:
        """The items, as they come. To be closed when left early (`contextlib.aclosing`)."""
        threading.Thread(target=self._read, name="clair-feed", daemon=True).start()
        try:
            while batch := await self._take():
                for item in batch:
                    yield item
        finally:
            self.close()
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        """Let the thread end at its next item."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    async def _take(self) -> list[T]:
        """All that is ready; waits for the first; empty at the end."""
        while True:
            with self._changed:
                if self._ready or self._done:
                    batch = list(self._ready)
                    self._ready.clear()
                    self._size = 0
                    self._changed.notify()
                    return batch
                self._asleep = True
                self._wanted.clear()
            await self._wanted.wait()

    def _read(self) -> None:
        try:
            for item in self._source:
                if not self._offer(item):
                    break
        except Exception as exc:  # noqa: BLE001 - handed to the reader, who raises it
            self._error = exc
        with self._changed:
            self._done = True
            self._rouse()

    def _offer(self, item: T) -> bool:
        with self._changed:
            while self._is_full() and not self._closed:
                self._changed.wait()
            self._ready.append(item)
            self._size += self._size_of(item)
            self._rouse()
            return not self._closed

    def _is_full(self) -> bool:
        return len(self._ready) >= self._ahead or self._size >= self._ahead_size

    def _rouse(self) -> None:
        if self._asleep and not self._closed:
            self._asleep = False
            self._loop.call_soon_threadsafe(self._wanted.set)
