"""What happened in a run, counted in one place from the events of all modules."""

from collections import Counter
from dataclasses import dataclass, field

from clair_cli.records import (
    METRICS,
    Adapted,
    Answered,
    Emitted,
    Event,
    Failure,
    Pair,
    Retried,
    RowRead,
    Usage,
)


@dataclass(slots=True)
class Tally:
    """Counts of a run; `observe` takes the events.

    Attributes:
        read: Rows taken from the source.
        read_bytes: Their size in the source.
        pairs: Rows that became pairs.
        failures: Rows that did not, by reason code.
        examples: The first detail of each reason.
        stored: Replies that the store had.
        paid: Replies that the endpoint gave in this run.
        retries: HTTP attempts that failed and were made again, by reason.
        usage: Tokens of all replies used, stored and paid.
        paid_usage: Tokens of those paid in this run.
        adapted: How requests were changed for the endpoint's sake.
        sums: Of each metric over all pairs.
    """

    read: int = 0
    read_bytes: int = 0
    pairs: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    stored: int = 0
    paid: int = 0
    retries: Counter[str] = field(default_factory=Counter)
    usage: Usage = field(default_factory=Usage)
    paid_usage: Usage = field(default_factory=Usage)
    adapted: list[str] = field(default_factory=list)
    sums: Counter[str] = field(default_factory=Counter)

    @property
    def failed(self) -> int:
        """Rows that got no pair."""
        return self.failures.total()

    @property
    def written(self) -> int:
        """Rows whose outcome is known and handed on."""
        return self.pairs + self.failed

    @property
    def means(self) -> dict[str, float]:
        """The mean of each metric over the pairs; empty without pairs."""
        if not self.pairs:
            return {}
        return {name: round(self.sums[name] / self.pairs, 3) for name in METRICS}

    def observe(self, event: Event) -> None:
        """Count one event."""
        match event:
            case RowRead(size):
                self.read += 1
                self.read_bytes += size
            case Answered(usage, paid):
                self._answered(usage, paid)
            case Retried(reason):
                self.retries[reason] += 1
            case Adapted(sentence):
                self.adapted.append(sentence)
            case Emitted(Failure(reason=reason, detail=detail)):
                self.failures[reason] += 1
                self.examples.setdefault(reason, detail)
            case Emitted(Pair(contrast=contrast)):
                self.pairs += 1
                for name in METRICS:
                    self.sums[name] += getattr(contrast, name)

    def _answered(self, usage: Usage, paid: bool) -> None:
        self.usage += usage
        if paid:
            self.paid += 1
            self.paid_usage += usage
        else:
            self.stored += 1

    def as_dict(self) -> dict[str, object]:
        """The counts for run.json and `--summary`."""
        return {
            "rows": self.read,
            "pairs": self.pairs,
            "failures": self.failed,
            "failures_by_reason": dict(sorted(self.failures.items())),
            "replies_from_store": self.stored,
            "replies_paid": self.paid,
            "retries_by_reason": dict(sorted(self.retries.items())),
            "adapted": self.adapted,
            "tokens": _tokens(self.usage),
            "tokens_paid": _tokens(self.paid_usage),
            "contrast_means": self.means,
        }


def _tokens(usage: Usage) -> dict[str, int]:
    return {
        "prompt": usage.prompt_tokens,
        "completion": usage.completion_tokens,
        "reasoning": usage.reasoning_tokens,
    }
