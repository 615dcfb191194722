"""How many revisions are asked of an answer, how far they may go, and which are kept."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from clair_cli.contrast.bounds import Bounds
from clair_cli.prompts.asking import Asker
from clair_cli.prompts.template import Template
from clair_cli.records import Failure, Pair, UsageError
from clair_cli.replies.headings import Grammar
from clair_cli.run.engine import Branch, World
from clair_cli.run.revision import Reader
from clair_cli.run.selection import best_of_each, closest, ranking
from clair_cli.store.remembering import Complete

CLOSEST = "similarity"


@dataclass(frozen=True, slots=True)
class Steering:
    """What the user wants of the revisions.

    Attributes:
        bounds: How far each may be from the answer.
        keep_best: Whether the closest reply is kept where none is within the bounds.
        samples: Revisions asked of each answer.
        best_by: The metric by which one of them is kept; "" keeps them all.
        also: A template of the other direction that is asked as well.
        keep_thinking: Whether a reasoning model's thinking gets a column.
    """

    bounds: Bounds = field(default_factory=Bounds)
    keep_best: bool = False
    samples: int = 1
    best_by: str = ""
    also: Template | None = None
    keep_thinking: bool = False

    def check(self, template: Template, form: str) -> None:
        """See that it makes sense beside `template` and the format.

        Raises:
            UsageError: It does not.
        """
        if self.keep_best and self.bounds == Bounds():
            raise UsageError("--keep-best: there is no bound to be kept; set one, as --min-kept")
        if self.best_by and self.samples == 1:
            raise UsageError("--best-by: there is one revision to choose from; ask more with -n")
        if self.also and self.also.direction == template.direction:
            raise UsageError(
                f"--also {self.also.name}: is to {template.direction} as {template.name} is; name "
                "one of the other direction"
            )
        if form == "ranked" and not self.also:
            raise UsageError("--format ranked: wants a worse and a better revision; add --also")
        if form == "ranked" and self.samples > 1 and not self.best_by:
            raise UsageError("--format ranked: ranks one revision each way; add --best-by")

    def columns(self, *, ranked: bool) -> tuple[str, ...]:
        """The columns that it adds to pairs."""
        added = {
            "thinking": self.keep_thinking,
            "flag": self.keep_best,
            "worsened_rationale": ranked,
        }
        return tuple(name for name, is_added in added.items() if is_added)

    def options(self) -> dict[str, Any]:
        """What was wanted, for run.json and the command line; None where nothing was."""
        return {
            **asdict(self.bounds),
            "keep_best": self.keep_best or None,
            "samples": self.samples,
            "best_by": self.best_by or None,
            "also": self.also.name if self.also else None,
            "keep_thinking": self.keep_thinking or None,
        }


def steering_of(record: Mapping[str, Any], also: Template | None) -> Steering:
    """The steering that `options` told of."""
    return Steering(
        Bounds(**{each.name: record[each.name] for each in fields(Bounds)}),
        bool(record["keep_best"]),
        record["samples"],
        record["best_by"] or "",
        also,
        bool(record["keep_thinking"]),
    )


def branches_of(
    steering: Steering,
    template: Template,
    parameters: Mapping[str, Any],
    occurrence: Callable[[bytes], int],
) -> list[Branch]:
    """A branch for each revision that is asked of a row, those of `template` first."""
    return [
        _branch(steering, each, parameters, occurrence, number, is_main=each is template)
        for each in (template, *([steering.also] if steering.also else []))
        for number in range(steering.samples)
    ]


def world_of(
    steering: Steering,
    template: Template,
    branches: Sequence[Branch],
    complete: Complete,
    *,
    attempts: int,
    is_ranked: bool,
) -> World:
    """The engine's world: the branches, and what becomes of their outcomes."""
    return World(
        branches,
        complete,
        attempts=attempts,
        closest=_closest(steering) if steering.keep_best else None,
        settle=_settle(steering, template, is_ranked=is_ranked),
        outcomes=1 if is_ranked else len(branches) // (steering.samples if steering.best_by else 1),
    )


def _branch(
    steering: Steering,
    template: Template,
    parameters: Mapping[str, Any],
    occurrence: Callable[[bytes], int],
    number: int,
    *,
    is_main: bool,
) -> Branch:
    name = "" if is_main else f"#{template.direction}"
    if number and not steering.best_by:
        name += f"#{number + 1}"
    if number and isinstance(parameters.get("seed"), int):
        parameters = {**parameters, "seed": parameters["seed"] + number}  # else all are the same
    reader = Reader(
        Grammar(template.markers.reasoning, template.markers.revision),
        template.direction,
        bounds=steering.bounds,
        name=name,
        is_flagging=steering.keep_best,
        keeps_thinking=steering.keep_thinking,
    )
    return Branch(Asker(template, parameters, occurrence), reader, name)


def _closest(steering: Steering) -> Callable[..., Pair]:
    return lambda pairs: closest(pairs, steering.best_by or CLOSEST)


def _settle(
    steering: Steering, template: Template, *, is_ranked: bool
) -> Callable[[list[Pair | Failure]], list[Pair | Failure]]:
    def settle(outcomes: list[Pair | Failure]) -> list[Pair | Failure]:
        if steering.best_by:
            outcomes = best_of_each(outcomes, steering.samples, steering.best_by)
        if is_ranked:
            outcomes = ranking(outcomes if template.direction == "improve" else outcomes[::-1])
        return outcomes

    return settle
