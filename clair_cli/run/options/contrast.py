"""How far revisions may go from their answers, how many are asked for, and which are kept."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from clair_cli.run.options.declaring import Group, option


@dataclass(frozen=True, slots=True, kw_only=True)
class ContrastOptions(Group):
    """Bounds on each revision, None for no bound; and which of several revisions are kept."""

    panel: ClassVar[str] = "Contrast"

    min_similarity: float | None = option(
        None,
        "Least similarity of the two answers.",
        metavar="SHARE",
        least=0,
        most=1,
        use="outcome",
    )
    min_kept: float | None = option(
        None,
        "Least share of words kept in order.",
        metavar="SHARE",
        least=0,
        most=1,
        use="outcome",
    )
    max_levenshtein: int | None = option(
        None, "Most edited characters.", metavar="N", least=1, use="outcome"
    )
    max_length_ratio: float | None = option(
        None,
        "Most length of a revision over its answer's.",
        metavar="RATIO",
        least=0,
        use="outcome",
    )
    min_length_ratio: float | None = option(
        None,
        "Least length of a revision over its answer's.",
        metavar="RATIO",
        least=0,
        use="outcome",
    )
    keep_best: bool = option(
        False,
        "Keep and flag the closest reply where none is within the bounds.",
        use="outcome",
    )
    samples: int = option(
        1, "Revisions of each answer.", short="-n", metavar="N", least=1, use="outcome"
    )
    best_by: Literal["similarity", "kept", "levenshtein"] | None = option(
        None, "Keep the most minimal of them (default: all).", use="outcome"
    )
    also: str = option(
        "",
        "A template of the other direction, asked as well: --also worsen.",
        metavar="NAME|FILE",
        shows_default=False,
        use="outcome",
    )
    keep_thinking: bool = option(
        False, "Keep a reasoning model's thinking in a column thinking.", use="outcome"
    )
