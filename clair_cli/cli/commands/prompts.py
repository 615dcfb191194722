"""`clair prompts`: list the templates, show one, or check one."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import typer

from clair_cli.cli.signature import command
from clair_cli.run.options.declaring import Group, option


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptsOptions(Group):
    """How a template is shown."""

    panel: ClassVar[str] = ""

    aspect: str = option("", "With check: the aspect to show it with.", metavar="TEXT")


@command()
def prompts(
    options: PromptsOptions,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME | check NAME|FILE]",
            help="The template to show, or to check; without it, all are listed.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """List the prompt templates, show one, or check one.

    A check renders it on a sample row, shows the messages as they would be sent, and reads a
    sample reply in the template's own markers. No request is made.
    """
    from clair_cli.cli.printing.template_check import check_template  # noqa: PLC0415 - `clair --help` stays quick
    from clair_cli.cli.printing.terminal import plain  # noqa: PLC0415
    from clair_cli.prompts.shipped import load_template, template_names  # noqa: PLC0415
    from clair_cli.records import UsageError  # noqa: PLC0415

    match words or []:
        case []:
            for each in template_names():
                template = load_template(each)
                typer.echo(f"{each:<14} {template.direction:<8} {template.description}")
        case ["check"]:
            raise UsageError("clair prompts check: name a template or a file")
        case ["check", name]:
            typer.echo(plain(check_template(load_template(name), options.aspect)), nl=False)
        case [name]:
            typer.echo(plain(load_template(name).text), nl=False)
        case [*_, extra]:
            raise UsageError(f"clair prompts {extra}: name one template at a time")
