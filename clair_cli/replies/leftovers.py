"""What shows that a revised text is not whole, or holds more than the answer.

What the response holds itself is content: only what came with the reply counts.
"""

import re

from clair_cli.records import Problem
from clair_cli.replies.fences import is_left_open
from clair_cli.replies.marker_names import Names
from clair_cli.replies.thinking import begins_thinking, is_unbalanced

_TOKEN = re.compile(r"<\|[\w▁]{1,40}\|>|<｜[^｜]{1,40}｜>|</s>|<end_of_turn>")
_WRAPPER = re.compile(r"</?(?:answer|output|response|revision|final_answer|solution)>")


def leftover(revised: str, names: Names, response: str) -> Problem | None:
    """The reason why `revised` cannot be the answer alone, if there is one.

    Reasons: `empty`, `truncated`, `ambiguous` (thinking), `marker_left`.
    """
    if not revised:
        return Problem("empty", "the revised answer is empty")
    if is_left_open(revised) and not is_left_open(response):
        return Problem("truncated", "the revised answer ends inside a code block")
    if _thinks(revised) and not _thinks(response):
        return Problem("ambiguous", "thinking stands in the revised answer")
    left = sorted(names.traces(revised) - names.traces(response))
    left += sorted({*_TOKEN.findall(revised)} - {*_TOKEN.findall(response)})
    left += sorted({*_WRAPPER.findall(revised)} - {*_WRAPPER.findall(response)})
    if left:
        return Problem("marker_left", f"the revised answer holds a marker ({left[0]})")
    return None


def _thinks(text: str) -> bool:
    return begins_thinking(text) or is_unbalanced(text)
