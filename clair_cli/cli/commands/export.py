"""`clair export`: the pairs of a run in another format, without any request."""

from pathlib import Path
from typing import Annotated

import typer

from clair_cli.cli.signature import command
from clair_cli.run.options.output import ExportOptions, FileOptions


@command()
def export(
    run: Annotated[
        Path,
        typer.Argument(
            metavar="RUN", help="What clair revise wrote, finished or not: a directory or a file."
        ),
    ],
    export: ExportOptions,
    files: FileOptions,
) -> int:
    """Write the pairs of RUN in another format, without any request.

    Of an unfinished run, it writes the pairs whose replies are there; its input must still be where
    it was, as seen from this directory.
    """
    from clair_cli.cli.running import TerminalWatcher, run_to_end  # noqa: PLC0415 - quick help
    from clair_cli.run.export import export_job  # noqa: PLC0415
    from clair_cli.run.runner import Runner  # noqa: PLC0415

    job = export_job(run, files, export)
    return run_to_end(Runner(job, TerminalWatcher(quiet=export.quiet)))
