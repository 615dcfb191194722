"""The labels of unpaired data, as TRL's KTO trainer counts them."""

from dataclasses import dataclass


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
