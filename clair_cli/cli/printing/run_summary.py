"""The table at the end of a run."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from clair_cli.cli.printing.terminal import one_line
from clair_cli.run.tally import Tally
from clair_cli.writers.layout import Layout

MINIMAL = 0.5
"""The median similarity under which pairs are called far from minimal: GPT-4's with the paper's
prompt is 0.33, and half of each answer is then rewritten."""
LONGER = 1.5
"""The median length ratio over which a model may learn length instead of quality."""


def print_summary(
    screen: Console, tally: Tally, paths: Layout, record: Mapping[str, Any], code: int
) -> None:
    """Print what a run read, made, failed at and spent."""
    table = Table.grid(padding=(0, 2))
    for name, value in _lines(tally, paths, record, code):
        table.add_row(Text(name, style="dim"), Text(value))
    screen.print(table)


def _lines(
    tally: Tally, paths: Layout, record: Mapping[str, Any], code: int
) -> list[tuple[str, str]]:
    unfinished = tally.due - tally.written
    lines = [
        ("rows", f"{tally.read:,}"),
        *([("unfinished", f"{unfinished:,}")] if unfinished else []),
        ("pairs", f"{tally.pairs:,}"),
        ("failures", f"{tally.failed:,}"),
        *(
            (f"  {reason}", f"{count:,}  ({one_line(tally.examples[reason])[:90]})")
            for reason, count in sorted(tally.failures.items())
        ),
        ("replies", f"{tally.paid:,} paid, {tally.stored:,} from store"),
        ("tokens paid", _tokens(tally)),
        ("time", f"{record['seconds']:,.1f} s"),
    ]
    if tally.asked_again:
        again = f"{tally.asked_again.total():,} ({_by_reason(tally.asked_again)})"
        lines.append(("asked again", again))
    if tally.retries:
        lines.append(("retries", _by_reason(tally.retries)))
    if record["cost"]:
        lines.append(("cost", f"{record['cost']['usd_paid']:,.4f} USD"))
    if len(record["replicas"]) > 1:
        lines += [
            (each["endpoint"], f"{each['answered']:,} answered, {each['failed']:,} failed")
            for each in record["replicas"]
        ]
    lines += _contrast(tally)
    if code in {0, 3}:
        lines += _written(paths, record)
    if tally.failed and code in {0, 3}:
        lines.append(("failed rows", str(paths.failures)))
    return lines


def _by_reason(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{reason} {count:,}" for reason, count in sorted(counts.items()))


def _contrast(tally: Tally) -> list[tuple[str, str]]:
    """How contrastive the pairs are, with advice where they are far from minimal."""
    if not tally.pairs:
        return []
    median = {name: each["p50"] for name, each in tally.quantiles.items()}
    told = (
        f"median similarity {median['similarity']:.2f}, {median['kept']:.0%} of the words kept, "
        f"{median['length_ratio']:.2f} times as long"
    )
    lines = [("contrast", told)]
    if median["similarity"] < MINIMAL:
        advice = "the revisions are far from minimal; see --prompt minimal and --min-similarity"
        lines.append(("warning", advice))
    elif not 1 / LONGER <= median["length_ratio"] <= LONGER:
        advice = "the revisions differ much in length; see --prompt same-length"
        lines.append(("warning", f"{advice} and --max-length-ratio"))
    return lines


def _written(paths: Layout, record: Mapping[str, Any]) -> list[tuple[str, str]]:
    files, splits = record["files"], record["splits"]
    if paths.folder is None or not files:
        return [("written", "stdout")]
    more = f" and {len(files) - 1:,} more" if len(files) > 1 else ""
    sizes = ", ".join(f"{split} {rows:,}" for split, rows in splits.items())
    return [
        ("written", f"{paths.folder / files[0]}{more}"),
        *([("splits", sizes)] if len(splits) > 1 else []),
    ]


def _tokens(tally: Tally) -> str:
    usage = tally.paid_usage
    reasoning = f" ({usage.reasoning_tokens:,} reasoning)" if usage.reasoning_tokens else ""
    return f"{usage.prompt_tokens:,} prompt, {usage.completion_tokens:,} completion{reasoning}"
