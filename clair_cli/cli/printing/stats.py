"""Measured datasets: as tables with small histograms, or as JSON, on stdout."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import orjson
from rich.console import Console
from rich.text import Text

from clair_cli.cli.printing.progress import Display, display_on
from clair_cli.cli.printing.terminal import console, one_line, paper
from clair_cli.contrast.distribution import QUANTILES, Bins, Distribution
from clair_cli.looking.bins import SHARES
from clair_cli.looking.stats import Measured, histograms, measure
from clair_cli.records import METRICS, UsageError
from clair_cli.rows.input import Input
from clair_cli.rows.names import printable

MEANINGS = {
    "levenshtein": "edits in characters",
    "similarity": "1 - levenshtein / longer length",
    "jaccard": "words in both / words in either",
    "kept": "words of the answer kept in order / its words",
    "length_ratio": "characters of the revision / of the answer",
    "first_change": "characters before the first difference",
}
BLOCKS, PLAIN_BLOCKS = " ▁▂▃▄▅▆▇█", " .:-=+*#@"
"""The heights of a bar; the second where the terminal has no block characters."""
NAME_WIDTH, COUNT_WIDTH, NUMBER_WIDTH = 13, 9, 7
QUIET = 2.0
"""Seconds before progress is shown at all."""


def measure_all(
    datasets: Sequence[Input], limit: int | None, *, from_texts: bool, as_json: bool
) -> None:
    """Measure `datasets` and print what is known of them.

    Raises:
        UsageError: One of them has no pairs, or cannot be read.
    """
    measured = [_measure(each, limit, from_texts=from_texts) for each in datasets]
    if as_json:
        sys.stdout.buffer.write(_json(measured))
        return
    screen = paper()
    for line in _lines(measured, _blocks(screen)):
        screen.print(line, soft_wrap=True)


def _measure(dataset: Input, limit: int | None, *, from_texts: bool) -> Measured:
    name = one_line(printable(dataset.name))
    with _telling(name) as tell:
        try:
            return measure(name, dataset, limit=limit, from_texts=from_texts, tell=tell)
        except UsageError as exc:
            told = str(exc)
            raise UsageError(f"{name}: {told}" if told.startswith("has no") else told) from exc


@contextlib.contextmanager
def _telling(name: str) -> Iterator[Callable[[int], None]]:
    """What to call after each pair; it shows how far we are once that takes long."""
    display: Display | None = None
    due = time.monotonic() + QUIET

    def tell(pairs: int) -> None:
        nonlocal display, due
        if time.monotonic() < due:
            return
        if display is None:
            display = display_on(console())
        display.show(f"{name}: {pairs:,} pairs measured")
        due = time.monotonic() + display.every

    try:
        yield tell
    finally:
        if display:
            display.close()


def _json(measured: Sequence[Measured]) -> bytes:
    bins = {metric: histograms(metric, measured) for metric in METRICS}
    record = {
        "datasets": [
            _record(each, {metric: bins[metric][index] for metric in METRICS})
            for index, each in enumerate(measured)
        ]
    }
    return orjson.dumps(record, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _record(dataset: Measured, bins: dict[str, Bins]) -> dict[str, Any]:
    return {
        "name": dataset.name,
        "pairs": dataset.pairs,
        "from_texts": dataset.from_texts,
        "no_preference": dataset.misfits,
        "other_side_missing": dataset.alone,
        "metrics": {
            metric: {
                **{label: round(value, 6) for label, value in _figures(distribution).items()},
                "histogram": {"edges": bins[metric].edges, "counts": bins[metric].counts},
            }
            for metric, distribution in dataset.metrics.items()
        },
    }


def _figures(distribution: Distribution) -> dict[str, float]:
    return {
        "mean": distribution.mean,
        **distribution.quantiles,
        "min": distribution.minimum,
        "max": distribution.maximum,
    }


def _lines(measured: Sequence[Measured], blocks: str) -> Iterator[Text]:
    names = _short([each.name for each in measured])
    for name, each in zip(names, measured, strict=True):
        yield from _about(name, each)
    labels = ("mean", *QUANTILES, "min", "max")
    heads = "".join(f"{label:>{NUMBER_WIDTH}}" for label in labels)
    yield Text(f"\n{'':{NAME_WIDTH}}{'n':>{COUNT_WIDTH}}{heads}", style="dim")
    for metric in METRICS:
        bins = histograms(metric, measured)
        yield Text.assemble((metric, "bold"), f"  {MEANINGS[metric]}; {_range(bins[0], metric)}")
        for name, each, its in zip(names, measured, bins, strict=True):
            yield Text(_row(name, each.metrics[metric], _bars(its, blocks)))
    yield Text(
        "\nless changed: lower levenshtein; higher similarity, jaccard and kept",
        style="dim",
    )


def _about(name: str, dataset: Measured) -> Iterator[Text]:
    known = dataset.pairs - dataset.from_texts
    sources = {"from columns": known, "from the texts": dataset.from_texts}
    how = " and ".join(
        (source if count == dataset.pairs else f"{count:,} {source}")
        for source, count in sources.items()
        if count
    )
    label = "" if name == dataset.name else f"{name}  "
    yield Text(f"{label}{dataset.name}: {dataset.pairs:,} pairs, metrics {how}")
    if dataset.misfits:
        first = one_line(printable(dataset.problems[0]))
        yield Text(f"  {dataset.misfits:,} rows are no preference (first: {first})", style="yellow")
    if dataset.alone:
        yield Text(f"  {dataset.alone:,} rows miss their other side", style="yellow")


def _short(names: Sequence[str]) -> list[str]:
    """Names for the rows of the tables: as they are where all are short, else letters."""
    longest = max(len(name) for name in names)
    if longest < NAME_WIDTH - 2 and len(set(names)) == len(names):
        return list(names)
    return [chr(ord("A") + index) if index < 26 else f"#{index + 1}" for index in range(len(names))]


def _row(name: str, distribution: Distribution, bars: str) -> str:
    figures = "".join(f"{_number(v):>{NUMBER_WIDTH}}" for v in _figures(distribution).values())
    count = f"{distribution.count:,}"
    return f"  {name:<{NAME_WIDTH - 2}}{count:>{COUNT_WIDTH}}{figures}  |{bars}|"


def _number(value: float) -> str:
    """At most six characters."""
    if value == int(value) and value < 100_000:
        return f"{value:,.0f}"
    if value < 10:
        return f"{value:.3f}"
    if value < 10_000:
        return f"{value:,.1f}" if value < 1000 else f"{value:,.0f}"
    return f"{value:,.0f}" if value < 100_000 else f"{value:.1e}".replace("e+0", "e")


def _range(bins: Bins, metric: str) -> str:
    first, last = bins.edges[0], bins.edges[-1]
    if metric in SHARES:
        return "bars: 0 to 1"
    rest = bins.edges[-2]
    width = bins.edges[1] - first
    is_open = last - rest > 1.5 * width
    return f"bars: 0 to {_number(rest)}, then more" if is_open else f"bars: 0 to {_number(last)}"


def _bars(bins: Bins, blocks: str) -> str:
    """One character a bin; what is there is seen, however little it is."""
    most = max(bins.counts) or 1
    steps = len(blocks) - 1
    return "".join(blocks[-(-count * steps // most)] for count in bins.counts)


def _blocks(screen: Console) -> str:
    try:
        BLOCKS.encode(screen.encoding)
    except (UnicodeEncodeError, LookupError):
        return PLAIN_BLOCKS
    return BLOCKS
