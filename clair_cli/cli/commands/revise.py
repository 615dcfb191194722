"""`clair revise`: the main job."""

from typing import TYPE_CHECKING, Annotated

import typer

from clair_cli.cli.signature import command
from clair_cli.run.options.revising import ReviseOptions

if TYPE_CHECKING:
    from clair_cli.cli.running import TerminalWatcher
    from clair_cli.run.runner import Runner


@command(takes_settings=True)
def revise(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT...",
            help="Files, globs, directories, URLs, a Hub dataset (user/name), or - for stdin.",
        ),
    ],
    options: ReviseOptions,
) -> int:
    """Revise every answer in INPUT, and write chosen/rejected pairs with rationales.

    Run the same command again after any interruption: it asks only for what is missing.

    Every option can also come from a CLAIR_NAME variable or from clair.toml.
    """
    from clair_cli.cli.running import TerminalWatcher, run_to_end, say  # noqa: PLC0415 - quick help
    from clair_cli.records import UsageError  # noqa: PLC0415
    from clair_cli.run.job import Job  # noqa: PLC0415
    from clair_cli.run.runner import Runner  # noqa: PLC0415

    output = options.output
    if output.private and not output.push:
        raise UsageError("--private: says how to publish; say where with --push USER/NAME")
    watcher = TerminalWatcher(quiet=output.quiet)
    runner = Runner(Job.of(names, options), watcher)
    if output.push:
        _check_publishing(runner)
    if options.money.dry_run:
        _dry_run(runner)
        return 0
    code = run_to_end(runner)
    if output.push and code:
        say("not published: rows failed; see --max-fail-rate")
    elif output.push:
        _publish(runner, watcher)
    return code


def _dry_run(runner: "Runner") -> None:
    from clair_cli.cli.printing.dry_run import print_estimate  # noqa: PLC0415 - quick help

    estimate, price = runner.estimate(), runner.job.price
    print_estimate(estimate, price)
    runner.write_summary(estimate.as_dict(price))


def _check_publishing(runner: "Runner") -> None:
    """See, before anything is paid for, that the run can be published.

    Raises:
        UsageError: The output is no directory, the name is none, or there is no token.
    """
    from clair_cli.publish.push import check  # noqa: PLC0415 - the others stay quick
    from clair_cli.records import UsageError  # noqa: PLC0415

    if runner.paths.card is None:
        raise UsageError("--push: wants a directory; name one with -o")
    check(runner.job.options.output.push)


def _publish(runner: "Runner", watcher: "TerminalWatcher") -> None:
    """Push the run.

    Raises:
        UsageError: See `publish.push`.
        EndpointError: The Hub refused, or could not be reached.
    """
    from clair_cli.publish.push import push  # noqa: PLC0415 - the others stay quick

    output = runner.job.options.output
    address = push(runner.paths.side.parent, output.push, private=output.private, say=watcher.say)
    watcher.say(f"published: {address}")
