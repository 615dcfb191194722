"""Completion text -> Revision, or the reason why it holds none that can be trusted.

The paper's reply has two sections, `{teacher_reasoning}` and `{corrected_student_solution}`, and
models decorate, reorder, repeat and mention these names in every way. A split is made only where
the headings admit one reading; anything else is a Problem. `parse` raises nothing on any text.
"""

import re
from dataclasses import dataclass

from clair_cli.records import Problem, Revision
from clair_cli.revision.cleaning import clean_rationale, clean_revision, is_small_talk
from clair_cli.revision.fences import is_left_open, unwrap
from clair_cli.revision.headings import Grammar, Heading, Kind
from clair_cli.revision.jsonreply import read_json
from clair_cli.revision.thinking import drop_thinking

__all__ = ["Grammar", "parse"]

MOST_HEADINGS = 50
"""More than any readable reply has: a model that loops."""

_SPECIAL_TOKENS = re.compile(
    r"(?:\s*(?:<\|(?:im_end|eot_id|endoftext|end|end_of_text|return)\|>|</s>|<eos>"
    r"|<end_of_turn>|<｜end▁of▁sentence｜>))+\s*\Z"
)


@dataclass(frozen=True, slots=True)
class _Section:
    kind: Kind
    heading_start: int
    start: int
    end: int


def parse(text: str, grammar: Grammar, response: str) -> Revision | Problem:
    """The revision in a reply.

    Args:
        text: The reply's content.
        grammar: How the two sections are headed.
        response: The answer that was revised: tells whether a fence around all is its own.

    Returns:
        The revision, clean of headings and wrapping, or a Problem with one of the reasons
        `empty`, `truncated`, `ambiguous`, `malformed`, `no_markers`, `no_revision`,
        `no_reasoning`, `marker_left`.
    """
    answer = drop_thinking(_without_special_tokens(text), grammar)
    if isinstance(answer, Problem):
        return answer
    if not answer.strip():
        return Problem("empty", "the reply is empty")
    found = read_json(answer, grammar)
    if found is None:
        found = _read_sections(unwrap(answer), grammar)
    if isinstance(found, Problem):
        return found
    revised = clean_revision(found.text, response)
    return _leftover(revised, grammar, response) or Revision(
        revised, clean_rationale(found.rationale, grammar)
    )


def _leftover(revised: str, grammar: Grammar, response: str) -> Problem | None:
    """What shows that a revised text is not whole, or holds more than the answer."""
    if not revised:
        return Problem("empty", "the revised answer is empty")
    if is_left_open(revised) and not is_left_open(response):
        return Problem("truncated", "the revised answer ends inside a code block")
    left = grammar.identifiers(revised) - grammar.identifiers(response)
    if left:
        return Problem("marker_left", f"the revised answer holds an identifier ({min(left)})")
    return None


def _without_special_tokens(text: str) -> str:
    """Text without the end tokens that some servers leave in; searched in its tail alone."""
    if not text.rstrip().endswith(">"):
        return text
    tail = text[-200:]
    return text[: len(text) - len(tail)] + _SPECIAL_TOKENS.sub("", tail)


def _read_sections(text: str, grammar: Grammar) -> Revision | Problem:
    headings = grammar.headings(text)
    if len(headings) > MOST_HEADINGS:
        return Problem("ambiguous", f"the reply has {len(headings)} headings")
    sections = _sections(text, headings)
    kinds = "".join("T" if s.kind == "reasoning" else "R" for s in sections)
    if "R" not in kinds:
        missing = ("no_revision", "no heading of the revised answer")
        reason, what = missing if kinds else ("no_markers", "neither of the two headings")
        return Problem(reason, f"the reply has {what}")
    if kinds == "R":
        return _headless(text, sections[0])
    if re.fullmatch("T+RT*", kinds):
        return _in_order(text, sections, kinds.index("R"))
    if kinds == "RT" and is_small_talk(text[: sections[0].heading_start]):
        return Revision(_text(text, sections[0]), _text(text, sections[1]))
    return Problem("ambiguous", f"the headings can be read in more than one way ({kinds})")


def _headless(text: str, revision: _Section) -> Revision | Problem:
    """Reasoning without its heading, before that of the revision."""
    reasoning = text[: revision.heading_start]
    if is_small_talk(reasoning):
        return Problem("no_reasoning", "the reply has no reasoning before the revised answer")
    return Revision(_text(text, revision), reasoning)


def _in_order(text: str, sections: list[_Section], position: int) -> Revision:
    """Reasoning, perhaps under several headings, then the revision; what follows is dropped."""
    reasoning = [_text(text, section).strip() for section in sections[:position]]
    return Revision(_text(text, sections[position]), "\n\n".join(filter(None, reasoning)))


def _text(text: str, section: _Section) -> str:
    return text[section.start : section.end]


def _sections(text: str, headings: list[Heading]) -> list[_Section]:
    """The sections between headings: one per opening heading, without empty repetitions.

    A heading repeated over nothing but blanks counts once, and one at the very end that repeats an
    earlier one only closes.
    """
    sections = [
        _Section(heading.kind, heading.start, heading.end, _end(heading, headings[number:], text))
        for number, heading in enumerate(headings, start=1)
        if not heading.closing
    ]
    kept = [
        section
        for section, after in zip(sections, [*sections[1:], None], strict=False)
        if not (after and after.kind == section.kind and not _text(text, section).strip())
    ]
    last = kept[-1] if kept else None
    if last and not _text(text, last).strip() and last.kind in {s.kind for s in kept[:-1]}:
        kept.pop()
    return kept


def _end(heading: Heading, following: list[Heading], text: str) -> int:
    """Where a section ends: at the next opening heading, or at its own closing one."""
    ends = (h.start for h in following if not h.closing or h.kind == heading.kind)
    return next(ends, len(text))
