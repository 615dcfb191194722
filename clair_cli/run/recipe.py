"""What decides the outcome of a run, besides the replies; and run.json's memory of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

from clair_cli.prompts.template import Template
from clair_cli.records import UsageError
from clair_cli.rows.columns import Columns
from clair_cli.rows.names import is_url, printable, public
from clair_cli.rows.picking import Picking
from clair_cli.run.steering import Steering, steering_of


def public_name(name: str) -> str:
    """An input's name as anybody may read it.

    A URL loses its credentials, query and fragment; a path that leads out of the working directory
    keeps its last part.
    """
    if is_url(name):
        return printable(public(name))
    path = PurePath(name)
    outside = path.is_absolute() or ".." in path.parts or name.startswith("~")
    return printable(path.name if outside else name)


@dataclass(frozen=True, slots=True)
class Inputs:
    """What is read: names of files, directories, URLs or a Hub dataset, and which part of it."""

    names: list[str]
    split: str = ""
    config: str = ""
    revision: str = ""

    @property
    def shown(self) -> str:
        """All names as anybody may read them."""
        return " ".join("stdin" if name == "-" else public_name(name) for name in self.names)


@dataclass(frozen=True, slots=True)
class Recipe:
    """What decides the outcome of a run, besides the replies.

    Attributes:
        inputs: What is read.
        columns: Which of its columns.
        picking: Which of its rows.
        template: What is asked with, as the run uses it: its aspect, direction and form.
        parameters: The fields of every request besides its messages.
        attempts: Replies asked for one row before it fails.
        mock: Whether the offline endpoint gave the replies.
        store: Where they are kept; None for the run's own directory.
        steering: How many revisions are asked, how far they may go, and which are kept.
    """

    inputs: Inputs
    columns: Columns
    picking: Picking
    template: Template
    parameters: dict[str, Any]
    attempts: int
    mock: bool
    store: Path | None
    steering: Steering = field(default_factory=Steering)

    def options(self) -> dict[str, Any]:
        """The recipe for run.json, but for template and parameters, which have their own place.

        It may be published: names of inputs tell no more than they must.
        """
        return {
            "names": [public_name(name) for name in self.inputs.names],
            "split": self.inputs.split,
            "config": self.inputs.config,
            "revision": self.inputs.revision,
            "prompt_column": self.columns.prompt,
            "response_column": self.columns.response,
            "id_column": self.columns.id,
            "revise": self.columns.revise,
            "keep_columns": list(self.columns.keep),
            "skip": self.picking.skip,
            "sample": self.picking.sample,
            "seed": self.picking.seed,
            "limit": self.picking.limit,
            "aspect": self.template.aspect,
            "direction": self.template.direction,
            "structured": self.template.structured,
            "attempts": self.attempts,
            "mock": self.mock,
            **self.steering.options(),
        }

    def record(self, commit: str = "") -> dict[str, Any]:
        """All of the recipe that is not secret, for a file that stays here.

        A Hub dataset stays at the `commit` that was read, whatever becomes of its branch.
        """
        return self.options() | {
            "revision": commit or self.inputs.revision,
            "names": [_kept_name(name) for name in self.inputs.names],
            "template": _template_record(self.template),
            "also": _template_record(self.steering.also) if self.steering.also else None,
            "parameters": self.parameters,
            "store": printable(str(self.store)) if self.store else None,
        }


def _kept_name(name: str) -> str:
    """A name that finds the input again, but for what is secret in a URL."""
    return printable(public(name))


def _template_record(template: Template) -> dict[str, str]:
    return {"name": template.name, "text": template.text}


def _also(record: Mapping[str, Any], name: str) -> Template | None:
    """The template that was asked as well, in the form of the first."""
    also = record["also"]
    if also is None:
        return None
    return Template(also["name"], also["text"], name).bound(structured=record["structured"])


def recipe_of(record: Mapping[str, Any], name: str) -> Recipe:
    """The recipe that `record` is of; `name` is its file's.

    Raises:
        UsageError: It does not tell all of it.
    """
    try:
        template, store = record["template"], record["store"]
        return Recipe(
            inputs=Inputs(
                list(record["names"]), record["split"], record["config"], record["revision"]
            ),
            columns=Columns(
                record["prompt_column"],
                record["response_column"],
                record["id_column"],
                record["revise"],
                tuple(record["keep_columns"]),
            ),
            picking=Picking(record["skip"], record["sample"], record["seed"], record["limit"]),
            template=Template(template["name"], template["text"], name).bound(
                aspect=record["aspect"],
                direction=record["direction"],
                structured=record["structured"],
            ),
            parameters=dict(record["parameters"]),
            attempts=record["attempts"],
            mock=record["mock"],
            store=Path(store) if store else None,
            steering=steering_of(record, _also(record, name)),
        )
    except (KeyError, TypeError, ValueError) as exc:
        raise UsageError(
            f"{name}: does not tell how the run was made ({exc!r}); run clair revise again"
        ) from exc
