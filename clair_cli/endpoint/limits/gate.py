"""When the next request may go, and to which replica: ceilings, limits, pauses, a stop."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from clair_cli.endpoint.limits.lane import Admission, Lane
from clair_cli.endpoint.limits.pace import Pace
from clair_cli.records import RunError

__all__ = ["Admission", "Gate", "Lane", "Pace"]


class Gate:
    """Lets requests go: first come, first served, to the replica with the most room.

    A row that waits (for a slot, a limit or a retry) holds no slot. Closing the gate turns every
    waiting and every later request away with one error, and leaves those in flight alone.

    Args:
        most: Requests in flight over all replicas.
        lanes: The replicas.
        own: Limits that the user sets over all of them.
    """

    def __init__(self, most: int, lanes: Sequence[Lane], own: Pace | None = None) -> None:
        self.most = most
        self.lanes = lanes
        self.in_flight = 0
        self._own = own or Pace()
        self._queue: deque[tuple[asyncio.Future[Admission], float]] = deque()
        self._sleepers: set[asyncio.Future[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._hungry = asyncio.Event()
        self._hungry.set()
        self._closed: RunError | None = None

    @asynccontextmanager
    async def slot(self, tokens: float = 0.0) -> AsyncIterator[Admission]:
        """Hold leave for a request of about so many tokens.

        Raises:
            RunError: What the gate was closed with.
        """
        admission = await self._enter(tokens)
        try:
            yield admission
        finally:
            self._leave(admission)

    def bears(self, tokens: float) -> bool:
        """Whether the user's limits admit a request of so many tokens at all."""
        return self._own.bears(tokens)

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
        self._gauge()
        try:
            await waiter
        finally:
            timer.cancel()
            self._sleepers.discard(waiter)
            self._gauge()

    async def demand(self) -> None:
        """Return once a further row would be asked soon, instead of only queueing."""
        await self._hungry.wait()

    def close(self, error: RunError) -> None:
        """Let nothing more go; waiting rows get `error`. The first error stays."""
        self._closed = self._closed or error
        for queued, _ in self._queue:
            if not queued.done():
                queued.set_exception(self._closed)
        for sleeper in self._sleepers:
            if not sleeper.done():
                sleeper.set_exception(self._closed)
        self._queue.clear()
        self._gauge()

    def on_answer(self, admission: Admission, headers: Mapping[str, str], tokens: int) -> None:
        """A request was answered, with so many tokens in all (0: not known)."""
        now = asyncio.get_running_loop().time()
        if tokens:
            self._own.correct(admission.tokens, tokens, now)
        admission.lane.on_answer(admission, tokens, now)
        admission.lane.learn(admission, headers, now, time.time())

    def on_overload(
        self, admission: Admission, headers: Mapping[str, str], after: float | None
    ) -> None:
        """The replica asks for less, and for a pause of `after` seconds if it names one."""
        now = asyncio.get_running_loop().time()
        knows = admission.lane.learn(admission, headers, now, time.time())
        admission.lane.on_overload(admission, after, now, only_paced=knows)

    def on_failure(self, admission: Admission, *, at_once: bool) -> None:
        """The replica failed; it rests `at_once`, or when that repeats."""
        admission.lane.on_failure(asyncio.get_running_loop().time(), at_once=at_once)

    async def _enter(self, tokens: float) -> Admission:
        self._refuse_if_closed()
        now = asyncio.get_running_loop().time()
        lane, wait = self._choose(tokens, now)
        if not self._queue and lane and not wait:
            return self._admit(lane, tokens, now)
        waiter: asyncio.Future[Admission] = asyncio.get_running_loop().create_future()
        self._queue.append((waiter, tokens))
        self._dispatch()
        try:
            return await waiter
        except asyncio.CancelledError:
            self._hand_back(waiter)
            raise

    def _choose(self, tokens: float, now: float) -> tuple[Lane | None, float]:
        """The replica to go to and the seconds until then; None while only a return can help."""
        if self.in_flight >= self.most:
            return None, 0.0
        own = self._own.ready_in(tokens, now)
        waits = [(lane.ready_in(tokens, now), -lane.appeal, lane) for lane in self.lanes]
        open_ones = [
            (max(wait, own), appeal, lane) for wait, appeal, lane in waits if wait is not None
        ]
        if not open_ones:
            return None, 0.0
        wait, _, lane = min(open_ones, key=lambda each: each[:2])
        return lane, wait

    def _admit(self, lane: Lane, tokens: float, now: float) -> Admission:
        self.in_flight += 1
        self._own.take(tokens, now)
        return lane.admit(tokens, now)

    def _dispatch(self) -> None:
        """Let the first in the queue go, for as long as anything may."""
        loop = asyncio.get_running_loop()
        if self._timer:
            self._timer.cancel()
            self._timer = None
        while self._queue:
            waiter, tokens = self._queue[0]
            if waiter.done():
                self._queue.popleft()
                continue
            lane, wait = self._choose(tokens, loop.time())
            if lane is None:
                break
            if wait > 0:
                self._timer = loop.call_later(wait, self._dispatch)
                break
            self._queue.popleft()
            waiter.set_result(self._admit(lane, tokens, loop.time()))
        self._gauge()

    def _leave(self, admission: Admission) -> None:
        self.in_flight -= 1
        admission.lane.leave(admission)
        if self._queue:
            self._dispatch()
        else:
            self._gauge()

    def _hand_back(self, waiter: "asyncio.Future[Admission]") -> None:
        """A cancelled row leaves the queue, or the slot that it was just given."""
        if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
            self._leave(waiter.result())
        else:
            waiter.cancel()
            self._dispatch()

    def _gauge(self) -> None:
        # Rows that pause for a retry count too: else every refusal lets one more row in, until the
        # whole window competes for a quota and each waits for ever.
        under_way = self.in_flight + len(self._queue) + len(self._sleepers)
        queued = len(self._queue) <= self.most // 4 + 4
        if self._closed or (queued and under_way <= 2 * self.most + 16):
            self._hungry.set()
        else:
            self._hungry.clear()

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise self._closed


def _wake(waiter: "asyncio.Future[None]") -> None:
    if not waiter.done():
        waiter.set_result(None)
