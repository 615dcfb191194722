"""What the command line names -> the files that are meant, in order.

A name is a path, a glob, a directory, a URL (also with a glob), or `-` for stdin. What a file holds
is told by its ending.
"""

import glob
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from clair_cli.inputs.unpacking import PACKINGS
from clair_cli.records import UsageError

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
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*(?:::[A-Za-z][A-Za-z0-9+.-]*)*://")
_SPLITS = re.compile(
    r"(?:^|[-_.])(train|test|validation|valid|val|dev|eval)(?:[-_.]|$)", re.IGNORECASE
)
_SAME_SPLIT = {"valid": "validation", "val": "validation", "dev": "validation", "eval": "test"}


@dataclass(frozen=True, slots=True)
class Place:
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
        return self.shown or ("stdin" if self.path == STDIN else self.path)

    @property
    def is_url(self) -> bool:
        """Whether it is read through fsspec."""
        return is_url(self.path)


def is_url(name: str) -> bool:
    """Whether `name` is an address rather than a path."""
    return bool(_URL.match(name))


def place_of(name: str) -> Place:
    """The file `name`; one whose ending tells nothing is taken for JSON Lines."""
    kind, packing = _kind(name)
    return Place(name, kind or "jsonl", packing)


def find_places(names: Sequence[str], split: str) -> list[Place]:
    """The files that `names` mean; `split` chooses among those of a directory.

    Raises:
        UsageError: A name means nothing, or a directory holds several splits and none is chosen.
    """
    return [place for name in names for place in _found(name, split)]


def _found(name: str, split: str) -> list[Place]:
    if name == STDIN:
        return [Place(STDIN, "jsonl")]
    if name.startswith("hf://datasets/"):
        return _on_hub(name, split)
    return _at_url(name, split) if is_url(name) else _on_disk(name, split)


def _on_hub(url: str, split: str) -> list[Place]:
    """At the commit that its revision names now, so that a change meanwhile is not mixed in."""
    from clair_cli.inputs.repository import find_repository, parse_url  # noqa: PLC0415 - its client

    name, revision, inside = parse_url(url)
    repository = find_repository(name, revision)
    path = "/".join(filter(None, (repository.base, inside)))
    places = _on_disk(path, split) if repository.is_copy else _at_url(path, split)
    return [replace(place, shown=repository.shown(place.path)) for place in places]


def _on_disk(name: str, split: str) -> list[Place]:
    path = Path(name)
    if path.is_dir():
        inside = (each for each in path.rglob("*") if not _is_hidden(each.relative_to(path)))
        return _of_directory(name, [str(each) for each in inside if each.is_file()], split)
    if path.exists():
        return [place_of(name)]
    if glob.has_magic(name):
        matches = [each for each in glob.glob(name, recursive=True) if not Path(each).is_dir()]  # noqa: PTH207 - patterns may be absolute
        if not matches:
            raise UsageError(f"{name}: no file matches; mend the pattern")
        return [place_of(each) for each in sorted(matches)]
    raise UsageError(f"{name}: no such file; name a {KNOWN} file, a directory, or - for stdin")


def _at_url(name: str, split: str) -> list[Place]:
    from clair_cli.inputs.remote import listing  # noqa: PLC0415 - fsspec only where it is needed

    listed = listing(name)
    if listed is None:
        return [place_of(name)]
    if not listed.files:
        raise UsageError(f"{name}: no file matches; mend the pattern")
    if listed.is_directory:
        return _of_directory(name, listed.files, split)
    return [place_of(each) for each in sorted(listed.files)]


def _of_directory(name: str, files: Iterable[str], split: str) -> list[Place]:
    places = [place_of(file) for file in sorted(files) if _kind(file)[0] and not _is_record(file)]
    if not places:
        raise UsageError(f"{name}: holds no {KNOWN} file")
    by_split: dict[str, list[Place]] = {}
    for place in places:
        by_split.setdefault(_split_of(place.path, name), []).append(place)
    return _chosen(name, by_split, split)


def _chosen(name: str, by_split: Mapping[str, list[Place]], split: str) -> list[Place]:
    choices = ", ".join(sorted(each or "(no split)" for each in by_split))
    wanted = _SAME_SPLIT.get(split, split)
    if wanted == "train" and wanted not in by_split and "" in by_split:
        return by_split[""]  # as `datasets` has it: what names no split is for training
    if split and wanted not in by_split:
        raise UsageError(f"--split {split}: {name} has no such split; it has {choices}")
    if not split and len(by_split) > 1:
        raise UsageError(f"{name}: holds several splits; choose one with --split: {choices}")
    return by_split[wanted] if split else next(iter(by_split.values()))


def _split_of(path: str, directory: str) -> str:
    """The split that a file belongs to by its name, or by a directory's; as `datasets` sees it."""
    inside = path.removeprefix(directory)
    for part in reversed(PurePosixPath(inside).parts):
        found = _SPLITS.search(part)
        if found:
            name = found[1].lower()
            return _SAME_SPLIT.get(name, name)
    return ""


def _kind(name: str) -> tuple[str, str]:
    """What a file's endings say: its kind ("" if nothing) and its packing."""
    path = PurePosixPath(urlsplit(name).path if is_url(name) else name)
    packing = path.suffix.lower()
    if packing in PACKINGS:
        return KINDS.get(path.with_suffix("").suffix.lower(), ""), packing
    return KINDS.get(packing, ""), ""


def _is_hidden(path: Path) -> bool:
    return any(part.startswith((".", "__")) for part in path.parts)


def _is_record(file: str) -> bool:
    """Files about data that stand beside it."""
    return PurePosixPath(file).name in {
        *("dataset_info.json", "dataset_infos.json", "dataset_dict.json"),
        *("state.json", "config.json", "run.json"),
    }
