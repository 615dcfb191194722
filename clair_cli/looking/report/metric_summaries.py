"""How each metric is distributed over all pairs, as the page tells it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from clair_cli.contrast.distribution import Distribution
from clair_cli.looking.bins import SHARES, round_edges

BINS = 20
WORDS: Mapping[str, tuple[str, str]] = {
    "similarity": ("Similarity", "1 − edits in characters over the longer length"),
    "length_ratio": ("Length ratio", "characters of the revision over those of the answer"),
    "kept": ("Words kept", "share of the answer's words that survive in order"),
    "jaccard": ("Jaccard", "words in both over words in either"),
    "levenshtein": ("Levenshtein", "edits in characters"),
    "first_change": ("First change", "characters before the first difference"),
}
"""Names for people, in the order of the page."""


@dataclass(frozen=True, slots=True)
class MetricSummary:
    """One metric over all pairs.

    Attributes:
        name: Its column.
        title: Its name for people.
        says: What it is, in a few words.
        values: Those of all pairs so far.
    """

    name: str
    title: str
    says: str
    values: Distribution = field(default_factory=Distribution)

    @property
    def median(self) -> float:
        """The value that half of all pairs do not exceed."""
        return self.values.quantile(0.5)

    @property
    def figures(self) -> list[float]:
        """Mean, least, 10 %, median, 90 %, most."""
        its = self.values
        return [its.mean, its.minimum, *its.quantiles.values(), its.maximum]

    @property
    def histogram(self) -> dict[str, Any]:
        """What the page draws it by; it counts the pairs itself, of those that are chosen."""
        edges = round_edges(self.name, self.values, BINS)
        about = {"name": self.name, "title": self.title, "says": self.says}
        return {**about, "edges": edges, "isShare": self.name in SHARES}


def empty_summaries() -> dict[str, MetricSummary]:
    """Those of no pair yet, by the name of the metric, in the order of the page."""
    return {name: MetricSummary(name, title, says) for name, (title, says) in WORDS.items()}


def ratio_axis(ratios: Distribution) -> tuple[float, float]:
    """The ends of the scatter's axis of length ratios; what lies beyond is drawn at them.

    They leave out a half in a hundred on each side, and nothing between 0.5 and 2.
    """
    low, high = (max(ratios.quantile(share), 1 / 16) for share in (0.005, 0.995))
    return min(0.5, low / 1.05), max(2, min(high * 1.05, 16))
