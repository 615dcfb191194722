"""`clair report`: a finished run as one HTML page."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import typer

from clair_cli.cli.signature import command
from clair_cli.run.options.declaring import Group, option


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportOptions(Group):
    """What is read for a report, and where it goes."""

    panel: ClassVar[str] = ""

    output: Path = option(Path("report.html"), "The page.", short="-o", metavar="FILE")
    split: str = option(
        "",
        "This split alone (default: all of a run's).",
        metavar="NAME",
        shows_default=False,
    )
    limit: int | None = option(None, "Read only the first.", metavar="PAIRS", least=1)
    store: Path | None = option(None, "The store, where it is not in OUT/.clair.", metavar="FILE")


@command()
def report(
    name: Annotated[
        str, typer.Argument(metavar="OUT", help="What clair revise wrote, or any preference data.")
    ],
    options: ReportOptions,
) -> None:
    """Make one HTML page of a finished run: figures, charts, and every pair as a word diff.

    The page is one file, which opens without a network. Prints its name.
    """
    from clair_cli.looking.report.html_report import write_report  # noqa: PLC0415 - quick help

    write_report(
        name, options.output, split=options.split, limit=options.limit, store=options.store
    )
    typer.echo(options.output)
