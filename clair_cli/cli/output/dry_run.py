"""`--dry-run`: what a run would ask for and cost, without a request."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from clair_cli.cli.output.terminal import console, plain
from clair_cli.endpoint.prices import Price
from clair_cli.records import Failure, Row, Usage
from clair_cli.run.engine import Ask
from clair_cli.run.record import as_json
from clair_cli.writers.atomic_files import write_whole

BYTES_A_TOKEN = (5.0, 3.0)
"""Bytes of UTF-8 that a token stands for, in English prose and in code or other scripts."""
REPLY = ((0.5, 100), (2.0, 400))
"""A reply's tokens: so many times the answer's, and so many more for the reasoning. The paper's
own GPT-4 revisions lie between."""
SHOWN = 4000
"""Characters of a message that are shown."""
ASSUMING = (
    "assuming 3 to 5 bytes a token, and replies of 0.5 to 2 times the answer "
    "with 100 to 400 tokens of reasoning; one reply a request"
)


@dataclass(slots=True)
class Estimate:
    """What a run would ask for: the least and the most."""

    rows: int = 0
    requests: int = 0
    prompt_bytes: int = 0
    answer_bytes: int = 0
    failures: Counter[str] = field(default_factory=Counter)

    def usage(self, end: int) -> Usage:
        """Tokens at the low (0) or the high (1) end."""
        size = BYTES_A_TOKEN[end]
        times, reasoning = REPLY[end]
        completion = times * self.answer_bytes / size + reasoning * self.requests
        return Usage(round(self.prompt_bytes / size), round(completion))


def dry_run(
    rows: Iterable[Row | Failure], asks: Sequence[Ask], price: Price | None, summary: Path | None
) -> int:
    """Count what a run over `rows` would take, print it, and send nothing.

    Returns:
        The exit code, 0.

    Raises:
        UsageError: The input or the template cannot be used.
    """
    estimate = Estimate()
    first: bytes | None = None
    for row in rows:
        if isinstance(row, Failure):
            estimate.failures[row.reason] += 1
            continue
        bodies = [ask(row, None, None).body for ask in asks]
        first = first or bodies[0]
        estimate.rows += 1
        estimate.requests += len(bodies)
        estimate.prompt_bytes += sum(map(len, bodies))
        estimate.answer_bytes += len(bodies) * len(row.response.encode())
    if first:
        _print_request(orjson.loads(first))
    _print(estimate, price)
    if summary:
        write_whole(summary, as_json(_record(estimate, price)))
    return 0


def _print_request(body: Mapping[str, Any]) -> None:
    """The first row as it would be asked."""
    screen = console()
    screen.print(Rule("the first row, as it would be asked"))
    for message in body["messages"]:
        text = plain(message["content"])
        screen.print(Text(f"{message['role']}:", style="dim"))
        screen.print(Text(text[:SHOWN] + ("\N{HORIZONTAL ELLIPSIS}" if len(text) > SHOWN else "")))
    screen.print(Rule())


def _print(estimate: Estimate, price: Price | None) -> None:
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


def _record(estimate: Estimate, price: Price | None) -> dict[str, object]:
    ends = [estimate.usage(0), estimate.usage(1)]
    return {
        "rows": estimate.rows + estimate.failures.total(),
        "rows_to_ask": estimate.rows,
        "requests": estimate.requests,
        "failures_by_reason": dict(sorted(estimate.failures.items())),
        "prompt_tokens": [usage.prompt_tokens for usage in ends],
        "completion_tokens": [usage.completion_tokens for usage in ends],
        "usd": [float(price.of(usage)) for usage in ends] if price else None,
        "assuming": ASSUMING,
    }
