"""Columns that mean something to TRL beside the texts and labels."""

from collections.abc import Mapping

import orjson

from clair_cli.looking.lint.findings import Place
from clair_cli.looking.lint.texts import form_of

VISION = ("image", "images")
"""Columns that make it a vision dataset, whatever is in them."""
RESERVED = ("ref_chosen_logps", "ref_rejected_logps", "ref_logps", "ref_KL_logps")
"""Columns whose values the collators take for the reference model's log-probabilities."""
CODES = dict.fromkeys(VISION, "vision") | dict.fromkeys(RESERVED, "reserved_column")


class Special:
    """Where each such column was met first."""

    def __init__(self) -> None:
        self.met: dict[str, Place] = {}

    def add(self, cells: Mapping[str, object], at: Place) -> None:
        """Look at the names of a row."""
        for name in CODES.keys() & cells.keys():
            self.met.setdefault(name, at)


def misleads(cells: Mapping[str, object]) -> bool:
    """Whether a `messages` column has another form than the answers.

    TRL's `is_conversational` looks at one of the columns it knows, whichever a set gives first.
    """
    form = form_of(cells.get("messages"))
    answer = form_of(cells.get("chosen", cells.get("completion")))
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
