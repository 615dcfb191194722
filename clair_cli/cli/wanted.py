"""What the command line asks for, before anything is made of it."""

from dataclasses import dataclass
from pathlib import Path

from clair_cli.cli.publishing import Publishing
from clair_cli.endpoint.address import Address
from clair_cli.endpoint.prices import Price
from clair_cli.endpoint.retrying import Patience
from clair_cli.run.recipe import Recipe
from clair_cli.writers.plan import Plan


@dataclass(frozen=True, slots=True)
class Spending:
    """What the run may spend: requests, US dollars, and what tokens cost."""

    requests: int | None
    cost: float | None
    price: Price | None


@dataclass(frozen=True, slots=True)
class Job:
    """What the command line asks for; taken apart here and not handed on."""

    recipe: Recipe
    output: str
    addresses: list[Address]
    offline: bool
    fresh: bool
    concurrency: int
    rpm: float | None
    tpm: float | None
    dry_run: bool
    spending: Spending
    patience: Patience
    max_fail_rate: float
    form: str
    plan: Plan
    quiet: bool
    summary: Path | None
    licence: str = ""
    languages: tuple[str, ...] = ()
    publishing: Publishing | None = None
