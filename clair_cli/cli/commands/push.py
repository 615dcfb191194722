"""`clair push`: a finished run becomes a dataset on the Hub."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import typer

from clair_cli.cli.signature import command
from clair_cli.run.options.declaring import Group, option


@dataclass(frozen=True, slots=True, kw_only=True)
class PushOptions(Group):
    """How a run is published."""

    panel: ClassVar[str] = ""

    private: bool = option(False, "Make it private. One that is public already is refused.")
    revision: str = option(
        "",
        "The branch (default: main); made if it is missing.",
        metavar="BRANCH",
        shows_default=False,
    )
    message: str = option("", "The commit's message.", metavar="TEXT", shows_default=False)
    give_up_after: float = option(
        300.0, "For retries of what fails in transit.", metavar="SECONDS", least=0
    )


@command()
def push(
    run: Annotated[Path, typer.Argument(help="A directory that clair revise wrote.")],
    repo: Annotated[
        str, typer.Argument(metavar="USER/NAME", help="The dataset; made if it is missing.")
    ],
    options: PushOptions,
) -> None:
    """Publish a finished run on the Hugging Face Hub: data, card and run.json, in one commit.

    A push with nothing changed makes no commit. The token is that of HF_TOKEN, else of
    hf auth login. Prints the address of the dataset.
    """
    from clair_cli.cli.printing.terminal import console, one_line  # noqa: PLC0415 - quick help
    from clair_cli.publish.push import Patience  # noqa: PLC0415
    from clair_cli.publish.push import push as publish  # noqa: PLC0415

    screen = console()
    address = publish(
        run,
        repo,
        private=options.private,
        revision=options.revision,
        message=options.message,
        say=lambda line: screen.print(one_line(line), soft_wrap=True),
        patience=Patience(give_up_after=options.give_up_after),
    )
    typer.echo(address)
