"""Where a reply's two sections are headed.

A heading is a marker's name at the start of a line, however decorated: braces (doubled, escaped),
other brackets, bold, backticks, `#`, numbering, rules or emoji at its sides. It stands alone on
its line, or a colon follows it. A name that runs on without a colon is a mention, and so is one in
a bullet, a code block or thinking; a name in quotes before a colon is a key of JSON.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeAlias

from clair_cli.replies.fences import fenced_spans, is_inside
from clair_cli.replies.marker_names import Names
from clair_cli.replies.thinking import thinking_spans

Kind: TypeAlias = Literal["reasoning", "revision"]

_OPEN = r"{\[(<【｛"
_SHUT = r"}\])>】｝"
_EMOJI = r"[\U0001f000-\U0001faff\u2600-\u27bf\ufe0f\u200d]+"
_DECORATION = re.compile(
    rf"\\{{0,4}}[{_OPEN}]|\*{{1,3}}|_{{1,3}}|`{{1,3}}|~~|[\"'“‘«]|#{{1,6}}|\d{{1,2}}[.)]"
    rf"|[ \t\u00a0\u202f]+|-{{2,}}|={{2,}}|{_EMOJI}"
)
_LONGEST_PREFIX = 48
_EMPHASIS = frozenset("*_`~")
_QUOTES = {'"': '"', "'": "'", "“": "”", "‘": "’", "«": "»"}
_KEY_QUOTES = ('"', "'")
_CLOSING = re.compile(
    r"(?:(?:(?<=\s)|\A)[#*_`\-= \t]{1,12})?(?:\\{0,4}[{\[<]){1,3}[ \t]*"
    r"(?:/|end(?: of|_of)?[ _])[ \t]*\Z",
    re.IGNORECASE,
)
_BRACKET = re.compile(rf"\\{{0,4}}[{_SHUT}]")
_BRACKETS = re.compile(rf"(?:\\{{0,4}}[{_SHUT}]){{0,6}}")
_COLON = re.compile(r"[:：]")
_SPACE = re.compile(r"[ \t\u00a0\u202f]+")
_BLANK_REST = re.compile(r"[ \t\r\u00a0]*+(?:#++|-{2,}+|={2,}+|\\|[*_`~]{1,3})?[ \t\r]*+(?:\n|\Z)")
_YAML_BLOCK = re.compile(r"[|>][-+]?[ \t\r]*(?:\n|\Z)")


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
    """How the sections of a reply are headed.

    Attributes:
        names: The names of the markers.
    """

    def __init__(self, reasoning: Sequence[str], revision: Sequence[str]) -> None:
        self.names = Names(reasoning, revision)

    def headings(self, text: str) -> list[Heading]:
        """All headings in `text`, in order, opening and closing ones."""
        found = list(self._candidates(text))
        if not found:
            return found
        spans = sorted([*fenced_spans(text), *thinking_spans(text)])
        found = [h for h in found if not is_inside(h.start, spans)]
        last_close = {h.kind: h.start for h in found if h.closing}
        return [h for h in found if not h.tag or last_close.get(h.kind, -1) > h.start]

    def _candidates(self, text: str) -> Iterator[Heading]:
        after_tag = 0
        for match in self.names.occurrences(text):
            kind: Kind = "reasoning" if match["reasoning"] else "revision"
            earliest = max(match.start() - _LONGEST_PREFIX, after_tag)
            newline = text.rfind("\n", earliest, match.start())
            start = newline + 1 if newline >= 0 else earliest
            at_start = newline >= 0 or earliest == after_tag
            heading = _closing(text, match, start, kind)
            if heading:
                after_tag = heading.end
            elif at_start:
                heading = _opening(text, match, start, kind)
            if heading:
                yield heading


def _closing(text: str, match: re.Match[str], start: int, kind: Kind) -> Heading | None:
    """The closing tag around `match`, wherever on its line; one in backticks must be alone."""
    prefix = text[start : match.start()]
    opening = _CLOSING.search(prefix)
    if opening is None:
        return None
    end = _skip(_BRACKETS, text, _skip(_SPACE, text, match.end()))
    before = prefix[: opening.start()]
    if before.endswith("`") or ("`" in opening[0] and not _BLANK_REST.match(text, end)):
        return None
    return Heading(kind, start + opening.start(), end, closing=True)


def _opening(text: str, match: re.Match[str], start: int, kind: Kind) -> Heading | None:
    """The heading whose name is `match`, on a line (or behind a closing tag) from `start` on."""
    prefix = text[start : match.start()]
    tokens = _DECORATION.findall(prefix)
    if sum(map(len, tokens)) != len(prefix) or not _is_decoration(tokens):
        return None
    position, colon, unclosed = _unwrapped(text, match.end(), tokens)
    if unclosed or (colon and not {*tokens}.isdisjoint(_KEY_QUOTES)):
        return None
    if blank := _BLANK_REST.match(text, position):
        return Heading(kind, start, blank.end())
    if colon:
        is_block = _YAML_BLOCK.match(text, position)
        return None if is_block else Heading(kind, start, position)
    is_tag = prefix.endswith("<") and text[match.end() : match.end() + 1] == ">"
    return Heading(kind, start, match.end() + 1, tag=True) if is_tag else None


def _is_decoration(tokens: list[str]) -> bool:
    """Whether the tokens before a name could head a line; `* ` opens a bullet, not a heading."""
    bullet = any(token == "*" and after.isspace() for token, after in pairwise(tokens))  # noqa: S105
    return not bullet


def _unwrapped(text: str, position: int, tokens: list[str]) -> tuple[int, bool, bool]:
    """Past what closes a heading: the offset, whether a colon came, whether wrapping stays open.

    Emphasis and quotes close in reverse order. Brackets close as many as were opened; where none
    was, a stray one right behind the name belongs to it.
    """
    wrapping = [t for t in tokens if t[0] in _EMPHASIS or t in _QUOTES]
    shut = [_QUOTES.get(token, token) for token in wrapping]
    brackets = sum(token[-1] in _OPEN for token in tokens)
    if not brackets:
        position = _skip(_BRACKETS, text, position)
    colon = False
    while position < len(text):
        if shut and text.startswith(shut[-1], position):
            position += len(shut.pop())
        elif brackets and (found := _BRACKET.match(text, position)):
            position, brackets = found.end(), brackets - 1
        elif (not colon or text[position - 1] in ":：") and (found := _COLON.match(text, position)):
            position, colon = found.end(), True
        elif found := _SPACE.match(text, position):
            position = found.end()
        else:
            break
    return position, colon, bool(shut or brackets)


def _skip(pattern: re.Pattern[str], text: str, position: int) -> int:
    match = pattern.match(text, position)
    return match.end() if match else position
