"""How far a revision is from the response it revises.

The paper measures how contrastive pairs are by Jaccard over words and by character Levenshtein
(arXiv 2408.06266, section 4); the other metrics tell how minimal a revision is.
"""

from collections.abc import Callable, Hashable, Sequence

from rapidfuzz.distance import LCSseq, Levenshtein, Prefix

from clair_cli.contrast.words import words
from clair_cli.records import Contrast

_HINT = 64
"""Edits that are tried first: it saves most of the time where a long answer was changed little."""

_LONG = 5_000 * 5_000
"""Product of two lengths from which on a comparison takes some milliseconds."""


def contrast(response: str, revision: str) -> Contrast:
    """The metrics of a pair.

    Attributes of the result:
        levenshtein: Fewest insertions, deletions and substitutions of characters (Unicode code
            points) that turn the response into the revision.
        similarity: 1 - levenshtein / the longer length; 1 for equal texts.
        jaccard: Size of the intersection over that of the union of the two sets of lower-cased
            words (`contrast.words`: in scripts without spaces, each letter); 1 where neither has
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


def _jaccard(old: set[str], new: set[str]) -> float:
    union = old | new
    return len(old & new) / len(union) if union else 1.0


def _rounded(value: float) -> float:
    """Six digits: enough for any bound, and the same text on every machine."""
    return round(value, 6)
