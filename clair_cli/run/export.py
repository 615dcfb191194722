"""The pairs of a run once more, with its stored replies alone: the job that `clair export` runs."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from clair_cli.endpoint.prices import listed_price
from clair_cli.records import UsageError
from clair_cli.run.job import Job, plan_of
from clair_cli.run.options.output import ExportOptions, FileOptions
from clair_cli.run.recipe import job_of
from clair_cli.writers.layout import Layout, layout, layout_of


def export_job(run: Path, files: FileOptions, export: ExportOptions) -> Job:
    """The job that writes the pairs of `run` anew, without any request.

    Rows without a reply are failures (`offline`), of which the exit code takes no notice: they are
    what an unfinished run lacks.

    Raises:
        UsageError: There is no such run, its store is gone, or the output cannot be made.
    """
    if not run.exists() and not layout_of(run).side.is_dir():
        raise UsageError(f"{run}: no such run; name what clair revise wrote")
    paths = layout(str(run), None)
    job = job_of(_record(paths, run), str(paths.recipe))
    if layout(export.output, None).side.resolve() == paths.side.resolve():
        raise UsageError(f"-o {export.output}: is the run itself; name another output")
    if job.names == ("-",) and sys.stdin is not None and sys.stdin.isatty():
        raise UsageError(f"{run}: was made of stdin; pipe the same rows in again")
    options = job.options
    trust = replace(options.trust, store=_store(paths, job), offline=True, max_fail_rate=1.0)
    output = replace(options.output, output=export.output, quiet=export.quiet)
    model = str(job.parameters.get("model", ""))
    return replace(
        job,
        options=replace(options, trust=trust, files=files, output=output),
        plan=plan_of(files, export.seed),
        price=None if options.endpoint.mock else listed_price(model),
    )


def _record(paths: Layout, run: Path) -> dict[str, Any]:
    try:
        record = orjson.loads(paths.recipe.read_bytes())
    except FileNotFoundError:
        raise UsageError(
            f"{run}: was not written by clair (it has no {paths.recipe.name}); name what clair "
            "revise wrote"
        ) from None
    except (OSError, orjson.JSONDecodeError) as exc:
        raise UsageError(f"{paths.recipe}: cannot be read; run clair revise again") from exc
    return record if isinstance(record, dict) else {}


def _store(paths: Layout, job: Job) -> Path:
    own = paths.mock_store if job.options.endpoint.mock else paths.store
    store = job.options.trust.store or own
    if not store.is_file():
        raise UsageError(f"{store}: the store of replies is gone; run clair revise again")
    return store
