"""A copy editor made of rules: small mends in prose, and hands off everything else."""

from collections.abc import Sequence
from dataclasses import dataclass

from clair_cli.mock.protect import Masked, protect, reveal
from clair_cli.mock.rules import RULES, Rule
from clair_cli.mock.word_classes import Words

ROUNDS = 6
"""Rounds in which the rules must settle; two are the rule, the second finding nothing."""

NAMED = 3
"""Details named in a note; of the others their number is given."""

_Done = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Edited:
    """A text after editing.

    Attributes:
        text: The edited text; equal to the original where no rule applied.
        notes: One short phrase for each kind of edit made, in the order of the rules.
    """

    text: str
    notes: tuple[str, ...]


def edit(text: str) -> Edited:
    """Mend the slips that the rules know, and nothing else.

    Code, formulas, tables, markup, URLs and e-mail addresses come out as they are, every line
    break stays, and editing an edited text changes nothing. Takes time linear in the length.
    """
    masked = protect(text)
    done: _Done = {}
    for _ in range(ROUNDS):
        edited, mends = _round(masked)
        if edited.text == masked.text:
            return Edited(reveal(masked), _notes(done))
        masked = edited
        for label, details in mends.items():
            done.setdefault(label, []).extend(details)
    return Edited(text, ())


def _round(masked: Masked) -> tuple[Masked, _Done]:
    edited, done = _apply(RULES, masked)
    if edited.layers == masked.layers:
        return edited, done
    # Some mend changed what counts as code, such as one beside a lone dollar sign: it must go.
    done = {}
    for rule in RULES:
        edited, mends = _apply((rule,), masked)
        if edited.layers == masked.layers:
            masked = edited
            done |= mends
    return masked, done


def _apply(rules: Sequence[Rule], masked: Masked) -> tuple[Masked, _Done]:
    text = masked.text
    words = Words.of(text)
    done: _Done = {}
    for rule in rules:
        if words.english or not rule.english:
            text, details = rule.mend(text, words)
            if details:
                done[rule.label] = details
    if not done:
        return masked, done
    return protect(reveal(masked._replace(text=text))), done


def _notes(done: _Done) -> tuple[str, ...]:
    return tuple(_note(rule.label, done[rule.label]) for rule in RULES if rule.label in done)


def _note(label: str, details: list[str]) -> str:
    distinct = [detail for detail in dict.fromkeys(details) if detail]
    if not distinct:
        return label if len(details) == 1 else f"{label} ({len(details)} times)"
    more = len(distinct) - NAMED
    named = ", ".join(distinct[:NAMED])
    return f"{label} {named} and {more} more" if more > 0 else f"{label} {named}"
