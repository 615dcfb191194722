"""Completion text -> Revision, or the reason why it holds none that can be trusted.

The paper's reply has two sections, `{teacher_reasoning}` and `{corrected_student_solution}`, and
models decorate, reorder, repeat and mention these names in every way. A split is made only where
the headings admit one reading; anything else is a Problem. `parse` raises nothing on any text.
"""

import re
from dataclasses import dataclass

from clair_cli.records import Problem, Revision
from clair_cli.replies.cleaning import clean_rationale, clean_revision, is_small_talk
from clair_cli.replies.fences import unwrap, wrapped_blocks
from clair_cli.replies.headings import Grammar, Heading, Kind
from clair_cli.replies.json_reply import read_json
from clair_cli.replies.leftovers import leftover
from clair_cli.replies.thinking import after_orphan, drop_thinking, thinking_in

__all__ = ["Grammar", "drop_thinking", "parse", "thinking_in"]

MOST_HEADINGS = 50
"""More than any readable reply has: a model that loops."""

_SPECIAL_TOKENS = re.compile(
    r"(?:\s*+(?:<\|[\w▁]{1,40}\|>|</s>|<eos>|<end_of_turn>|<｜[^｜]{1,40}｜>))+\s*+\Z"
)
_WRAPPINGS = (
    ('"""', '"""'),
    ("'''", "'''"),
    ('"', '"'),
    ("“", "”"),
    ("<answer>", "</answer>"),
    ("<output>", "</output>"),
    ("<response>", "</response>"),
    ("\\boxed{", "}"),
)
"""What models put around a whole reply."""


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
        response: The answer that was revised: what it holds itself is content in the revision.

    Returns:
        The revision, clean of headings and wrapping, or a Problem with one of the reasons
        `empty`, `truncated`, `ambiguous`, `malformed`, `no_markers`, `no_revision`,
        `no_reasoning`, `marker_left`.
    """
    answer = drop_thinking(_without_special_tokens(text.lstrip("\ufeff")))
    if isinstance(answer, Problem):
        return answer
    if not answer.strip():
        return Problem("empty", "the reply is empty")
    found = _read(_unwrapped(answer, grammar), grammar, response)
    if isinstance(found, Problem):
        return found
    revised = clean_revision(found.text, response)
    rationale = clean_rationale(found.rationale, grammar.names)
    if not rationale:
        return Problem("no_reasoning", "the reply has no reasoning")
    return leftover(revised, grammar.names, response) or Revision(revised, rationale)


def _without_special_tokens(text: str) -> str:
    """Text without the end tokens that some servers leave in; searched in its tail alone."""
    if not text.rstrip().endswith(">"):
        return text
    tail = text[-200:]
    return text[: len(text) - len(tail)] + _SPECIAL_TOKENS.sub("", tail)


def _unwrapped(text: str, grammar: Grammar) -> str:
    """The reply without a fence, quotes or a tag around all of it."""
    text = unwrap(text)
    bare = text.strip()
    for start, end in _WRAPPINGS:
        if bare.startswith(start) and bare.endswith(end) and len(bare) > len(start) + len(end):
            inner = bare[len(start) : -len(end)]
            headings = grammar.headings(inner)
            if headings and not inner[: headings[0].start].strip():
                return inner
    return text


def _read(text: str, grammar: Grammar, response: str) -> Revision | Problem:
    """The two texts of a reply, by its headings, or else by its JSON."""
    orphaned = after_orphan(text)
    if orphaned is not None:
        if {heading.kind for heading in grammar.headings(orphaned)} != {"reasoning", "revision"}:
            return Problem("ambiguous", "a thinking tag ends where none began")
        text = orphaned
    headings = grammar.headings(text)
    if headings:
        return _read_sections(text, headings, may_vary=not grammar.headings(response))
    found = read_json(text, grammar.names)
    if found is not None:
        return found
    return _read_block(text, grammar)


def _read_block(text: str, grammar: Grammar) -> Revision | Problem:
    """A reply whose two sections stand in one fenced block, with small talk around it."""
    for block in wrapped_blocks(text):
        headings = grammar.headings(block)
        if [heading.kind for heading in headings] == ["reasoning", "revision"]:
            return _read_sections(block, headings, may_vary=False)
    return Problem("no_markers", "the reply has neither of the two headings")


def _read_sections(text: str, headings: list[Heading], *, may_vary: bool) -> Revision | Problem:
    """The texts under the headings, where these admit one reading.

    Without `may_vary` only reasoning, then revision will do: the response has headings of the
    same names, so that one in the revision may be content.
    """
    if len(headings) > MOST_HEADINGS:
        return Problem("ambiguous", f"the reply has {len(headings)} headings")
    sections = _sections(text, headings)
    kinds = "".join("T" if s.kind == "reasoning" else "R" for s in sections)
    if "R" not in kinds:
        return Problem("no_revision", "the reply has no heading of the revised answer")
    if kinds == "TR" or (may_vary and re.fullmatch("T+RT*", kinds)):
        return _in_order(text, sections, kinds.index("R"))
    if kinds == "R" and may_vary:
        return _headless(text, headings, sections[0])
    if kinds == "RT" and may_vary and is_small_talk(text[: sections[0].heading_start]):
        return Revision(_text(text, sections[0]), _text(text, sections[1]))
    return Problem("ambiguous", f"the headings can be read in more than one way ({kinds})")


def _headless(text: str, headings: list[Heading], revision: _Section) -> Revision | Problem:
    """Reasoning without its heading, before that of the revision (or its own closing tag)."""
    reasoning = text[: min(heading.start for heading in headings)]
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
