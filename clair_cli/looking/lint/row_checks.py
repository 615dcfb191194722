"""The checks of each row: its columns, its texts, and how they compare with one another."""

from collections.abc import Sequence

from clair_cli.looking.lint.balance import is_label
from clair_cli.looking.lint.cutting import Measured, Ruler, cut
from clair_cli.looking.lint.dataset_checks import DatasetChecks
from clair_cli.looking.lint.findings import Position, Tell
from clair_cli.looking.lint.loading import as_loaded
from clair_cli.looking.lint.repeats import Repeats
from clair_cli.looking.lint.texts import (
    TrlText,
    are_identical,
    check_answer,
    check_prompt,
    read,
    split,
)
from clair_cli.looking.lint.trainers import READ, fits_template, misleads
from clair_cli.looking.lint.wording import Wording
from clair_cli.records import Problem
from clair_cli.rows.examples import Example, as_id
from clair_cli.rows.raw import Cells, Raw
from clair_cli.rows.shapes import TRAINED


class RowChecks:
    """Checks rows, and tells of them to what is known of the whole dataset."""

    def __init__(self, dataset: DatasetChecks, ruler: Ruler, max_length: int | None) -> None:
        self._dataset = dataset
        self._ruler = ruler
        self._max_length = max_length
        self._repeats = Repeats()
        self._wording = Wording()

    def add(self, raw: Raw) -> None:
        """Check one row."""
        if raw.cells is None:
            detail = raw.fault.detail if raw.fault else ""
            self._dataset.found.add("unreadable", Position(raw.file, raw.number, ""), detail)
            return
        cells = as_loaded(raw.file, raw.cells)
        at = Position(raw.file, raw.number, as_id(cells.get("id")))
        tell = self._dataset.found.within(at)
        self._dataset.add(cells, at)
        code, column = self._dataset.columns.add(raw.file, cells, raw.size)
        if code:
            tell(code, f"in {column}")
        self._check_columns(cells, at.id, tell)
        example = self._trained(cells)
        if example is not None:
            self._check_example(example, at, tell)

    def _check_columns(self, cells: Cells, row_id: str, tell: Tell) -> None:
        if not fits_template(cells):
            tell("template_columns", "")
        if "messages" in cells and misleads(cells):
            tell("messages_column", "")
        label = cells.get("label") if "completion" in cells else None
        if row_id and self._repeats.has_id(row_id, label):
            tell("repeated_id", "")

    def _trained(self, cells: Cells) -> Example | None:
        """What trainers read of the row; None where a part of it is null: that is told later."""
        known = self._dataset.columns.names
        if any(name in known and cells.get(name) is None for name in READ[:4]):
            return None
        for shape in TRAINED:
            if shape.needs <= cells.keys():
                return shape.read(cells, shape)
        return None

    def _check_example(self, example: Example, at: Position, tell: Tell) -> None:
        labels = [answer.label for answer in example.answers]
        if len(labels) == 1 and labels[0] is not None and not is_label(labels[0]):
            shown = isinstance(labels[0], str | int | float)
            tell("label_type", repr(labels[0]) if shown else "")
        texts = self._texts(example, at, tell)
        if not texts:
            return
        prompt, *answers = texts
        if example.prompt:
            check_prompt(prompt, tell)
        for answer, text in zip(example.answers, answers, strict=True):
            check_answer(prompt, text, answer.said.column, tell)
        if len(labels) == 2:
            self._compare(prompt, answers[0], answers[1], tell)
        elif is_label(labels[0]):
            self._compare_labelled(prompt, answers[0], tell, label=bool(labels[0]))

    def _texts(self, example: Example, at: Position, tell: Tell) -> Sequence[TrlText]:
        """Prompt and answers as TRL reads them; none where it cannot read them together."""
        prompt = [example.prompt] if example.prompt else []
        passages = [*prompt, *(answer.said for answer in example.answers)]
        texts = [text for each in passages if (text := read(each, tell)) is not None]
        if len(texts) < len(passages) or not self._go_together(example, at, tell):
            return ()
        return texts if prompt else split(texts[0], texts[1], tell)

    def _go_together(self, example: Example, at: Position, tell: Tell) -> bool:
        """Whether the forms of the row can be joined, or nearly so."""
        forms = {answer.said.form for answer in example.answers}
        if len(forms) > 1:
            tell("mixed_forms", "one answer is text, the other messages")
            return False
        answer = next(iter(forms))
        prompt = example.prompt.form if example.prompt else answer
        if prompt not in {answer, "text"}:
            tell("mixed_forms", "the prompt is messages, the answers are text")
            return False
        if prompt != answer:
            tell("string_prompt", "")
        self._dataset.add_form(answer, at)
        return True

    def _compare(self, prompt: TrlText, chosen: TrlText, rejected: TrlText, tell: Tell) -> None:
        if are_identical(chosen, rejected):
            tell("identical", "")
        else:
            self._wording.pair(prompt, chosen, rejected, tell)
        code = self._repeats.pair(prompt, chosen, rejected)
        if code:
            tell(code, "")
        measured = self._measure(prompt, (chosen, rejected), tell)
        if measured:
            self._dataset.lengths.add_pair(*measured.answers)

    def _compare_labelled(self, prompt: TrlText, text: TrlText, tell: Tell, *, label: bool) -> None:
        self._dataset.labels.add(label=label)
        self._wording.labelled(prompt, text, tell)
        code = self._repeats.labelled(prompt, text, label=label)
        if code:
            tell(code, "")
        measured = self._measure(prompt, (text,), tell)
        if measured:
            self._dataset.lengths.add_labelled(*measured.answers, label=label)

    def _measure(self, prompt: TrlText, answers: Sequence[TrlText], tell: Tell) -> Measured | None:
        measured = self._ruler.measure(prompt, answers)
        if isinstance(measured, Problem):
            tell(measured.reason, measured.detail)
            return None
        if measured.merged:
            tell("boundary", "")
        code = cut(measured, self._max_length, self._ruler.unit)
        if code:
            tell(code, "")
        return measured
