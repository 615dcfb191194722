"""Rows of any preference dataset -> whether TRL trains on it, and how well.

One pass, and memory for two digests a row. What is said of TRL was read and tried in version 1.16.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from clair_cli.looking.lint.checks import Checks
from clair_cli.looking.lint.contents import Contents, Settings
from clair_cli.looking.lint.csv_cells import as_loaded
from clair_cli.looking.lint.cutting import Characters, Ruler, Tokens
from clair_cli.looking.lint.findings import LEVELS, Finding, Place
from clair_cli.looking.lint.lengths import Lengths
from clair_cli.looking.lint.trainers import Fit, Form, Kind, fits
from clair_cli.records import UsageError
from clair_cli.rows.raw import Raw

__all__ = ["LEVELS", "Characters", "Finding", "Report", "Settings", "Tokens", "lint"]


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
    form: Form
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
    checks = Checks(Contents(ruler or Characters(), settings or Settings()))
    count = readable = 0
    for row in rows:
        count += 1
        readable += row.cells is not None
        _add(checks, row)
    if not readable:
        seen = f"no rows that are objects ({count:,} read)" if count else "no rows"
        raise UsageError(f"has {seen}; name a preference dataset")
    return _report(checks, count)


def _add(checks: Checks, row: Raw) -> None:
    if row.cells is None:
        detail = row.fault.detail if row.fault else ""
        checks.found.add("unreadable", Place(row.file, row.number, ""), detail)
    else:
        checks.add(row.file, row.number, as_loaded(row.file, row.cells), row.size)


def _report(checks: Checks, rows: int) -> Report:
    checks.finish()
    findings = checks.found.listed(rows)
    return Report(
        rows=rows,
        columns=tuple(checks.columns.names),
        kind=checks.kind,
        form=checks.form,
        implicit=checks.kind == "paired" and "prompt" not in checks.columns.names,
        unit=checks.contents.ruler.unit,
        max_length=checks.contents.settings.max_length,
        lengths=checks.contents.lengths,
        findings=findings,
        fits=fits(checks.kind, findings),
    )
