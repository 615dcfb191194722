"""A job run for a person: sentences, progress and signals on the way, a summary at the end."""

import contextlib
from collections.abc import AsyncIterator

from clair_cli.cli.printing.progress import display_on, shown
from clair_cli.cli.printing.run_summary import print_summary
from clair_cli.cli.printing.terminal import console
from clair_cli.cli.signals import stopping
from clair_cli.records import RunError
from clair_cli.run.runner import CODE_FAILED_ROWS, Runner
from clair_cli.run.watching import Running


def say(sentence: str) -> None:
    """Print a sentence on stderr."""
    console().print(sentence, soft_wrap=True)


class TerminalWatcher:
    """Prints sentences and progress, unless it is quiet; lets signals stop the run."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet

    def say(self, sentence: str) -> None:
        """Print a sentence, unless `--quiet` is set."""
        if not self._quiet:
            say(sentence)

    @contextlib.asynccontextmanager
    async def watching(self, running: Running) -> AsyncIterator[None]:
        """Show progress while the body runs."""
        async with contextlib.AsyncExitStack() as stack:
            stack.enter_context(stopping(running, self.say))
            if not self._quiet:
                await stack.enter_async_context(shown(display_on(console()), running))
            yield


def run_to_end(runner: Runner) -> int:
    """Run a job to its end, and tell what came of it.

    Returns:
        The exit code.

    Raises:
        RunError: What ended the run before its end.
    """
    try:
        code = runner.to_end()
    except RunError as exc:
        _tell(runner, exc.exit_code)
        raise
    _tell(runner, code)
    return code


def _tell(runner: Runner, code: int) -> None:
    record = runner.record() | {"exit_code": code}
    runner.write_summary(record)
    options = runner.job.options
    if options.output.quiet:
        return
    if runner.tally.read:
        print_summary(console(), runner.tally, runner.paths, record, code)
    if options.trust.fresh and code not in {0, CODE_FAILED_ROWS}:
        say("to go on from here, run the command again without --fresh")
