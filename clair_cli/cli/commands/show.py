"""`clair show`: its options. Pairs and failures are written out in `shown`."""

from typing import Annotated, Any

import typer


def _option(*names: str, **settings: Any) -> Any:
    """An option that no variable sets: those of `clair revise` are about another dataset."""
    return typer.Option(*names, allow_from_autoenv=False, show_default=False, **settings)


def show(  # noqa: PLR0913, PLR0917 - a command has its options as parameters
    run: Annotated[
        str,
        typer.Argument(
            metavar="OUT",
            help="What clair revise wrote, or any preference dataset: a directory, file, Hub id...",
            envvar=[],
        ),
    ],
    row_id: Annotated[str, _option("--id", metavar="ID", help="Those of this id alone.")] = "",
    reason: Annotated[
        str,
        _option(metavar="CODE", help="Failures of this reason; pairs flagged with this bound."),
    ] = "",
    sort: Annotated[
        str,
        _option(
            metavar="METRIC",
            help="Least minimal first: similarity, jaccard, kept (lowest), levenshtein, "
            "length_ratio, first_change (highest).",
        ),
    ] = "",
    failures: Annotated[
        bool, _option("--failures", help="Show the rows that got no pair.")
    ] = False,
    number: Annotated[
        int | None, _option("-n", "--number", min=1, metavar="N", help="So many (default: all).")
    ] = None,
    split: Annotated[
        str,
        _option(metavar="NAME[FROM:TO]", help="Split (of a directory, default: all)."),
    ] = "",
    config: Annotated[str, _option(metavar="NAME", help="Configuration, on the Hub.")] = "",
    revision: Annotated[
        str, _option(metavar="REV", help="Branch, tag or commit, on the Hub.")
    ] = "",
) -> None:
    """Show pairs as word diffs: what the revision took out, and what it put in.

    On a terminal they go through $PAGER (default: less). Without colours, [-this-] went and
    {+that+} came.
    """
    from clair_cli.cli.output.pairs import check_sort, show_failures, show_pairs  # noqa: PLC0415
    from clair_cli.looking.choice import Choice  # noqa: PLC0415
    from clair_cli.run.preconditions import check_stdin  # noqa: PLC0415 - `clair --help` stays quick

    check_stdin([run])
    check_sort(sort, failures=failures)
    choice = Choice(row_id, reason, sort, number)
    if failures:
        show_failures(run, choice)
    else:
        show_pairs(run, choice, split, config, revision)
