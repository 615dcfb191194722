"""The store -> what came when: requests, tokens, money and latency over the time of a run.

The store is read only, one reply after the other; of each, four numbers are kept. Pauses in which
no request can have been under way are cut out, so that a run that went on the next day is one line.
"""

import contextlib
import math
import sqlite3
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from clair_cli.contrast.distribution import Distribution
from clair_cli.endpoint.prices import Price
from clair_cli.looking.report.human_numbers import duration, number
from clair_cli.records import Usage, UsageError
from clair_cli.replies.completion import read_completion

PAUSE = 600.0
"""Seconds without a reply after which nothing was under way: the default of --timeout."""
MOST_BINS = 60
WIDTHS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)
"""Seconds that a bin may take; past them, multiples of a day's sixth."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One stored reply.

    Attributes:
        at: When it was stored, seconds since the epoch.
        seconds: What it took; 0 where nobody measured it.
        usage: Its tokens.
    """

    at: float
    seconds: float
    usage: Usage


@dataclass(frozen=True, slots=True)
class Bin:
    """A stretch of time.

    Attributes:
        start: Seconds of work before it.
        width: Its length in seconds.
        replies, tokens: How many came in it.
        cost: US dollars spent up to its end; None where no price is known.
        median, p90: Of the latency in seconds; None where none was measured.
    """

    start: float
    width: float
    replies: int
    tokens: int
    cost: float | None
    median: float | None
    p90: float | None

    @property
    def requests_a_second(self) -> float:
        """Replies a second."""
        return self.replies / self.width

    @property
    def tokens_a_second(self) -> float:
        """Tokens a second, prompt and completion."""
        return self.tokens / self.width


@dataclass(frozen=True, slots=True)
class Timeline:
    """All bins, in order; `pauses` tells how many were cut out, and `replies` how many came."""

    bins: Sequence[Bin]
    pauses: int
    replies: int
    prompt_tokens: int
    completion_tokens: int
    latency: tuple[float, float] | None
    """Median and 90th percentile of all replies whose latency was measured, in seconds."""

    @property
    def seconds(self) -> float:
        """The time that all bins cover."""
        return self.bins[-1].start + self.bins[-1].width


def replies(store: Path) -> Iterator[Reply]:
    """The replies in the store at `store`, which is only read.

    Raises:
        UsageError: It cannot be read.
    """
    try:
        with contextlib.closing(_opened(store)) as connection:
            columns = {row[1] for row in connection.execute("PRAGMA table_info(replies)")}
            seconds = "ifnull(seconds, 0)" if "seconds" in columns else "0"
            for at, took, raw in connection.execute(
                f"SELECT stored_at, {seconds}, reply FROM replies"  # noqa: S608 - our own words
            ):
                completion = read_completion(raw)
                yield Reply(at, took, completion.usage if completion else Usage())
    except sqlite3.Error as exc:
        raise UsageError(
            f"{store}: cannot be read as a store ({exc}); name the right one with --store"
        ) from exc


def _opened(store: Path) -> sqlite3.Connection:
    """A connection that leaves nothing behind.

    Without a log beside it nobody writes to the store, and SQLite need not make files to share it.
    """
    in_use = store.with_name(f"{store.name}-wal").exists()
    how = "mode=ro" if in_use else "mode=ro&immutable=1"
    return sqlite3.connect(f"{store.absolute().as_uri()}?{how}", uri=True)


def timeline(stored: Iterable[Reply], price: Price | None) -> Timeline | None:
    """What came when; None without replies."""
    columns = tuple(array("d") for _ in range(4))
    for reply in stored:
        usage = reply.usage
        values = (reply.at, reply.seconds, usage.prompt_tokens, usage.completion_tokens)
        for column, value in zip(columns, values, strict=True):
            column.append(value)
    if not columns[0]:
        return None
    order = sorted(range(len(columns[0])), key=columns[0].__getitem__)
    at, seconds, prompt, completion = (array("d", (c[i] for i in order)) for c in columns)
    times, pauses = _working(at, seconds[0])
    return Timeline(
        bins=_bins(times, (seconds, prompt, completion), price),
        pauses=pauses,
        replies=len(at),
        prompt_tokens=int(sum(prompt)),
        completion_tokens=int(sum(completion)),
        latency=_latency(seconds),
    )


def in_words(found: Timeline) -> str:
    """The timeline in a sentence or two."""
    fastest = max(each.requests_a_second for each in found.bins)
    mean = found.replies / found.seconds
    said = (
        f"{found.replies:,} replies in {duration(found.seconds)}: {number(mean)} a second on "
        f"average, {number(fastest)} at most."
    )
    if found.latency:
        median, late = found.latency
        said += f" Half took {duration(median)} or less, nine in ten {duration(late)} or less."
    if found.pauses:
        said += f" {found.pauses} {'pause is' if found.pauses == 1 else 'pauses are'} left out."
    return said


def _working(at: Sequence[float], first: float) -> tuple["array[float]", int]:
    """Seconds of work up to each reply, from the sending of the first; and how many pauses."""
    times, pauses, now = array("d"), 0, first
    for index, when in enumerate(at):
        gap = when - at[index - 1] if index else 0.0
        if gap > PAUSE:
            pauses, gap = pauses + 1, 0.0
        now += gap
        times.append(now)
    return times, pauses


def _bins(
    times: Sequence[float], columns: tuple["array[float]", ...], price: Price | None
) -> list[Bin]:
    width = _width(times[-1])
    number = max(1, math.ceil(times[-1] / width))
    bins, begin, spent = [], 0, Usage()
    for index in range(number):
        start, last = index * width, index == number - 1
        end = begin
        while end < len(times) and (last or times[end] < start + width):
            end += 1
        seconds, prompt, completion = (column[begin:end] for column in columns)
        spent += Usage(int(sum(prompt)), int(sum(completion)))
        median, p90 = _latency(seconds) or (None, None)
        bins.append(
            Bin(
                start=start,
                width=max(times[-1] - start, width / 10) if last else width,
                replies=end - begin,
                tokens=int(sum(prompt) + sum(completion)),
                cost=float(price.of(spent)) if price else None,
                median=median,
                p90=p90,
            )
        )
        begin = end
    return bins


def _width(total: float) -> float:
    """The shortest width of which `MOST_BINS` cover the `total`."""
    found = next((width for width in WIDTHS if width * MOST_BINS >= total), None)
    return found or math.ceil(total / MOST_BINS / WIDTHS[-1]) * WIDTHS[-1]


def _latency(seconds: Iterable[float]) -> tuple[float, float] | None:
    """Median and 90th percentile of those that were measured."""
    measured = Distribution()
    for each in seconds:
        if each > 0:
            measured.add(each)
    return (measured.quantile(0.5), measured.quantile(0.9)) if measured.count else None
