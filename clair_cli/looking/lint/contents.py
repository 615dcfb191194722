"""What rows hold that trainers can read: compared with one another, measured and counted."""

from collections.abc import Sequence
from dataclasses import dataclass

from clair_cli.looking.lint.cutting import ABOUT, Measured, Ruler
from clair_cli.looking.lint.labels import Labels
from clair_cli.looking.lint.lengths import Lengths
from clair_cli.looking.lint.repeats import Repeats
from clair_cli.looking.lint.sides import are_identical
from clair_cli.looking.lint.texts import Tell, Text
from clair_cli.looking.lint.wording import Wording
from clair_cli.records import Problem


@dataclass(frozen=True, slots=True)
class Settings:
    """The user's choices: where rows are cut, in the unit of the ruler; None for nowhere."""

    max_length: int | None = None


class Contents:
    """What is known of the texts so far.

    Attributes:
        lengths: The lengths of both sides.
        labels: The labels of unpaired rows.
        repeats: The rows and ids that were there before.
    """

    def __init__(self, ruler: Ruler, settings: Settings) -> None:
        self.ruler = ruler
        self.settings = settings
        self.lengths = Lengths()
        self.labels = Labels()
        self.repeats = Repeats()
        self._wording = Wording()

    def pair(self, prompt: Text, chosen: Text, rejected: Text, tell: Tell) -> None:
        """Check a pair."""
        if are_identical(chosen, rejected):
            tell("identical", "")
        else:
            self._wording.pair(prompt, chosen, rejected, tell)
        code = self.repeats.pair(prompt, chosen, rejected)
        if code:
            tell(code, "")
        measured = self._measure(prompt, (chosen, rejected), tell)
        if measured:
            one, other = (len(whole) - measured.prompt for whole in measured.whole)
            self.lengths.add_pair(one, other)

    def labelled(self, prompt: Text, completion: Text, tell: Tell, *, label: bool) -> None:
        """Check an answer with a label."""
        self.labels.add(label=label)
        self._wording.labelled(prompt, completion, tell)
        code = self.repeats.labelled(prompt, completion, label=label)
        if code:
            tell(code, "")
        measured = self._measure(prompt, (completion,), tell)
        if measured:
            length = len(measured.whole[0]) - measured.prompt
            self.lengths.add_labelled(length, label=label)

    def _measure(self, prompt: Text, answers: Sequence[Text], tell: Tell) -> Measured | None:
        measured = self.ruler.measure(prompt, answers)
        if isinstance(measured, Problem):
            tell(measured.reason, measured.detail)
            return None
        if measured.merged:
            tell("boundary", "")
        code = _cut(measured, self.settings.max_length, self.ruler.unit)
        if code:
            tell(code, "")
        return measured


def _cut(measured: Measured, max_length: int | None, unit: str) -> str:
    """What becomes of a row where it is cut: a code, or ""."""
    longest = max(map(len, measured.whole), default=0)
    if max_length is None:
        return "may_be_cut" if unit == "characters" and longest > ABOUT else ""
    if measured.prompt >= max_length:
        return "prompt_too_long"
    kept = [whole[:max_length] for whole in measured.whole]
    if len(kept) == 2 and kept[0] == kept[1] and measured.whole[0] != measured.whole[1]:
        return "collapses"
    return "cut" if longest > max_length else ""
