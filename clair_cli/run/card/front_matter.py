"""The YAML at the top of a card, which the Hub and `datasets` read.

The fields are those of the Hub's specification of dataset cards (`datasetcard.md` in the
repository huggingface/hub-docs).
"""

import math
import re
from collections.abc import Mapping, Sequence

import yaml

from clair_cli.run.card.markdown import one_line
from clair_cli.run.record import Run

SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
    (100_000_000, "10M<n<100M"),
    (1_000_000_000, "100M<n<1B"),
)
"""The Hub's size categories, by the first count that is too large for each."""

TAGS = {
    "unpaired": ("preference", "kto", "apo", "clair", "trl", "synthetic"),
    "clair": ("preference", "clair", "synthetic"),
}
"""By format; the others are for DPO."""
DPO_TAGS = ("preference", "dpo", "apo", "clair", "trl", "synthetic")

_SHARD = re.compile(r"(.+-)\d{5}(-of-\d{5}\..+)")


def front_matter(
    run: Run,
    name: str,
    digest: str,
    files: Mapping[str, Sequence[str]],
    rows: Mapping[str, int],
) -> str:
    """The YAML, with the lines around it.

    The digest of the pairs is part of the configuration because `datasets` caches a local
    directory by its configuration alone: without it, a trainer would read the pairs of an earlier
    run into the same directory.
    """
    licences = _shown([run.licence]) or _shown(run.source_licences) or ["unknown"]
    fields = {
        "pretty_name": one_line(name),
        "license": licences[0] if len(licences) == 1 else licences,
        "language": _shown(run.languages),
        "task_categories": ["text-generation"],
        "size_categories": [_size(sum(rows.values()))],
        "source_datasets": _shown([run.source_dataset]),
        "tags": list(TAGS.get(run.form, DPO_TAGS)),
        "configs": [
            {
                "config_name": "default",
                "description": f"pairs sha256:{digest}",
                "data_files": [
                    {"split": split, "path": _path(names)} for split, names in files.items()
                ],
            }
        ],
    }
    said = {key: value for key, value in fields.items() if value}
    text = yaml.safe_dump(said, sort_keys=False, allow_unicode=True, width=math.inf)
    return f"---\n{text}---\n"


def _shown(values: Sequence[str]) -> list[str]:
    return [one_line(value) for value in values if value]


def _path(names: Sequence[str]) -> str | list[str]:
    globs = {_SHARD.sub(r"\1*\2", name) for name in names}
    paths = sorted(globs) if len(names) > 1 and len(globs) == 1 else sorted(names)
    return paths[0] if len(paths) == 1 else paths


def _size(rows: int) -> str:
    return next((name for below, name in SIZES if rows < below), "n>1B")
