"""The program: commands, and the one place where errors become exit codes."""

import io
import os
import sys

import typer

from clair_cli import __version__
from clair_cli.cli.commands.check_endpoint import check_endpoint
from clair_cli.cli.commands.export import export
from clair_cli.cli.commands.lint import lint
from clair_cli.cli.commands.mock import mock
from clair_cli.cli.commands.prompts import prompts
from clair_cli.cli.commands.push import push
from clair_cli.cli.commands.report import report
from clair_cli.cli.commands.revise import revise
from clair_cli.cli.commands.show import show
from clair_cli.cli.commands.stats import stats
from clair_cli.cli.config_file import FILE

app = typer.Typer(
    name="clair",
    help="Make preference data: minimal AI revisions of answers, paired with the answers.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    *(revise, export, stats, show, report, lint),
    *(push, prompts, mock, check_endpoint),
):
    app.command()(command)


@app.callback(invoke_without_command=True)
def _version(
    version: bool = typer.Option(False, "--version", help="Print the version.", show_envvar=False),
) -> None:
    if version:
        print(f"clair {__version__}")  # noqa: T201 - asked for
        raise typer.Exit


def run(arguments: list[str]) -> int:
    """Run one command line.

    Returns:
        The exit code: 0 fine, 1 a fault of ours (never returned: it raises), 2 wrong usage, and
        the others of the README.
    """
    try:
        code = app(args=arguments, prog_name="clair", standalone_mode=False)
    except typer.TyperException as exc:
        _complain(f"{_origin(exc)}{exc.format_message()}")
        return exc.exit_code
    except (typer.Abort, KeyboardInterrupt):
        return 130
    except BrokenPipeError:
        return 141
    except Exception as exc:  # RunError, imported only here; all else goes on as it came
        from clair_cli.records import RunError  # noqa: PLC0415 - `clair --help` stays quick

        if not isinstance(exc, RunError):
            raise
        _complain(str(exc))
        return exc.exit_code
    return code if isinstance(code, int) else 0


def main() -> None:
    """The console script."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # None where it was closed before we began
            stream.reconfigure(errors="backslashreplace")
    code = run(sys.argv[1:])
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = code or 141
    sys.exit(code)


def _origin(error: typer.TyperException) -> str:
    """The file that a bad value is from, where it is from one."""
    context, parameter = getattr(error, "ctx", None), getattr(error, "param", None)
    if context is None or parameter is None:
        return ""
    source = context.get_parameter_source(parameter.name)
    return f"{context.meta.get(FILE)}: " if source and source.name == "DEFAULT_MAP" else ""


def _complain(sentence: str) -> None:
    from clair_cli.cli.printing.terminal import one_line  # noqa: PLC0415 - `clair --help` stays quick

    if sentence:
        print(f"clair: {one_line(sentence)}", file=sys.stderr)  # noqa: T201 - the user's answer
