"""The main job put together: objects from options, one run, its exit code."""

import asyncio
import contextlib
import gc
import resource
import time
from collections.abc import Callable
from decimal import Decimal

from clair_cli.cli.output.dry_run import dry_run
from clair_cli.cli.output.telling import (
    CODE_FAILED_ROWS,
    kept_record,
    record_of,
    report,
    run_of,
    say,
    silent,
)
from clair_cli.cli.output.terminal import console
from clair_cli.cli.signals import stopping
from clair_cli.cli.wanted import Job
from clair_cli.endpoint.address import Address
from clair_cli.endpoint.budget import Budget
from clair_cli.endpoint.client import Endpoint
from clair_cli.endpoint.limits.gate import Gate
from clair_cli.endpoint.limits.lane import Lane
from clair_cli.endpoint.limits.pace import Pace
from clair_cli.mock import MockServer
from clair_cli.records import Adapted, Event, Observer, RunError, UsageError
from clair_cli.rows.input import Input, default_output, find_input
from clair_cli.rows.picking import Picking, Rows, pick
from clair_cli.rows.reader import once, read_rows
from clair_cli.run.card.readme import card
from clair_cli.run.engine import Branch, Engine, Window
from clair_cli.run.preconditions import check_apart, check_paths, check_stdin
from clair_cli.run.progress import Display, LiveDisplay, LogDisplay, Total, shown
from clair_cli.run.record import as_json
from clair_cli.run.steering import branches_of, world_of
from clair_cli.run.tally import Tally
from clair_cli.store.database import Store, put_aside
from clair_cli.store.lock import lock
from clair_cli.store.remembering import Complete, Remembering, never_asks
from clair_cli.writers.atomic_files import write_whole
from clair_cli.writers.formats import FORMATS
from clair_cli.writers.layout import Layout, layout
from clair_cli.writers.output import Output
from clair_cli.writers.ownership import check_not_foreign, settle
from clair_cli.writers.plan import Plan, Written

SPARE_FILES = 64
"""Files that a run has open beside its connections, generously."""


def run_job(job: Job) -> int:
    """Run `job` to its end.

    Returns:
        0, or 3 where more rows failed than allowed, or 130 and 143 after a second signal.

    Raises:
        RunError: What ended the run before its end; it carries the exit code.
    """
    job.recipe.steering.check(job.recipe.template, job.form)
    check_stdin(job.recipe.inputs.names)
    found = find_input(
        job.recipe.inputs.names,
        split=job.recipe.inputs.split,
        config=job.recipe.inputs.config,
        revision=job.recipe.inputs.revision,
    )
    paths = layout(job.output, default_output(job.recipe.inputs.names))
    check_apart(job.recipe.inputs.names, paths)
    check_paths(found.files, paths, job.recipe.store, job.summary)
    plan = job.plan.fitting(paths)
    check_not_foreign(paths, plan.splits, plan.kind)
    if job.publishing:
        job.publishing.check(paths)
    if job.form == "clair" and not job.quiet:
        say("warning: TRL 0.29 and later fails on --format clair; the other formats train")
    run = run_of(job, found, plan)
    if job.dry_run:
        return dry_run(
            _rows(job, found, silent if job.quiet else say),
            [branch.ask for branch in _branches(job, lambda _: 0)],
            job.spending.price,
            job.summary,
        )
    _prepare_process(job.concurrency)
    tally, gate = Tally(), _gate(job)
    try:
        written = asyncio.run(_revise(job, found, paths, plan, tally, gate))
    except RunError as exc:
        report(job, run, tally, paths, gate, exc.exit_code, Written())
        raise
    code = CODE_FAILED_ROWS if tally.fail_rate > job.max_fail_rate else 0
    if paths.card:
        write_whole(paths.card, card(run, tally, written.digest, written.files, written.rows))
    settle(paths, as_json(record_of(job, run, tally, gate, written)))
    report(job, run, tally, paths, gate, code, written)
    if job.publishing and code:
        say("not published: rows failed; see --max-fail-rate")
    elif job.publishing:
        job.publishing.publish(paths, silent if job.quiet else say)
    return code


