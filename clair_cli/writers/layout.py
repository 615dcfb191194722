"""The paths of a run's files."""

import re
from dataclasses import dataclass
from pathlib import Path

from clair_cli.records import UsageError

KINDS = ("jsonl", "jsonl.gz", "jsonl.zst", "parquet")
"""What data files can be; each is the ending of their names."""

SPLITS = ("train", "test")

_UNMADE = (".json", ".csv", ".tsv", ".arrow", ".feather", ".gz", ".zst", ".bz2", ".xz")
_DATA = re.compile(r"(train|test)(?:-\d{5,}-of-\d{5,})?\.(jsonl(?:\.gz|\.zst)?|parquet)")


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths of one run.

    Attributes:
        folder: Where the data files stand; None for stdout.
        side: The directory of the store, failures.jsonl and run.json.
        card: The dataset card; None where the output is not a directory.
        file: The name of the one file that the pairs go to; "" where they go to a directory.
    """

    folder: Path | None
    side: Path
    card: Path | None
    file: str = ""

    @property
    def kind(self) -> str:
        """What the name of the one file says it is; "" where there is none."""
        return next((kind for kind in KINDS if self.file.endswith(f".{kind}")), "")

    @property
    def data(self) -> Path | None:
        """The file of the pairs where nothing else is asked for; None for stdout."""
        return self.folder / (self.file or "train.jsonl") if self.folder else None

    @property
    def store(self) -> Path:
        """The default place of the store."""
        return self.side / "store.sqlite3"

    @property
    def mock_store(self) -> Path:
        """The place of the offline endpoint's replies: never taken for a real model's."""
        return self.side / "mock.sqlite3"

    @property
    def output(self) -> Path:
        """What is locked while pairs are written."""
        return self.side / "output"

    @property
    def failures(self) -> Path:
        """The rows that got no pair."""
        return self.side / "failures.jsonl"

    @property
    def run(self) -> Path:
        """What ran."""
        return self.side / "run.json"

    @property
    def recipe(self) -> Path:
        """What decides the outcome besides the replies; it is not published."""
        return self.side / "recipe.json"

    @property
    def publishing(self) -> Path:
        """The names of the data files, between the first that appears and run.json."""
        return self.side / "publishing.json"

    def names(self, split: str, shards: int, kind: str) -> tuple[str, ...]:
        """The names of a split's files, in order."""
        if self.file:
            stem = self.file.removesuffix(f".{kind}")
            return (self.file if split == SPLITS[0] else f"{stem}.{split}.{kind}",) * shards
        if shards == 1:
            return (f"{split}.{kind}",)
        return tuple(f"{split}-{number:05}-of-{shards:05}.{kind}" for number in range(shards))

    def split_and_kind(self, name: str) -> tuple[str, str] | None:
        """What a data file of this name would hold and be; None where no run gives the name."""
        if self.file:
            made = {self.names(split, 1, self.kind)[0]: split for split in SPLITS}
            return (made[name], self.kind) if name in made else None
        found = _DATA.fullmatch(name)
        return (found[1], found[2]) if found else None


def layout_of(written: Path) -> Layout:
    """The layout of what was written to the directory or file `written`, finished or not."""
    if written.is_dir():
        return Layout(written, written / ".clair", written / "README.md")
    return Layout(written.parent, _side_of(written), None, written.name)


def layout(output: str, default: Path | None) -> Layout:
    """The layout for `-o`; "" is the `default` directory, None where there is none.

    Raises:
        UsageError: The ending is one that cannot be written, a directory holds other data, or a
            name is needed.
    """
    if output == "-":
        return Layout(None, (default or Path("stdout.clair")) / ".clair", None)
    if not output and default is None:
        raise UsageError("name the output with -o: the input does not suggest one")
    path = Path(output) if output else default or Path()
    if path.name.endswith(tuple(f".{kind}" for kind in KINDS)) and not path.is_dir():
        side = _side_of(path)
        if path.exists() and not side.is_dir():
            raise UsageError(f"-o {path}: exists and was not written by clair; name another file")
        return Layout(path.parent, side, None, path.name)
    wrong = next((ending for ending in _UNMADE if path.name.endswith(ending)), None)
    if wrong:
        endings = ", ".join(f".{kind}" for kind in KINDS)
        raise UsageError(
            f"-o {output}: cannot write {wrong}; name a directory, or a file that ends in {endings}"
        )
    directory = Layout(path, path / ".clair", path / "README.md")
    _check_ours(directory, path)
    return directory


def _side_of(file: Path) -> Path:
    return file.with_name(f".{file.name}.clair")


def _check_ours(found: Layout, path: Path) -> None:
    """Never write beside or over a README or data that is not clair's."""
    if found.side.is_dir():
        return
    if path.exists() and not path.is_dir():
        raise UsageError(f"-o {path}: is a file; name a directory or a .jsonl file")
    names = sorted(each.name for each in path.iterdir()) if path.exists() else []
    foreign = next(
        (name for name in names if name == "README.md" or found.split_and_kind(name)), None
    )
    if foreign:
        raise UsageError(
            f"{path / foreign}: exists and was not written by clair; name another directory with -o"
        )
