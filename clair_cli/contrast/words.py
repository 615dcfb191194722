"""Text -> its words, for the metrics and for diffs that show it.

A word is a run of letters, digits and underscores together with the marks on them. In scripts that
are written without spaces, each letter with its marks is a word of its own: where their words end
takes a dictionary to tell (Unicode Standard Annex 29, section 4.1), and the metrics of an answer
must not change with a dictionary's version.
"""

import re
from functools import cache
from itertools import chain, groupby
from unicodedata import category, normalize

_SPACELESS = (
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303c\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\U00020000-\U0003ffff"  # Han
    "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9d"
    "\U0001aff0-\U0001b16f"  # Kana
    "\u0e01-\u0e32\u0e34-\u0e4e\u0e81-\u0eb2\u0eb4-\u0ec6\u0edc-\u0edf"  # Thai, Lao
    "\u1000-\u103f\u104c-\u108f\u109a-\u109d\ua9e0-\ua9ef\ua9fa-\ua9fe\uaa60-\uaa7f"  # Myanmar
    "\u1780-\u17d3\u17d7\u17dc"  # Khmer
    "\u1950-\u19c9\u1a20-\u1a7f\uaa80-\uaadf\ua980-\ua9cf\u1b00-\u1b4f"  # their neighbours
)
"""The letters of scripts without spaces, and what lies between; digits are words as elsewhere."""
_STACKED = "\u17d2\u1039\u1a60"
"""Marks that put the letter after them under the one before: Khmer, Myanmar, Tai Tham."""
_TAILS = "\u0e33\u0eb3\uff9e\uff9f"
"""Letters that continue the one before: Thai and Lao AM, and the voice marks of narrow Kana."""
_JOINERS = "\u200c\u200d"
"""Zero-width (non-)joiners: they shape a word in Persian or Hindi, and do not end it."""
_WITH_MARKS = (range(0x300, 0x1FFFF), range(0xE0100, 0xE01F0))
"""Where Unicode has its marks; the rest is Han, and free."""

_SIMPLE = re.compile(r"\w+")
_SIMPLE_PIECE = re.compile(r"\s+|\w+|.", re.DOTALL)
_USUAL = (
    "\x00-\u02ff\u0388-\u03ff\u0400-\u0481\u048a-\u052f\u1e00-\u1eff\u2000-\u200b"
    "\u2010-\u206f\u20a0-\u20bf\u2190-\u23ff\u2500-\u2bff\ufffd"
)
"""Letters without marks (Latin, Greek, Cyrillic), punctuation, and signs."""
_UNUSUAL_IN_WORDS = re.compile(rf"[^{_USUAL}\U0001f000-\U0001faff]")
_UNUSUAL_IN_PIECES = re.compile(rf"[^{_USUAL}]")
"""Several emoji may be one character; none is part of a word."""


def words(text: str) -> list[str]:
    """The lower-cased words of `text`, in order.

    Texts that Unicode calls equal (NFC and NFD) have the same words.
    """
    lowered = text.lower()
    if lowered.isascii() or not _UNUSUAL_IN_WORDS.search(lowered):
        return _SIMPLE.findall(lowered)
    return _patterns()[0].findall(normalize("NFC", lowered))


def pieces(text: str) -> list[str]:
    """`text` in pieces: words as they stand, space, and each other character with its marks.

    Together they are the text. None begins inside of what a reader takes for one character.
    """
    if text.isascii() or not _UNUSUAL_IN_PIECES.search(text):
        return _SIMPLE_PIECE.findall(text)
    return _patterns()[1].findall(text)


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """One for words, one for pieces; compiled where they are needed, which takes a moment."""
    marks = _marks()
    letter = rf"[^\W{_SPACELESS}{_TAILS}]"
    spaced = rf"{letter}+(?:[{marks}{_TAILS}]+{letter}*|[{_JOINERS}]+{letter}+)*"
    stacks = rf"(?:[{_STACKED}](?=\w)[{_SPACELESS}]|[{marks}{_TAILS}]|[{_JOINERS}]+(?=\w))*"
    word = rf"(?=\w)(?:[{_SPACELESS}{_TAILS}]{stacks}|{spaced})"
    skin, tags = "\U0001f3fb-\U0001f3ff", "\U000e0020-\U000e007f"
    flag = "[\U0001f1e6-\U0001f1ff]"
    after = rf"(?:[{marks}{_JOINERS}{skin}{tags}]|(?<=\u200d)[^\w\s])*"
    return re.compile(word), re.compile(rf"(?:\s+|{word}|{flag}{{2}}|.){after}", re.DOTALL)


def _marks() -> str:
    """All combining marks (general category M), as ranges for a pattern."""
    found = groupby(map(chr, chain(*_WITH_MARKS)), lambda char: category(char)[0] == "M")
    ranges = [list(run) for is_mark, run in found if is_mark]
    return "".join(f"{run[0]}-{run[-1]}" for run in ranges)
