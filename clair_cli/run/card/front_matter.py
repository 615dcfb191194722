"""The YAML at the top of a card, which the Hub and `datasets` read.

The fields are those of the Hub's specification of dataset cards (`datasetcard.md` in the
repository huggingface/hub-docs).
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from clair_cli.run.card.markdown import yaml_scalar
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
    licences = (run.licence,) if run.licence else run.source_licences
    blocks = [
        _one("pretty_name", name),
        _one("license", licences[0]) if len(licences) == 1 else _many("license", licences),
        "" if licences else _one("license", "unknown"),
        _many("language", run.languages),
        _many("task_categories", ["text-generation"]),
        _many("size_categories", [_size(sum(rows.values()))]),
        _many("source_datasets", [run.source_dataset] if run.source_dataset else []),
        _many("tags", TAGS.get(run.form, DPO_TAGS)),
        "configs:\n- config_name: default\n"
        f"  description: pairs sha256:{digest}\n  data_files:\n"
        + "".join(_data_files(split, names) for split, names in files.items()),
    ]
    return f"---\n{''.join(blocks)}---\n"


def _one(key: str, value: str) -> str:
    return f"{key}: {yaml_scalar(value)}\n"


def _many(key: str, values: Iterable[str]) -> str:
    lines = "".join(f"- {yaml_scalar(value)}\n" for value in values)
    return f"{key}:\n{lines}" if lines else ""


def _data_files(split: str, names: Sequence[str]) -> str:
    globs = {_SHARD.sub(r"\1*\2", name) for name in names}
    paths = sorted(globs) if len(names) > 1 and len(globs) == 1 else sorted(names)
    if len(paths) == 1:
        return f"  - split: {yaml_scalar(split)}\n    path: {yaml_scalar(paths[0])}\n"
    listed = "".join(f"    - {yaml_scalar(path)}\n" for path in paths)
    return f"  - split: {yaml_scalar(split)}\n    path:\n{listed}"


def _size(rows: int) -> str:
    return next((name for below, name in SIZES if rows < below), "n>1B")
