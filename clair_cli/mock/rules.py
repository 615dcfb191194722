"""The copy editor's rules: each mends one kind of slip, and leaves all else as it is."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from clair_cli.mock.lexicon import (
    A_BEFORE_VOWEL,
    ABBREVIATIONS,
    AFTER_LETTER_A,
    AN_BEFORE_CONSONANT,
    CONTRACTED,
    COULD_OF,
    DOUBLED,
    EITHER_ARTICLE,
    LOWER_CASE_NAMES,
    PRONOUN_VERBS,
    WORDY,
)
from clair_cli.mock.phrases import Table
from clair_cli.mock.protect import INLINE
from clair_cli.mock.spelling import MISSPELT
from clair_cli.mock.word_classes import Mended, Words, cased_like

LOWER = "a-zà-öø-ÿα-ωа-яё"
"""Small letters of the scripts in which a sentence begins with a capital."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of slip: how its mending is called, what mends it, and whether only in English."""

    label: str
    mend: Callable[[str, Words], Mended]
    english: bool = False


_DOUBLED = re.compile(r"\b([A-Za-z]++)((?: (?i:\1))+)(?![\w'’-])")


def _doubled_words(text: str, words: Words) -> Mended:
    done: list[str] = []
    if not words.repeats:
        return text, done

    def once(found: re.Match[str]) -> str:
        word = found[1].lower()
        if word not in DOUBLED or found[1] not in {word, word.capitalize()}:
            return found[0]
        done.append(f"“{word}”")
        return found[1]

    return _DOUBLED.sub(once, text), done


_SPACES = re.compile(r" (?<=\S ) {1,2}+(?=\S)")
_MARKER = re.compile(r"[ \t>]*(?:[-*+•–#]+|\d{1,3}[.)]|[A-Za-z][.)])[ \t]+")


def _doubled_spaces(text: str, _words: Words) -> Mended:
    done: list[str] = []
    if "  " not in text:
        return text, done

    def single(found: re.Match[str]) -> str:
        start = found.start()
        line = text.rfind("\n", max(0, start - 12), start) + 1
        if line or start <= 12:
            lead = text[line : found.end()]
            if _MARKER.fullmatch(lead):
                return found[0]
        done.append("")
        return " "

    return _SPACES.sub(single, text), done


_SPACE_STOP = re.compile(
    r" (?=[,.،])(?:(?<=[\w)\]\"”’%\x01] )[,،](?=\s|$|[^\W\d_])"
    r"|(?:(?<=[^\W\d_]{2} )|(?<=[)\]\"”’%\x01] ))\.(?=\s|$)|(?<=\w )\.(?=\s*$))"
)


def _space_before_stop(text: str, _words: Words) -> Mended:
    if " ," not in text and " ." not in text and " ،" not in text:
        return text, []
    text, count = _SPACE_STOP.subn(lambda found: found[0][1:], text)
    return text, [""] * count


_OPENER = re.compile(
    r"((?:Sure|Certainly|Of course|Absolutely)(?: thing)?(?:[!.] |, (?=here|let|I ))"
    r"(?:(?:I'd be (?:happy|glad) to|I would be (?:happy|glad) to|I can) "
    r"(?:help|assist)(?: you)?(?: with (?:that|this))?[!.] )?)([A-Za-z])"
)


def _opener(text: str, words: Words) -> Mended:
    found = _OPENER.match(text) if words.text[:1] in "scoa" else None
    if found is None:
        return text, []
    start, end = found.span(1)
    return text[:start] + found[2].upper() + text[end + 1 :], [f"“{found[1].strip()}”"]


_COMMA = re.compile(r",(?:(?<=[^\W\d_]{2},)|(?<=[)”»],))(?=[^\W\d_]{2})")


def _space_after_comma(text: str, _words: Words) -> Mended:
    text, count = _COMMA.subn(", ", text)
    return text, [""] * count


_ARTICLE = re.compile(
    r"[Aa](?<![\w'’.\-/&*(\"“][Aa])(?: (?=[aeiouhAEIOUH])|n (?=[b-hj-zB-HJ-Z]))"
    r"(?=([A-Za-z][a-z]++)(?![A-Z_.(=]\w))"
)
_BEGINNING = re.compile(r"(?:\A|\n|[.!?:] |[-*>] )\Z")
_KEEPS_A = re.compile(A_BEFORE_VOWEL)
_TAKES_AN = re.compile(AN_BEFORE_CONSONANT)
_TAKES_A_OR_AN = re.compile(EITHER_ARTICLE)


def _articles(text: str, _words: Words) -> Mended:
    done: list[str] = []

    def fitting(found: re.Match[str]) -> str:
        word = found[1].lower()
        article = _article(word)
        if article is None or found[0][:-1].lower() == article or _is_name(found):
            return found[0]
        done.append(f"“{article} {word[:24]}”")
        return cased_like(found[0][0], article) + " "

    return _ARTICLE.sub(fitting, text), done


def _is_name(found: re.Match[str]) -> bool:
    """Whether a capital A stands within a sentence, as in "plan A involves"."""
    at = found.start()
    return found[0][0] == "A" and not _BEGINNING.search(found.string[max(0, at - 2) : at])


def _article(word: str) -> str | None:
    """Return "a" or "an" as the word is spoken, or None where the rules cannot tell."""
    if word in AFTER_LETTER_A or _TAKES_A_OR_AN.match(word):
        return None
    if word[0] in "aeiou":
        return "a" if _KEEPS_A.match(word) else "an"
    return "an" if _TAKES_AN.match(word) else "a"


