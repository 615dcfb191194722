"""The copy editor turned round: one small, real error put into prose, by rule."""

import re
from collections.abc import Callable

from clair_cli.mock.copyeditor import Edited
from clair_cli.mock.lexicon import FOREIGN
from clair_cli.mock.protect import Masked, protect, reveal
from clair_cli.mock.word_classes import Words, cased_like

_OPPOSITES = (
    *(("always", "never"), ("more", "less"), ("before", "after"), ("above", "below")),
    *(("increase", "decrease"), ("increases", "decreases"), ("true", "false"), ("many", "few")),
    *(("first", "last"), ("largest", "smallest"), ("larger", "smaller"), ("higher", "lower")),
    *(("hot", "cold"), ("hotter", "colder"), ("north", "south"), ("east", "west")),
    *(("early", "late"), ("maximum", "minimum"), ("inside", "outside"), ("faster", "slower")),
    *(("positive", "negative"), ("strong", "weak"), ("stronger", "weaker"), ("input", "output")),
    *(("longer", "shorter"), ("ascending", "descending"), ("upper", "lower")),
)
"""Words that are seldom half of a phrase, where their opposite would make nonsense."""
_OPPOSITE = {**{b: a for a, b in _OPPOSITES}, **dict(_OPPOSITES), "every": "no"}
_ANY = "|".join(sorted(_OPPOSITE))
_WORD = re.compile(rf"(?<![\w'’-])(?:{_ANY})(?![\w'’-])", re.IGNORECASE)
# First what is no number: that of a list. Nor is a part of a name, a version, or a footnote.
_NUMBER = re.compile(
    r"^[ \t>]*\d{1,3}[.)][ \t]|(?<![\w.,:/\-\[^#])(\d+(?:[.,]\d+)*)(?![\w/\]]|[.:]\d)", re.MULTILINE
)
_DENIAL = re.compile(r"\b(is|are|was|were|can|could|should|will|would|must|does|do|has) not (?=\w)")
_CLAIM = re.compile(r"(?<=\w )(is|are|was|were|can|will|should) (?=[A-Za-z])(?!not\b|never\b|no\b)")
_NEIGHBOURS = re.compile(r"\b([^\W\d_]{3,})( )(?!\1\b)([^\W\d_]{3,})\b")


def worsen(text: str) -> Edited:
    """Put one error into a text and change nothing else: a number, a word, or a yes for a no.

    Code, formulas, tables, markup and addresses stay as they are. A text in which no rule finds a
    place comes back equal. Takes time linear in the length.
    """
    masked = protect(text)
    words = Words.of(masked.text)
    english = words.english or (masked.text.isascii() and not words.present & FOREIGN)
    for rule, only_english in _RULES:
        found = rule(masked.text) if english or not only_english else None
        if found is not None:
            worse = reveal(Masked(found[0], masked.layers))
            if worse != text:
                return Edited(worse, (found[1],))
    return Edited(text, ())


_Found = tuple[str, str] | None


def _number(text: str) -> _Found:
    found = next((found for found in _NUMBER.finditer(text) if found[1]), None)
    if found is None:
        return None
    worse = _other(found[1])
    return _put(text, found, worse), f"put “{worse}” for “{found[1]}”"


def _other(number: str) -> str:
    """A number near to `number`, written alike: its last digit that counts is another."""
    at = max((i for i, digit in enumerate(number) if digit in "123456789"), default=len(number) - 1)
    digit = int(number[at])
    return f"{number[:at]}{digit + 1 if digit < 9 else digit - 1}{number[at + 1 :]}"


def _opposite(text: str) -> _Found:
    found = _WORD.search(text)
    if found is None:
        return None
    worse = cased_like(found[0], _OPPOSITE[found[0].lower()])
    return _put(text, found, worse), f"put “{worse}” for “{found[0]}”"


def _affirmed(text: str) -> _Found:
    found = _DENIAL.search(text)
    return found and (_put(text, found, f"{found[1]} "), f"left out a “not” after “{found[1]}”")


def _denied(text: str) -> _Found:
    found = _CLAIM.search(text)
    return found and (_put(text, found, f"{found[1]} not "), f"put a “not” after “{found[1]}”")


def _swapped(text: str) -> _Found:
    found = None
    for found in _NEIGHBOURS.finditer(text):  # noqa: B007  the last one is wanted
        pass
    if found is None:
        return None
    worse = f"{found[3]} {found[1]}"
    return _put(text, found, worse), f"swapped “{found[1]}” and “{found[3]}”"


def _put(text: str, found: re.Match[str], worse: str) -> str:
    return text[: found.start()] + worse + text[found.end() :]


_RULES: tuple[tuple[Callable[[str], _Found], bool], ...] = (
    (_number, False),
    (_opposite, True),
    (_affirmed, True),
    (_denied, True),
    (_swapped, False),
)
"""Each rule, the likeliest to make a real error first, and whether it is for English alone."""
