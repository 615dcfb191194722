"""What a run may spend."""

from dataclasses import dataclass
from typing import ClassVar

from clair_cli.run.options.declaring import Group, option


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyOptions(Group):
    """Budgets, and what tokens cost."""

    panel: ClassVar[str] = "Size and money"

    dry_run: bool = option(False, "Send nothing: count rows, tokens and price.", use="untold")
    max_requests: int | None = option(
        None, "Most requests to send in this run.", metavar="N", least=1
    )
    max_cost: float | None = option(None, "Most to spend in this run.", metavar="USD", least=0)
    price_in: float | None = option(
        None, "Price of a million prompt tokens.", metavar="USD", least=0
    )
    price_out: float | None = option(
        None, "Price of a million completion tokens.", metavar="USD", least=0
    )