_PRONOUN = re.compile(
    r"i(?<![\w./\\@#'’\"“‘*\-(\x01]i)(?=['’](?:m|ve|ll|d)\b| (?:"
    + "|".join(sorted(PRONOUN_VERBS))
    + r")\b(?!\s*[=<>:]))"
)


def _pronoun(text: str, words: Words) -> Mended:
    if "i" not in words.present:
        return text, []
    text, count = _PRONOUN.subn("I", text)
    return text, [""] * count


_NEXT = rf"(?=[{LOWER}]{{2,}}+(?:[\s,;:!?'’)\"]|\.(?!\w)|$)|a )"
_START = re.compile(rf"\s*{_NEXT}([{LOWER}]+(?:['’][a-z]+)?)")
_SENTENCE = re.compile(rf"[.!?] {_NEXT}([{LOWER}]+(?:['’][a-z]+)?)")


def _sentence_capitals(text: str, _words: Words) -> Mended:
    done: list[str] = []

    def capital(found: re.Match[str]) -> str:
        word = found[1]
        if word in LOWER_CASE_NAMES or (found[0][0] in ".!?" and not _is_end(found)):
            return found[0]
        done.append(f"“{word[0].upper()}{word[1:24]}”")
        return f"{found[0][: -len(word)]}{word[0].upper()}{word[1:]}"

    if text.count(" ", 0, 200) >= 2:
        text = _START.sub(capital, text, count=1) if _START.match(text) else text
    return _SENTENCE.sub(capital, text), done


def _is_end(found: re.Match[str]) -> bool:
    """Whether the stop that was found ends a sentence, and shortens no word."""
    at = found.start()
    last = found.string[max(0, at - 24) : at].rpartition(" ")[2].rpartition("\n")[2]
    if found[0][0] != ".":
        return last[-1:].isalpha()
    word = last.strip("()[]*_\"“”'’")
    if (last[-1:] == ")" and word) or last[-1:] == INLINE:
        return True
    return (
        len(word) > 1
        and word[-1].isalpha()
        and "." not in last
        and word.lower() not in ABBREVIATIONS
    )


_ITEM = re.compile(r"[ \t>]*(?:[-*+•–]|\d{1,3}[.)]|[A-Za-z][.)])[ \t]+")
_NO_SENTENCE = re.compile(r"[ \t]*(?:[#|*_(\[{=~]|[-=*_]{2,})")
_EQUATION = re.compile("[=→⇒≈<>]")
_CLOSING = ')"”»’」』'
_STOPS = (".", "!", "?", ":", ";", ",", "…", "。", "！", "？", "।", "؟", '"', "”", "»", ")")
_IDEOGRAPHS = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]")
_DEVANAGARI = re.compile("[\u0900-\u097f]")
_WITH_FULL_STOP = re.compile("[A-Za-z0-9\u00c0-\u06ff\uac00-\ud7af]")


def _final_stop(text: str, _words: Words) -> Mended:
    body = text.rstrip()
    last = body[body.rfind("\n") + 1 :]
    stop = _stop_for(last)
    if not stop or not _is_sentence(body, last):
        return text, []
    return f"{body}{stop}{text[len(body) :]}", [""]


def _stop_for(line: str) -> str:
    """Return the full stop of the script in which a line ends; empty if the line has its end."""
    char = line.rstrip(_CLOSING)[-1:]
    if _IDEOGRAPHS.match(char):
        return "。" if len(line) >= 6 else ""
    if line.count(" ") < 3:
        return ""
    if _DEVANAGARI.match(char):
        return "" if char in "।॥" else "।"
    return "." if _WITH_FULL_STOP.match(char) and (char.isalnum() or char > "\u05ff") else ""


def _is_sentence(body: str, last: str) -> bool:
    """Whether the last line ends a sentence, by itself and by its neighbours."""
    if _ITEM.match(last):
        others = [line for line in body.split("\n")[:-1] if _ITEM.match(line)]
        return bool(others) and all(line.rstrip().endswith(_STOPS[:3]) for line in others)
    if _NO_SENTENCE.match(last) or _EQUATION.search(last.rpartition(". ")[2]):
        return False
    above = body[body.rfind("\n\n") + 1 : -len(last)].strip("\n")
    # Lines that all end openly are verse or an address, and no paragraph.
    return not above or any(line.rstrip().endswith(_STOPS) for line in above.split("\n"))


RULES = (
    Rule("closed up doubled spaces", _doubled_spaces),
    Rule("removed a space before a comma or full stop", _space_before_stop),
    Rule("put a space after a comma", _space_after_comma),
    Rule("removed the doubled word", _doubled_words, english=True),
    Rule("corrected the spelling:", Table(MISSPELT), english=True),
    Rule("restored an apostrophe:", Table(CONTRACTED), english=True),
    Rule("wrote", Table(COULD_OF), english=True),
    Rule("left out the filler", _opener, english=True),
    Rule("tightened the wording:", Table(WORDY), english=True),
    Rule("chose the article that fits:", _articles, english=True),
    Rule("wrote the pronoun “I” as a capital", _pronoun, english=True),
    Rule("began a sentence with a capital:", _sentence_capitals),
    Rule("ended the last sentence with a full stop", _final_stop),
)
"""Every rule, in the order in which they are applied and named."""
