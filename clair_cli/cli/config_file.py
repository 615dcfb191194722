"""Options from `clair.toml`; the command line and `CLAIR_*` variables come before it."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

DEFAULT = Path("clair.toml")
CONFIG_FILE = "config_file"
"""The parameter that names the file."""
FILE = "clair.config_file"
"""Where a context keeps the file that its defaults are from."""


def variable_of(name: str) -> str:
    """The variable that sets the option of this name."""
    return f"CLAIR_{name.upper()}"


def _load(context: typer.Context, path: Path | None) -> Path | None:
    """Make the file's options the defaults of this command."""
    file = path or (DEFAULT if DEFAULT.is_file() else None)
    options = _options(context, file) if file is not None else {}
    context.meta[FILE] = file
    context.default_map = options | _repeated_variables(context)
    return path


ConfigFile = Annotated[
    Path | None,
    typer.Option(
        help="Take options from this TOML file (default: clair.toml, where there is one).",
        callback=_load,
        is_eager=True,
        rich_help_panel="Output",
        metavar="FILE",
        envvar=variable_of(CONFIG_FILE),
        show_envvar=False,
    ),
]


def _options(context: typer.Context, file: Path) -> dict[str, Any]:
    """The options for this command: those at the top level, then those of the command's table."""
    import tomllib  # noqa: PLC0415 - `clair --help` stays quick

    from clair_cli.records import UsageError  # noqa: PLC0415

    try:
        text = file.read_text(encoding="utf-8")
        table = tomllib.loads(text)
    except OSError as exc:
        raise UsageError(f"{file}: cannot be read ({exc.strerror})") from exc
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise UsageError(f"{file}: is not valid TOML ({exc})") from exc
    command = context.info_name or ""
    known, elsewhere = _parameters(context), _options_of_others(context)
    shared = {key: value for key, value in table.items() if not isinstance(value, dict)}
    own = table.get(command)
    own = own if isinstance(own, dict) else {}  # --revise is an option as well
    chosen: dict[str, Any] = {}
    for within, key, value in [
        *(("", key, {}) for key in table.keys() - shared.keys() - _commands(context)),
        *(("", key, value) for key, value in shared.items()),
        *((command, key, value) for key, value in own.items()),
    ]:
        place = f"{file}, line {_line_of(key, text, within)}"
        parameter = known.get(_name(key))
        if parameter is None and not within and _name(key) in elsewhere:
            continue
        if parameter is None:
            raise UsageError(
                f"{place}: clair {command} has no option {key!r}; see clair {command} --help"
            )
        if isinstance(value, dict):
            raise UsageError(f"{place}: --{key} takes text, a number or a list, not a table")
        if isinstance(value, list) and not parameter.multiple:
            raise UsageError(f"{place}: --{key} takes one value, not a list")
        repeated = parameter.multiple and not isinstance(value, list)
        chosen[str(parameter.name)] = [value] if repeated else value
    return chosen


def _parameters(context: typer.Context) -> dict[str, Any]:
    """The options that may stand in the file, by the names that users know them by."""
    return _parameters_of(context.command)


def _options_of_others(context: typer.Context) -> set[str]:
    """What the other commands that read the file know: it may stand at its top for them."""
    group = context.parent.command if context.parent else None
    commands = getattr(group, "commands", {}).values()
    return {name for each in commands if _reads_file(each) for name in _parameters_of(each)}


def _reads_file(command: Any) -> bool:
    return any(parameter.name == CONFIG_FILE for parameter in command.params)


def _parameters_of(command: Any) -> dict[str, Any]:
    return {
        _name(max(parameter.opts, key=len).lstrip("-")): parameter
        for parameter in command.params
        if parameter.param_type_name == "option" and parameter.name not in {CONFIG_FILE, "help"}
    }


def _commands(context: typer.Context) -> set[str]:
    group = context.parent.command if context.parent else None
    return set(getattr(group, "commands", ()))


def _repeated_variables(context: typer.Context) -> dict[str, list[str]]:
    """Repeatable options from variables, one a line: typer would split them at every space."""
    found = {
        str(parameter.name): os.environ.get(variable_of(name), "").splitlines()
        for name, parameter in _parameters(context).items()
        if parameter.multiple
    }
    return {name: values for name, values in found.items() if values}


def _name(key: str) -> str:
    return key.replace("-", "_")


def _line_of(key: str, text: str, table: str) -> int:
    """Where `key` is set in `table` ("" for the top level); 1 where it cannot be found."""
    within = ""
    for number, line in enumerate(text.splitlines(), start=1):
        bare = line.strip()
        if bare.startswith("["):
            within = bare.partition("]")[0].strip("[ \t\"'")
            if not table and within == key:
                return number
        elif within == table and line.partition("=")[0].strip(" \t\"'") == key:
            return number
    return 1
