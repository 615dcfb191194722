"""What a run is and was, told to a person, and to programs in run.json and `--summary`."""

from typing import Any

from clair_cli.cli.output.run_summary import print_summary
from clair_cli.cli.output.terminal import console
from clair_cli.cli.wanted import Job
from clair_cli.endpoint.limits.gate import Gate
from clair_cli.rows.input import Input
from clair_cli.rows.origin import Origin
from clair_cli.run.command_line import command_line
from clair_cli.run.record import Run, as_json, run_record
from clair_cli.run.tally import Tally
from clair_cli.writers.atomic_files import write_whole
from clair_cli.writers.layout import Layout
from clair_cli.writers.plan import Plan, Written

CODE_FAILED_ROWS = 3


def say(sentence: str) -> None:
    """Print a sentence on stderr."""
    console().print(sentence, soft_wrap=True)


def silent(sentence: str) -> None:
    """Say nothing: `--quiet`."""


def run_of(job: Job, found: Input, plan: Plan) -> Run:
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
        further=recipe.steering.columns(ranked=job.form == "ranked"),
        also=recipe.steering.also,
        price=job.spending.price,
        is_rehearsal=recipe.mock,
    )


def kept_record(job: Job, commit: str) -> dict[str, Any]:
    """What `clair export` needs of the job: the recipe, and what the card cannot find out."""
    return job.recipe.record(commit) | {
        "license": job.licence,
        "language": list(job.languages),
    }


def record_of(job: Job, run: Run, tally: Tally, gate: Gate, written: Written) -> dict[str, Any]:
    """What ran, with what it wrote and cost, and what each replica did."""
    price = job.spending.price
    cost = price.as_dict() | {"usd_paid": float(price.of(tally.paid_usage))} if price else None
    replicas = [
        {"endpoint": lane.name, "answered": lane.answered, "failed": lane.failed}
        for lane in gate.lanes
    ]
    record = run_record(run, tally, files=written.files, rows=written.rows)
    return record | {"cost": cost, "replicas": replicas}


def report(
    job: Job, run: Run, tally: Tally, paths: Layout, gate: Gate, code: int, written: Written
) -> None:
    """Tell what ran: a table for a person, `--summary` for a program."""
    record = record_of(job, run, tally, gate, written) | {"exit_code": code}
    if job.summary:
        write_whole(job.summary, as_json(record))
    if job.quiet:
        return
    if tally.read:
        print_summary(console(), tally, paths, record, code)
    if job.fresh and code not in {0, CODE_FAILED_ROWS}:
        say("to go on from here, run the command again without --fresh")


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
