"""`clair export`: the pairs of a run in another format, without any request."""

from pathlib import Path
from typing import Annotated

import typer

from clair_cli.cli.commands.revise import FileType, Form


def export(
    run: Annotated[
        Path,
        typer.Argument(
            metavar="RUN", help="What clair revise wrote, finished or not: a directory or a file."
        ),
    ],
    output: Annotated[
        str,
        typer.Option(
            "-o",
            "--output",
            metavar="OUT",
            help="A directory, a file (.jsonl, .jsonl.gz, .jsonl.zst, .parquet) or - for stdout.",
            show_default=False,
            show_envvar=False,
        ),
    ],
    form: Annotated[
        Form, typer.Option("--format", help="Shape of the pairs.", show_envvar=False)
    ] = Form.CONVERSATIONAL,
    file_type: Annotated[
        FileType | None,
        typer.Option(help="Files of a directory (default: jsonl).", show_envvar=False),
    ] = None,
    shard_size: Annotated[
        str,
        typer.Option(
            metavar="SIZE",
            help="A directory's file that reaches it is followed by another.",
            show_envvar=False,
        ),
    ] = "500MB",
    split_test: Annotated[
        float,
        typer.Option(
            metavar="SHARE",
            min=0,
            help="Share of pairs that become a test split, by a hash of id and --seed.",
            show_envvar=False,
        ),
    ] = 0.0,
    seed: Annotated[
        int, typer.Option(metavar="N", help="Seed of --split-test.", show_envvar=False)
    ] = 0,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print errors alone.", show_envvar=False)
    ] = False,
) -> int:
    """Write the pairs of RUN in another format, without any request.

    Of an unfinished run, it writes the pairs whose replies are there; its input must still be where
    it was, as seen from this directory.
    """
    from clair_cli.cli.exported import run_export  # noqa: PLC0415 - `clair --help` stays quick
    from clair_cli.cli.settings import size_in_bytes  # noqa: PLC0415
    from clair_cli.writers.plan import Plan  # noqa: PLC0415

    plan = Plan(
        file_type.value if file_type else "",
        size_in_bytes(shard_size, "--shard-size"),
        split_test,
        seed,
    )
    return run_export(run, output, form.value, plan, quiet=quiet)
