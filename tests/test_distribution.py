"""The counts behind the contrast table, against the numbers themselves."""

import math
import random
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clair_cli.contrast.distribution import ERROR, Distribution

SHARES = st.floats(0, 1).map(lambda value: round(value, 6))
NUMBERS = st.lists(
    st.one_of(
        st.integers(0, 10_000_000),
        st.floats(0, 1).map(lambda value: round(value, 6)),
        st.floats(1e-6, 1e9, allow_nan=False),
    ),
    min_size=1,
    max_size=200,
)


def of(numbers: list[float]) -> Distribution:
    found = Distribution()
    for number in numbers:
        found.add(number)
    return found


def exact(numbers: list[float], share: float) -> float:
    """The least number that so many do not exceed."""
    rank = math.ceil(Fraction(str(share)) * len(numbers))
    return sorted(numbers)[max(rank, 1) - 1]


@given(NUMBERS, SHARES)
def test_quantiles_are_within_the_error_that_is_stated(numbers: list[float], share: float) -> None:
    want, found = exact(numbers, share), of(numbers)
    assert abs(found.quantile(share) - want) <= ERROR * want * (1 + 1e-9)
    assert found.minimum <= found.quantile(share) <= found.maximum


@given(NUMBERS)
def test_count_extremes_and_mean_are_those_of_the_numbers(numbers: list[float]) -> None:
    found = of(numbers)
    assert (found.count, found.minimum, found.maximum) == (
        len(numbers), min(numbers), max(numbers),
    )  # fmt: skip
    mean = sum(map(Fraction, numbers)) / len(numbers)
    assert abs(found.mean - mean) <= 1e-6 + 1e-12 * mean


@given(NUMBERS, st.randoms(use_true_random=False))
def test_the_order_of_the_numbers_does_not_matter(
    numbers: list[float], chance: random.Random
) -> None:
    mixed = random.Random(chance.random()).sample(numbers, len(numbers))
    one, other = of(numbers), of(mixed)
    assert one.mean == other.mean
    assert one.bins() == other.bins()
    assert [one.quantile(q / 10) for q in range(11)] == [other.quantile(q / 10) for q in range(11)]


@given(st.lists(st.integers(0, 999), min_size=1), st.sets(st.integers(0, 999), min_size=2))
def test_bins_count_every_number_once(numbers: list[int], given_edges: set[int]) -> None:
    edges = sorted(given_edges)
    found = of(list(numbers)).bins(edges)
    want = [sum(low <= n < high for n in numbers) for low, high in pairwise(edges)]
    want[-1] += numbers.count(edges[-1])
    assert (found.edges, list(found.counts)) == (tuple(edges), want)
    even = of(list(numbers)).bins(number=7)
    assert sum(even.counts) == len(numbers)
    assert (len(even.counts), even.edges[0], even.edges[-1]) == (7, min(numbers), max(numbers))


def test_many_numbers_take_little_memory_and_are_told_exactly() -> None:
    """Many more than are counted at a time: nothing is lost from one thousand to the next."""
    numbers = [float(n % 997) for n in range(10_000)]
    found = of(numbers)
    for share in (0.1, 0.5, 0.9):
        assert found.quantile(share) == exact(numbers, share)
    assert found.mean == pytest.approx(sum(numbers) / len(numbers), abs=1e-9)


def test_nothing_has_a_distribution_too() -> None:
    found = Distribution()
    assert (found.count, found.mean, found.minimum, found.maximum) == (0, 0, 0, 0)
    assert found.quantile(0.5) == 0
    assert sum(found.bins().counts) == 0
