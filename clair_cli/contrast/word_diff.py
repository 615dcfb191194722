"""Two texts -> the words that stayed, went and came."""

from collections.abc import Iterator
from typing import Literal, TypeAlias

from rapidfuzz.distance import Levenshtein

from clair_cli.contrast.words import pieces

Change: TypeAlias = Literal["same", "gone", "new"]

_BRIDGE = 3
"""Characters between two changes, without a word or a line end, that are shown as changed too."""


def word_diff(old: str, new: str) -> Iterator[tuple[Change, str]]:
    """Stretches of text in reading order.

    The `same` and `gone` ones together are `old`, the `same` and `new` ones are `new`. None begins
    or ends inside of a word or of a character as readers see it.
    """
    gone = came = bridge = ""
    for same, before, after in _stretches(old, new):
        if not same:
            gone, came, bridge = gone + bridge + before, came + bridge + after, ""
        elif (gone or came) and _is_bridge(same):
            bridge = same
        else:
            yield from _changes(gone, came)
            yield "same", same
            gone = came = ""
    yield from _changes(gone, came)
    if bridge:
        yield "same", bridge


def _is_bridge(same: str) -> bool:
    return len(same) <= _BRIDGE and not any(char.isalnum() or char == "\n" for char in same)


def _changes(gone: str, came: str) -> Iterator[tuple[Change, str]]:
    if gone:
        yield "gone", gone
    if came:
        yield "new", came


def _stretches(old: str, new: str) -> Iterator[tuple[str, str, str]]:
    """What both have, or else what only the old and the new one have."""
    before, after = pieces(old), pieces(new)
    for code in Levenshtein.opcodes(before, after):
        gone = "".join(before[code.src_start : code.src_end])
        came = "".join(after[code.dest_start : code.dest_end])
        yield (gone, "", "") if code.tag == "equal" else ("", gone, came)
