"""A run's counts -> a live line on a terminal, or log lines elsewhere."""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Protocol

from rich.console import Console
from rich.live import Live
from rich.text import Text

from clair_cli.run.tally import Tally

LIVE_EVERY = 0.2
LOG_EVERY = 5.0
RATE_OVER = 30.0
"""Seconds between two looks at the counts, and those that a rate is measured over."""


class Display(Protocol):
    """Something that shows one line of progress again and again."""

    every: float

    def show(self, line: str) -> None:
        """Show the newest state."""

    def close(self) -> None:
        """Take the line away, or leave it as it is."""


class LiveDisplay:
    """One line that is rewritten in place."""

    every = LIVE_EVERY

    def __init__(self, console: Console) -> None:
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._live.start()

    def show(self, line: str) -> None:
        """Rewrite the line."""
        self._live.update(Text(line), refresh=True)

    def close(self) -> None:
        """Take the line away."""
        self._live.stop()


class LogDisplay:
    """A line every few seconds."""

    every = LOG_EVERY

    def __init__(self, console: Console) -> None:
        self._console = console

    def show(self, line: str) -> None:
        """Print the line with the time of day."""
        self._console.print(Text(f"{time.strftime('%H:%M:%S')} {line}"), soft_wrap=True)

    def close(self) -> None:
        """Nothing is left to do."""


@dataclass(frozen=True, slots=True)
class Total:
    """What is known beforehand of how much there is.

    Attributes:
        rows: The most that will be read (`--limit`), None for no limit.
        size: Bytes of the input, None where they cannot be known.
        counted: Rows of the input, None where they cannot be known.
    """

    rows: int | None = None
    size: int | None = None
    counted: int | None = None

    def rows_of(self, tally: Tally) -> int | None:
        """Rows in all: estimated from the size of those read where only bytes are known."""
        if self.counted is not None:
            return min(self.counted, self.rows) if self.rows else self.counted
        if not self.size or not tally.read_bytes:
            return None
        estimate = max(tally.read, round(self.size * tally.read / tally.read_bytes))
        return min(estimate, self.rows) if self.rows else estimate


class Speed:
    """Rates over the last seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._past: deque[tuple[float, int, int]] = deque([(clock(), 0, 0)])

    def measure(self, tally: Tally) -> tuple[float, float]:
        """Rows and tokens a second."""
        now = self._clock()
        tokens = tally.usage.prompt_tokens + tally.usage.completion_tokens
        self._past.append((now, tally.written, tokens))
        while len(self._past) > 2 and now - self._past[0][0] > RATE_OVER:
            self._past.popleft()
        since, rows, spent = self._past[0]
        seconds = max(now - since, 1e-9)
        return (tally.written - rows) / seconds, (tokens - spent) / seconds


@contextlib.asynccontextmanager
async def shown(
    display: Display | None, tally: Tally, in_flight: Callable[[], int], total: Total
) -> AsyncIterator[None]:
    """Keep `display` up to date while the body runs."""
    if display is None:
        yield
        return
    task = asyncio.create_task(_keep_showing(display, tally, in_flight, total))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        display.close()


async def _keep_showing(
    display: Display, tally: Tally, in_flight: Callable[[], int], total: Total
) -> None:
    speed = Speed()
    while True:
        await asyncio.sleep(display.every)
        display.show(describe(tally, in_flight(), speed.measure(tally), total.rows_of(tally)))


def describe(tally: Tally, in_flight: int, speed: tuple[float, float], total: int | None) -> str:
    """One line on how far a run is."""
    rows, tokens = speed
    done = f"{tally.written:,}" + (f"/{total:,}" if total else "")
    parts = [f"{done} rows", f"{tally.pairs:,} pairs"]
    if tally.stored:
        parts.append(f"{tally.stored:,} from store")
    if tally.failures:
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in tally.failures.most_common())
        parts.append(f"{tally.failed:,} failed ({reasons})")
    if tally.retries:
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in tally.retries.most_common())
        parts.append(f"{tally.retries.total():,} retries ({reasons})")
    parts += [f"{in_flight:,} in flight", f"{rows:,.1f} rows/s", f"{tokens:,.0f} tokens/s"]
    if total and rows > 0:
        parts.append(f"{_clock_time((total - tally.written) / rows)} left")
    return "  ".join(parts)


def _clock_time(seconds: float) -> str:
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
