"""What happened in a run, counted in one place from the events of all modules."""

from collections import Counter
from dataclasses import dataclass, field

from clair_cli.contrast.distribution import Distribution
from clair_cli.records import (
    METRICS,
    Adapted,
    Answered,
    AskedAgain,
    Emitted,
    Event,
    Failure,
    Pair,
    Retried,
    RowRead,
    Usage,
)

SAMPLE_LENGTH = 1200
"""Characters that each text of a sample pair may have, to be read on a page."""
MOST_MODELS, MODEL_LENGTH = 20, 200
"""Models kept by name, and characters of a name: an endpoint that names another one with every
reply fills no memory."""


@dataclass(slots=True)
class Tally:
    """Counts of a run; `observe` takes the events.

    Attributes:
        read: Rows taken from the source.
        due: Pairs and failures that are to come of them.
        read_bytes: Their size in the source.
        pairs: Rows that became pairs.
        failures: Rows that did not, by reason code.
        examples: The first detail of each reason.
        stored: Replies that the store had.
        paid: Replies that the endpoint gave in this run.
        asked_again: Replies with a problem after which another was asked for, by reason.
        retries: HTTP attempts that failed and were made again, by reason.
        usage: Tokens of all replies used, stored and paid.
        paid_usage: Tokens of those paid in this run.
        adapted: How requests were changed for the endpoint's sake.
        metrics: How each metric is distributed over the pairs.
        models: The models that the endpoint says made the revisions, by pairs.
        sample: The first pair whose texts are of moderate length, else the first.
    """

    read: int = 0
    due: int = 0
    read_bytes: int = 0
    pairs: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    stored: int = 0
    paid: int = 0
    asked_again: Counter[str] = field(default_factory=Counter)
    retries: Counter[str] = field(default_factory=Counter)
    usage: Usage = field(default_factory=Usage)
    paid_usage: Usage = field(default_factory=Usage)
    adapted: list[str] = field(default_factory=list)
    metrics: dict[str, Distribution] = field(
        default_factory=lambda: {name: Distribution() for name in METRICS}
    )
    models: Counter[str] = field(default_factory=Counter)
    sample: Pair | None = None
    _is_sample_moderate: bool = field(default=False, init=False)

    @property
    def failed(self) -> int:
        """Rows that got no pair."""
        return self.failures.total()

    @property
    def written(self) -> int:
        """Pairs and failures that are known and handed on."""
        return self.pairs + self.failed

    @property
    def fail_rate(self) -> float:
        """The share of failures in what was to come of the rows."""
        return self.failed / max(self.due, 1)

    @property
    def means(self) -> dict[str, float]:
        """The mean of each metric over the pairs; empty without pairs."""
        if not self.pairs:
            return {}
        return {name: round(each.mean, 3) for name, each in self.metrics.items()}

    @property
    def quantiles(self) -> dict[str, dict[str, float]]:
        """The quantiles of each metric over the pairs; empty without pairs."""
        if not self.pairs:
            return {}
        return {name: each.quantiles for name, each in self.metrics.items()}

    def observe(self, event: Event) -> None:
        """Count one event."""
        match event:
            case RowRead(size, outcomes):
                self.read += 1
                self.due += outcomes
                self.read_bytes += size
            case Answered(usage, paid):
                self._answered(usage, paid)
            case Retried(reason):
                self.retries[reason] += 1
            case AskedAgain(reason):
                self.asked_again[reason] += 1
            case Adapted(sentence):
                self.adapted.append(sentence)
            case Emitted(Failure(reason=reason, detail=detail)):
                self.failures[reason] += 1
                self.examples.setdefault(reason, detail)
            case Emitted(Pair() as pair):
                self._paired(pair)

    def _answered(self, usage: Usage, paid: bool) -> None:
        self.usage += usage
        if paid:
            self.paid += 1
            self.paid_usage += usage
        else:
            self.stored += 1

    def _paired(self, pair: Pair) -> None:
        self.pairs += 1
        for name, each in self.metrics.items():
            each.add(getattr(pair.contrast, name))
        model = pair.model[:MODEL_LENGTH]
        if model in self.models or len(self.models) < MOST_MODELS:
            self.models[model] += 1
        if not self._is_sample_moderate:
            self._is_sample_moderate = _is_moderate(pair)
            if self._is_sample_moderate or self.sample is None:
                self.sample = pair

    def as_dict(self) -> dict[str, object]:
        """The counts for run.json and `--summary`."""
        return {
            "rows": self.read,
            "pairs": self.pairs,
            "failures": self.failed,
            "failures_by_reason": dict(sorted(self.failures.items())),
            "replies_from_store": self.stored,
            "replies_paid": self.paid,
            "asked_again_by_reason": dict(sorted(self.asked_again.items())),
            "retries_by_reason": dict(sorted(self.retries.items())),
            "adapted": self.adapted,
            "tokens": _tokens(self.usage),
            "tokens_paid": _tokens(self.paid_usage),
            "contrast_means": self.means,
            "contrast_quantiles": self.quantiles,
        }


def _is_moderate(pair: Pair) -> bool:
    prompt = sum(len(message["content"]) for message in pair.prompt)
    longest = max(prompt, len(pair.chosen), len(pair.rejected), len(pair.rationale))
    return longest <= SAMPLE_LENGTH


def _tokens(usage: Usage) -> dict[str, int]:
    return {
        "prompt": usage.prompt_tokens,
        "completion": usage.completion_tokens,
        "reasoning": usage.reasoning_tokens,
    }
