"""What keeps a response and its revision from being a pair: it would teach nothing, or wrong."""

import re

from clair_cli.records import Problem, Row

_REVISED = r"(?:revised|corrected|improved|updated|edited|rewritten|reworded|worsened)"
_ANSWER = r"(?:version|answer|solution|response|reply|text)"
_ALLUSIONS = re.compile(
    rf"\b(?:in|of|with) (?:(?:this|my) {_REVISED} {_ANSWER}\b|the {_REVISED} {_ANSWER},)"
    rf"|\b(?:this|(?:here(?:'s| is)|below is) (?:the|an?|my|your)) {_REVISED}"
    rf" (?:student )?{_ANSWER}\b"
    rf"|\bI(?:'ve| have)? {_REVISED} (?:the|your|this|their)"
    rf" (?:student's )?(?:original )?{_ANSWER}\b"
    r"|\bthe student's (?:original )?(?:answer|solution|response)\b"
    r"|\bthe (?:corrected|revised|improved|worsened) student solution\b"
    r"|^[^\w\n]*+(?:changes|corrections|improvements|revisions|edits) made"
    r"(?:[*_ ]*:|[^\w\n]*$)"
    rf"|^[^\w\n]*+{_REVISED} (?:answer|solution|response)[*_ ]*(?::|$)",
    re.IGNORECASE | re.MULTILINE,
)
_ALLUDING = (
    *("revised", "corrected", "improved", "updated", "edited", "rewritten", "reworded"),
    *("worsened", "the student's", " made"),
)
"""What every allusion has one of: a quick look before the slow pattern."""
_REFUSAL = re.compile(
    r"\W*+(?:(?:(?:I'?m|I am) (?:very |so |really )?sorry|sorry|my apologies|apologies"
    r"|I apologi[sz]e|unfortunately)[,.:;]? *)?(?:but )?"
    r"(?:as an AI(?: language model| assistant)?,? )?"
    r"(?:I must decline\b|I'm not comfortable\b"
    r"|(?:I (?:can(?:no|')t|can not|won't|will not|am unable to|am not able to)"
    r"|I'm (?:unable|not able) to) (?:"
    r"(?:assist|comply|continue|fulfil+|engage|participate|support|do (?:that|this))\b"
    r"|help (?:with|you)\b|help[.!]"
    r"|(?:provide|create|generate|write|revise|improve|answer|discuss|share|offer|process|help)\b"
    r"[^.\n]{0,40}\b(?:that|this|request|instructions|information|content|assistance|answer"
    r"|solution|guidance|advice|revision)\b))",
    re.IGNORECASE,
)
_LONG_PROMPT = 40
"""Characters from which on a prompt that stands in the answer is an echo, not a quotation."""


def check(row: Row, revision: str) -> Problem | None:
    """What forbids the pair of `row`'s response and `revision`, if anything does.

    Reasons: `unchanged`, `refused`, `alludes`, `echo`. What the response itself says, the
    revision may say as well.
    """
    if revision.strip() == row.response.strip():
        return Problem("unchanged", "the revision equals the answer")
    if is_refusal(revision) and not is_refusal(row.response):
        return Problem("refused", "the revision is a refusal")
    allusion = _allusion(row, revision)
    if allusion:
        return Problem("alludes", f"the revision speaks of itself: {allusion!r}")
    task = row.prompt[-1]["content"].strip()
    if len(task) >= _LONG_PROMPT and task in revision and task not in row.response:
        return Problem("echo", "the revision repeats the prompt")
    return None


def _allusion(row: Row, revision: str) -> str:
    """The first allusion that neither the prompt nor the response has; "" for none."""
    revision = _straight(revision)
    lowered = revision.lower()
    if not any(word in lowered for word in _ALLUDING):
        return ""
    given = "\n".join([*(m["content"] for m in row.prompt), row.response])
    given = _straight(given).lower()
    found = (match[0].strip() for match in _ALLUSIONS.finditer(revision))
    return next((phrase for phrase in found if phrase.lower() not in given), "")


def is_refusal(text: str) -> bool:
    """Whether `text` begins like a model that declines to answer."""
    return _REFUSAL.match(_straight(text[:500].lstrip())) is not None


def _straight(text: str) -> str:
    """`text` with typographic apostrophes as plain ones, as the patterns have them."""
    return text.replace("’", "'")
