"""`clair push`: a finished run becomes a dataset on the Hub."""

from pathlib import Path
from typing import Annotated

import typer


def push(
    run: Annotated[Path, typer.Argument(help="A directory that clair revise wrote.")],
    repo: Annotated[
        str, typer.Argument(metavar="USER/NAME", help="The dataset; made if it is missing.")
    ],
    private: Annotated[
        bool,
        typer.Option(
            "--private",
            help="Make it private. One that is public already is refused.",
            show_envvar=False,
        ),
    ] = False,
    revision: Annotated[
        str,
        typer.Option(
            metavar="BRANCH",
            help="The branch (default: main); made if it is missing.",
            show_envvar=False,
            show_default=False,
        ),
    ] = "",
    message: Annotated[
        str,
        typer.Option(
            metavar="TEXT",
            help="The commit's message.",
            show_envvar=False,
            show_default=False,
        ),
    ] = "",
    give_up_after: Annotated[
        float,
        typer.Option(
            min=0,
            metavar="SECONDS",
            help="For retries of what fails in transit.",
            show_envvar=False,
        ),
    ] = 300.0,
) -> None:
    """Publish a finished run on the Hugging Face Hub: data, card and run.json, in one commit.

    A push with nothing changed makes no commit. The token is that of HF_TOKEN, else of
    hf auth login. Prints the address of the dataset.
    """
    from clair_cli.cli.output.terminal import console, one_line  # noqa: PLC0415
    from clair_cli.publish.push import Patience  # noqa: PLC0415 - `clair --help` stays quick
    from clair_cli.publish.push import push as publish  # noqa: PLC0415

    screen = console()
    address = publish(
        run,
        repo,
        private=private,
        revision=revision,
        message=message,
        say=lambda line: screen.print(one_line(line), soft_wrap=True),
        patience=Patience(give_up_after=give_up_after),
    )
    typer.echo(address)
