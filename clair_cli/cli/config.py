"""Options from `clair.toml`; the command line and `CLAIR_*` variables come before it."""

from pathlib import Path
from typing import Annotated, Any

import typer

DEFAULT = Path("clair.toml")


def _load(context: typer.Context, path: Path | None) -> Path | None:
    """Make the file's options the defaults of this command."""
    file = path or (DEFAULT if DEFAULT.is_file() else None)
    if file is not None:
        context.default_map = _options(context, file)
    return path


ConfigFile = Annotated[
    Path | None,
    typer.Option(
        help="Take options from this TOML file (default: clair.toml, where there is one).",
        callback=_load,
        is_eager=True,
        rich_help_panel="Output",
        metavar="FILE",
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
    known = _names(context)
    shared = {k: v for k, v in table.items() if not isinstance(v, dict)}
    own = table.get(command, {})
    for key in [*(shared if command == "revise" else ()), *own]:
        if _name(key) not in known:
            line = _line_of(key, text)
            raise UsageError(
                f"{file}, line {line}: clair {command} has no option {key!r}; "
                f"see clair {command} --help"
            )
    return {_name(k): v for k, v in {**shared, **own}.items() if _name(k) in known}


def _names(context: typer.Context) -> set[str]:
    return {
        str(parameter.name)
        for parameter in context.command.params
        if parameter.param_type_name == "option" and parameter.name not in {"config_file", "help"}
    }


def _name(key: str) -> str:
    return key.replace("-", "_")


def _line_of(key: str, text: str) -> int:
    lines = text.splitlines()
    named = (n for n, line in enumerate(lines, 1) if line.partition("=")[0].strip(" \t\"'") == key)
    return next(named, 1)
