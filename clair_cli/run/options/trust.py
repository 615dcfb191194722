"""How often and how long is asked, and what a run may fail at."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from clair_cli.run.options.declaring import Group, option


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustOptions(Group):
    """Attempts, patience and the store."""

    panel: ClassVar[str] = "Trust"

    attempts: int = option(
        3, "Replies asked for one row before it fails.", metavar="N", least=1, use="outcome"
    )
    give_up_after: float = option(600.0, "For retries of one request.", metavar="SECONDS", least=0)
    max_fail_rate: float = option(
        0.0, "Share of failed rows that still exits with 0.", metavar="SHARE", least=0, most=1
    )
    offline: bool = option(False, "Send nothing: use stored replies alone.")
    fresh: bool = option(False, "Put the stored replies aside and ask for all again.")
    store: Path | None = option(
        None,
        "The store of replies (default: in OUT/.clair).",
        metavar="FILE",
        use="untold",
    )
