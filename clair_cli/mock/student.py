"""The student's answer, cut out of a revision request."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from clair_cli.mock.reply_form import REASONS, REVISES

TASK = "{task}: "
ANSWER = "\n\n{student_solution}: "
CLOSING = "\n\n-----------------\n\nLet's first think step by step"
NOTE = "\n\n[Note on your last reply: "

_TASK = re.compile(r"(?:\A|\n)\{task\}:[ \n]")
_ANSWER = re.compile(r"\n\n?\{student_solution\}:[ \n]")
_RULE = re.compile(r"\n\n-{3,}\n\n")
_IDENTIFIER = re.compile(r"\{(?!task\}|student_solution\})(\w+)\}")


class Found(NamedTuple):
    """A revision request in one message: the answer, and the words around task and answer."""

    answer: str
    around: str


def request_in(turns: Sequence[str]) -> Found | None:
    """Return the answer that is to be revised, exactly as it stands, and what is said about it.

    The task and the answer are free text and may hold any of the marks around them, so no rule
    is right on every input. The first answer mark after the first task mark and the last
    closing are right unless the *task* quotes an answer mark in a paragraph of its own.

    Args:
        turns: The texts of the user's messages, oldest first.

    Returns:
        The answer, or None where no message is a revision request.
    """
    for text in reversed(turns):
        found = _within(text)
        if found is not None:
            return found
    return None


def answer_in(turns: Sequence[str]) -> str | None:
    """Return the answer alone."""
    found = request_in(turns)
    return None if found is None else found.answer


def has_note(turns: Sequence[str]) -> bool:
    """Whether the user's last message ends with a note on an earlier reply."""
    text = turns[-1].rstrip() if turns else ""
    return text.endswith("]") and text.find(NOTE, text.rfind(CLOSING) + 1) >= 0


def _within(text: str) -> Found | None:
    alone = text.startswith(TASK)
    task = 0 if alone else text.find("\n\n" + TASK)
    start = text.find(ANSWER, task) if task >= 0 else -1
    if start < 0:
        return _within_other(text)
    start += len(ANSWER)
    if alone:
        return Found(text[start : _without_note(text, start)], "")
    end = text.rfind(CLOSING, start)
    if end < 0:
        return _within_other(text)
    return Found(text[start:end], text[:task] + text[end:])


def _within_other(text: str) -> Found | None:
    """The request in a user's own wording that keeps the two labels."""
    task = _TASK.search(text)
    mark = _ANSWER.search(text, task.end() - 1) if task else None
    if task is None or mark is None:
        return None
    end = _without_note(text, mark.end())
    end = _before_instructions(text, mark.end(), end)
    return Found(text[mark.end() : end], text[: task.start()] + text[end:])


def _before_instructions(text: str, start: int, end: int) -> int:
    """Where the answer ends: before the line of dashes or the paragraph that names both parts."""
    for rule in reversed([rule.start() for rule in _RULE.finditer(text, start, end)]):
        if _first_name(text, rule, end) >= 0:
            return rule
    named = _first_name(text, start, end)
    paragraph = text.rfind("\n\n", start, named) if named >= 0 else -1
    return paragraph if paragraph >= 0 else end


def _first_name(text: str, start: int, end: int) -> int:
    """Where the first name of a reply's two parts stands, if both are named; else -1."""
    first: dict[re.Pattern[str], int] = {}
    for found in _IDENTIFIER.finditer(text, start, end):
        kind = next((kind for kind in (REASONS, REVISES) if kind.search(found[1])), None)
        if kind:
            first.setdefault(kind, found.start())
    return min(first.values()) if len(first) == 2 else -1


def _without_note(text: str, start: int) -> int:
    """Where the answer ends in a message that has nothing but perhaps a note after it."""
    trimmed = text.rstrip()
    note = trimmed.rfind(NOTE, start) if trimmed.endswith("]") else -1
    return len(text) if note < 0 else note
