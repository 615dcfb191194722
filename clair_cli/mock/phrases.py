"""Tables of phrases and what stands for each: spelling, wordiness, contractions."""

import re
from collections.abc import Mapping
from functools import partial

from clair_cli.mock.lexicon import COULD_OF, ENGLISH
from clair_cli.mock.protect import BLOCK, INLINE
from clair_cli.mock.word_classes import Mended, Words, cased_like

_WORD = re.compile("[a-z]+")


class Table:
    """Phrases and what stands for each, looked for only where their rarest word is present."""

    def __init__(self, phrases: Mapping[str, str]) -> None:
        self._rows: dict[str, list[tuple[str, re.Pattern[str], str]]] = {}
        for phrase, wanted in sorted(phrases.items(), key=lambda row: -len(row[0])):
            row = (phrase.partition("'")[0], _pattern(phrase, wanted), wanted)
            self._rows.setdefault(_rarest(phrase), []).append(row)
        self._signs = frozenset(self._rows)

    def __call__(self, text: str, words: Words) -> Mended:
        """Replace every phrase of the table."""
        done: list[str] = []
        if self._signs.isdisjoint(words.present):
            return text, done
        for sign in sorted(self._signs & words.present):
            for start, pattern, wanted in self._rows[sign]:
                if start in words.text:
                    text = pattern.sub(partial(_swap, wanted=wanted, done=done), text)
        return text, done


def _swap(found: re.Match[str], *, wanted: str, done: list[str]) -> str:
    if wanted:
        done.append(f"“{wanted}” for “{found[0].lower()}”")
        return cased_like(found[0], wanted)
    done.append(f"nothing for “{found[1].lower()}”")
    return cased_like(found[1], found[2])


def _rarest(phrase: str) -> str:
    words: list[str] = _WORD.findall(phrase)
    return max(words, key=lambda word: (word not in ENGLISH, len(word)))


def _pattern(phrase: str, wanted: str) -> re.Pattern[str]:
    first, rest = phrase[0], re.escape(phrase[1:]).replace("'", "['’]")
    head = f"[{first}{first.upper()}]"
    # Quoted, hyphenated or dotted, it may be talked about or be part of a name.
    begin = rf"{head}(?<![\w./\\@#'’\"“‘*\-{BLOCK}{INLINE}]{head})"
    end = rf"(?![\w/\\@'’{BLOCK}{INLINE}]|[-.]\w)"
    if wanted:
        tail = "(?! course)" if phrase.endswith(" of") and phrase in COULD_OF else ""
        return re.compile(f"{begin}(?i:{rest}){end}{tail}")
    return re.compile(rf"({begin}(?i:{rest})),? (\w)")
