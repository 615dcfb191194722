"""A function that takes groups of options -> a command that typer can call.

The function names the groups that it takes; the command has a parameter for each of their options.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from functools import wraps
from inspect import Parameter
from typing import Annotated, Any, TypeVar, get_type_hints

import typer

from clair_cli.cli.config_file import CONFIG_FILE, ConfigFile, variable_of
from clair_cli.run.options.declaring import REQUIRED, Group, Groups, Option, options_of

Result = TypeVar("Result")


def command(
    *, takes_settings: bool = False
) -> Callable[[Callable[..., Result]], Callable[..., Result]]:
    """Make a command of a function whose parameters are arguments and (groups of) options.

    Args:
        takes_settings: Whether its options can come from `CLAIR_*` variables and clair.toml as
            well. Those of a job can; those of a command that looks at data, publishes it or serves
            cannot, as they are about another dataset each time.
    """

    def decorated(function: Callable[..., Result]) -> Callable[..., Result]:
        hints = get_type_hints(function, include_extras=True)
        kinds = {name: kind for name, kind in hints.items() if _is_options(kind)}

        @wraps(function)
        def call(**values: Any) -> Result:
            values.pop(CONFIG_FILE, None)  # its callback has made its content the defaults
            built = {name: _built(kind, values) for name, kind in kinds.items()}
            return function(**{**{k: v for k, v in values.items() if k in hints}, **built})

        call.__doc__ = _unwrapped(function.__doc__ or "")
        parameters = list(_parameters(function, kinds, takes_settings=takes_settings))
        vars(call)["__signature__"] = inspect.Signature(parameters)  # what typer reads
        return call

    return decorated


def _unwrapped(text: str) -> str:
    """A docstring whose paragraphs are one line each: typer keeps the line ends of others."""
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))


def _is_options(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Group | Groups)


def _groups_in(kind: type[Any]) -> Iterator[type[Group]]:
    if issubclass(kind, Group):
        yield kind
    else:
        hints = get_type_hints(kind)
        yield from (hints[each.name] for each in fields(kind))


def _parameters(
    function: Callable[..., Any], kinds: Mapping[str, type[Any]], *, takes_settings: bool
) -> Iterator[Parameter]:
    for name, parameter in inspect.signature(function).parameters.items():
        if name not in kinds:
            yield parameter.replace(kind=Parameter.KEYWORD_ONLY)
            continue
        for group in _groups_in(kinds[name]):
            for option in options_of(group):
                yield _parameter(option, group.panel, takes_settings=takes_settings)
    if takes_settings:
        yield Parameter(CONFIG_FILE, Parameter.KEYWORD_ONLY, default=None, annotation=ConfigFile)


def _parameter(option: Option, panel: str, *, takes_settings: bool) -> Parameter:
    """What typer reads: a keyword with an annotated type."""
    declared, is_flag = option.declared, option.type is bool
    has_opposite = is_flag and (takes_settings or option.default is True)
    opposite = f"/--no-{option.flag.removeprefix('--')}" if has_opposite else ""
    said = typer.Option(
        *([declared.short] if declared.short else []),
        f"{option.flag}{opposite}",
        help=declared.help,
        metavar=declared.metavar or None,
        min=declared.least,
        max=declared.most,
        show_default=declared.shows_default and not is_flag,
        rich_help_panel=panel or None,
        envvar=variable_of(option.name) if takes_settings and not option.is_repeated else None,
        show_envvar=False,
    )
    kind: Any = option.type
    default = Parameter.empty if option.default is REQUIRED else option.default
    if option.is_repeated:
        kind, default = list[str] | None, None
    elif option.is_several:
        kind, default = str, ""
    elif option.may_be_none:
        kind = kind | None
    return Parameter(
        option.name, Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, said]
    )


def _built(kind: type[Any], values: Mapping[str, Any]) -> Any:
    if issubclass(kind, Groups):
        hints = get_type_hints(kind)
        return kind(**{each.name: _built(hints[each.name], values) for each in fields(kind)})
    return kind(**{each.name: _value(each, values[each.name]) for each in options_of(kind)})


def _value(option: Option, value: Any) -> Any:
    if option.is_repeated:
        return tuple(value or ())
    if option.is_several:
        parts = value.split(option.declared.separator) if value.strip() else ()
        return tuple(part.strip() for part in parts)
    return value
