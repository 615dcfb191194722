"""Thinking that a server left in the content: never the answer, whatever it drafts.

`<think>` is DeepSeek's and Qwen's, `[THINK]` Magistral's; gpt-oss has channels.
"""

import re
from itertools import islice

from clair_cli.records import Problem
from clair_cli.revision.fences import fenced_spans, is_inside
from clair_cli.revision.headings import Grammar

_OPENING = re.compile(
    r"\s*(?:<(?P<tag>think|thinking|thought)>|(?P<square>\[THINK\]))", re.IGNORECASE
)
_ORPHAN = re.compile(r"</(?:think|thinking|thought)>|\[/THINK\]", re.IGNORECASE)
_OPENED = re.compile(r"<(?:think|thinking|thought)>|\[THINK\]", re.IGNORECASE)
_MOST_TAGS = 100
_FINAL_CHANNEL = "<|channel|>final<|message|>"


def drop_thinking(text: str, grammar: Grammar) -> str | Problem:
    """`text` without the thinking before the answer.

    Returns a Problem where the thinking never ends (`truncated`), or where an end without a
    beginning leaves open which part is the answer (`ambiguous`).
    """
    if _FINAL_CHANNEL in text:
        text = text.rpartition(_FINAL_CHANNEL)[2]
    position = 0
    while opening := _OPENING.match(text, position):
        tag = opening["tag"]
        closing = re.compile(f"</{tag}>" if tag else r"\[/THINK\]", re.IGNORECASE)
        end = closing.search(text, opening.end())
        if end is None:
            return Problem("truncated", "the reply ends inside its thinking")
        position = end.end()
    return _after_orphan(text[position:], grammar)


def _after_orphan(text: str, grammar: Grammar) -> str | Problem:
    """Text behind a closing tag whose opening one the chat template swallowed."""
    orphan = _last_orphan(text)
    if orphan is None:
        return text
    rest = text[orphan.end() :]
    kinds = {heading.kind for heading in grammar.headings(rest)}
    if kinds == {"reasoning", "revision"}:
        return rest
    return Problem("ambiguous", "a thinking tag ends where none began")


def _last_orphan(text: str) -> re.Match[str] | None:
    """The last closing tag if more are closed than opened; tags in code do not count."""
    closings = list(islice(_ORPHAN.finditer(text), _MOST_TAGS))
    if not closings:
        return None
    spans = fenced_spans(text)
    closings = [m for m in closings if not _is_code(text, m, spans)]
    openings = [
        m for m in islice(_OPENED.finditer(text), _MOST_TAGS) if not _is_code(text, m, spans)
    ]
    return closings[-1] if len(closings) > len(openings) else None


def _is_code(text: str, match: re.Match[str], spans: list[tuple[int, int]]) -> bool:
    line_start = text.rfind("\n", 0, match.start()) + 1
    in_backticks = text.count("`", line_start, match.start()) % 2 == 1
    return in_backticks or is_inside(match.start(), spans)
