"""Which pairs to look at, and in which order."""

import heapq
import json
import tempfile
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import islice
from typing import IO, Any

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

    def wants(self, row_id: str, extra: Mapping[str, Any]) -> bool:
        """Whether a pair is wanted: measuring the others can be spared."""
        return (not self.id or row_id == self.id) and (
            not self.flag or extra.get("flag") == self.flag
        )

    def among(self, pairs: Iterable[Pair]) -> Iterator[Pair]:
        """As many of `pairs` as are wanted, in order.

        Sorted with a number, that many are held; sorted without one, all are kept on disk.
        """
        if not self.sort:
            return islice(pairs, self.number)
        order = WORST_FIRST[self.sort]
        if self.number is not None:
            return iter(heapq.nsmallest(self.number, pairs, lambda pair: order(pair.contrast)))
        return _sorted_on_disk(pairs, order)


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
