"""`clair show`: pairs as word diffs, and failed rows."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import typer

from clair_cli.cli.signature import command
from clair_cli.run.options.declaring import Group, option
from clair_cli.run.options.rows import DatasetOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowOptions(Group):
    """Which pairs are shown, and in which order."""

    panel: ClassVar[str] = ""

    id: str = option("", "Those of this id alone.", metavar="ID", shows_default=False)
    reason: str = option(
        "",
        "Failures of this reason; pairs flagged with this bound.",
        metavar="CODE",
        shows_default=False,
    )
    sort: str = option(
        "",
        "Least minimal first: similarity, jaccard, kept (lowest), levenshtein, length_ratio, "
        "first_change (highest).",
        metavar="METRIC",
        shows_default=False,
    )
    failures: bool = option(False, "Show the rows that got no pair.")
    number: int | None = option(
        None, "So many (default: all).", short="-n", metavar="N", least=1, shows_default=False
    )


@command()
def show(
    name: Annotated[
        str,
        typer.Argument(
            metavar="OUT",
            help="What clair revise wrote, or any preference dataset: a directory, file, Hub id...",
        ),
    ],
    showing: ShowOptions,
    dataset: DatasetOptions,
) -> None:
    """Show pairs as word diffs: what the revision took out, and what it put in.

    Of a directory it shows all splits, or the one that --split names. On a terminal they go through
    $PAGER (default: less). Without colours, [-this-] went and {+that+} came.
    """
    from clair_cli.cli.printing.word_diffs import (  # noqa: PLC0415 - `clair --help` stays quick
        check_sort,
        show_failures,
        show_pairs,
    )
    from clair_cli.looking.choice import Choice  # noqa: PLC0415
    from clair_cli.run.preconditions import check_stdin  # noqa: PLC0415

    check_stdin([name])
    check_sort(showing.sort, failures=showing.failures)
    choice = Choice(showing.id, showing.reason, showing.sort, showing.number)
    if showing.failures:
        show_failures(name, choice)
    else:
        show_pairs(name, choice, dataset.split, dataset.config, dataset.revision)
