"""`clair stats`: its options. What was measured is printed in `measured`."""

from typing import Annotated, Any

import typer


def _option(*names: str, **settings: Any) -> Any:
    """An option that no variable sets: those of `clair revise` are about another dataset."""
    return typer.Option(*names, allow_from_autoenv=False, show_default=False, **settings)


def stats(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="OUT...",
            help="Preference datasets: directories, files, globs, URLs, Hub ids, or -.",
            envvar=[],
        ),
    ],
    split: Annotated[
        str,
        _option(metavar="NAME[FROM:TO]", help="Split of each (of a directory, default: all)."),
    ] = "",
    config: Annotated[str, _option(metavar="NAME", help="Configuration, on the Hub.")] = "",
    revision: Annotated[
        str, _option(metavar="REV", help="Branch, tag or commit, on the Hub.")
    ] = "",
    limit: Annotated[
        int | None, _option(min=1, metavar="N", help="Measure the first N pairs of each.")
    ] = None,
    from_texts: Annotated[
        bool,
        _option(
            "--from-texts",
            help="Compute the metrics (rejected to chosen) where columns tell them, too.",
        ),
    ] = False,
    as_json: Annotated[bool, _option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Measure how contrastive the pairs of preference datasets are, side by side.

    Metrics that clair wrote into columns are taken from there; all else is computed.
    """
    from clair_cli.cli.output.stats import measure_all  # noqa: PLC0415
    from clair_cli.looking.dataset import find_dataset  # noqa: PLC0415
    from clair_cli.run.preconditions import check_stdin  # noqa: PLC0415 - `clair --help` stays quick

    check_stdin(sources)
    found = [find_dataset(source, split, config, revision) for source in sources]
    measure_all(found, limit, from_texts=from_texts, as_json=as_json)
