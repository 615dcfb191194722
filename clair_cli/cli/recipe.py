"""What decides the outcome of a run, besides the replies; and run.json's memory of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clair_cli.cli.terminal import printable
from clair_cli.prompts import Template
from clair_cli.records import UsageError
from clair_cli.sources import Columns
from clair_cli.sources.picking import Picking


@dataclass(frozen=True, slots=True)
class Inputs:
    """What is read: names of files, directories, URLs or a Hub dataset, and which part of it."""

    names: list[str]
    split: str = ""
    config: str = ""
    revision: str = ""

    @property
    def shown(self) -> str:
        """All names as text."""
        return " ".join(printable(name) for name in self.names)


@dataclass(frozen=True, slots=True)
class Recipe:
    """What decides the outcome of a run, besides the replies.

    Attributes:
        inputs: What is read.
        columns: Which of its columns.
        picking: Which of its rows.
        template: What is asked with, bound to the run's aspect and direction.
        structured: Whether `parameters` ask for JSON in the shape of the template's markers.
        parameters: The fields of every request besides its messages.
        attempts: Replies asked for one row before it fails.
        mock: Whether the offline endpoint gave the replies.
        store: Where they are kept; None for the run's own directory.
    """

    inputs: Inputs
    columns: Columns
    picking: Picking
    template: Template
    structured: bool
    parameters: dict[str, Any]
    attempts: int
    mock: bool
    store: Path | None

    def options(self) -> dict[str, Any]:
        """The recipe for run.json, but for template and parameters, which have their own place."""
        return {
            "names": [printable(name) for name in self.inputs.names],
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
            "structured": self.structured,
            "attempts": self.attempts,
            "mock": self.mock,
            "store": printable(str(self.store)) if self.store else None,
        }


def recipe_of(record: Mapping[str, Any], name: str) -> Recipe:
    """The recipe of the run that `record` (a run.json, called `name`) tells of.

    Raises:
        UsageError: It does not tell all of it.
    """
    try:
        options, template = record["options"], record["template"]
        return Recipe(
            inputs=Inputs(
                list(options["names"]), options["split"], options["config"], options["revision"]
            ),
            columns=Columns(
                options["prompt_column"],
                options["response_column"],
                options["id_column"],
                options["revise"],
                tuple(options["keep_columns"]),
            ),
            picking=Picking(options["skip"], options["sample"], options["seed"], options["limit"]),
            template=Template(template["name"], template["text"], name).bound(
                aspect=options["aspect"], direction=options["direction"]
            ),
            structured=options["structured"],
            parameters=dict(record["parameters"]),
            attempts=options["attempts"],
            mock=options["mock"],
            store=Path(options["store"]) if options["store"] else None,
        )
    except (KeyError, TypeError, ValueError) as exc:
        raise UsageError(
            f"{name}: does not tell how the run was made ({exc!r}); run clair revise again"
        ) from exc
