"""The metrics in words and numbers: what the page says of each, and how it is distributed."""

import math
from array import array
from collections.abc import Mapping
from dataclasses import dataclass

SHARES = (0.1, 0.5, 0.9)

WORDS: Mapping[str, tuple[str, str]] = {
    "similarity": ("Similarity", "1 − edits in characters over the longer length"),
    "length_ratio": ("Length ratio", "characters of the revision over those of the answer"),
    "kept": ("Words kept", "share of the answer's words that survive in order"),
    "jaccard": ("Jaccard", "words in both over words in either"),
    "levenshtein": ("Levenshtein", "edits in characters"),
    "first_change": ("First change", "characters before the first difference"),
}
"""Names for people, in the order of the page; a metric that is not here comes last."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric over all pairs.

    Attributes:
        name: Its column.
        title: Its name for people.
        says: What it is, in a few words.
        mean, least, most: Of all pairs.
        quantiles: At `SHARES`.
    """

    name: str
    title: str
    says: str
    mean: float
    least: float
    most: float
    quantiles: tuple[float, ...]

    @property
    def median(self) -> float:
        """The value that half of all pairs do not exceed."""
        return self.quantiles[SHARES.index(0.5)]


def metrics(columns: "Mapping[str, array[float]]") -> list[Metric]:
    """All metrics that have values, in the order of the page."""
    order = [*WORDS, *(name for name in columns if name not in WORDS)]
    return [_metric(name, columns[name]) for name in order if columns.get(name)]


def _metric(name: str, column: "array[float]") -> Metric:
    title, says = WORDS.get(name, (name.replace("_", " ").capitalize(), ""))
    ordered = array("f", sorted(column))
    places = (max(0, math.ceil(share * len(ordered)) - 1) for share in SHARES)
    return Metric(
        name,
        title,
        says,
        math.fsum(ordered) / len(ordered),
        ordered[0],
        ordered[-1],
        tuple(ordered[place] for place in places),
    )
