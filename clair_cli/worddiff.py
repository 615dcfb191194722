"""Two texts -> the words that stayed, went and came."""

from collections.abc import Iterable, Iterator
from typing import Literal, TypeAlias

from rapidfuzz.distance import Levenshtein

from clair_cli.words import pieces

Change: TypeAlias = Literal["same", "gone", "new"]


def word_diff(old: str, new: str) -> Iterator[tuple[Change, str]]:
    """Stretches of text in reading order.

    The `same` and `gone` ones together are `old`, the `same` and `new` ones are `new`. None begins
    or ends inside of a word or of a character as readers see it.
    """
    gone, came = "", ""
    for same, before, after in _stretches(old, new):
        if same and (same.strip() or not (gone or came)):
            yield from _changes(gone, came)
            yield "same", same
            gone, came = "", ""
        else:  # space between two changes: one change is easier to read
            gone, came = gone + (before or same), came + (after or same)
    yield from _changes(gone, came)


def _changes(gone: str, came: str) -> Iterator[tuple[Change, str]]:
    if gone:
        yield "gone", gone
    if came:
        yield "new", came


def _stretches(old: str, new: str) -> Iterable[tuple[str, str, str]]:
    """What both have, or else what only the old and the new one have."""
    before, after = pieces(old), pieces(new)
    for kind, i, j, k, n in Levenshtein.opcodes(before, after):
        if kind == "equal":
            yield "".join(before[i:j]), "", ""
        else:
            yield "", "".join(before[i:j]), "".join(after[k:n])
