"""How far a run is, for people: a live line on a terminal, or log lines elsewhere."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Protocol

from rich.console import Console
from rich.live import Live
from rich.text import Text

from clair_cli.run.progress import Speed
from clair_cli.run.tally import Tally
from clair_cli.run.watching import Running

LIVE_EVERY = 0.2
LOG_EVERY = 5.0
"""Seconds between two looks at the counts."""


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


def display_on(screen: Console) -> Display:
    """A live line where `screen` is a terminal, log lines elsewhere."""
    return LiveDisplay(screen) if screen.is_terminal else LogDisplay(screen)


@contextlib.asynccontextmanager
async def shown(display: Display, running: Running) -> AsyncIterator[None]:
    """Keep `display` up to date while the body runs."""
    task = asyncio.create_task(_keep_showing(display, running))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        display.close()


async def _keep_showing(display: Display, running: Running) -> None:
    speed, tally = Speed(), running.tally
    while True:
        await asyncio.sleep(display.every)
        total = running.total.rows_of(tally)
        display.show(describe(tally, running.in_flight(), speed.measure(tally), total))


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
