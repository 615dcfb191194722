"""The revisions that are asked of each row, and what becomes of their outcomes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from clair_cli.contrast.bounds import Bounds
from clair_cli.prompts.asking import Asker
from clair_cli.prompts.template import Template
from clair_cli.records import Failure, Pair, UsageError
from clair_cli.replies.headings import Grammar
from clair_cli.run.engine import Branch, World
from clair_cli.run.job import Job
from clair_cli.run.options.contrast import ContrastOptions
from clair_cli.run.tasks.revise import Reader
from clair_cli.run.tasks.selection import best_of_each, closest, ranking
from clair_cli.store.remembering import Complete

CLOSEST = "similarity"


def check_branches(job: Job) -> None:
    """See that the options on contrast make sense beside the template and the format.

    Raises:
        UsageError: They do not.
    """
    contrast, template, also = job.options.contrast, job.template, job.also
    if contrast.keep_best and bounds_of(contrast) == Bounds():
        raise UsageError("--keep-best: there is no bound to be kept; set one, as --min-kept")
    if contrast.best_by and contrast.samples == 1:
        raise UsageError("--best-by: there is one revision to choose from; ask more with -n")
    if also and also.direction == template.direction:
        raise UsageError(
            f"--also {also.name}: is to {template.direction} as {template.name} is; name "
            "one of the other direction"
        )
    if job.is_ranked and not also:
        raise UsageError("--format ranked: wants a worse and a better revision; add --also")
    if job.is_ranked and contrast.samples > 1 and not contrast.best_by:
        raise UsageError("--format ranked: ranks one revision each way; add --best-by")


def added_columns(job: Job) -> tuple[str, ...]:
    """The columns that the options on contrast add to pairs."""
    contrast = job.options.contrast
    added = {
        "thinking": contrast.keep_thinking,
        "flag": contrast.keep_best,
        "worsened_rationale": job.is_ranked,
    }
    return tuple(name for name, is_added in added.items() if is_added)


def branches_of(job: Job, occurrence: Callable[[bytes], int]) -> list[Branch]:
    """A branch for each revision that is asked of a row, those of the job's template first."""
    contrast = job.options.contrast
    return [
        Branch(
            Asker(template, _parameters(job.parameters, number), occurrence),
            _reader(template, contrast, _name(job, template, number)),
            _name(job, template, number),
        )
        for template in (job.template, *([job.also] if job.also else []))
        for number in range(contrast.samples)
    ]


def world_of(job: Job, branches: Sequence[Branch], complete: Complete) -> World:
    """The engine's world: the branches, and what becomes of their outcomes."""
    contrast = job.options.contrast
    kept = contrast.samples if contrast.best_by else 1
    return World(
        branches,
        complete,
        attempts=job.options.trust.attempts,
        closest=_closest(contrast) if contrast.keep_best else None,
        settle=_settle(job),
        outcomes=1 if job.is_ranked else len(branches) // kept,
    )


def bounds_of(contrast: ContrastOptions) -> Bounds:
    """How far each revision may be from its answer."""
    return Bounds(
        min_similarity=contrast.min_similarity,
        max_length_ratio=contrast.max_length_ratio,
        min_length_ratio=contrast.min_length_ratio,
        max_levenshtein=contrast.max_levenshtein,
        min_kept=contrast.min_kept,
    )


def _reader(template: Template, contrast: ContrastOptions, name: str) -> Reader:
    return Reader(
        Grammar(template.markers.reasoning, template.markers.revision),
        template.direction,
        bounds=bounds_of(contrast),
        name=name,
        is_flagging=contrast.keep_best,
        keeps_thinking=contrast.keep_thinking,
    )


def _name(job: Job, template: Template, number: int) -> str:
    """What a branch adds to the row's id."""
    name = "" if template is job.template else f"#{template.direction}"
    return f"{name}#{number + 1}" if number and not job.options.contrast.best_by else name


def _parameters(parameters: Mapping[str, Any], number: int) -> Mapping[str, Any]:
    """With a seed of its own for each revision of a row: else all would be the same."""
    if number and isinstance(parameters.get("seed"), int):
        return {**parameters, "seed": parameters["seed"] + number}
    return parameters


def _closest(contrast: ContrastOptions) -> Callable[..., Pair]:
    return lambda pairs: closest(pairs, contrast.best_by or CLOSEST)


def _settle(job: Job) -> Callable[[list[Pair | Failure]], list[Pair | Failure]]:
    contrast, improves = job.options.contrast, job.template.direction == "improve"

    def settle(outcomes: list[Pair | Failure]) -> list[Pair | Failure]:
        if contrast.best_by:
            outcomes = best_of_each(outcomes, contrast.samples, contrast.best_by)
        if job.is_ranked:
            outcomes = ranking(outcomes if improves else outcomes[::-1])
        return outcomes

    return settle
