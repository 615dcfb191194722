"""Where a reply's two sections are headed.

A heading is a marker's name at the start of a line, however decorated: braces (doubled, escaped),
other brackets, quotes, bold, backticks, `#`, numbering. It stands alone on its line, or a colon
follows it. A name that runs on without a colon is a mention, and so is one in a bullet or a fence.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeAlias

from clair_cli.revision.fences import fenced_spans, is_inside

Kind: TypeAlias = Literal["reasoning", "revision"]

_DECORATION = re.compile(
    r"\\{0,4}[{\[(<]|\*{1,3}|_{1,3}|`{1,3}|~~|[\"'“‘«]|#{1,6}|\d{1,2}[.)]|[ \t]+"
)
_LONGEST_PREFIX = 48
_EMPHASIS = frozenset("*_`~")
_QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’", "«": "»"}
_CLOSING = re.compile(r"\\{0,4}[{\[<][ \t]*(?:/|end(?: of|_of)?[ _])[ \t]*\Z", re.IGNORECASE)
_BRACKETS = re.compile(r"\\{0,4}[}\])>]")
_COLON = re.compile(r"[:：]")
_SPACE = re.compile(r"[ \t]+")
_BLANK_REST = re.compile(r"[ \t\r]*+(?:#++|-{2,}+|={2,}+|\\)?[ \t\r]*+(?:\n|\Z)")


@dataclass(frozen=True, slots=True)
class Heading:
    """One heading: it stands at `start`, and its section's text begins at `end` (offsets).

    An XML tag with text behind it on its line is a heading only if a closing tag follows: `tag`.
    """

    kind: Kind
    start: int
    end: int
    closing: bool = False
    tag: bool = False


class Grammar:
    """How the sections of a reply are headed, from the names of their markers."""

    def __init__(self, reasoning: Sequence[str], revision: Sequence[str]) -> None:
        self.reasoning = tuple(map(squeezed, reasoning))
        self.revision = tuple(map(squeezed, revision))
        self._names = re.compile(
            f"(?P<reasoning>{_pattern(reasoning)})|(?P<revision>{_pattern(revision)})",
            re.IGNORECASE,
        )
        words = [*reasoning, *revision]
        self._openers = {re.findall(r"[^\W_]+", word)[0].lower() for word in words}
        self._hints = {*self._openers, "student", "task"}
        self._identifiers = re.compile(
            rf"(?:\\{{0,4}}\{{){{1,3}}[ \t]*({_pattern(words)}|student\\?_solution|task)"
            rf"[ \t]*(?:\\{{0,4}}\}}){{1,3}}|(?<![\w/])({_pattern(words, '_')})(?![\w/])",
            re.IGNORECASE,
        )

    def headings(self, text: str) -> list[Heading]:
        """All headings in `text`, in order, opening and closing ones."""
        spans = fenced_spans(text)
        found = [h for h in self._candidates(text) if not is_inside(h.start, spans)]
        last_close = {h.kind: h.start for h in found if h.closing}
        return [h for h in found if not h.tag or last_close.get(h.kind, -1) > h.start]

    def identifiers(self, text: str) -> frozenset[str]:
        """Marker identifiers that stand in `text`, in braces or joined by underscores.

        `{task}` is not one of them: many a code template has it.
        """
        if not self._hinted(text):
            return frozenset()
        found = {squeezed(m[1] or m[2]) for m in self._identifiers.finditer(text)}
        return frozenset(found - {"task"})

    def in_words(self, text: str) -> str:
        """`text` with its marker identifiers as plain words: no braces, no underscores."""
        if not self._hinted(text):
            return text
        return self._identifiers.sub(lambda m: _as_words(m[1] or m[2]), text)

    def _hinted(self, text: str) -> bool:
        """Whether `text` could hold an identifier: a quick look before the slow pattern."""
        lowered = text.lower()
        return any(hint in lowered for hint in self._hints)

    def _occurrences(self, text: str) -> Iterator[re.Match[str]]:
        """Every marker name in `text`, in order; found by its first word, which is quick."""
        lowered = text.lower()
        if len(lowered) != len(text):  # some capitals grow; offsets would not fit
            yield from self._names.finditer(text)
            return
        starts = sorted({at for word in self._openers for at in _places(word, lowered)})
        yield from filter(None, (self._names.match(text, at) for at in starts))

    def _candidates(self, text: str) -> Iterator[Heading]:
        after_tag = 0
        for match in self._occurrences(text):
            kind: Kind = "reasoning" if match["reasoning"] else "revision"
            earliest = max(match.start() - _LONGEST_PREFIX, after_tag)
            newline = text.rfind("\n", earliest, match.start())
            start = newline + 1 if newline >= 0 else earliest
            at_start = newline >= 0 or earliest == after_tag
            prefix = text[start : match.start()]
            heading = _closing(text, match, prefix, kind)
            if heading:
                after_tag = heading.end
            elif at_start:
                heading = _opening(text, match, start, kind)
            if heading:
                yield heading


def _places(word: str, text: str) -> Iterator[int]:
    at = text.find(word)
    while at >= 0:
        yield at
        at = text.find(word, at + len(word))


def squeezed(name: str) -> str:
    """A name's letters and digits alone, in lower case: what tells two names apart."""
    return re.sub(r"[\W_]", "", name).lower()


