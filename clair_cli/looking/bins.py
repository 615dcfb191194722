"""How the values of a metric are cut into the bins of a histogram."""

import math
from collections.abc import Sequence

from clair_cli.contrast.distribution import Distribution

SHARES = frozenset({"similarity", "jaccard", "kept"})
"""Metrics that lie between 0 and 1."""
_MOST, _NEAR = 0.95, 1.2
"""Share of the values that fitted bins spread over; the last takes the rest, unless the largest is
so near (times)."""


def fitted_edges(
    metric: str, distributions: Sequence[Distribution], number: int
) -> tuple[float, ...]:
    """The edges of `number` bins in which every value of all `distributions` lies.

    Shares lie in equal bins from 0 to 1. Others lie in equal bins up to what 95 % do not exceed in
    any of them; where some exceed it, a last bin takes them.
    """
    if metric in SHARES:
        return tuple(round(step / number, 6) for step in range(number + 1))
    most = max(each.maximum for each in distributions) or 1.0
    top = max(each.quantile(_MOST) for each in distributions) or most
    if most <= top * _NEAR:
        return (*(most * step / number for step in range(number)), most)
    return (*(top * step / (number - 1) for step in range(number)), most)


def round_edges(metric: str, distribution: Distribution, number: int) -> tuple[float, ...]:
    """The lower edges of `number` equal bins, in steps that people count in.

    The first also takes what is less, and the last what is more: of metrics that are no shares, a
    hundredth at an end.
    """
    if metric in SHARES:
        return fitted_edges(metric, [distribution], number)[:-1]
    is_ratio = metric == "length_ratio"
    least = distribution.quantile(0.01) if is_ratio else 0.0
    width = (distribution.quantile(0.99) - least) / (number - 2) or 1 / number
    width = _round_width(width) if is_ratio else max(1, math.ceil(_round_width(width)))
    start = math.floor(least / width) * width
    return tuple(float(f"{start + step * width:.9g}") for step in range(number))


def _round_width(width: float) -> float:
    """1, 2, 2.5 or 5 times a power of ten, at least as wide as asked."""
    power = 10.0 ** math.floor(math.log10(width))
    return next(each * power for each in (1, 2, 2.5, 5, 10) if each * power >= width * 0.999)
