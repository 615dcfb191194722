"""Which rows of an input are revised: all but the first, some by chance, at most so many."""

import hashlib
import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

import orjson

from clair_cli.records import Failure, Row

Rows: TypeAlias = Iterator[Row | Failure]


@dataclass(frozen=True, slots=True)
class Picking:
    """The user's choice of rows, applied in this order.

    Attributes:
        skip: Rows left out at the start.
        sample: Rows drawn from those that follow; None for all of them.
        seed: Another seed draws others.
        limit: The most rows; None for all.
    """

    skip: int = 0
    sample: int | None = None
    seed: int = 0
    limit: int | None = None


def pick(read: Callable[[], Rows], picking: Picking, *, rereadable: bool) -> Rows:
    """The rows that `picking` leaves, in the order of the input.

    A row is drawn by a hash of its id and the seed, so that rows added to an input change no more
    of the sample than they must. An input that can be read twice is: a pass to draw, which keeps a
    number for each row drawn, and one to read. From another, the drawn rows themselves are kept.
    """
    if picking.sample is None:
        return islice(read(), picking.skip, _end(picking))
    if not rereadable:
        return islice(_held(read(), picking, picking.sample), picking.limit)
    return islice(_read_twice(read, picking, picking.sample), picking.limit)


def _end(picking: Picking) -> int | None:
    return None if picking.limit is None else picking.skip + picking.limit


def _read_twice(read: Callable[[], Rows], picking: Picking, sample: int) -> Rows:
    numbered = enumerate(islice(read(), picking.skip, None))
    drawn = heapq.nsmallest(sample, ((_lot(row, picking.seed), index) for index, row in numbered))
    chosen = {index for _, index in drawn}
    for index, row in enumerate(islice(read(), picking.skip, None)):
        if index in chosen:
            yield row


def _held(rows: Rows, picking: Picking, sample: int) -> Rows:
    numbered = enumerate(islice(rows, picking.skip, None))
    lots = ((_lot(row, picking.seed), index, row) for index, row in numbered)
    drawn = heapq.nsmallest(sample, lots, key=lambda each: each[:2])
    for _, _, row in sorted(drawn, key=lambda each: each[1]):
        yield row


def _lot(row: Row | Failure, seed: int) -> bytes:
    """What is drawn by: the id, or the line of a row that has none."""
    return hashlib.sha256(orjson.dumps([seed, row.id or row.line])).digest()
