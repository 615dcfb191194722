"""`clair lint`: whether TRL trains on a dataset, and how well."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import typer

from clair_cli.cli.signature import command
from clair_cli.run.options.declaring import Group, option
from clair_cli.run.options.rows import DatasetOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class LintOptions(Group):
    """Where rows are cut, and how findings are printed."""

    panel: ClassVar[str] = ""

    max_length: int | None = option(
        None,
        "Where TRL cuts: tokens with --tokenizer (default: 1024), else characters.",
        metavar="N",
        least=1,
        shows_default=False,
    )
    tokenizer: str = option(
        "",
        "Measure in the tokens of this model, with its chat template.",
        metavar="NAME|DIR",
        shows_default=False,
    )
    json: bool = option(False, "Print JSON instead of a table.")


@command()
def lint(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="OUT...",
            help="A preference dataset: directories, files, globs, URLs, a Hub dataset, or -.",
        ),
    ],
    dataset: DatasetOptions,
    linting: LintOptions,
) -> int:
    """Say whether TRL trains on a preference dataset, and how well.

    Of a directory it reads the split train, or the one that --split names. Ends with code 3 where
    training would fail, or drop or distort rows without a word.
    """
    from pathlib import Path  # noqa: PLC0415 - `clair --help` stays quick

    from clair_cli.cli.printing.lint_report import lint_all  # noqa: PLC0415
    from clair_cli.rows.input import find_input  # noqa: PLC0415
    from clair_cli.run.preconditions import check_stdin  # noqa: PLC0415

    check_stdin(names)
    split = dataset.split
    if not split and any(Path(name).is_dir() for name in names):
        split = "train"
    found = find_input(names, split=split, config=dataset.config, revision=dataset.revision)
    return lint_all(found, linting.tokenizer, linting.max_length, as_json=linting.json)
