"""Several revisions of one answer -> what is written of them."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from clair_cli.contrast.metrics import contrast
from clair_cli.records import Failure, Pair

BEST_BY: dict[str, Callable[[Pair], float]] = {
    "similarity": lambda pair: pair.contrast.similarity,
    "kept": lambda pair: pair.contrast.kept,
    "levenshtein": lambda pair: -pair.contrast.levenshtein,
}
"""How minimal a pair is, by the name of a metric: the more, the better."""


def closest(pairs: Sequence[Pair], metric: str = "similarity") -> Pair:
    """The most minimal of `pairs`, the first of equals."""
    return max(pairs, key=BEST_BY[metric])


def best_of_each(
    outcomes: Sequence[Pair | Failure], size: int, metric: str
) -> list[Pair | Failure]:
    """The most minimal pair of every `size` outcomes; their first failure where there is none."""
    groups = [outcomes[start : start + size] for start in range(0, len(outcomes), size)]
    return [_best(group, metric) for group in groups]


def ranking(outcomes: Sequence[Pair | Failure]) -> list[Pair | Failure]:
    """One outcome of a better and a worse revision of the same answer, which stands between them.

    The metrics become those of the two revisions. Where either failed, that is the outcome.
    """
    better, worse = outcomes
    if isinstance(better, Failure):
        return [better]
    if isinstance(worse, Failure):
        return [worse]
    return [
        replace(
            better,
            rejected=worse.rejected,
            between=(better.rejected,),
            contrast=contrast(worse.rejected, better.chosen),
            extra={**better.extra, "worsened_rationale": worse.rationale},
        )
    ]


def _best(group: Sequence[Pair | Failure], metric: str) -> Pair | Failure:
    pairs = [each for each in group if isinstance(each, Pair)]
    return closest(pairs, metric) if pairs else group[0]
