"""What reaches the terminal: text, never a control code that a row or a reply smuggled in."""

from typing import Literal

from rich.console import Console

from clair_cli.rows.control_codes import written_out


class _Screen(Console):
    """A console whose reader may go away; rich would end the process, and close stdout."""

    def on_broken_pipe(self) -> None:
        """Say no more."""
        self.quiet = True

    def _write_buffer(self) -> None:
        try:
            super()._write_buffer()
        except OSError:  # stderr on a full disk
            self.quiet = True


class _Paper(Console):
    """A console on stdout; where its reader goes away, rich would end the process with code 1."""

    def on_broken_pipe(self) -> None:
        """Let the command end as a pipeline expects."""
        raise reader_gone()


def reader_gone() -> Exception:
    """The error, without a word, for a stdout that nobody reads any more.

    typer would make code 1 of a BrokenPipeError.
    """
    from clair_cli.writers.atomic_files import StdoutClosedError  # noqa: PLC0415 - only in trouble

    return StdoutClosedError("")


def paper(*, may_colour: bool = True) -> Console:
    """The console on stdout, for what people read; wide as the terminal."""
    colours: Literal["auto"] | None = "auto" if may_colour else None
    return _Paper(highlight=False, markup=False, emoji=False, color_system=colours)


def console() -> Console:
    """The console on stderr; data alone goes to stdout."""
    return _Screen(stderr=True, highlight=False, markup=False, emoji=False)


def plain(text: str) -> str:
    """`text` with every control code and bidirectional override made visible."""
    return written_out(text, "\\x{:02x}".format)


def one_line(text: str) -> str:
    """`text` on one line, without control codes."""
    return plain(" ".join(text.split()))
