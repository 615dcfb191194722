"""How far a revision is from the response it revises, and whether the two may be a pair.

The paper measures how contrastive pairs are by Jaccard over words and by character Levenshtein
(arXiv 2408.06266, section 4); the other metrics tell how minimal a revision is. The checks keep
out what would teach nothing, or something wrong.
"""

import re
from collections.abc import Callable, Hashable, Sequence

from rapidfuzz.distance import LCSseq, Levenshtein, Prefix

from clair_cli.records import Contrast, Problem, Row
from clair_cli.words import words

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
_HINT = 64
"""Edits that are tried first: it saves most of the time where a long answer was changed little."""

_LONG_PROMPT = 40
"""Characters from which on a prompt that stands in the answer is an echo, not a quotation."""

_LONG = 5_000 * 5_000
"""Product of two lengths from which on a comparison takes some milliseconds."""


def contrast(response: str, revision: str) -> Contrast:
    """The metrics of a pair.

    Attributes of the result:
        levenshtein: Fewest insertions, deletions and substitutions of characters (Unicode code
            points) that turn the response into the revision.
        similarity: 1 - levenshtein / the longer length; 1 for equal texts.
        jaccard: Size of the intersection over that of the union of the two sets of lower-cased
            words (`clair_cli.words`: in scripts without spaces, each letter); 1 where neither has
            words.
        kept: Share of the response's words that stand in the revision in the same order (longest
            common subsequence); 1 for a response without words.
        length_ratio: The revision's characters over the response's.
        first_change: Characters before the first difference. A trainer that cuts answers shorter
            than this sees two equal sides.

    Characters are code points as they stand, so that a letter written in two ways (NFC and NFD)
    counts as an edit: a model sees two different texts. Its words are the same.
    """
    levenshtein = _distance(response, revision)
    longer = max(len(response), len(revision))
    old, new = words(response), words(revision)
    kept = _common(old, new) / len(old) if old else 1.0
    return Contrast(
        levenshtein=levenshtein,
        similarity=_rounded(1 - levenshtein / longer if longer else 1.0),
        jaccard=_rounded(_jaccard(set(old), set(new))),
        kept=_rounded(kept),
        length_ratio=_rounded(len(revision) / len(response) if response else 1.0),
        first_change=Prefix.similarity(response, revision),
    )


def is_long(response: str, revision: str) -> bool:
    """Whether to compare the two takes so long that it belongs into a thread."""
    return len(response) * len(revision) >= _LONG


def _distance(response: str, revision: str) -> int:
    if is_long(response, revision):
        return _unlocked(Levenshtein.distance, response, revision, _HINT)
    return Levenshtein.distance(response, revision, score_hint=_HINT)


def _common(old: Sequence[str], new: Sequence[str]) -> int:
    if len(old) * len(new) >= _LONG:
        return _unlocked(LCSseq.similarity, old, new, None)
    return LCSseq.similarity(old, new)


def _unlocked(
    scorer: Callable[..., int], old: Sequence[Hashable], new: Sequence[Hashable], hint: int | None
) -> int:
    """What `scorer` finds, with the interpreter left to other threads meanwhile.

    Of `rapidfuzz`, only the functions on many pairs let go of it.
    """
    from rapidfuzz.process import cpdist  # noqa: PLC0415 - it loads numpy, for long texts alone

    return int(cpdist([old], [new], scorer=scorer, score_hint=hint, dtype="int64")[0])


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


def _jaccard(old: set[str], new: set[str]) -> float:
    union = old | new
    return len(old & new) / len(union) if union else 1.0


def _rounded(value: float) -> float:
    """Six digits: enough for any bound, and the same text on every machine."""
    return round(value, 6)
