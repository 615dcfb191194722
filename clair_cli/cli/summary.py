"""The table at the end of a run."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from clair_cli.cli.terminal import one_line
from clair_cli.layout import Layout
from clair_cli.tally import Tally


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
    unfinished = tally.read - tally.written
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
    if tally.retries:
        reasons = ", ".join(
            f"{reason} {count:,}" for reason, count in sorted(tally.retries.items())
        )
        lines.append(("retries", reasons))
    if record["cost"]:
        lines.append(("cost", f"{record['cost']['usd_paid']:,.4f} USD"))
    if len(record["replicas"]) > 1:
        lines += [
            (each["endpoint"], f"{each['answered']:,} answered, {each['failed']:,} failed")
            for each in record["replicas"]
        ]
    if tally.means:
        lines.append(("similarity", f"{tally.means['similarity']} on average"))
    if code in {0, 3}:
        lines += _written(paths, record)
    if tally.failed and code in {0, 3}:
        lines.append(("failed rows", str(paths.failures)))
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
