"""A linted dataset: the report as text or as JSON on stdout, and the exit code."""

import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import orjson
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from clair_cli.cli.printing.terminal import one_line
from clair_cli.looking.lint.cutting import DEFAULT_TOKENS, Characters, Tokens
from clair_cli.looking.lint.findings import Finding
from clair_cli.looking.lint.linting import Report, Settings, lint
from clair_cli.looking.lint.trainers import Fit
from clair_cli.records import UsageError
from clair_cli.rows.input import Input
from clair_cli.rows.names import printable

BREAKS = 3
_STYLES = {"breaks": "bold red", "hurts": "yellow", "note": "dim"}


def lint_all(found: Input, tokenizer: str, max_length: int | None, *, as_json: bool) -> int:
    """Lint the rows of `found` and print what is known of them.

    Returns:
        0, or 3 where something breaks training.

    Raises:
        UsageError: The input or the tokenizer cannot be used.
    """
    ruler = Tokens(tokenizer) if tokenizer else Characters()
    settings = Settings(max_length or (DEFAULT_TOKENS if tokenizer else None))
    try:
        report = lint(found, ruler, settings)
    except UsageError as exc:
        told = str(exc)
        raise UsageError(f"{found.name}: {told}" if told.startswith("has no") else told) from exc
    if as_json:
        sys.stdout.buffer.write(_json(report, found.name))
    else:
        _print(report, found.name)
    return BREAKS if report.breaks else 0


def _json(report: Report, name: str) -> bytes:
    chosen, rejected = report.lengths.means
    record: dict[str, Any] = {
        "input": printable(name),
        "rows": report.rows,
        "columns": report.columns,
        "kind": report.kind,
        "form": report.form,
        "implicit_prompt": report.implicit,
        "breaks": report.breaks,
        "unit": report.unit,
        "max_length": report.max_length,
        "mean_chosen": round(chosen, 2),
        "mean_rejected": round(rejected, 2),
        "longer_chosen": report.lengths.longer_share(),
        "fits": [asdict(fit) for fit in report.fits],
        "findings": [asdict(finding) for finding in report.findings],
    }
    return orjson.dumps(_printable(record), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _printable(value: Any) -> Any:
    """The record with every text as UTF-8: names and cells of csv files may be none."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {key: _printable(each) for key, each in value.items()}
    return [_printable(each) for each in value] if isinstance(value, list | tuple) else value


def _print(report: Report, name: str) -> None:
    screen = Console(highlight=False, markup=False, emoji=False)
    screen.print(Text(one_line(f"{printable(name)}: {report.rows:,} rows, {_kind(report)}")))
    for line in _lengths(report):
        screen.print(Text(line, style="dim"))
    for finding in report.findings:
        screen.print()
        _print_finding(screen, finding)
    screen.print()
    for line in _fits(report):
        screen.print(Text(line))


def _print_finding(screen: Console, finding: Finding) -> None:
    head = Text(f"{finding.level:<8}", style=_STYLES[finding.level])
    head.append(f"{finding.code}", style="bold")
    head.append(f"  {finding.count:,} of the rows ({_percent(finding.share)})", style="default")
    screen.print(head)
    row_id = f", id {finding.id}" if finding.id else ""
    detail = f": {finding.detail}" if finding.detail else ""
    place = one_line(f"first: {printable(finding.file)}, line {finding.line}{row_id}{detail}")
    screen.print(Padding(Text(place, overflow="fold"), (0, 0, 0, 8)))
    screen.print(Padding(Text(finding.sentence), (0, 0, 0, 8)))


def _percent(share: float) -> str:
    return "under 0.1 %" if 0 < share < 0.001 else f"{share:.1%}".replace("%", " %")


def _kind(report: Report) -> str:
    if report.kind == "none":
        return "no preference data"
    kinds = {"paired": "preference", "unpaired": "unpaired preference", "mixed": "mixed preference"}
    form = "" if report.form == "none" else f"{report.form} "
    prompt = {True: " without a prompt column", False: ""}[report.implicit]
    return f"{form}{kinds[report.kind]}{prompt}"


def _lengths(report: Report) -> Iterator[str]:
    lengths = report.lengths
    chosen, rejected = lengths.means
    if not lengths.chosen + lengths.rejected:
        return
    share = lengths.longer_share()
    longer = "" if share is None else f"; chosen is the longer one in {share:.1%} of the pairs"
    yield (
        f"mean length in {report.unit}: chosen {chosen:,.1f}, rejected {rejected:,.1f}"
        f" (difference {chosen - rejected:+,.1f}){longer}"
    )
    if report.max_length:
        yield f"cut as TRL cuts: the first {report.max_length:,} {report.unit} of prompt and answer"


def _fits(report: Report) -> Iterator[str]:
    if report.breaks:
        broken = [each.code for each in report.findings if each.level == "breaks"]
        yield f"not trainable: {', '.join(broken)}"
        return
    yield from (f"{_kind(report)}: {_fit(fit)}" for fit in report.fits)


def _fit(fit: Fit) -> str:
    losses = ", ".join(fit.losses)
    return f"{fit.trainer} ({losses})" if fit.trains else f"not {fit.trainer}: {fit.why}"
