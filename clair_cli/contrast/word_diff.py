"""Two texts -> the words that stayed, went and came."""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Literal, TypeAlias

from rapidfuzz.distance import LCSseq, Levenshtein

from clair_cli.contrast.words import pieces, words

Change: TypeAlias = Literal["same", "gone", "new"]

_BRIDGE = 3
"""Characters between two changes, without a word or a line end, that are shown as changed too."""
_LONG = 20_000 * 20_000
"""Product of two numbers of words from which on a longest common subsequence takes 50 MB."""


def word_diff(old: str, new: str) -> Iterator[tuple[Change, str]]:
    """Stretches of text in reading order.

    The `same` and `gone` ones together are `old`, the `same` and `new` ones are `new`. Between two
    `same` ones stands one `gone`, one `new`, or both in this order. None begins or ends inside of
    a word or of a character as readers see it.

    The words that stay are those that `kept` counts (`contrast.metrics`), but for those that are
    written in another way (upper case, NFD): they went, and came again. Where both texts have more
    than some 20,000 words, they may be fewer: a Levenshtein alignment, which takes less memory.
    """
    same = gone = came = ""
    for kept, before, after in _stretches(pieces(old), pieces(new)):
        if kept:
            same += kept
            continue
        if same and (gone or came) and _is_bridge(same):
            gone, came = gone + same, came + same
        elif same:
            yield from _told(gone, came, same)
            gone = came = ""
        same, gone, came = "", gone + before, came + after
    yield from _told(gone, came, same)


def _is_bridge(same: str) -> bool:
    return len(same) <= _BRIDGE and "\n" not in same and not words(same)


def _told(gone: str, came: str, same: str) -> Iterator[tuple[Change, str]]:
    if gone:
        yield "gone", gone
    if came:
        yield "new", came
    if same:
        yield "same", same


def _stretches(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """What both have, or else what only the old and the new one have.

    From each word that stays to the next, at whose end both are alike.
    """
    here = there = 0
    for place, other in chain(_kept(before, after), [(len(before), len(after))]):
        old, new = before[here : place + 1], after[there : other + 1]
        here, there = place + 1, other + 1
        if old == new:
            yield "".join(old), "", ""
            continue
        for code in Levenshtein.opcodes(old, new):
            gone = "".join(old[code.src_start : code.src_end])
            came = "".join(new[code.dest_start : code.dest_end])
            yield (gone, "", "") if code.tag == "equal" else ("", gone, came)


def _kept(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[int, int]]:
    """The places of each word that both have in this order."""
    word_of = {piece: "".join(words(piece)) for piece in {*before, *after}}
    places = [[at for at, piece in enumerate(side) if word_of[piece]] for side in (before, after)]
    old, new = [word_of[before[at]] for at in places[0]], [word_of[after[at]] for at in places[1]]
    align = LCSseq.opcodes if len(old) * len(new) < _LONG else Levenshtein.opcodes
    for code in align(old, new):
        if code.tag == "equal":
            yield from zip(
                places[0][code.src_start : code.src_end],
                places[1][code.dest_start : code.dest_end],
                strict=True,
            )
