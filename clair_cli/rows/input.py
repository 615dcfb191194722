"""What the command line names as INPUT -> its rows as they are, one after the other.

An input is a file, a glob, a directory, several of these, a URL, a dataset on the Hub, or stdin. It
can be read more than once, stdin excepted, and is never read whole.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path, PurePosixPath

from clair_cli.records import UsageError
from clair_cli.rows.files.compression import PACKINGS
from clair_cli.rows.files.data_files import KINDS, STDIN, DataFile, find_data_files
from clair_cli.rows.files.reading import is_rereadable, rows_of, total_bytes, total_rows
from clair_cli.rows.names import is_url, path_of, public
from clair_cli.rows.origin import Origin
from clair_cli.rows.raw import Raw

__all__ = ["Input", "Raw", "default_output", "find_input", "is_hub_id", "of_files", "public"]

_HUB_ID = re.compile(r"[\w-][\w.-]*/[\w.-]+")
_BARE_HUB_ID = re.compile(r"[\w][\w-]*")
_SPLIT = re.compile(r"(?P<name>[\w.-]*)(?:\[(?P<start>\d*):(?P<stop>\d*)\])?")


@dataclass(frozen=True, slots=True)
class Input:
    """The rows of one input. Iterating yields each as a `Raw`, in order.

    Attributes:
        name: What to call it in messages.
        files: The local files that it is read from.
        total_rows: How many rows it has, None where that cannot be known beforehand.
        total_bytes: How many bytes they have, None where that cannot be known beforehand.
        is_rereadable: Whether it can be read again.
        origin: The dataset on the Hub that it is; None for all else.

    Raises while iterating:
        UsageError: A file cannot be opened, is damaged or ends early.
    """

    name: str
    rows: Callable[[], Iterator[Raw]] = field(repr=False)
    files: tuple[Path, ...] = ()
    total_rows: int | None = None
    total_bytes: int | None = None
    is_rereadable: bool = True
    origin: Origin | None = None

    def __iter__(self) -> Iterator[Raw]:
        return self.rows()


@dataclass(frozen=True, slots=True)
class Slice:
    """A split's name, and which of its rows: `train[100:200]`."""

    split: str
    start: int = 0
    stop: int | None = None

    @classmethod
    def of(cls, text: str) -> "Slice":
        """What `--split` says.

        Raises:
            UsageError: It is not NAME or NAME[FROM:TO].
        """
        found = _SPLIT.fullmatch(text.strip())
        if not found:
            raise UsageError(f"--split {text}: write NAME, or NAME[FROM:TO] with numbers of rows")
        stop = found["stop"]
        return cls(found["name"], int(found["start"] or 0), int(stop) if stop else None)

    def cut(self, whole: Input) -> Input:
        """Those rows of `whole`."""
        if self.start == 0 and self.stop is None:
            return whole
        rows = whole.total_rows
        return replace(
            whole,
            rows=lambda: islice(whole.rows(), self.start, self.stop),
            total_rows=None if rows is None else len(range(rows)[self.start : self.stop]),
            total_bytes=None,
        )


def find_input(
    names: Sequence[str], *, split: str = "", config: str = "", revision: str = ""
) -> Input:
    """The input that `names` mean.

    Args:
        names: Paths, globs, directories, URLs, one Hub id (`user/name`; an old one without its
            user only together with one of the options), or `-`.
        split: Which split of a directory or Hub dataset, also with a slice: `train[:1000]`.
        config: Which configuration of a Hub dataset.
        revision: Which branch, tag or commit of a Hub dataset.

    Raises:
        UsageError: There is nothing of that name, or it is not clear what is meant.
    """
    part = Slice.of(split)
    if len(names) == 1 and is_hub_id(names[0], split, config, revision):
        return part.cut(_on_hub(names[0], part.split, config, revision))
    for option, value in (("--config", config), ("--revision", revision)):
        if value:
            raise UsageError(f"{option} {value}: is for datasets on the Hub (user/name) alone")
    return part.cut(of_files(find_data_files(names, part.split), _shown(names)))


def _on_hub(name: str, split: str, config: str, revision: str) -> Input:
    from clair_cli.rows.hub.dataset import find_split  # noqa: PLC0415 - only for the Hub

    found = find_split(name, split, config, revision)
    whole = of_files(found.files, name) if found.files else Input(name, found.stream)
    return replace(whole, total_rows=found.total_rows, origin=found.origin)


def is_hub_id(name: str, *options: str) -> bool:
    """Whether `name` can only be a dataset on the Hub: nothing here is called so.

    A name without a user is taken for one only where one of the `options` that choose a part of a
    dataset is given; else it is rather a mistyped file.
    """
    path = PurePosixPath(name)
    is_file = path.suffix.lower() in KINDS or path.suffix.lower() in PACKINGS
    is_id = _HUB_ID.fullmatch(name) or (any(options) and _BARE_HUB_ID.fullmatch(name))
    return bool(is_id) and not is_file and not Path(name).exists()


def default_output(names: Sequence[str]) -> Path | None:
    """The directory beside the input that pairs go to; None where several could be meant."""
    name = names[0]
    path = Path(name)
    magic = "*[" if is_url(name) else "*?["
    if len(names) > 1 or (any(char in name for char in magic) and not path.exists()):
        return None
    if name == STDIN:
        return Path("stdin.clair")
    if is_url(name) or is_hub_id(name):
        return Path(f"{_stem(PurePosixPath(path_of(name)).name)}.clair")
    if path.exists() and not path.is_file() and not path.is_dir():
        return None
    stem = path.resolve().name if path.is_dir() else _stem(path.name)
    folder = path.resolve().parent if path.is_dir() and not path.name else path.parent
    return folder / f"{stem}.clair"


def of_files(files: Sequence[DataFile], name: str) -> Input:
    """The rows of `files`, one after the other."""

    def rows() -> Iterator[Raw]:
        for file in files:
            yield from rows_of(file)

    return Input(
        name,
        rows,
        tuple(Path(file.path) for file in files if not file.is_url and file.path != STDIN),
        total_rows(files),
        total_bytes(files),
        all(is_rereadable(file) for file in files),
    )


def _shown(names: Sequence[str]) -> str:
    if len(names) > 1:
        return f"{len(names)} inputs"
    return "stdin" if names[0] == STDIN else public(names[0])


def _stem(name: str) -> str:
    path = PurePosixPath(name)
    return (path.with_suffix("") if path.suffix.lower() in PACKINGS else path).stem