async def _revise(
    job: Job,
    found: Input,
    paths: Layout,
    plan: Plan,
    tally: Tally,
    gate: Gate,
) -> Written:
    """Run the rows through, and publish what came of them."""
    speak = silent if job.quiet else say

    def observe(event: Event) -> None:
        tally.observe(event)
        if isinstance(event, Adapted):
            speak(event.sentence)

    async with contextlib.AsyncExitStack() as stack:
        path = job.recipe.store or (paths.mock_store if job.recipe.mock else paths.store)
        stack.enter_context(lock(paths.output))  # runs with stores of their own may share it
        commit = found.origin.commit if found.origin else ""
        write_whole(paths.recipe, as_json(kept_record(job, commit)))
        if job.fresh:
            stack.enter_context(put_aside(path))
        store = stack.enter_context(Store(path))
        output = stack.enter_context(Output(paths, FORMATS[job.form], plan))
        complete = await _completer(job, gate, observe, stack)
        world = world_of(
            job.recipe.steering,
            job.recipe.template,
            _branches(job, store.occurrence),
            Remembering(store, complete, observe),
            attempts=job.recipe.attempts,
            is_ranked=job.form == "ranked",
        )
        engine = Engine(world, gate, Window.for_ceiling(job.concurrency), observe)
        stack.enter_context(stopping(engine, gate, speak))
        total = Total(_most(job.recipe.picking), found.total_bytes, found.total_rows)
        rows = _rows(job, found, speak)
        async with (
            shown(_display(job.quiet), tally, lambda: gate.in_flight, total),
            contextlib.aclosing(engine.outcomes(rows)) as outcomes,
        ):
            async for outcome in outcomes:
                try:
                    output.write(outcome)
                except RunError as exc:
                    await engine.drain(exc)
                    raise
        return output.publish()


def _rows(job: Job, found: Input, say: Callable[[str], None]) -> Rows:
    """The rows of the input that the job is about."""
    tell = once(say)
    return pick(
        lambda: read_rows(found, found.name, job.recipe.columns, tell),
        job.recipe.picking,
        rereadable=found.is_rereadable,
    )


def _branches(job: Job, occurrence: Callable[[bytes], int]) -> list[Branch]:
    """The revisions that are asked of each row."""
    recipe = job.recipe
    return branches_of(recipe.steering, recipe.template, recipe.parameters, occurrence)


def _most(picking: Picking) -> int | None:
    """The most rows that can be picked, None where there is no limit."""
    limits = [each for each in (picking.limit, picking.sample) if each is not None]
    return min(limits, default=None)


def _prepare_process(concurrency: int) -> None:
    """Let the process hold as many connections, and as many objects, as the run will.

    The collector's default thresholds have it look through all rows in flight again and again.

    Raises:
        UsageError: The system allows fewer open files.
    """
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)
    needed = concurrency + SPARE_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < needed:
        if hard != resource.RLIM_INFINITY and hard < needed:
            raise UsageError(
                f"-c {concurrency}: only {hard} files may be open at once; lower it to "
                f"{max(1, hard - SPARE_FILES)}, or raise ulimit -n"
            )
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def _gate(job: Job) -> Gate:
    lanes = [
        Lane(address.shown, number, job.concurrency) for number, address in enumerate(job.addresses)
    ]
    return Gate(job.concurrency, lanes, Pace(job.rpm, job.tpm, now=time.monotonic()))


async def _completer(
    job: Job, gate: Gate, observe: Observer, stack: contextlib.AsyncExitStack
) -> Complete:
    """What answers the requests that the store cannot."""
    if job.offline:
        return never_asks
    addresses = job.addresses
    if job.recipe.mock:
        server = await stack.enter_async_context(MockServer())
        addresses = [Address(server.base_url)]
    spending = job.spending
    budget = Budget(
        gate.close,
        requests=spending.requests,
        cost=None if spending.cost is None else Decimal(str(spending.cost)),
        cost_of=spending.price.of if spending.price else None,
    )
    endpoint = Endpoint(addresses, job.patience, gate, budget, observe)
    return (await stack.enter_async_context(endpoint)).complete


def _display(quiet: bool) -> Display | None:
    if quiet:
        return None
    screen = console()
    return LiveDisplay(screen) if screen.is_terminal else LogDisplay(screen)
