"""`clair prompts`: list the templates, or show one."""

from typing import Annotated

import typer


def prompts(
    name: Annotated[
        str, typer.Argument(help="The template to show; without it, all are listed.")
    ] = "",
) -> None:
    """List the prompt templates, or show one."""
    from clair_cli.cli.terminal import plain  # noqa: PLC0415 - `clair --help` stays quick
    from clair_cli.prompts import load_template, template_names  # noqa: PLC0415

    if name:
        typer.echo(plain(load_template(name).text), nl=False)
        return
    for each in template_names():
        template = load_template(each)
        typer.echo(f"{each:<14} {template.direction:<8} {template.description}")
