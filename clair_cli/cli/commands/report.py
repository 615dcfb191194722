"""`clair report`: a finished run as one HTML page."""

from pathlib import Path
from typing import Annotated

import typer


def report(
    run: Annotated[
        str, typer.Argument(metavar="OUT", help="What clair revise wrote, or any preference data.")
    ],
    output: Annotated[
        Path,
        typer.Option("-o", "--output", metavar="FILE", help="The page.", show_envvar=False),
    ] = Path("report.html"),
    split: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="This split alone (default: all of a run's).",
            show_envvar=False,
            show_default=False,
        ),
    ] = "",
    limit: Annotated[
        int | None,
        typer.Option(min=1, metavar="PAIRS", help="Read only the first.", show_envvar=False),
    ] = None,
    store: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="The store, where it is not in OUT/.clair.", show_envvar=False
        ),
    ] = None,
) -> None:
    """Make one HTML page of a finished run: figures, charts, and every pair as a word diff.

    The page is one file, which opens without a network. Prints its name.
    """
    from clair_cli.looking.report.html_report import write_report  # noqa: PLC0415 - `clair --help` stays quick

    write_report(run, output, split=split, limit=limit, store=store)
    typer.echo(output)
