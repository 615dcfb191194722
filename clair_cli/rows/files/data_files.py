"""What the command line names -> the files that are meant, in order.

A name is a path, a glob, a directory, a URL (also with a glob), or `-` for stdin. What a file holds
is told by its ending.
"""

import glob
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath, PurePosixPath

from clair_cli.records import UsageError
from clair_cli.rows.files.compression import PACKINGS
from clair_cli.rows.files.saved_dataset import is_saved, saved_files
from clair_cli.rows.names import is_url, path_of, public

KINDS: Mapping[str, str] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
}
"""Kinds of file by ending."""

KNOWN = ".jsonl, .json, .csv, .tsv, .parquet or .arrow"
STDIN = "-"
_SAME_SPLIT = {
    "training": "train",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "testing": "test",
    "eval": "test",
    "evaluation": "test",
}
_SPLITS = re.compile(
    rf"(?:^|[-_. ])(train|test|validation|{'|'.join(_SAME_SPLIT)})(?:[-_. ]|$)", re.IGNORECASE
)
_SHARD = re.compile(r"(\w+(?:\.\w+)*)-\d{5,}-of-\d{5,}")


@dataclass(frozen=True, slots=True)
class DataFile:
    """One file of the input.

    Attributes:
        path: A local path, a URL, or `-`.
        kind: What it holds: one of the values of `KINDS`.
        packing: How it is packed: an ending such as `.gz`, or "".
        separator: What stands between the cells of a csv file; "" leaves it to the header.
        key: The key of the rows in a .json file that is one object; "" for none.
        shown: What to call it in messages.
    """

    path: str
    kind: str
    packing: str = ""
    separator: str = ""
    key: str = ""
    shown: str = field(default="", compare=False)

    @property
    def name(self) -> str:
        """What to call it in messages."""
        return self.shown or ("stdin" if self.path == STDIN else public(self.path))

    @property
    def is_url(self) -> bool:
        """Whether it is an address rather than a path."""
        return is_url(self.path)


def data_file_of(name: str) -> DataFile:
    """The file `name`; one whose ending tells nothing is taken for JSON Lines."""
    kind, packing = _kind(name)
    return DataFile(name, kind or "jsonl", packing)


def find_data_files(names: Sequence[str], split: str) -> list[DataFile]:
    """The files that `names` mean; `split` chooses among those of a directory.

    Raises:
        UsageError: A name means nothing, or a directory holds several splits and none is chosen.
    """
    return [file for name in names for file in _found(name, split)]


def _found(name: str, split: str) -> list[DataFile]:
    if name == STDIN:
        return [DataFile(STDIN, "jsonl")]
    if name.startswith("hf://datasets/"):
        return _on_hub(name, split)
    return _at_url(name, split) if is_url(name) else _on_disk(name, split)


def _on_hub(url: str, split: str) -> list[DataFile]:
    """At the commit that its revision names now, so that a change meanwhile is not mixed in."""
    from clair_cli.rows.hub.repository import find_repository, parse_url  # noqa: PLC0415 - its client

    name, revision, inside = parse_url(url)
    repository = find_repository(name, revision)
    path = "/".join(filter(None, (repository.base, inside)))
    files = _on_disk(path, split) if repository.is_copy else _at_url(path, split)
    return [replace(file, shown=repository.shown(file.path)) for file in files]


def _on_disk(name: str, split: str) -> list[DataFile]:
    path = Path(name)
    if is_saved(path):
        return [DataFile(str(file), "arrow") for file in saved_files(path, split)]
    if path.is_dir():
        return _of_directory(name, _inside(name), split)
    if path.exists():
        return [_of_file(name, split)]
    if glob.has_magic(name):
        matches = [each for each in glob.glob(name, recursive=True) if not Path(each).is_dir()]  # noqa: PTH207 - patterns may be absolute
        return _of_glob(name, matches, split)
    raise UsageError(f"{name}: no such file; name a {KNOWN} file, a directory, or - for stdin")


