"""One row's journey, many at a time, in input order.

The engine knows neither HTTP nor SQLite: its world comes in as three functions. It reads ahead by
a bounded window, so that one slow reply holds up nothing but what is written, and it emits
outcomes in input order, so that what is written does not depend on the order of arrival.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias, TypeVar

from clair_cli.contrast.metrics import is_long
from clair_cli.records import (
    AskedAgain,
    BudgetSpent,
    Completion,
    Emitted,
    Failure,
    Observer,
    Pair,
    Problem,
    Request,
    Row,
    RowError,
    RowRead,
    RunError,
    Stopped,
)
from clair_cli.run.feed import Feed

Outcome: TypeAlias = Pair | Failure
_Result = TypeVar("_Result")
Read: TypeAlias = Callable[[Row, Completion], Pair | Problem]

DRAIN = 5.0
"""Seconds for what is in flight when an error ends the run; a stop or a budget sets no limit."""


class Ask(Protocol):
    """Row -> Request: the first, or the next one after `problem` with the reply to `last`.

    First requests are asked for in input order.
    """

    def __call__(self, row: Row, last: Request | None, problem: Problem | None) -> Request:
        """The request to send next."""


class Gate(Protocol):
    """Says when more may be asked."""

    async def demand(self) -> None:
        """Wait until one more request would be let through, or none will be."""

    def close(self, error: RunError) -> None:
        """Turn every waiting and every later request away with `error`."""


@dataclass(frozen=True, slots=True)
class Branch:
    """One of the revisions that are asked of a row.

    Attributes:
        ask: Makes its requests.
        read: Makes a pair of an answer, or says what is wrong with it.
        name: What it adds to the row's id; "" for nothing.
    """

    ask: Ask
    read: Read
    name: str = ""


@dataclass(frozen=True, slots=True)
class World:
    """All that the engine reaches outside itself by.

    Attributes:
        branches: The revisions asked of each row, in the order of their outcomes.
        complete: Answers requests; raises RowError or RunError.
        attempts: Replies asked for one revision before it fails.
        closest: Picks one of the pairs that each had a problem once the attempts are used up; None
            lets the revision fail.
        settle: Makes the outcomes of a row of those of its branches.
        outcomes: How many these are.
    """

    branches: Sequence[Branch]
    complete: Callable[[Request], Awaitable[Completion]]
    attempts: int
    closest: Callable[[Sequence[Pair]], Pair] | None = None
    settle: Callable[[list[Outcome]], list[Outcome]] = list
    outcomes: int = 1


@dataclass(frozen=True, slots=True)
class Window:
    """How far reading may run ahead of writing.

    Attributes:
        rows: Rows that are read and not yet emitted.
        size: Their bytes in the source; one row may always go.
    """

    rows: int
    size: int = 64 * 1024 * 1024

    @classmethod
    def for_ceiling(cls, ceiling: int) -> "Window":
        """The window for `ceiling` requests in flight."""
        return cls(max(10_000, 16 * ceiling))


class Engine:
    """Runs rows through `world`, as many at a time as `gate` admits."""

    def __init__(self, world: World, gate: Gate, window: Window, observe: Observer) -> None:
        self._world = world
        self._gate = gate
        self._window = window
        self._observe = observe
        self._ahead: deque[tuple[asyncio.Task[list[Outcome]], int]] = deque()
        self._size = 0
        self._moved = asyncio.Event()
        self._error: RunError | None = None

    async def drain(self, error: RunError) -> None:
        """Stop because of `error`, and wait until what is in flight is answered and stored."""
        self.stop(error)
        await self._finished()

    def stop(self, error: RunError) -> None:
        """Read no more and ask no more; what is in flight is answered and stored."""
        self._error = self._error or error
        self._gate.close(self._error)
        self._moved.set()

    async def outcomes(self, rows: Iterable[Row | Failure]) -> AsyncGenerator[Outcome, None]:
        """What became of each row, in input order.

        Raises:
            RunError: What ended the run, after everything in flight has been stored.
        """
        pump = asyncio.create_task(self._pump(rows))
        pump.add_done_callback(lambda _: self._moved.set())
        try:
            async for outcomes in self._emit(pump):
                for outcome in outcomes:
                    self._observe(Emitted(outcome))
                    yield outcome
            await self._settle(pump)
        finally:
            await self._abandon(pump)

    async def _emit(self, pump: "asyncio.Task[None]") -> AsyncGenerator[list[Outcome], None]:
        while True:
            while not self._ahead:
                if pump.done() or self._error:
                    return
                self._moved.clear()
                await self._moved.wait()
            task, size = self._ahead[0]
            try:
                outcomes = await task
            except RunError:
                return
            except asyncio.CancelledError:
                if self._error is None or _is_cancelled():
                    raise
                return
            self._ahead.popleft()
            self._size -= size
            self._moved.set()
            yield outcomes

    async def _settle(self, pump: "asyncio.Task[None]") -> None:
        """Wait for what is in flight; raise what ended the run, if anything did."""
        await self._finished()
        if self._error:
            raise self._error
        await pump

    async def _finished(self) -> None:
        tasks = [task for task, _ in self._ahead]
        if tasks:
            await asyncio.wait(tasks)

    async def _abandon(self, pump: "asyncio.Task[None]") -> None:
        tasks = [pump, *(task for task, _ in self._ahead)]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._ahead.clear()

    async def _pump(self, rows: Iterable[Row | Failure]) -> None:
        """Start rows while the window has room and the gate would let more through."""
        async with contextlib.aclosing(Feed(rows, lambda row: row.size).items()) as feed:
            async for row in feed:
                await self._room(row.size)
                await self._gate.demand()
                if self._error:
                    return
                self._observe(RowRead(row.size, self._due(row)))
                self._start(row)
                await asyncio.sleep(0)  # a fast source must not keep started rows from running

    async def _room(self, size: int) -> None:
        while self._ahead and not self._error and not self._fits(size):
            self._moved.clear()
            await self._moved.wait()

    def _fits(self, size: int) -> bool:
        return len(self._ahead) < self._window.rows and self._size + size <= self._window.size

    def _due(self, row: Row | Failure) -> int:
        return 1 if isinstance(row, Failure) else self._world.outcomes

    def _start(self, row: Row | Failure) -> None:
        if isinstance(row, Failure):
            journey = asyncio.create_task(_settled(row))
        else:
            asked = [(branch, branch.ask(row, None, None)) for branch in self._world.branches]
            journey = asyncio.create_task(self._row(row, asked))
        self._ahead.append((journey, row.size))
        self._size += row.size
        self._moved.set()

    async def _row(self, row: Row, asked: Sequence[tuple[Branch, Request]]) -> list[Outcome]:
        """All revisions of a row, side by side; none is left behind where one ends the run."""
        if len(asked) == 1:
            ((branch, request),) = asked
            return self._world.settle([await self._journey(row, branch, request)])
        journeys = [self._journey(row, branch, request) for branch, request in asked]
        found = await asyncio.gather(*journeys, return_exceptions=True)
        outcomes: list[Outcome] = []
        for each in found:
            if isinstance(each, BaseException):
                raise each
            outcomes.append(each)
        return await _apart(is_long(row.response, row.response), self._world.settle, outcomes)

    async def _journey(self, row: Row, branch: Branch, request: Request) -> Outcome:
        candidates: list[Pair] = []
        try:
            while True:
                completion = await self._world.complete(request)
                long = is_long(row.response, completion.text)
                result = await _apart(long, branch.read, row, completion)
                if isinstance(result, Pair):
                    return result
                if result.candidate:
                    candidates.append(result.candidate)
                if request.attempt >= self._world.attempts:
                    return self._exhausted(row, branch, request, result, candidates)
                self._observe(AskedAgain(result.reason))
                request = branch.ask(row, request, result)
        except RowError as exc:
            return _failure(row, branch, request, exc.problem)
        except RunError as exc:
            self._end(exc)
            raise

    def _exhausted(
        self, row: Row, branch: Branch, last: Request, problem: Problem, candidates: list[Pair]
    ) -> Outcome:
        if self._world.closest and candidates:
            return self._world.closest(candidates)
        return _failure(row, branch, last, problem)

    def _end(self, error: RunError) -> None:
        """The run is over: nothing more goes, what is in flight gets a short time."""
        if self._error is not None:
            return
        self._error = error
        self._gate.close(error)
        self._moved.set()
        if not isinstance(error, Stopped | BudgetSpent):
            asyncio.get_running_loop().call_later(DRAIN, self._cancel_all)

    def _cancel_all(self) -> None:
        for task, _ in self._ahead:
            task.cancel()


def _is_cancelled() -> bool:
    """Whether this task itself is being cancelled, not just one that it waits for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _apart(long: bool, work: Callable[..., _Result], *arguments: object) -> _Result:
    """What `work` returns; where it is `long`, from a thread, so that the loop goes on."""
    return await asyncio.to_thread(work, *arguments) if long else work(*arguments)


async def _settled(failure: Failure) -> list[Outcome]:
    return [failure]


def _failure(row: Row, branch: Branch, request: Request, problem: Problem) -> Failure:
    name = row.id + branch.name
    return Failure(
        name, row.line, problem.reason, problem.detail, request.attempt, row.original, file=row.file
    )
