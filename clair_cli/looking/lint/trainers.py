"""Which of TRL's trainers a dataset fits."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from clair_cli.looking.lint.findings import Finding

Kind: TypeAlias = Literal["paired", "unpaired", "mixed", "none"]
Form: TypeAlias = Literal["conversational", "standard", "mixed", "none"]

PAIR = ("chosen", "rejected")
LABELLED = ("prompt", "completion", "label")
READ = ("prompt", "chosen", "rejected", "completion", "label")
"""The columns that the DPO and KTO trainers read."""


@dataclass(frozen=True, slots=True)
class Fit:
    """A trainer, the losses of the APO paper it has for the data, and why not, where it cannot."""

    trainer: str
    losses: tuple[str, ...]
    trains: bool
    why: str = ""


def kind_of(columns: Collection[str]) -> Kind:
    """What kind of preference data has these columns."""
    paired = all(name in columns for name in PAIR)
    labelled = all(name in columns for name in LABELLED)
    if any(name in columns for name in PAIR) and "completion" in columns:
        return "mixed"
    if paired:
        return "paired"
    return "unpaired" if labelled else "none"


def form_of(texts: int, messages: int) -> Form:
    """The form of so many rows of text and so many of message lists."""
    if texts and messages:
        return "mixed"
    return "standard" if texts else "conversational" if messages else "none"


def fits(kind: Kind, findings: Sequence[Finding]) -> tuple[Fit, ...]:
    """The two trainers, and whether each would train."""
    breaking = ", ".join(each.code for each in findings if each.level == "breaks")
    codes = {each.code for each in findings}
    dpo = breaking or ("" if kind == "paired" else "it wants chosen and rejected")
    kto = breaking or ("label_in_pairs" if "label_in_pairs" in codes else "")
    return (
        Fit("DPO", ("apo_zero", "apo_down"), not dpo, dpo),
        Fit("KTO", ("apo_zero_unpaired",), not kto, kto),
    )
