"""The main job put together: objects from options, one run, its exit code."""

import asyncio
import contextlib
import gc
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from clair_cli.budget import Budget
from clair_cli.card import card
from clair_cli.cli.checks import check_apart, check_paths, check_stdin
from clair_cli.cli.command import command_line
from clair_cli.cli.dryrun import dry_run
from clair_cli.cli.publishing import Publishing
from clair_cli.cli.recipe import Recipe
from clair_cli.cli.signals import stopping
from clair_cli.cli.summary import print_summary
from clair_cli.cli.terminal import console
from clair_cli.endpoint import Address, Endpoint, Patience
from clair_cli.engine import Branch, Engine, Window, World
from clair_cli.inputs import Input, default_output, find_input
from clair_cli.inputs.origin import Origin
from clair_cli.layout import Layout, layout
from clair_cli.limits import Gate, Lane, Pace
from clair_cli.locks import lock
from clair_cli.mock import MockServer
from clair_cli.pricing import Price
from clair_cli.progress import Display, LiveDisplay, LogDisplay, Total, shown
from clair_cli.prompts import Asker, Template
from clair_cli.reading import Reader
from clair_cli.records import Adapted, Event, Observer, RunError, UsageError
from clair_cli.revision import Grammar
from clair_cli.runrecord import Run, as_json, run_record
from clair_cli.sources import once, read_rows
from clair_cli.sources.picking import Picking, Rows, pick
from clair_cli.store import Complete, Remembering, Store, never_asks, put_aside
from clair_cli.tally import Tally
from clair_cli.writers import (
    FORMATS,
    Output,
    Plan,
    Written,
    check_not_foreign,
    settle,
    write_whole,
)

CODE_FAILED_ROWS = 3
SPARE_FILES = 64
"""Files that a run has open beside its connections, generously."""


@dataclass(frozen=True, slots=True)
class Spending:
    """What the run may spend: requests, US dollars, and what tokens cost."""

    requests: int | None
    cost: float | None
    price: Price | None


@dataclass(frozen=True, slots=True)
class Job:
    """What the command line asks for; taken apart here and not handed on."""

    recipe: Recipe
    output: str
    addresses: list[Address]
    offline: bool
    fresh: bool
    concurrency: int
    rpm: float | None
    tpm: float | None
    dry_run: bool
    spending: Spending
    patience: Patience
    max_fail_rate: float
    form: str
    plan: Plan
    quiet: bool
    summary: Path | None
    licence: str = ""
    languages: tuple[str, ...] = ()
    publishing: Publishing | None = None


def run_job(job: Job) -> int:
    """Run `job` to its end.

    Returns:
        0, or 3 where more rows failed than allowed, or 130 and 143 after a second signal.

    Raises:
        RunError: What ended the run before its end; it carries the exit code.
    """
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
        _say("warning: TRL 0.29 and later fails on --format clair; the other formats train")
    template = job.recipe.template
    run = _run(job, found, plan)
    if job.dry_run:
        return dry_run(
            _rows(job, found, _silent if job.quiet else _say),
            Asker(template, job.recipe.parameters, lambda _: 0),
            job.spending.price,
            job.summary,
        )
    _prepare_process(job.concurrency)
    tally, gate = Tally(), _gate(job)
    try:
        written = asyncio.run(_revise(job, found, paths, template, plan, tally, gate))
    except RunError as exc:
        _report(job, run, tally, paths, gate, exc.exit_code, Written())
        raise
    code = CODE_FAILED_ROWS if tally.failed / max(tally.read, 1) > job.max_fail_rate else 0
    if paths.card:
        write_whole(paths.card, card(run, tally, written.digest, written.files, written.rows))
    settle(paths, as_json(_record(job, run, tally, gate, written)))
    _report(job, run, tally, paths, gate, code, written)
    if job.publishing and code:
        _say("not published: rows failed; see --max-fail-rate")
    elif job.publishing:
        job.publishing.publish(paths, _silent if job.quiet else _say)
    return code


