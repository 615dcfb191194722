"""`clair lint`: its options. What was found is printed in `linted`."""

from typing import Annotated, Any

import typer


def _option(*names: str, **settings: Any) -> Any:
    """An option that no variable sets: those of `clair revise` are about another dataset."""
    return typer.Option(*names, allow_from_autoenv=False, **settings)


def lint(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="OUT...",
            help="A preference dataset: directories, files, globs, URLs, a Hub dataset, or -.",
            envvar=[],
        ),
    ],
    max_length: Annotated[
        int | None,
        _option(
            min=1,
            metavar="N",
            help="Where TRL cuts: tokens with --tokenizer (default: 1024), else characters.",
            show_default=False,
        ),
    ] = None,
    tokenizer: Annotated[
        str,
        _option(
            metavar="NAME|DIR",
            help="Measure in the tokens of this model, with its chat template.",
            show_default=False,
        ),
    ] = "",
    split: Annotated[
        str,
        _option(
            metavar="NAME[FROM:TO]",
            help="Split of a Hub dataset or a directory (of a directory: train).",
            show_default=False,
        ),
    ] = "",
    config: Annotated[
        str,
        _option(metavar="NAME", help="Configuration of a Hub dataset.", show_default=False),
    ] = "",
    revision: Annotated[
        str,
        _option(metavar="REV", help="Branch, tag or commit of a Hub dataset.", show_default=False),
    ] = "",
    as_json: Annotated[
        bool,
        _option("--json", help="Print JSON instead of a table."),
    ] = False,
) -> int:
    """Say whether TRL trains on a preference dataset, and how well.

    Ends with code 3 where training would fail, or drop or distort rows without a word.
    """
    from pathlib import Path  # noqa: PLC0415 - `clair --help` stays quick

    from clair_cli.cli.output.findings import lint_all  # noqa: PLC0415
    from clair_cli.rows.input import find_input  # noqa: PLC0415
    from clair_cli.run.preconditions import check_stdin  # noqa: PLC0415

    check_stdin(sources)
    if not split and any(Path(source).is_dir() for source in sources):
        split = "train"
    found = find_input(sources, split=split, config=config, revision=revision)
    return lint_all(found, tokenizer, max_length, as_json=as_json)
