"""`clair stats`: how contrastive the pairs of datasets are."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import typer

from clair_cli.cli.signature import command
from clair_cli.run.options.declaring import Group, option
from clair_cli.run.options.rows import DatasetOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class StatsOptions(Group):
    """What is measured, and how it is printed."""

    panel: ClassVar[str] = ""

    limit: int | None = option(
        None, "Measure the first N pairs of each.", metavar="N", least=1, shows_default=False
    )
    from_texts: bool = option(
        False, "Compute the metrics (rejected to chosen) where columns tell them, too."
    )
    json: bool = option(False, "Print JSON instead of a table.")


@command()
def stats(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="OUT...",
            help="Preference datasets: directories, files, globs, URLs, Hub ids, or -.",
        ),
    ],
    dataset: DatasetOptions,
    measuring: StatsOptions,
) -> None:
    """Measure how contrastive the pairs of preference datasets are, side by side.

    Of a directory it reads all splits, or the one that --split names. Metrics that clair wrote into
    columns are taken from there; all else is computed.
    """
    from clair_cli.cli.printing.stats import measure_all  # noqa: PLC0415 - quick help
    from clair_cli.looking.dataset import find_dataset  # noqa: PLC0415
    from clair_cli.run.preconditions import check_stdin  # noqa: PLC0415

    check_stdin(names)
    found = [find_dataset(name, dataset.split, dataset.config, dataset.revision) for name in names]
    measure_all(found, measuring.limit, from_texts=measuring.from_texts, as_json=measuring.json)
