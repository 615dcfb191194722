"""How a request wants its reply: the names of its two parts, JSON or sections, better or worse."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

REASONING = "teacher_reasoning"
REVISION = "corrected_student_solution"

REASONS = re.compile(
    "reason|rational|think|thought|expla|analys|critique|diagnos|finding|notes", re.IGNORECASE
)
"""What a name of the reasoning has in it."""
REVISES = re.compile(
    "correct|revis|improv|worse|rewr|edit|solution|answer|response|version|result", re.IGNORECASE
)
"""What a name of the revised answer has in it."""
_DATA = frozenset({"task", "student_solution"})
_NAMES = (
    re.compile(r"\{([^\W\d]\w*)\}"),
    re.compile(r"<([^\W\d]\w*)>"),
    re.compile(r"[\"`]([^\W\d]\w*)[\"`]"),
)
"""How instructions set a name apart, the surest way first."""
_JSON = re.compile(r"\bJSON\b")
_WORSE = re.compile(r"worse|flawed|degrad|corrupted|weaker", re.IGNORECASE)


class Wishes(NamedTuple):
    """What a reply is to be.

    Attributes:
        reasoning: The name of its reasoning.
        revision: The name of its revised answer.
        json: Whether it is to be a JSON object.
        worse: Whether the revised answer is to be worse than the student's.
    """

    reasoning: str = REASONING
    revision: str = REVISION
    json: bool = False
    worse: bool = False


@lru_cache(maxsize=64)  # a job asks for every row in the same words
def wishes_in(instructions: str) -> Wishes:
    """Read the instructions of a request, which are its words without task and answer."""
    names = [name for name in _names(instructions) if name not in _DATA]
    reasoning = next(filter(REASONS.search, names), REASONING)
    others = (name for name in names if name != reasoning and not REASONS.search(name))
    revision = next(filter(REVISES.search, others), REVISION)
    wants_json, worse = _JSON.search(instructions), _WORSE.search(revision)
    return Wishes(reasoning, revision, json=wants_json is not None, worse=worse is not None)


def _names(instructions: str) -> Iterator[str]:
    for pattern in _NAMES:
        for found in pattern.finditer(instructions):
            yield found[1]
