"""The two files that tell what a run was: the dataset card and run.json.

The card depends on input, template and replies alone, like the pairs; dates and durations stand in
run.json.
"""

import json
import platform
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from clair_cli import __version__
from clair_cli.prompts import Template
from clair_cli.tally import Tally

SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
)
"""The Hub's size categories, by the first count that is too large for each."""

DIRECTIONS = {
    "improve": "the revision is `chosen`, the original answer `rejected`",
    "worsen": "the original answer is `chosen`, the worsened one `rejected`",
}

CARD = """\
---
configs:
- config_name: default
  description: pairs sha256:{digest}
  data_files:
  - split: train
    path: train.jsonl
size_categories:
- {size}
tags:
- preference
- dpo
- clair
- trl
---

# Revision pairs from {source}

Each of the {pairs:,} rows pairs an answer with its minimal revision, made by `{model}` and written
by [clair](https://arxiv.org/abs/2408.06266) {version}: {direction}.
The reviser's reasoning is in `rationale`.

| | |
| --- | --- |
| rows read | {rows:,} |
| pairs | {pairs:,} |
| failures | {failures} |
| tokens | {prompt_tokens:,} prompt, {completion_tokens:,} completion |
| template | `{template}` ({licence}){aspect} |
| parameters | {parameters} |
| format | {form} |

{contrast}
## Train on it

```sh
trl dpo --dataset_name THIS_DIRECTORY --loss_type apo_zero --model_name_or_path MODEL
```

`apo_zero` suits a model that is worse than the chosen answers, `apo_down` one that is better.

## Source

Method: Karel D'Oosterlinck et al., *Anchored Preference Optimization and Contrastive Revisions:
Addressing Underspecification in Alignment*, arXiv 2408.06266. Template: {template_source}.
"""


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
    """

    source: str
    template: Template
    parameters: Mapping[str, Any]
    form: str
    options: Mapping[str, Any]
    started: float = field(default_factory=time.time)


def card(run: Run, tally: Tally, digest: str) -> bytes:
    """The dataset card (README.md), with the YAML that names the data file.

    The digest of the pairs is part of its configuration because `datasets` caches a local
    directory by its configuration alone: without it, a trainer would read the pairs of an earlier
    run into the same directory.
    """
    parameters = {k: v for k, v in run.parameters.items() if k != "model"}
    return CARD.format(
        digest=digest,
        size=_size(tally.pairs),
        source=_plain(run.source),
        pairs=tally.pairs,
        rows=tally.read,
        model=_plain(str(run.parameters.get("model", ""))),
        version=__version__,
        direction=DIRECTIONS[run.template.direction],
        failures=_failures(tally),
        prompt_tokens=tally.usage.prompt_tokens,
        completion_tokens=tally.usage.completion_tokens,
        template=_plain(run.template.name),
        aspect=f", for: {_plain(run.template.aspect)}" if run.template.aspect else "",
        licence=_plain(run.template.licence or "licence not stated"),
        template_source=_plain(run.template.source or "not stated"),
        parameters=_plain(json.dumps(parameters, sort_keys=True)) if parameters else "none",
        form=run.form,
        contrast=_contrast(tally),
    ).encode()


def run_record(run: Run, tally: Tally) -> dict[str, Any]:
    """What ran, for run.json and `--summary`."""
    finished = time.time()
    return {
        "clair": __version__,
        "python": platform.python_version(),
        "input": run.source,
        "template": {
            "name": run.template.name,
            "direction": run.template.direction,
            "text": run.template.text,
        },
        "parameters": dict(run.parameters),
        "format": run.form,
        "options": dict(run.options),
        "counts": tally.as_dict(),
        "cost": None,
        "started": _utc(run.started),
        "finished": _utc(finished),
        "seconds": round(finished - run.started, 3),
    }


def as_json(record: Mapping[str, Any]) -> bytes:
    """A record as readable JSON."""
    return orjson.dumps(record, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _size(pairs: int) -> str:
    return next((name for below, name in SIZES if pairs < below), "n>10M")


def _failures(tally: Tally) -> str:
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in sorted(tally.failures.items()))
    return f"{tally.failed:,} ({reasons})" if reasons else "0"


def _contrast(tally: Tally) -> str:
    if not tally.pairs:
        return ""
    rows = "\n".join(f"| {name} | {value} |" for name, value in tally.means.items())
    return f"## Contrast\n\n| metric | mean |\n| --- | --- |\n{rows}\n"


def _plain(text: str) -> str:
    """Text for one cell of a Markdown table, as text: nothing in it is markup."""
    line = " ".join(text.split())
    return "".join(f"\\{char}" if char in "\\`|<>[]*_#" else char for char in line)


def _utc(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
