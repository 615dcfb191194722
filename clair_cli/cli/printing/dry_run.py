"""What a run would ask for and cost, as `--dry-run` prints it."""

from collections.abc import Mapping
from typing import Any

from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from clair_cli.cli.printing.terminal import console, plain
from clair_cli.endpoint.prices import Price
from clair_cli.records import Usage
from clair_cli.run.estimate import ASSUMING, Estimate

SHOWN = 4000
"""Characters of a message that are shown."""


def _print_request(body: Mapping[str, Any]) -> None:
    """The first row as it would be asked."""
    screen = console()
    screen.print(Rule("the first row, as it would be asked"))
    for message in body["messages"]:
        text = plain(message["content"])
        screen.print(Text(f"{message['role']}:", style="dim"))
        screen.print(Text(text[:SHOWN] + ("\N{HORIZONTAL ELLIPSIS}" if len(text) > SHOWN else "")))
    screen.print(Rule())


def print_estimate(estimate: Estimate, price: Price | None) -> None:
    """Print the first request, and what a run would take."""
    if estimate.first:
        _print_request(estimate.first)
    low, high = estimate.usage(0), estimate.usage(1)
    table = Table.grid(padding=(0, 2))
    lines = [
        ("rows to ask", f"{estimate.rows:,}"),
        *([("requests", f"{estimate.requests:,}")] if estimate.requests > estimate.rows else []),
        ("rows that fail", f"{estimate.failures.total():,}"),
        *((f"  {reason}", f"{count:,}") for reason, count in sorted(estimate.failures.items())),
        ("prompt tokens", f"{low.prompt_tokens:,} to {high.prompt_tokens:,}"),
        ("completion tokens", f"{low.completion_tokens:,} to {high.completion_tokens:,}"),
        ("price", _price(price, low, high)),
        ("", ASSUMING),
    ]
    for name, value in lines:
        table.add_row(Text(name, style="dim"), Text(value))
    console().print(table)


def _price(price: Price | None, low: Usage, high: Usage) -> str:
    if price is None:
        return "not known: give --price-in and --price-out"
    return f"{price.of(low):,.4f} to {price.of(high):,.4f} USD"
