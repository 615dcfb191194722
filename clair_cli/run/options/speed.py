"""How fast a run may go."""

from dataclasses import dataclass
from typing import ClassVar

from clair_cli.run.options.declaring import Group, option


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeedOptions(Group):
    """Ceilings that the user sets; the endpoint's own are found out below them."""

    panel: ClassVar[str] = "Speed"

    concurrency: int = option(64, "Most requests in flight.", short="-c", metavar="N", least=1)
    rpm: float | None = option(None, "Most requests a minute.", metavar="N", least=0.01)
    tpm: float | None = option(None, "Most tokens a minute.", metavar="N", least=1)
    timeout: float = option(
        600.0, "For one request, from first to last byte.", metavar="SECONDS", least=0.1
    )
