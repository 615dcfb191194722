"""What TRL's trainers want of a dataset's columns, and which of them it fits."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import orjson

from clair_cli.looking.lint.findings import Finding
from clair_cli.rows.passages import Passage

Kind: TypeAlias = Literal["paired", "unpaired", "mixed", "none"]
TrlFormat: TypeAlias = Literal["conversational", "standard", "mixed", "none"]

PAIR = ("chosen", "rejected")
LABELLED = ("prompt", "completion", "label")
READ = ("prompt", "chosen", "rejected", "completion", "label")
"""The columns that the DPO and KTO trainers read."""
VISION = ("image", "images")
"""Columns that make it a vision dataset, whatever is in them."""
RESERVED = ("ref_chosen_logps", "ref_rejected_logps", "ref_logps", "ref_KL_logps")
"""Columns whose values the collators take for the reference model's log-probabilities."""
SPECIAL = dict.fromkeys(VISION, "vision") | dict.fromkeys(RESERVED, "reserved_column")
"""Columns that mean something to TRL beside the texts and labels, and what is told of them."""


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


def trl_format(texts: int, messages: int) -> TrlFormat:
    """What TRL calls the format of so many rows of text and so many of message lists."""
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


def misleads(cells: Mapping[str, object]) -> bool:
    """Whether a `messages` column has another form than the answers.

    TRL's `is_conversational` looks at one of the columns it knows, whichever a set gives first.
    """
    form = Passage("messages", cells.get("messages")).form
    answer = Passage("chosen", cells.get("chosen", cells.get("completion"))).form
    return form != "null" and (form == "messages") != (answer == "messages")


def fits_template(cells: Mapping[str, object]) -> bool:
    """Whether the two columns that TRL hands to the chat template are as it wants them."""
    if "chat_template_kwargs" in cells and not isinstance(cells["chat_template_kwargs"], Mapping):
        return False
    tools = cells.get("tools")
    if not isinstance(tools, str):
        return tools is None or isinstance(tools, list)
    try:
        orjson.loads(tools)
    except orjson.JSONDecodeError:
        return False
    return True