async def _revise(
    job: Job,
    found: Input,
    paths: Layout,
    template: Template,
    plan: Plan,
    tally: Tally,
    gate: Gate,
) -> Written:
    """Run the rows through, and publish what came of them."""
    say = _silent if job.quiet else _say

    def observe(event: Event) -> None:
        tally.observe(event)
        if isinstance(event, Adapted):
            say(event.sentence)

    async with contextlib.AsyncExitStack() as stack:
        path = job.recipe.store or (paths.mock_store if job.recipe.mock else paths.store)
        stack.enter_context(lock(paths.output))  # runs with stores of their own may share it
        write_whole(paths.recipe, as_json(job.recipe.record()))
        if job.fresh:
            stack.enter_context(put_aside(path))
        store = stack.enter_context(Store(path))
        output = stack.enter_context(Output(paths, FORMATS[job.form], plan))
        complete = await _completer(job, gate, observe, stack)
        grammar = Grammar(template.markers.reasoning, template.markers.revision)
        branch = Branch(
            Asker(template, job.recipe.parameters, store.occurrence),
            Reader(grammar, template.direction),
        )
        world = World([branch], Remembering(store, complete, observe), attempts=job.recipe.attempts)
        engine = Engine(world, gate, Window.for_ceiling(job.concurrency), observe)
        stack.enter_context(stopping(engine, gate, say))
        total = Total(_most(job.recipe.picking), found.total_bytes, found.total_rows)
        rows = _rows(job, found, say)
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


def _run(job: Job, found: Input, plan: Plan) -> Run:
    """What is about to run, as the card and run.json tell it."""
    recipe, origin = job.recipe, found.origin or Origin("")
    return Run(
        recipe.inputs.shown,
        recipe.template,
        recipe.parameters,
        job.form,
        _options(job, plan),
        command=command_line(recipe, job.form, job.licence, job.languages, plan.test_share),
        licence=job.licence,
        languages=job.languages or origin.languages,
        source_dataset=origin.repo,
        source_commit=origin.commit,
        source_licences=origin.licences,
        kept=recipe.columns.keep,
        price=job.spending.price,
        is_rehearsal=recipe.mock,
    )


def _record(job: Job, run: Run, tally: Tally, gate: Gate, written: Written) -> dict[str, Any]:
    """What ran, with what it wrote and cost, and what each replica did."""
    price = job.spending.price
    cost = price.as_dict() | {"usd_paid": float(price.of(tally.paid_usage))} if price else None
    replicas = [
        {"endpoint": lane.name, "answered": lane.answered, "failed": lane.failed}
        for lane in gate.lanes
    ]
    record = run_record(run, tally, files=written.files, rows=written.rows)
    return record | {"cost": cost, "replicas": replicas}


def _report(
    job: Job, run: Run, tally: Tally, paths: Layout, gate: Gate, code: int, written: Written
) -> None:
    """Tell what ran: a table for a person, `--summary` for a program."""
    record = _record(job, run, tally, gate, written) | {"exit_code": code}
    if job.summary:
        write_whole(job.summary, as_json(record))
    if job.quiet:
        return
    if tally.read:
        print_summary(console(), tally, paths, record, code)
    if job.fresh and code not in {0, CODE_FAILED_ROWS}:
        _say("to go on from here, run the command again without --fresh")


def _say(sentence: str) -> None:
    console().print(sentence, soft_wrap=True)


def _silent(sentence: str) -> None:
    """Say nothing: `--quiet`."""


def _options(job: Job, plan: Plan) -> dict[str, Any]:
    """The options that change what is written, for run.json."""
    addresses = [] if job.recipe.mock or job.offline else [a.shown for a in job.addresses]
    return job.recipe.options() | {
        "file_type": plan.kind,
        "shard_size": plan.shard_size,
        "split_test": plan.test_share or None,
        "max_fail_rate": job.max_fail_rate,
        "license": job.licence,
        "language": list(job.languages),
        "endpoints": addresses,
    }