def _at_url(name: str, split: str) -> list[DataFile]:
    from clair_cli.rows.remote.listing import listing  # noqa: PLC0415 - fsspec only where it is needed

    listed = listing(name)
    if listed is None:
        return [_of_file(name, split)]
    if listed.is_directory:
        return _of_directory(public(name), listed.files, split)
    return _of_glob(public(name), listed.files, split)


def _of_file(name: str, split: str) -> DataFile:
    """A file that was named itself: it has the split of its name, or any that it is said to be."""
    own = _split_of(PurePosixPath(path_of(name)).name)
    if split and _same(split) != (own or "train"):
        raise UsageError(
            f"--split {split}: {public(name)} is one file and has no such split; name the file "
            "that has, or write --split '[FROM:TO]' for some of its rows"
        )
    return data_file_of(name)


def _of_glob(name: str, files: Iterable[str], split: str) -> list[DataFile]:
    wanted = [file for file in sorted(files) if not split or _split_of(file) in _meant(split)]
    if not wanted:
        raise UsageError(f"{name}: no file matches; mend the pattern")
    return [data_file_of(file) for file in wanted]


def splits_of(name: str) -> dict[str, list[DataFile]]:
    """The files in the directory `name` by split, `train` first; "" is for those without one.

    Raises:
        UsageError: There are none.
    """
    found = _by_split(name, _inside(name))
    return dict(sorted(found.items(), key=lambda each: (each[0] != "train", each[0])))


def _inside(name: str) -> dict[str, str]:
    """The files in a directory on disk: path -> path below the directory."""
    path = Path(name)
    inside = ((each, each.relative_to(path)) for each in path.rglob("*") if each.is_file())
    return {str(each): str(below) for each, below in inside if not _is_hidden(below)}


def _of_directory(name: str, files: Mapping[str, str], split: str) -> list[DataFile]:
    return _chosen(name, _by_split(name, files), split)


def _by_split(name: str, files: Mapping[str, str]) -> dict[str, list[DataFile]]:
    """The data files among `files` (address -> path below the directory) by split."""
    by_split: dict[str, list[DataFile]] = {}
    for file, below in sorted(files.items()):
        if _kind(file)[0] and not _is_record(file):
            by_split.setdefault(_split_of(below), []).append(data_file_of(file))
    if not by_split:
        raise UsageError(f"{name}: holds no {KNOWN} file")
    return by_split


def _chosen(name: str, by_split: Mapping[str, list[DataFile]], split: str) -> list[DataFile]:
    choices = ", ".join(sorted(each or "(no split)" for each in by_split))
    if not split and len(by_split) > 1:
        raise UsageError(f"{name}: holds several splits; choose one with --split: {choices}")
    wanted = [each for each in _meant(split) if each in by_split] if split else list(by_split)
    if not wanted:
        raise UsageError(f"--split {split}: {name} has no such split; it has {choices}")
    return by_split[wanted[0]]


def _same(split: str) -> str:
    return _SAME_SPLIT.get(split.lower(), split)


def _meant(split: str) -> tuple[str, ...]:
    """The names that files of a split go by; as `datasets` has it, one without is for training."""
    return (split, _same(split), "") if _same(split) == "train" else (split, _same(split))


def _split_of(path: str) -> str:
    """The split that a file's name tells, or a folder's that it is in; as `datasets` sees it."""
    for part in reversed(PurePosixPath(path).parts):
        shard, keyword = _SHARD.match(part), _SPLITS.search(part)
        if keyword:
            return _same(shard[1] if shard else keyword[1].lower())
    return ""


def _kind(name: str) -> tuple[str, str]:
    """What a file's endings say: its kind ("" if nothing) and its packing."""
    path = PurePosixPath(path_of(name))
    packing = path.suffix.lower()
    if packing in PACKINGS:
        return KINDS.get(path.with_suffix("").suffix.lower(), ""), packing
    return KINDS.get(packing, ""), ""


def _is_hidden(path: PurePath) -> bool:
    return any(part.startswith((".", "__")) for part in path.parts)


def _is_record(file: str) -> bool:
    """Files about data that stand beside it."""
    return PurePosixPath(file).name in {
        *("dataset_info.json", "dataset_infos.json", "dataset_dict.json"),
        *("state.json", "config.json", "run.json"),
    }
