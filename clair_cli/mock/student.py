"""The student's answer, cut out of a revision request."""

from collections.abc import Sequence

TASK = "{task}: "
ANSWER = "\n\n{student_solution}: "
CLOSING = "\n\n-----------------\n\nLet's first think step by step"
NOTE = "\n\n[Note on your last reply: "


def answer_in(turns: Sequence[str]) -> str | None:
    """Return the answer that is to be revised, exactly as it stands in the request.

    The task and the answer are free text and may hold any of the marks around them, so no rule
    is right on every input. The first answer mark after the first task mark and the last
    closing are right unless the *task* quotes an answer mark in a paragraph of its own.

    Args:
        turns: The texts of the user's messages, oldest first.

    Returns:
        The answer, or None where no message is a revision request.
    """
    for text in reversed(turns):
        answer = _within(text)
        if answer is not None:
            return answer
    return None


def has_note(turns: Sequence[str]) -> bool:
    """Whether the user's last message ends with a note on an earlier reply."""
    text = turns[-1].rstrip() if turns else ""
    return text.endswith("]") and text.find(NOTE, text.rfind(CLOSING) + 1) >= 0


def _within(text: str) -> str | None:
    alone = text.startswith(TASK)
    task = 0 if alone else text.find("\n\n" + TASK)
    if task < 0:
        return None
    start = text.find(ANSWER, task)
    if start < 0:
        return None
    start += len(ANSWER)
    end = _without_note(text, start) if alone else text.rfind(CLOSING, start)
    return text[start:end] if end >= start else None


def _without_note(text: str, start: int) -> int:
    """Where the answer ends in a message that has nothing but perhaps a note after it."""
    trimmed = text.rstrip()
    note = trimmed.rfind(NOTE, start) if trimmed.endswith("]") else -1
    return len(text) if note < 0 else note
