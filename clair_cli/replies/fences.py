"""Fenced code blocks (CommonMark 4.5), and fences around a whole text."""

import re
from bisect import bisect_right

_FENCE = re.compile(
    r"^[ \t]*+(?:(?:[-*+]|\d{1,2}[.)])[ \t]++)?(?P<mark>`{3,}+|~{3,}+)[ \t]*+(?P<info>[^\n`]*+)$",
    re.MULTILINE,
)
_WRAPPERS = frozenset({"", "markdown", "md", "text", "txt", "plaintext"})


def fenced_spans(text: str) -> list[tuple[int, int]]:
    """The stretches of `text` inside fenced blocks as (start, end); an open one runs on."""
    spans: list[tuple[int, int]] = []
    mark, start = "", 0
    for fence in _FENCE.finditer(text):
        if not mark:
            mark, start = fence["mark"], fence.end()
        elif _closes(fence, mark):
            spans.append((start, fence.start()))
            mark = ""
    if mark:
        spans.append((start, len(text)))
    return spans


def is_inside(position: int, spans: list[tuple[int, int]]) -> bool:
    """Whether `position` lies in one of the `spans`, which are in order."""
    index = bisect_right(spans, (position, position)) - 1
    near = spans[max(index, 0) : index + 2]
    return any(start <= position < end for start, end in near)


def is_left_open(text: str) -> bool:
    """Whether a fenced block in `text` is begun and never ended."""
    mark = ""
    for fence in _FENCE.finditer(text):
        if not mark:
            mark = fence["mark"]
        elif _closes(fence, mark):
            mark = ""
    return bool(mark)


def begins_fenced(text: str) -> bool:
    """Whether the first thing in `text` is a fence."""
    return _FENCE.match(text.lstrip("\r\n")) is not None


def wrapped_blocks(text: str) -> list[str]:
    """The inside of each fenced block that names no programming language."""
    blocks: list[str] = []
    opener = None
    for fence in _FENCE.finditer(text):
        if opener is None:
            opener = fence
        elif _closes(fence, opener["mark"]):
            if opener["info"].strip().lower() in _WRAPPERS:
                blocks.append(text[opener.end() + 1 : fence.start()])
            opener = None
    return blocks


def unwrap(text: str) -> str:
    """`text` without a fence around all of it, unless the fence names a programming language.

    Blocks inside may be fenced alike: an info string opens one more, a bare fence ends one.
    """
    stripped = text.strip()
    first = _FENCE.match(stripped)
    if first is None or first["info"].strip().lower() not in _WRAPPERS:
        return text
    depth = 0
    for fence in _FENCE.finditer(stripped):
        if len(fence["mark"]) < len(first["mark"]) or fence["mark"][0] != first["mark"][0]:
            continue
        depth += 1 if fence["info"].strip() or depth == 0 else -1
        if depth == 0:
            is_last = fence.end() == len(stripped)
            return stripped[first.end() + 1 : fence.start()] if is_last else text
    return text


def _closes(fence: re.Match[str], mark: str) -> bool:
    same = fence["mark"][0] == mark[0] and len(fence["mark"]) >= len(mark)
    return same and not fence["info"].strip()
