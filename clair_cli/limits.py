"""When the next request may go: a ceiling on requests in flight, and waits that a stop ends."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from clair_cli.records import RunError


class Gate:
    """Lets at most `ceiling` requests be in flight, first come, first served.

    A row that waits (for a slot, or for a retry) holds none. Closing the gate turns every waiting
    and every later request away with one error, and leaves those in flight alone.
    """

    def __init__(self, ceiling: int) -> None:
        self.ceiling = ceiling
        self.in_flight = 0
        self._queue: deque[asyncio.Future[None]] = deque()
        self._sleepers: set[asyncio.Future[None]] = set()
        self._hungry = asyncio.Event()
        self._hungry.set()
        self._closed: RunError | None = None

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Hold one of the slots.

        Raises:
            RunError: What the gate was closed with.
        """
        await self._enter()
        try:
            yield
        finally:
            self._leave()

    async def pause(self, seconds: float) -> None:
        """Wait without a slot.

        Raises:
            RunError: What the gate was closed with, as soon as it is.
        """
        self._refuse_if_closed()
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        timer = loop.call_later(seconds, _wake, waiter)
        self._sleepers.add(waiter)
        try:
            await waiter
        finally:
            timer.cancel()
            self._sleepers.discard(waiter)

    async def demand(self) -> None:
        """Return once a further row would be asked soon, instead of only queueing."""
        await self._hungry.wait()

    def close(self, error: RunError) -> None:
        """Let nothing more go; waiting rows get `error`. The first error stays."""
        self._closed = self._closed or error
        for waiter in [*self._queue, *self._sleepers]:
            if not waiter.done():
                waiter.set_exception(self._closed)
        self._queue.clear()
        self._hungry.set()

    async def _enter(self) -> None:
        self._refuse_if_closed()
        if self.in_flight < self.ceiling:
            self.in_flight += 1
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append(waiter)
        self._gauge()
        try:
            await waiter
        except asyncio.CancelledError:
            self._hand_back(waiter)
            raise

    def _hand_back(self, waiter: "asyncio.Future[None]") -> None:
        """A cancelled row leaves the queue, or the slot that it was just given."""
        if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
            self._leave()
        elif waiter in self._queue:
            self._queue.remove(waiter)
            self._gauge()

    def _leave(self) -> None:
        while self._queue:
            waiter = self._queue.popleft()
            if not waiter.done():
                waiter.set_result(None)
                self._gauge()
                return
        self.in_flight -= 1
        self._gauge()

    def _gauge(self) -> None:
        if self._closed or len(self._queue) <= self.ceiling // 4 + 4:
            self._hungry.set()
        else:
            self._hungry.clear()

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise self._closed


def _wake(waiter: "asyncio.Future[None]") -> None:
    if not waiter.done():
        waiter.set_result(None)
