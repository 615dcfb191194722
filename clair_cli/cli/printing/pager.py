"""Long output: through the user's pager on a terminal, else as it is."""

import contextlib
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping

from clair_cli.cli.printing.terminal import reader_gone

LESS_OPTIONS = "FRX"
"""Colours, and no pager for what fits on the screen; as git has it."""


def pager_command(environ: Mapping[str, str] = os.environ) -> list[str]:
    """What `PAGER` says, `less` without it; empty where there is no pager, or no terminal."""
    if not (sys.stdout.isatty() and sys.stdin is not None and sys.stdin.isatty()):
        return []
    command = shlex.split(environ.get("PAGER", "less"))
    return command if command and shutil.which(command[0]) and command[0] != "cat" else []


def keeps_colours(command: list[str], environ: Mapping[str, str] = os.environ) -> bool:
    """Whether `command` passes colours on to the terminal, rather than show their codes."""
    if not command:
        return True
    options = environ.get("LESS", LESS_OPTIONS) + "".join(command[1:])
    return os.path.basename(command[0]) == "less" and "R" in options.upper()  # noqa: PTH119 - a command, no file


def page(parts: Iterable[str], command: list[str]) -> None:
    """Write `parts` to the pager `command` as they come, or to stdout without one.

    A pager that is left before the end ends the reading, too.
    """
    if not command:
        _print(parts)
        return
    environ = {"LESS": LESS_OPTIONS, **os.environ}
    with subprocess.Popen(command, stdin=subprocess.PIPE, env=environ) as pager:  # noqa: S603 - the user's own
        with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):
            _feed(pager, parts)
        _await(pager)


def _print(parts: Iterable[str]) -> None:
    for part in parts:
        try:
            sys.stdout.write(part)
        except BrokenPipeError as exc:
            raise reader_gone() from exc


def _feed(pager: "subprocess.Popen[bytes]", parts: Iterable[str]) -> None:
    if pager.stdin is None:
        return
    for part in parts:
        pager.stdin.write(part.encode("utf-8", "backslashreplace"))
        pager.stdin.flush()


def _await(pager: "subprocess.Popen[bytes]") -> None:
    """Ctrl-C is for the pager: it takes it as the end of a search, and goes on."""
    if pager.stdin is not None:
        with contextlib.suppress(BrokenPipeError):
            pager.stdin.close()
    while True:
        with contextlib.suppress(KeyboardInterrupt):
            pager.wait()
            return
