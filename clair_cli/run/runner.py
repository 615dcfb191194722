"""A job run to its end: rows through the engine, their outcomes into files, then what is told."""

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from clair_cli.records import Adapted, Event, RunError
from clair_cli.rows.input import default_output, find_input
from clair_cli.rows.origin import Origin
from clair_cli.rows.picking import Picking, Rows, pick
from clair_cli.rows.reader import once, read_rows
from clair_cli.run.card.readme import card
from clair_cli.run.command_line import command_line
from clair_cli.run.completing import complete_for, gate_for, prepare_process
from clair_cli.run.engine import Engine, Window
from clair_cli.run.estimate import Estimate, estimate
from clair_cli.run.job import Job
from clair_cli.run.preconditions import check_apart, check_paths, check_stdin
from clair_cli.run.progress import Total
from clair_cli.run.recipe import public_name, public_options, recipe_of
from clair_cli.run.record import Run, as_json, run_record
from clair_cli.run.tally import Tally
from clair_cli.run.tasks.branches import added_columns, branches_of, check_branches, world_of
from clair_cli.run.watching import Running, Watcher
from clair_cli.store.database import Store, put_aside
from clair_cli.store.lock import lock
from clair_cli.store.remembering import Remembering
from clair_cli.writers.atomic_files import write_whole
from clair_cli.writers.file_plan import Written
from clair_cli.writers.formats import FORMATS
from clair_cli.writers.layout import layout
from clair_cli.writers.output import Output
from clair_cli.writers.ownership import check_not_foreign, settle

CODE_FAILED_ROWS = 3


class Runner:
    """One job, on its way.

    Attributes:
        job: What it is asked to do.
        paths: Where its files stand.
        tally: Its counts, which go on.
        description: What is about to run, as the card and run.json tell it.
        written: What it wrote; nothing until its end.

    Raises:
        UsageError: The input cannot be found, something would be written where it must not be, or
            the system allows too few open files.
    """

    def __init__(self, job: Job, watcher: Watcher) -> None:
        check_branches(job)
        check_stdin(job.names)
        options, dataset = job.options, job.options.dataset
        self._watcher = watcher
        self._found = find_input(
            job.names, split=dataset.split, config=dataset.config, revision=dataset.revision
        )
        self.paths = layout(options.output.output, default_output(job.names))
        check_apart(job.names, self.paths)
        check_paths(self._found.files, self.paths, options.trust.store, options.output.summary)
        plan = job.plan.fitting(self.paths)
        check_not_foreign(self.paths, plan.splits, plan.kind)
        self.job = replace(job, plan=plan)
        self.tally, self.written = Tally(), Written()
        self.description = self._described()
        self._gate = gate_for(job)
        prepare_process(options.speed.concurrency)
        if options.files.format == "clair":
            watcher.say(
                "warning: TRL 0.29 and later fails on --format clair; the other formats train"
            )

    def rows(self) -> Rows:
        """The rows of the input that the job is about."""
        job, picking = self.job, self.job.options.picking
        tell = once(self._watcher.say)
        return pick(
            lambda: read_rows(self._found, self._found.name, job.columns, tell),
            Picking(picking.skip, picking.sample, job.options.request.seed or 0, picking.limit),
            rereadable=self._found.is_rereadable,
        )

    def estimate(self) -> Estimate:
        """What the job would ask for, without a request."""
        return estimate(self.rows(), [each.ask for each in branches_of(self.job, lambda _: 0)])

    def to_end(self) -> int:
        """Run the job to its end.

        Returns:
            0, or 3 where more rows failed than allowed.

        Raises:
            RunError: What ended the run before its end; it carries the exit code.
        """
        self.written = asyncio.run(self._revise())
        if self.paths.card:
            page = card(
                self.description,
                self.tally,
                self.written.digest,
                self.written.files,
                self.written.rows,
            )
            write_whole(self.paths.card, page)
        settle(self.paths, as_json(self.record()))
        is_over = self.tally.fail_rate > self.job.options.trust.max_fail_rate
        return CODE_FAILED_ROWS if is_over else 0

    def write_summary(self, summary: Mapping[str, Any]) -> None:
        """Write what ran where `--summary` names a file."""
        if self.job.options.output.summary:
            write_whole(self.job.options.output.summary, as_json(summary))

    def record(self) -> dict[str, Any]:
        """What ran, with what it wrote and cost, and what each replica did."""
        record = run_record(
            self.description, self.tally, files=self.written.files, rows=self.written.rows
        )
        return record | {
            "cost": self._cost(),
            "replicas": [
                {"endpoint": lane.name, "answered": lane.answered, "failed": lane.failed}
                for lane in self._gate.lanes
            ],
        }

    def _cost(self) -> dict[str, float] | None:
        price = self.job.price
        if price is None:
            return None
        return price.as_dict() | {"usd_paid": float(price.of(self.tally.paid_usage))}

    def _described(self) -> Run:
        job, origin = self.job, self._found.origin or Origin("")
        names = ["stdin" if name == "-" else public_name(name) for name in job.names]
        return Run(
            " ".join(names),
            job.template,
            job.parameters,
            job.options.files.format,
            public_options(job),
            command=command_line(job),
            licence=job.licence,
            languages=job.languages or origin.languages,
            source_dataset=origin.repo,
            source_commit=origin.commit,
            source_licences=origin.licences,
            kept=job.options.columns.keep_columns,
            further=added_columns(job),
            also=job.also,
            price=job.price,
            is_rehearsal=job.options.endpoint.mock,
        )

    async def _revise(self) -> Written:
        """Run the rows through, and publish what came of them."""
        job, paths, options = self.job, self.paths, self.job.options
        async with contextlib.AsyncExitStack() as stack:
            own = paths.mock_store if options.endpoint.mock else paths.store
            path = options.trust.store or own
            stack.enter_context(lock(paths.output))  # runs with stores of their own may share it
            commit = self._found.origin.commit if self._found.origin else ""
            write_whole(paths.recipe, as_json(recipe_of(job, commit)))
            if options.trust.fresh:
                stack.enter_context(put_aside(path))
            store = stack.enter_context(Store(path))
            output = stack.enter_context(Output(paths, FORMATS[options.files.format], job.plan))
            complete = await complete_for(job, self._gate, self._observe, stack)
            world = world_of(
                job,
                branches_of(job, store.occurrence),
                Remembering(store, complete, self._observe),
            )
            window = Window.for_ceiling(options.speed.concurrency)
            engine = Engine(world, self._gate, window, self._observe)
            await stack.enter_async_context(self._watcher.watching(self._running(engine)))
            await self._write(engine, output)
            return output.publish()

    def _running(self, engine: Engine) -> Running:
        total = Total(self._most(), self._found.total_bytes, self._found.total_rows)
        return Running(self.tally, total, lambda: self._gate.in_flight, engine.stop)

    async def _write(self, engine: Engine, output: Output) -> None:
        async with contextlib.aclosing(engine.outcomes(self.rows())) as outcomes:
            async for outcome in outcomes:
                try:
                    output.write(outcome)
                except RunError as exc:
                    await engine.drain(exc)
                    raise

    def _observe(self, event: Event) -> None:
        self.tally.observe(event)
        if isinstance(event, Adapted):
            self._watcher.say(event.sentence)

    def _most(self) -> int | None:
        """The most rows that can be picked, None where there is no limit."""
        picking = self.job.options.picking
        limits = [each for each in (picking.limit, picking.sample) if each is not None]
        return min(limits, default=None)
