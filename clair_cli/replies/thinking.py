"""Thinking that a server left in the content: never the answer, whatever it drafts.

`<think>` is DeepSeek's and Qwen's, `[THINK]` Magistral's; gpt-oss has channels.
"""

import re
from itertools import islice

from clair_cli.records import Problem
from clair_cli.replies.fences import fenced_spans, is_inside

_OPENING = re.compile(
    r"\s*(?:<(?P<tag>think|thinking|thought)>|(?P<square>\[THINK\]))", re.IGNORECASE
)
_TAG = re.compile(
    r"(?P<end></(?:think|thinking|thought)>|\[/THINK\])"
    r"|(?P<begin><(?:think|thinking|thought)>|\[THINK\])",
    re.IGNORECASE,
)
_TAG_ENDS = ("think>", "thinking>", "thought>", "think]")
_CHANNEL = re.compile(r"<\|channel\|>(?P<name>\w+)[^<]*<\|message\|>")
_MARKUP = re.compile(rf"{_TAG.pattern}|<\|(?:start|channel)\|>\w*|<\|[^|]*\|>", re.IGNORECASE)
_GREETING = 80
"""Characters of the one line that may stand before the thinking."""
_MOST_TAGS = 200


def drop_thinking(text: str) -> str | Problem:
    """`text` without the thinking before the answer; `truncated` where the thinking never ends."""
    final = _final_channel(text)
    if final is None:
        return Problem("truncated", "the reply ends before its final channel")
    text = final
    position = _greeting(text)
    while opening := _OPENING.match(text, position):
        closing = re.compile(
            f"</{opening['tag']}>" if opening["tag"] else r"\[/THINK\]", re.IGNORECASE
        )
        end = closing.search(text, opening.end())
        if end is None:
            return Problem("truncated", "the reply ends inside its thinking")
        position = end.end()
    return text[position:] if position > _greeting(text) else text


def thinking_in(text: str) -> str:
    """The thinking before the answer, without its tags; "" for none. It never raises."""
    answer = drop_thinking(text)
    rest = after_orphan(text)
    if rest is not None:
        answer = rest
    if isinstance(answer, Problem) or not text.endswith(answer) or answer == text:
        return ""
    before = text[: len(text) - len(answer)]
    return _MARKUP.sub("", before).strip()


def after_orphan(text: str) -> str | None:
    """What follows a closing tag whose opening one the chat template swallowed; None without."""
    unmatched = _unmatched(text)
    if unmatched is None or unmatched["end"] is None:
        return None
    return text[unmatched.end() :]


def is_unbalanced(text: str) -> bool:
    """Whether thinking begins or ends in `text` without its other side, outside code."""
    return _unmatched(text) is not None


def begins_thinking(text: str) -> bool:
    """Whether `text` begins with a thinking block."""
    return _OPENING.match(text) is not None


def thinking_spans(text: str) -> list[tuple[int, int]]:
    """The stretches of `text` between thinking tags outside code, as (start, end)."""
    spans: list[tuple[int, int]] = []
    begun = None
    for tag in _tags(text):
        if tag["begin"]:
            begun = begun or tag
        elif begun:
            spans.append((begun.start(), tag.end()))
            begun = None
    return spans


def _final_channel(text: str) -> str | None:
    """The last channel of gpt-oss, if it is the final one; text without channels as it is."""
    channels = list(_CHANNEL.finditer(text))
    if not channels:
        return text
    return text[channels[-1].end() :] if channels[-1]["name"] == "final" else None


def _greeting(text: str) -> int:
    """Where the thinking may begin: behind one short line, if a tag follows it."""
    line_end = text.find("\n", 0, _GREETING)
    if line_end < 0 or not _OPENING.match(text, line_end):
        return 0
    return line_end


def _unmatched(text: str) -> re.Match[str] | None:
    """The last closing tag of more than were opened, or the first one opened of more than closed.

    Both count outside code alone.
    """
    tags = _tags(text)
    begun = [tag for tag in tags if tag["begin"]]
    ended = [tag for tag in tags if tag["end"]]
    if len(ended) > len(begun):
        return ended[-1]
    return begun[-1] if len(begun) > len(ended) else None


def _tags(text: str) -> list[re.Match[str]]:
    lowered = text.lower()
    if not any(end in lowered for end in _TAG_ENDS):  # quicker than the pattern
        return []
    tags = list(islice(_TAG.finditer(text), _MOST_TAGS))
    spans = fenced_spans(text)
    return [tag for tag in tags if not _is_code(text, tag, spans)]


def _is_code(text: str, tag: re.Match[str], spans: list[tuple[int, int]]) -> bool:
    line_start = text.rfind("\n", max(0, tag.start() - 2000), tag.start()) + 1
    in_backticks = text.count("`", line_start, tag.start()) % 2 == 1
    return in_backticks or is_inside(tag.start(), spans)
