"""recipe.json: what decides the outcome of a run besides the replies, and the job it tells of."""

import json
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any

from clair_cli.prompts.template import Template
from clair_cli.records import UsageError
from clair_cli.rows.names import is_url, printable, public
from clair_cli.run.job import Job
from clair_cli.run.options.declaring import recorded, restored
from clair_cli.run.options.revising import ReviseOptions


def public_name(name: str) -> str:
    """A name of an input or a file as anybody may read it.

    A URL loses its credentials, query and fragment; a path that leads out of the working directory
    keeps its last part.
    """
    if is_url(name):
        return printable(public(name))
    path = PurePath(name)
    outside = path.is_absolute() or ".." in path.parts or name.startswith("~")
    return printable(path.name if outside else name)


def public_options(job: Job) -> dict[str, Any]:
    """The options of a job for run.json, which may be published."""
    endpoints = [address.shown for address in job.addresses]
    return recorded(job.options, {"outcome", "run"}) | {
        "names": [public_name(name) for name in job.names],
        "prompt": job.template.name,
        "direction": job.template.direction,
        "also": job.also.name if job.also else None,
        "file_type": job.plan.kind,
        "shard_size": job.plan.shard_size,
        "license": job.licence,
        "language": list(job.languages),
        "endpoints": endpoints,
    }


def recipe_of(job: Job, commit: str = "") -> dict[str, Any]:
    """The recipe of a job: all of it that is not secret, for a file that stays here.

    A Hub dataset stays at the `commit` that was read, whatever becomes of its branch.
    """
    store = job.options.trust.store
    return recorded(job.options, {"outcome"}) | {
        "names": [printable(public(name)) for name in job.names],
        "revision": commit or job.options.dataset.revision,
        "prompt": printable(job.options.request.prompt),
        "direction": job.template.direction,
        "template": _template_record(job.template),
        "also": _template_record(job.also) if job.also else None,
        "parameters": job.parameters,
        "store": printable(str(store)) if store else None,
        "license": job.licence,
        "language": list(job.languages),
    }


def job_of(record: Mapping[str, Any], name: str) -> Job:
    """The job that the recipe `record` tells of; `name` is its file's.

    Raises:
        UsageError: It does not tell all of it.
    """
    try:
        return _job(record if "param" in record else _with_request(record), name)
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise UsageError(
            f"{name}: does not tell how the run was made ({exc!r}); run clair revise again"
        ) from exc


def _job(record: Mapping[str, Any], name: str) -> Job:
    also, store, names = record["also"], record["store"], record["names"]
    if not names:
        raise ValueError("no names")
    paths = {"also": also and also["name"], "store": Path(store) if store else None}
    return Job.with_templates(
        [str(each) for each in names],
        restored(ReviseOptions, {**record, **paths}),
        _template(record["template"], name),
        _template(also, name) if also else None,
        record["parameters"],
    )


def _with_request(record: Mapping[str, Any]) -> dict[str, Any]:
    """A recipe of version 0.1, which kept the fields of a request, with the options they are from.

    It kept a seed of 0, and an empty side to revise, where nobody had set them.
    """
    parameters = dict(record["parameters"])
    named = {
        key: parameters.pop(key)
        for key in ("temperature", "max_tokens")
        if isinstance(parameters.get(key), int | float)
    }
    model = parameters.pop("model")
    seed = record["seed"] or None
    if "seed" in parameters and parameters["seed"] == record["seed"]:
        seed = parameters.pop("seed")
    return {
        **record,
        **named,
        "seed": seed,
        "revise": record["revise"] or None,
        "model": "" if record["mock"] else model,
        "prompt": record["template"]["name"],
        "param": [
            f"{key}={json.dumps(value, sort_keys=True, ensure_ascii=False)}"
            for key, value in sorted(parameters.items())
        ],
    }


def _template(record: Mapping[str, str], path: str) -> Template:
    return Template(record["name"], record["text"], path)


def _template_record(template: Template) -> dict[str, str]:
    return {"name": template.name, "text": template.text}
