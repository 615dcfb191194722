"""Writes docs/reference.md: every command with its arguments and options, from the program itself.

`make docs` runs it. A test holds the page against the program.
"""

import inspect
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from clair_cli.cli.main import app

PAGE = Path(__file__).with_name("reference.md")
HEAD = """# Reference

Every command and its options. `make docs` makes this page from the program.

The second column shows the value of an option: a name for it with its range, or the words to choose
from. A flag has no value. Where a second form is listed, such as `--no-mock`, it undoes the first.
[The exit codes](../README.md#exit-codes) are in the README.

The options of {asking}
can also [come from a variable or from clair.toml](running.md#options-from-variables-and-clairtoml):
`--max-tokens` is `CLAIR_MAX_TOKENS` or `max-tokens` there. The other commands take their options
from the command line alone.
"""


@dataclass(frozen=True)
class Shown:
    """An argument or an option, as the page shows it."""

    names: tuple[str, ...]
    panel: str
    value: str
    text: str
    range: str = ""


def page() -> str:
    """The whole page."""
    commands = {_name(each): each.callback for each in app.registered_commands}
    asking = [f"`clair {n}`" for n, each in commands.items() if _takes_settings(each)]
    parts = [HEAD.format(asking=" and ".join(asking))]
    return "\n".join([*parts, *(_command(n, each) for n, each in commands.items())])


def _name(command: Any) -> str:
    return str(command.name or command.callback.__name__.replace("_", "-"))


def _takes_settings(callback: Any) -> bool:
    return "config_file" in inspect.signature(callback).parameters


def _command(name: str, callback: Any) -> str:
    parameters = inspect.signature(callback).parameters.values()
    shown = [_shown(each) for each in parameters]
    arguments = [each for each in shown if not each.names]
    usage = " ".join(["clair", name, *(each.value for each in arguments), "[OPTIONS]"])
    parts = [f"## clair {name}\n", f"```sh\n{usage}\n```\n", _wrapped(callback.__doc__), ""]
    if any(each.text for each in arguments):
        parts += ["| argument | |", "| --- | --- |"]
        parts += [f"| `{_cell(each.value)}` | {_cell(each.text)} |" for each in arguments]
        parts.append("")
    for panel, options in _panels([each for each in shown if each.names]):
        parts += [f"| {panel} | value | |", "| --- | --- | --- |", *map(_row, options), ""]
    return "\n".join(parts)


def _shown(parameter: inspect.Parameter) -> Shown:
    kind, info = get_args(parameter.annotation)
    first = (info.default,) if isinstance(info.default, str) else ()
    names = tuple(part for each in (*first, *(info.param_decls or ())) for part in each.split("/"))
    value = info.metavar or _value(kind) or parameter.name.upper()
    if not names and parameter.default is inspect.Parameter.empty and not info.metavar:
        value = parameter.name.upper()
    names = names or (() if "Argument" in type(info).__name__ else (f"--{_hyphened(parameter)}",))
    default = parameter.default
    is_told = info.show_default and default not in (None, "", inspect.Parameter.empty)
    text = f"{info.help} Default: `{default}`." if is_told else info.help or ""
    if default is inspect.Parameter.empty and names:
        text += " Required."
    return Shown(names, info.rich_help_panel or "option", value, text, _range(info))


def _range(info: Any) -> str:
    least, most = (None if end is None else f"{end:g}" for end in (info.min, info.max))
    if most is not None:
        return f", {least or 0} to {most}"
    return "" if least is None else f", from {least}"


def _hyphened(parameter: inspect.Parameter) -> str:
    return parameter.name.replace("_", "-")


def _wrapped(text: str) -> str:
    return "\n\n".join(textwrap.fill(part, 100) for part in text.strip().split("\n\n"))


def _panels(options: list[Shown]) -> Iterator[tuple[str, list[Shown]]]:
    for name in dict.fromkeys(each.panel for each in options):
        yield name, [each for each in options if each.panel == name]


def _row(option: Shown) -> str:
    names = ", ".join(f"`{each}`" for each in option.names)
    value = f"`{_cell(option.value)}`{option.range}" if option.value != "BOOL" else ""
    return f"| {names} | {value} | {_cell(option.text)} |"


def _value(kind: Any) -> str:
    """What stands for a value where the option does not say."""
    parts = [each for each in get_args(kind) if each is not NoneType]
    bare = parts[0] if NoneType in get_args(kind) else kind
    if get_origin(bare) is Literal:
        return " ".join(get_args(bare))
    return str(getattr(bare, "__name__", "")).upper()


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
