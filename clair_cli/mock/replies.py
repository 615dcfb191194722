"""What the copy editor says: a rationale and a revision, in the form that was asked for."""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from clair_cli.mock.copyeditor import Edited, edit
from clair_cli.mock.reply_form import Wishes, wishes_in
from clair_cli.mock.structured import Shape
from clair_cli.mock.student import request_in
from clair_cli.mock.worsening import worsen

_WHO = "I am clair's offline copy editor, a set of rules and not a language model."
_PLAIN = (
    "Hello! This is the offline endpoint of clair: a rule-based copy editor, not a language "
    "model. It mends the small slips in a student's answer when it is sent a revision request "
    "of clair, and can answer nothing else."
)
_ADRIFT = (
    "I have read this with care. There are a few words in it that I would change, and I would "
    "be glad to say which. Shall I begin with the first paragraph?"
)
_TOO_MUCH = f"{_WHO} I wrote the whole answer anew, which is far more than I was asked for."
_PADDING = (
    "There is a great deal more to say about all of this, and most of it is worth knowing. "
    "Whoever wants to go further will find that every part of it leads to another."
)
_WORD = re.compile(r"[^\W_]+")


class Reply(NamedTuple):
    """A rationale and its revision; a confused reply has several."""

    rationale: str
    revisions: tuple[str, ...]


def reply_to(turns: Sequence[str]) -> str:
    """Return the reply to a conversation, given what the user said in it, oldest first."""
    found = request_in(turns)
    return written(found.answer, wishes=wishes_in(found.around)) if found else written(None)


def written(
    answer: str | None,
    slip: str | None = None,
    shape: Shape | None = None,
    wishes: Wishes = Wishes(),  # noqa: B008  frozen
) -> str:
    """Write the reply to a request.

    Args:
        answer: The student's answer that is to be revised, or None where there is none.
        slip: One of `faults.SLIPS` that concerns the words, if any.
        shape: The object that the reply must be; None for two sections.
        wishes: What the request's words want the reply to be.
    """
    if answer is None:
        return shape.plain(_PLAIN) if shape else _PLAIN
    if slip == "unparseable":
        return _ADRIFT
    rationale, revisions = _reply(answer, slip, worsen if wishes.worse else edit)
    if shape:
        return shape.revision(rationale, revisions)
    sections = [f"{{{wishes.reasoning}}}:\n{rationale}"]
    sections += [f"{{{wishes.revision}}}:\n{text}" for text in revisions]
    return "\n\n".join(sections)


def _reply(answer: str, slip: str | None, editor: Callable[[str], Edited]) -> Reply:
    if slip == "over-edit":
        return Reply(_TOO_MUCH, (_rewritten(answer),))
    edited = editor(answer)
    if slip == "duplicate-marker":
        return Reply(_rationale(edited), (_rewritten(answer), edited.text))
    return Reply(_rationale(edited), (edited.text,))


def _rationale(edited: Edited) -> str:
    if not edited.notes:
        return f"{_WHO} No rule found anything to mend, so the answer stays as it was."
    return f"{_WHO} Edits: {'; '.join(edited.notes)}."


def _rewritten(answer: str) -> str:
    """Return a text that keeps little of the answer, and nothing of its order or its markup."""
    words = " ".join(reversed(_WORD.findall(answer)))
    return f"In other words: {words}.\n\n{_PADDING}"
