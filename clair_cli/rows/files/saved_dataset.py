"""A directory that `datasets` wrote with `save_to_disk`: one dataset, or one for each split.

Its Arrow files are read by themselves, in the order that its state names them in: others beside
them are results that `datasets` keeps.
"""

from pathlib import Path
from typing import Any

import orjson

from clair_cli.records import UsageError

_SPLITS, _STATE = "dataset_dict.json", "state.json"


def is_saved(path: Path) -> bool:
    """Whether `save_to_disk` wrote the directory."""
    return any((path / file).is_file() for file in (_SPLITS, _STATE))


def saved_files(path: Path, split: str) -> list[Path]:
    """The Arrow files of the dataset in the directory; `split` chooses one of several.

    Raises:
        UsageError: There is no such split, none is chosen, or the directory is damaged.
    """
    state = _read(path / _STATE) if not (path / _SPLITS).is_file() else {}
    splits = [state.get("_split") or "train"] if state else _read(path / _SPLITS).get("splits", [])
    choices = ", ".join(sorted(splits)) or "none"
    if split and split not in splits:
        raise UsageError(f"--split {split}: {path} has no such split; it has {choices}")
    if not split and len(splits) != 1:
        raise UsageError(f"{path}: holds several splits; choose one with --split: {choices}")
    if state:
        return _files(path, state)
    folder = path / (split or splits[0])
    return _files(folder, _read(folder / _STATE))


def _files(folder: Path, state: Any) -> list[Path]:
    files = [folder / str(each.get("filename")) for each in state.get("_data_files") or []]
    lost = [file for file in files if not file.is_file()]
    if lost:
        raise UsageError(f"{lost[0]}: is named in {_STATE}, but not there; save the dataset again")
    return files


def _read(file: Path) -> Any:
    try:
        found = orjson.loads(file.read_bytes())
    except (OSError, orjson.JSONDecodeError) as exc:
        raise UsageError(f"{file}: cannot be read ({exc}); save the dataset again") from exc
    if not isinstance(found, dict):
        raise UsageError(f"{file}: holds no object; save the dataset again")
    return found
