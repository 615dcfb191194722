"""Which pairs to look at, and in which order."""

import heapq
import json
import tempfile
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from itertools import islice
from typing import IO

from clair_cli.contrast.metrics import contrast
from clair_cli.records import Contrast, Pair

WORST_FIRST: Mapping[str, Callable[[Contrast], float]] = {
    "similarity": lambda its: its.similarity,
    "jaccard": lambda its: its.jaccard,
    "kept": lambda its: its.kept,
    "levenshtein": lambda its: -its.levenshtein,
    "length_ratio": lambda its: -its.length_ratio,
    "first_change": lambda its: -its.first_change,
}
"""Orders by metric: what is least minimal comes first, or what differs last."""

_UNMEASURED = Contrast(0, 0.0, 0.0, 0.0, 0.0, 0)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which pairs are wanted; "" leaves it open.

    Attributes:
        id: Those of this id.
        flag: Those whose column `flag` holds this code.
        sort: The metric that they are sorted by.
        number: How many; None for all.
    """

    id: str = ""
    flag: str = ""
    sort: str = ""
    number: int | None = None

    def among(self, pairs: Iterable[Pair]) -> Iterator[Pair]:
        """Those of `pairs` that are wanted, measured, in order.

        Sorted with a number, that many are held; sorted without one, all are kept on disk.
        """
        wanted = (measured(pair) for pair in pairs if self._is_wanted(pair))
        if not self.sort:
            return islice(wanted, self.number)
        order = WORST_FIRST[self.sort]
        if self.number is not None:
            return iter(heapq.nsmallest(self.number, wanted, lambda pair: order(pair.contrast)))
        return _sorted_on_disk(wanted, order)

    def _is_wanted(self, pair: Pair) -> bool:
        return (not self.id or pair.id == self.id) and (
            not self.flag or pair.extra.get("flag") == self.flag
        )


def unmeasured(rejected: str, chosen: str) -> Contrast:  # noqa: ARG001 - as a measure is called
    """Leave measuring for those pairs that are looked at."""
    return _UNMEASURED


def measured(pair: Pair) -> Pair:
    """The pair with its contrast, which is computed where it is not known."""
    if pair.contrast is not _UNMEASURED:
        return pair
    return replace(pair, contrast=contrast(pair.rejected, pair.chosen))


def _sorted_on_disk(pairs: Iterable[Pair], order: Callable[[Contrast], float]) -> Iterator[Pair]:
    """Keeps 16 bytes a pair in memory, and their texts in a file that is gone afterwards."""
    keys, places = array("d"), array("Q")
    with tempfile.TemporaryFile() as file:
        for pair in pairs:
            keys.append(order(pair.contrast))
            places.append(file.tell())
            file.write(json.dumps(asdict(pair)).encode() + b"\n")  # also half a surrogate pair
        for index in sorted(range(len(keys)), key=keys.__getitem__):
            yield _pair_at(file, places[index])


def _pair_at(file: IO[bytes], place: int) -> Pair:
    file.seek(place)
    fields = json.loads(file.readline())
    fields["contrast"] = Contrast(**fields["contrast"])
    return Pair(**{**fields, "between": tuple(fields["between"])})
