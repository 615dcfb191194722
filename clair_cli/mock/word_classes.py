"""What the words of a text tell the rules of the copy editor."""

import re
from dataclasses import dataclass
from operator import eq

from clair_cli.mock.lexicon import ENGLISH, FOREIGN

Mended = tuple[str, list[str]]
"""A text after a rule, and what the rule did in it: one entry a mend, empty if nothing to add."""

_WORD = re.compile("[a-z]+")
_GAPS = {code: " " for code in range(128) if not chr(code).islower()}


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a text, as far as rules ask for them.

    Attributes:
        text: The text in small letters.
        present: The distinct words in small letters, of the Latin alphabet without accents.
        repeats: Whether two neighbours among the words are equal.
        english: Whether the text is English more than anything else.
    """

    text: str
    present: frozenset[str]
    repeats: bool
    english: bool

    @classmethod
    def of(cls, text: str) -> "Words":
        """Find the words of a text."""
        text = text.lower()
        # Half the time of the search, but far slower than it on anything beyond ASCII.
        words = text.translate(_GAPS).split() if text.isascii() else _WORD.findall(text)
        present = frozenset(words)
        english = len(present & ENGLISH) > len(present & FOREIGN)
        return cls(text, present, True in map(eq, words, words[1:]), english)


def cased_like(model: str, text: str) -> str:
    """Return the text with the capitals of the model: all, the first, or as it is."""
    if len(model) > 1 and model.isupper():
        return text.upper()
    return text[0].upper() + text[1:] if model[0].isupper() else text
