"""How far a revision may be from the response: bounds on the metrics, each with its reason code."""

from dataclasses import dataclass

from clair_cli.records import Contrast, Problem


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the user wants of each pair; None sets no bound.

    Attributes:
        min_similarity: Least similarity, 0 to 1.
        max_length_ratio, min_length_ratio: Most and least length of the revision over the answer's.
        max_levenshtein: Most edited characters.
        min_kept: Least share of the answer's words kept, 0 to 1.
    """

    min_similarity: float | None = None
    max_length_ratio: float | None = None
    min_length_ratio: float | None = None
    max_levenshtein: int | None = None
    min_kept: float | None = None

    def problem(self, contrast: Contrast) -> Problem | None:
        """The first bound that is broken, in words that tell the reviser what to change.

        The words are part of the next request, and so of its key in the store.
        """
        if self.min_kept is not None and contrast.kept < self.min_kept:
            changed = _percent(1 - contrast.kept)
            return Problem(
                "below_kept",
                f"you changed {changed} of the answer's words; change only what must change, and "
                f"keep at least {_percent(self.min_kept)} of them as they are",
            )
        if self.min_similarity is not None and contrast.similarity < self.min_similarity:
            return Problem(
                "below_similarity",
                f"you changed {_percent(1 - contrast.similarity)} of the text, and at most "
                f"{_percent(1 - self.min_similarity)} may change; copy everything else as it is",
            )
        if self.max_levenshtein is not None and contrast.levenshtein > self.max_levenshtein:
            return Problem(
                "above_levenshtein",
                f"you edited {contrast.levenshtein} characters, and at most "
                f"{self.max_levenshtein} may be edited; make only the most important changes",
            )
        return self._length_problem(contrast.length_ratio)

    def _length_problem(self, ratio: float) -> Problem | None:
        if self.max_length_ratio is not None and ratio > self.max_length_ratio:
            return Problem(
                "above_length_ratio",
                f"your revision is {ratio:.2f} times as long as the answer, and at most "
                f"{self.max_length_ratio:g} times is allowed; add less",
            )
        if self.min_length_ratio is not None and ratio < self.min_length_ratio:
            return Problem(
                "below_length_ratio",
                f"your revision is {ratio:.2f} times as long as the answer, and at least "
                f"{self.min_length_ratio:g} times is wanted; leave out less",
            )
        return None


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
