"""Whether the two sides are in balance over all rows: in number, and in length."""

from dataclasses import dataclass

ENOUGH = 20
"""Answers of each kind, below which nothing can be said."""
UNEVEN_SHARE = 0.65
"""Share of pairs with the same longer side, and"""
UNEVEN_RATIO = 1.15
"""longer mean over shorter mean, at which the two together are a bias."""
UNPAIRED_RATIO = 1.3
"""Longer mean over shorter mean for labelled answers, which cannot be compared in pairs."""


def is_label(cell: object) -> bool:
    """Whether the trainer reads the cell as it is meant: true and false, also as 1 and 0."""
    return isinstance(cell, bool) or (type(cell) is int and cell in {0, 1})


@dataclass(slots=True)
class Labels:
    """How many answers were labelled true, and how many false."""

    true: int = 0
    false: int = 0

    def add(self, *, label: bool) -> None:
        """Count one."""
        self.true += label
        self.false += not label

    @property
    def only_one(self) -> bool:
        """Whether there is nothing to contrast."""
        return self.true + self.false > 0 and not (self.true and self.false)

    def advice(self) -> str:
        """The weight that TRL advises where the two are out of balance, else "".

        The bounds are those of Eq. (8) of the KTO paper (arXiv 2402.01306), rounded as TRL's
        `_prepare_dataset` rounds them; with both weights at 1 it warns outside of them.
        """
        if not self.true or not self.false or self.true == self.false:
            return ""
        desirable = round(self.false / self.true, 2), round(self.false / self.true * 1.33, 2)
        undesirable = round(self.true / self.false / 1.33, 2), round(self.true / self.false, 2)
        if desirable[0] <= 1 <= desirable[1] or undesirable[0] <= 1 <= undesirable[1]:
            return ""
        return f"--desirable_weight {desirable[0]} to {desirable[1]}"


@dataclass(slots=True)
class Lengths:
    """Sums over the rows, in the unit of the ruler.

    Attributes:
        chosen, rejected: How many answers of each; for labelled ones, true and false.
        chosen_sum, rejected_sum: Their lengths together.
        longer, shorter: Pairs whose chosen side is longer, or shorter, than the rejected one.
    """

    chosen: int = 0
    rejected: int = 0
    chosen_sum: int = 0
    rejected_sum: int = 0
    longer: int = 0
    shorter: int = 0

    def add_pair(self, chosen: int, rejected: int) -> None:
        """Count both sides of a pair."""
        self.add_labelled(chosen, label=True)
        self.add_labelled(rejected, label=False)
        self.longer += chosen > rejected
        self.shorter += chosen < rejected

    def add_labelled(self, length: int, *, label: bool) -> None:
        """Count one answer."""
        if label:
            self.chosen += 1
            self.chosen_sum += length
        else:
            self.rejected += 1
            self.rejected_sum += length

    @property
    def means(self) -> tuple[float, float]:
        """Mean length of the chosen and of the rejected answers."""
        return (
            self.chosen_sum / self.chosen if self.chosen else 0.0,
            self.rejected_sum / self.rejected if self.rejected else 0.0,
        )

    def longer_share(self) -> float | None:
        """Share of pairs whose chosen side is the longer one; None where there are no pairs."""
        paired = self.chosen == self.rejected and self.longer + self.shorter > 0
        return self.longer / self.chosen if paired else None

    def bias(self) -> str:
        """How one side is the longer one, in words; "" where there is no bias."""
        chosen, rejected = self.means
        if min(self.chosen, self.rejected) < ENOUGH or not min(chosen, rejected):
            return ""
        ratio = max(chosen, rejected) / min(chosen, rejected)
        share = max(self.longer, self.shorter) / self.chosen
        side = "chosen" if chosen > rejected else "rejected"
        if self.longer + self.shorter == 0:
            return _words(side, ratio) if ratio >= UNPAIRED_RATIO else ""
        agree = (self.longer > self.shorter) == (chosen > rejected)
        uneven = agree and share >= UNEVEN_SHARE and ratio >= UNEVEN_RATIO
        return f"{_words(side, ratio)}, and longer in {share:.0%} of the pairs" if uneven else ""


def _words(side: str, ratio: float) -> str:
    return f"{side} is {ratio:.2f} times as long"
