"""What `clair export` does: the run once more, with stored replies alone, in another format."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from clair_cli.cli.job import run_job
from clair_cli.cli.wanted import Job, Spending
from clair_cli.endpoint.address import Address
from clair_cli.endpoint.prices import listed_price
from clair_cli.endpoint.retrying import Patience
from clair_cli.records import UsageError
from clair_cli.run.recipe import Recipe, recipe_of
from clair_cli.writers.layout import Layout, layout
from clair_cli.writers.plan import Plan


def run_export(run: Path, output: str, form: str, plan: Plan, *, quiet: bool) -> int:
    """Write the pairs of `run` to `output`, without any request.

    Rows without a reply are failures (`offline`), of which the exit code takes no notice: they are
    what an unfinished run lacks.

    Raises:
        UsageError: There is no such run, its input or store is gone, or the output cannot be made.
    """
    if not run.exists() and not run.with_name(f".{run.name}.clair").is_dir():
        raise UsageError(f"{run}: no such run; name what clair revise wrote")
    paths = layout(str(run), None)
    record = _record(paths, run)
    recipe = recipe_of(record, str(paths.recipe))
    if layout(output, None).side.resolve() == paths.side.resolve():
        raise UsageError(f"-o {output}: is the run itself; name another output")
    if recipe.inputs.names == ["-"] and sys.stdin is not None and sys.stdin.isatty():
        raise UsageError(f"{run}: was made of stdin; pipe the same rows in again")
    job = Job(
        recipe=replace(recipe, store=_store(paths, recipe)),
        output=output,
        addresses=[Address("http://127.0.0.1")],
        offline=True,
        fresh=False,
        concurrency=64,
        rpm=None,
        tpm=None,
        dry_run=False,
        spending=Spending(None, None, None if recipe.mock else listed_price(_model(recipe))),
        patience=Patience(1.0, 0.0),
        max_fail_rate=1.0,
        form=form,
        plan=plan,
        quiet=quiet,
        summary=None,
        licence=str(record.get("license") or ""),
        languages=tuple(map(str, record.get("language") or ())),
    )
    return run_job(job)


def _model(recipe: Recipe) -> str:
    return str(recipe.parameters.get("model", ""))


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


def _store(paths: Layout, recipe: Recipe) -> Path:
    store = recipe.store or (paths.mock_store if recipe.mock else paths.store)
    if not store.is_file():
        raise UsageError(f"{store}: the store of replies is gone; run clair revise again")
    return store
