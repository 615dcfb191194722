"""Where the files of a run stand."""

from dataclasses import dataclass
from pathlib import Path

from clair_cli.records import UsageError

FILE_ENDINGS = (".jsonl",)
UNMADE_ENDINGS = (".jsonl.gz", ".jsonl.zst", ".parquet", ".json", ".csv", ".arrow")


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths of one run.

    Attributes:
        data: The pairs; None for stdout.
        side: The directory of the store, failures.jsonl and run.json.
        card: The dataset card; None where the output is not a directory.
    """

    data: Path | None
    side: Path
    card: Path | None

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
    def temporary(self) -> Path:
        """Where the pairs are written until the run is complete."""
        return self.side / "train.jsonl.part"


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
    if path.name.endswith(FILE_ENDINGS) and not path.is_dir():
        side = path.with_name(f".{path.name}.clair")
        if path.exists() and not side.is_dir():
            raise UsageError(f"-o {path}: exists and was not written by clair; name another file")
        return Layout(path, side, None)
    wrong = next((e for e in UNMADE_ENDINGS if path.name.endswith(e)), None)
    if wrong:
        raise UsageError(f"-o {output}: cannot write {wrong}; name a directory or a .jsonl file")
    directory = Layout(path / "train.jsonl", path / ".clair", path / "README.md")
    _check_ours(directory, path)
    return directory


def _check_ours(found: Layout, path: Path) -> None:
    """Never write over a README or data that is not clair's."""
    if found.side.is_dir() or found.card is None or found.data is None:
        return
    foreign = next((file for file in (found.data, found.card) if file.exists()), None)
    if foreign:
        raise UsageError(
            f"{foreign}: exists and was not written by clair; name another directory with -o"
        )
    if path.exists() and not path.is_dir():
        raise UsageError(f"-o {path}: is a file; name a directory or a .jsonl file")
