"""What a run would ask for: rows, requests, tokens and price, found out without a request."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from clair_cli.endpoint.prices import Price
from clair_cli.records import Failure, Row, Usage
from clair_cli.run.engine import Ask

BYTES_A_TOKEN = (5.0, 3.0)
"""Bytes of UTF-8 that a token stands for, in English prose and in code or other scripts."""
REPLY = ((0.5, 100), (2.0, 400))
"""A reply's tokens: so many times the answer's, and so many more for the reasoning. The paper's
own GPT-4 revisions lie between."""
ASSUMING = (
    "assuming 3 to 5 bytes a token, and replies of 0.5 to 2 times the answer "
    "with 100 to 400 tokens of reasoning; one reply a request"
)


@dataclass(slots=True)
class Estimate:
    """What a run would ask for: the least and the most.

    Attributes:
        rows: Rows that would be asked about.
        requests: Requests, one reply each.
        prompt_bytes, answer_bytes: What these hold, in UTF-8.
        failures: Rows that cannot be asked about, by reason.
        first: The first request's body; None where there is none.
    """

    rows: int = 0
    requests: int = 0
    prompt_bytes: int = 0
    answer_bytes: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    first: Mapping[str, Any] | None = None

    def usage(self, end: int) -> Usage:
        """Tokens at the low (0) or the high (1) end."""
        size = BYTES_A_TOKEN[end]
        times, reasoning = REPLY[end]
        completion = times * self.answer_bytes / size + reasoning * self.requests
        return Usage(round(self.prompt_bytes / size), round(completion))

    def as_dict(self, price: Price | None) -> dict[str, object]:
        """The estimate for `--summary`."""
        ends = [self.usage(0), self.usage(1)]
        return {
            "rows": self.rows + self.failures.total(),
            "rows_to_ask": self.rows,
            "requests": self.requests,
            "failures_by_reason": dict(sorted(self.failures.items())),
            "prompt_tokens": [usage.prompt_tokens for usage in ends],
            "completion_tokens": [usage.completion_tokens for usage in ends],
            "usd": [float(price.of(usage)) for usage in ends] if price else None,
            "assuming": ASSUMING,
        }


def estimate(rows: Iterable[Row | Failure], asks: Sequence[Ask]) -> Estimate:
    """Count what a run over `rows` would take.

    Raises:
        UsageError: The input or the template cannot be used.
    """
    found = Estimate()
    first: bytes | None = None
    for row in rows:
        if isinstance(row, Failure):
            found.failures[row.reason] += 1
            continue
        bodies = [ask(row, None, None).body for ask in asks]
        first = first or bodies[0]
        found.rows += 1
        found.requests += len(bodies)
        found.prompt_bytes += sum(map(len, bodies))
        found.answer_bytes += len(bodies) * len(row.response.encode())
    found.first = orjson.loads(first) if first else None
    return found
