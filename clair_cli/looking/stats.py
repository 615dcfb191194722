"""Preference datasets -> how their metrics are distributed."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice

from clair_cli.contrast.distribution import Bins, Distribution
from clair_cli.contrast.metrics import contrast
from clair_cli.looking.bins import fitted_edges
from clair_cli.records import METRICS, Contrast
from clair_cli.rows.pairs import PairReader
from clair_cli.rows.raw import Raw

BINS = 12


@dataclass(slots=True)
class Measured:
    """A dataset's metrics.

    Attributes:
        name: What to call it.
        pairs: Pairs in it.
        from_texts: Those of them whose metrics were computed from their texts, rejected -> chosen;
            the others tell them in columns, as `clair` writes them: answer -> revision.
        misfits: Rows that are no preference.
        alone: Unpaired rows whose other side did not come.
        problems: What was wrong with the first misfits, each with file and line.
        metrics: The distribution of each.
    """

    name: str
    pairs: int = 0
    from_texts: int = 0
    misfits: int = 0
    alone: int = 0
    problems: list[str] = field(default_factory=list)
    metrics: dict[str, Distribution] = field(
        default_factory=lambda: {name: Distribution() for name in METRICS}
    )


def measure(
    name: str,
    rows: Iterable[Raw],
    *,
    limit: int | None,
    from_texts: bool,
    tell: Callable[[int], None],
) -> Measured:
    """Measure the pairs in `rows`.

    Args:
        name: What to call the dataset.
        rows: Its rows.
        limit: How many pairs to measure; None for all.
        from_texts: Whether to compute the metrics also where columns tell them.
        tell: Told how many pairs there are so far, after each.

    Raises:
        UsageError: There are no pairs, or the rows cannot be read.
    """
    found = Measured(name)

    def computed(rejected: str, chosen: str) -> Contrast:
        found.from_texts += 1
        return contrast(rejected, chosen)

    reading = PairReader(computed, trusts_columns=not from_texts)
    for pair in islice(reading.pairs_of(rows), limit):
        found.pairs += 1
        for metric, distribution in found.metrics.items():
            distribution.add(getattr(pair.contrast, metric))
        tell(found.pairs)
    found.misfits, found.alone, found.problems = reading.misfits, reading.alone, reading.problems
    return found


def histograms(metric: str, datasets: Sequence[Measured]) -> list[Bins]:
    """The histogram of `metric` in each dataset, all over the same edges."""
    distributions = [each.metrics[metric] for each in datasets]
    edges = fitted_edges(metric, distributions, BINS)
    return [each.bins(edges) for each in distributions]