def _pattern(names: Sequence[str], between: str = r"(?:\\{0,4}[ _\-]){0,3}") -> str:
    """A regular expression for any of `names`, however their words are joined."""
    words = [re.findall(r"[^\W_]+", name) for name in names]
    joined = [(between or "").join(map(re.escape, parts)) for parts in words]
    return "|".join(rf"(?<![^\W_]){name}(?![^\W_])" for name in joined)


def _as_words(name: str) -> str:
    return re.sub(r"[\\_\-\s]+", " ", name)


def _closing(text: str, match: re.Match[str], prefix: str, kind: Kind) -> Heading | None:
    """The closing tag around `match`, wherever on its line it stands; not one in backticks."""
    opening = _CLOSING.search(prefix)
    if opening is None or prefix[: opening.start()].endswith("`"):
        return None
    end = _skip(_BRACKETS, text, _skip(_SPACE, text, match.end()))
    return Heading(kind, match.start() - len(prefix) + opening.start(), end, closing=True)


def _opening(text: str, match: re.Match[str], start: int, kind: Kind) -> Heading | None:
    """The heading whose name is `match`, on a line (or behind a closing tag) from `start` on."""
    prefix = text[start : match.start()]
    tokens = _DECORATION.findall(prefix)
    if sum(map(len, tokens)) != len(prefix) or not _is_decoration(tokens):
        return None
    wrapping = [token for token in tokens if token[0] in _EMPHASIS or token in _QUOTES]
    position, colon, unclosed = _unwrapped(text, match.end(), wrapping)
    if unclosed:
        return None
    if blank := _BLANK_REST.match(text, position):
        return Heading(kind, start, blank.end())
    if colon:
        return Heading(kind, start, position)
    is_tag = prefix.endswith("<") and text[match.end() : match.end() + 1] == ">"
    return Heading(kind, start, match.end() + 1, tag=True) if is_tag else None


def _is_decoration(tokens: list[str]) -> bool:
    """Whether the tokens before a name could head a line; `* ` opens a bullet, not a heading."""
    return not any(
        token == "*" and after[:1] in {" ", "\t"}  # noqa: S105 - a token of text
        for token, after in pairwise(tokens)
    )


def _unwrapped(text: str, position: int, wrapping: list[str]) -> tuple[int, bool, bool]:
    """Past what closes a heading: the offset, whether a colon came, whether wrapping stays open.

    Emphasis and quotes close in reverse order; a colon counts once.
    """
    open_ones = [_QUOTES.get(token, token) for token in wrapping]
    colon = False
    while position < len(text):
        if open_ones and text.startswith(open_ones[-1], position):
            position += len(open_ones.pop())
        elif not colon and _COLON.match(text, position):
            colon, position = True, position + 1
        elif (
            (after := _skip(_BRACKETS, text, position)) != position
            and not (colon and not open_ones)
        ) or (after := _skip(_SPACE, text, position)) != position:
            position = after
        else:
            break
    return position, colon, bool(open_ones)


def _skip(pattern: re.Pattern[str], text: str, position: int) -> int:
    match = pattern.match(text, position)
    return match.end() if match else position
