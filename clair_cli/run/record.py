"""What a run was, and run.json, which tells it to programs."""

import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from clair_cli import __version__
from clair_cli.endpoint.prices import Price
from clair_cli.prompts.template import Template
from clair_cli.run.tally import Tally


@dataclass(frozen=True, slots=True)
class Run:
    """What ran, as the card and run.json tell it. No key and no header is part of it.

    Attributes:
        source: The input as it was named.
        template: What was asked with.
        parameters: The fields of every request besides its messages.
        form: The name of the format written.
        options: Further options, for run.json.
        started: Seconds since the epoch.
        command: The command line, of the options that shape the result alone.
        licence: The Hub's id of the licence that the pairs are under; "" where nobody said.
        languages: The languages of the texts, as codes; empty where nobody said.
        source_dataset: The Hub's id of the dataset that was revised; "" for all else.
        source_commit: Its commit; "" where it is not known.
        source_licences: What that dataset's card states.
        kept: The columns of the input that pairs keep.
        further: Columns that options of the run add.
        also: A template of the other direction that was asked as well.
        price: What tokens cost; None where nobody knows.
        is_rehearsal: Whether the offline endpoint revised, which is no language model.
    """

    source: str
    template: Template
    parameters: Mapping[str, Any]
    form: str
    options: Mapping[str, Any]
    started: float = field(default_factory=time.time)
    command: str = ""
    licence: str = ""
    languages: tuple[str, ...] = ()
    source_dataset: str = ""
    source_commit: str = ""
    source_licences: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    further: tuple[str, ...] = ()
    also: Template | None = None
    price: Price | None = None
    is_rehearsal: bool = False

    @property
    def model(self) -> str:
        """The model as it was asked for."""
        return str(self.parameters.get("model", ""))


def run_record(
    run: Run,
    tally: Tally,
    *,
    finished: bool = True,
    files: Mapping[str, Sequence[str]] | None = None,
    rows: Mapping[str, int] | None = None,
) -> dict[str, Any]:
    """What ran, for run.json and `--summary`.

    Args:
        run: The run.
        tally: Its counts so far.
        finished: Whether it is over; without, `finished` and `seconds` are null.
        files: The names of the data files of each split, where there are any yet.
        rows: The number of rows of each split.
    """
    now = time.time() if finished else None
    return {
        "clair": __version__,
        "python": platform.python_version(),
        "command": run.command,
        "input": run.source,
        "source": (
            {"dataset": run.source_dataset, "commit": run.source_commit}
            if run.source_dataset
            else None
        ),
        "template": {
            "name": run.template.name,
            "direction": run.template.direction,
            "text": run.template.text,
        },
        "parameters": dict(run.parameters),
        "format": run.form,
        "options": dict(run.options),
        "files": [name for names in (files or {}).values() for name in names],
        "splits": dict(rows or {}),
        "counts": tally.as_dict(),
        "cost": None,
        "started": _utc(run.started),
        "finished": None if now is None else _utc(now),
        "seconds": None if now is None else round(now - run.started, 3),
    }


def as_json(record: Mapping[str, Any]) -> bytes:
    """A record as readable JSON."""
    return orjson.dumps(record, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _utc(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
