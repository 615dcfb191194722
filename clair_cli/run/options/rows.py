"""Which rows are read, and from which of their columns."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from clair_cli.run.options.declaring import Group, option


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetOptions(Group):
    """Which part of a dataset is read."""

    panel: ClassVar[str] = "Input"

    split: str = option(
        "",
        "Split of a Hub dataset or a directory, and which of its rows.",
        metavar="NAME[FROM:TO]",
        shows_default=False,
        use="outcome",
    )
    config: str = option(
        "",
        "Configuration of a Hub dataset.",
        metavar="NAME",
        shows_default=False,
        use="outcome",
    )
    revision: str = option(
        "",
        "Branch, tag or commit of a Hub dataset.",
        metavar="REV",
        shows_default=False,
        use="outcome",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PickingOptions(Group):
    """Which rows are picked, in the order of these options."""

    panel: ClassVar[str] = "Input"

    skip: int = option(0, "Leave out the first rows.", metavar="ROWS", least=0, use="outcome")
    sample: int | None = option(
        None, "Draw so many rows at random, by --seed.", metavar="ROWS", least=1, use="outcome"
    )
    limit: int | None = option(
        None, "Read only so many rows.", metavar="ROWS", least=1, use="outcome"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnOptions(Group):
    """Where the prompt and the answer stand; what is left open is recognised."""

    panel: ClassVar[str] = "Columns"

    prompt_column: str = option(
        "", "Column of the prompt, dotted.", metavar="PATH", shows_default=False, use="outcome"
    )
    response_column: str = option(
        "", "Column of the answer, dotted.", metavar="PATH", shows_default=False, use="outcome"
    )
    id_column: str = option(
        "",
        "Column of the row's id (default: id, else a hash).",
        metavar="PATH",
        shows_default=False,
        use="outcome",
    )
    revise: Literal["chosen", "rejected"] | None = option(
        None, "The answer of a preference row to revise (default: rejected).", use="outcome"
    )
    keep_columns: tuple[str, ...] = option(
        (),
        "Columns of the input that pairs keep.",
        metavar="A,B",
        separator=",",
        use="outcome",
    )
