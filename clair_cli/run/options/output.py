"""What is written where, and what is said of it."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal, TypeAlias

from clair_cli.run.options.declaring import REQUIRED, Group, option

FormatName: TypeAlias = Literal["conversational", "standard", "unpaired", "clair", "ranked"]
FileType: TypeAlias = Literal["jsonl", "jsonl.gz", "jsonl.zst", "parquet"]

_DESTINATIONS = "A directory, a file (.jsonl, .jsonl.gz, .jsonl.zst, .parquet) or - for stdout"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOptions(Group):
    """The shape of the pairs, and what files they become."""

    panel: ClassVar[str] = "Output"

    format: FormatName = option(
        "conversational", "Shape of the pairs.", use="outcome", is_stated=True
    )
    file_type: FileType | None = option(None, "Files of a directory (default: jsonl).")
    shard_size: str = option(
        "500MB", "A directory's file that reaches it is followed by another.", metavar="SIZE"
    )
    split_test: float = option(
        0.0,
        "Share of pairs that become a test split, by a hash of id and --seed.",
        metavar="SHARE",
        least=0,
        use="outcome",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputOptions(Group):
    """Where a job's pairs go, what their card says, and what is said of the run."""

    panel: ClassVar[str] = "Output"

    output: str = option(
        "",
        f"{_DESTINATIONS} (default: INPUT's name with .clair).",
        short="-o",
        metavar="OUT",
        shows_default=False,
        use="untold",
    )
    license: str = option(
        "",
        "Licence of the pairs for the card, such as cc-by-4.0.",
        metavar="ID",
        shows_default=False,
        use="outcome",
    )
    language: tuple[str, ...] = option(
        (),
        "Language of the texts for the card, such as en. Repeatable.",
        metavar="CODE",
        use="outcome",
    )
    push: str = option(
        "",
        "Publish the run on the Hub when every row has its pair; see clair push.",
        metavar="USER/NAME",
        shows_default=False,
        use="untold",
    )
    private: bool = option(False, "With --push: make the dataset private.", use="untold")
    quiet: bool = option(False, "Print errors alone.", short="-q", use="untold")
    summary: Path | None = option(None, "Write what ran as JSON.", metavar="FILE", use="untold")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportOptions(Group):
    """Where exported pairs go."""

    panel: ClassVar[str] = "Output"

    output: str = option(
        REQUIRED, f"{_DESTINATIONS}.", short="-o", metavar="OUT", shows_default=False, use="untold"
    )
    seed: int = option(0, "Seed of --split-test.", metavar="N")
    quiet: bool = option(False, "Print errors alone.", short="-q", use="untold")
