"""A directory that `datasets` wrote with `save_to_disk`: one dataset, or one for each split."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from clair_cli.inputs.columnar import BATCH_ROWS, batch_rows
from clair_cli.inputs.raw import Raw
from clair_cli.records import UsageError

if TYPE_CHECKING:
    from datasets import Dataset


def is_saved(name: str) -> bool:
    """Whether `save_to_disk` wrote the directory `name`."""
    path = Path(name)
    return any((path / file).is_file() for file in ("dataset_dict.json", "state.json"))


def load_saved(name: str, split: str) -> "Dataset":
    """The dataset in the directory `name`; `split` chooses one of several.

    Raises:
        UsageError: There is no such split, none is chosen, or the directory is damaged.
    """
    import pyarrow as pa  # noqa: PLC0415 - only where such a directory is read
    from datasets import load_from_disk  # noqa: PLC0415

    try:
        found: Any = load_from_disk(name)
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as exc:
        reason = " ".join(str(exc).split())[:120]
        raise UsageError(f"{name}: is no dataset that can be read ({reason})") from exc
    return cast("Dataset", _of_splits(found, name, split) if isinstance(found, dict) else found)


def dataset_rows(dataset: "Dataset", name: str) -> Iterator[Raw]:
    """The rows of a dataset on disk, numbered from 1; it is mapped into memory, not read whole."""
    number = 1
    for table in dataset.with_format("arrow").iter(batch_size=BATCH_ROWS // 8):
        for batch in table.to_batches():
            yield from batch_rows(batch, name, number)
            number += batch.num_rows


def _of_splits(found: dict[str, Any], name: str, split: str) -> Any:
    choices = ", ".join(sorted(found))
    if split and split not in found:
        raise UsageError(f"--split {split}: {name} has no such split; it has {choices}")
    if not split and len(found) > 1:
        raise UsageError(f"{name}: holds several splits; choose one with --split: {choices}")
    return found[split] if split else next(iter(found.values()))
