"""Rows of any preference dataset -> whether TRL trains on it, and how well.

One pass, and memory for two digests a row. What is said of TRL was read and tried in version 1.16.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from clair_cli.looking.lint.balance import Lengths
from clair_cli.looking.lint.cutting import Characters, Ruler
from clair_cli.looking.lint.dataset_checks import DatasetChecks
from clair_cli.looking.lint.findings import Finding
from clair_cli.looking.lint.row_checks import RowChecks
from clair_cli.looking.lint.trainers import Fit, Kind, TrlFormat, fits
from clair_cli.records import UsageError
from clair_cli.rows.raw import Raw


@dataclass(frozen=True, slots=True)
class Settings:
    """The user's choices: where rows are cut, in the unit of the ruler; None for nowhere."""

    max_length: int | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What is known of a dataset.

    Attributes:
        rows: How many were read.
        columns: Their names, in the order they were met.
        kind: Pairs, labelled answers, both or neither.
        form: Message lists or text.
        implicit: Whether pairs have their prompt inside both sides.
        unit: What lengths are given in.
        max_length: Where rows are cut, in that unit; None where nothing is.
        lengths: The lengths of both sides.
        findings: What is wrong, the worst first.
        fits: The trainers.
    """

    rows: int
    columns: tuple[str, ...]
    kind: Kind
    form: TrlFormat
    implicit: bool
    unit: str
    max_length: int | None
    lengths: Lengths
    findings: tuple[Finding, ...]
    fits: tuple[Fit, ...]

    @property
    def breaks(self) -> bool:
        """Whether training would fail, or lose rows without a word."""
        return any(finding.level == "breaks" for finding in self.findings)


def lint(
    rows: Iterable[Raw], ruler: Ruler | None = None, settings: Settings | None = None
) -> Report:
    """Read all `rows` and say what they are good for.

    Raises:
        UsageError: There are none, or none is an object.
    """
    ruler, settings = ruler or Characters(), settings or Settings()
    dataset = DatasetChecks()
    checks = RowChecks(dataset, ruler, settings.max_length)
    count = readable = 0
    for row in rows:
        count += 1
        readable += row.cells is not None
        checks.add(row)
    if not readable:
        seen = f"no rows that are objects ({count:,} read)" if count else "no rows"
        raise UsageError(f"has {seen}; name a preference dataset")
    dataset.finish()
    findings = dataset.found.listed(count)
    return Report(
        rows=count,
        columns=tuple(dataset.columns.names),
        kind=dataset.kind,
        form=dataset.form,
        implicit=dataset.kind == "paired" and "prompt" not in dataset.columns.names,
        unit=ruler.unit,
        max_length=settings.max_length,
        lengths=dataset.lengths,
        findings=findings,
        fits=fits(dataset.kind, findings),
    )
