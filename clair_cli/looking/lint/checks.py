"""Every check, row by row, and then those that only the whole dataset can answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clair_cli.looking.lint.column_types import Columns
from clair_cli.looking.lint.contents import Contents
from clair_cli.looking.lint.findings import Findings, Place
from clair_cli.looking.lint.labels import is_label
from clair_cli.looking.lint.sides import check_answer, check_prompt, split
from clair_cli.looking.lint.special_columns import CODES, Special, fits_template, misleads
from clair_cli.looking.lint.texts import Form, Text, form_of, read
from clair_cli.looking.lint.trainers import LABELLED, PAIR, READ, Kind, kind_of
from clair_cli.looking.lint.trainers import Form as Whole
from clair_cli.looking.lint.trainers import form_of as form_of_rows

NULLABLE = (*READ, "messages")
"""The columns whose nulls count, where they exist."""


@dataclass(slots=True)
class _Seen:
    """How many rows have something, and the first of them."""

    first: Place
    count: int = 0


class Checks:
    """What is known after the rows so far.

    Attributes:
        found: The findings.
        columns: The columns and their types.
        contents: What the rows hold.
    """

    def __init__(self, contents: Contents) -> None:
        self.found = Findings()
        self.columns = Columns()
        self.contents = contents
        self._special = Special()
        self._nulls: dict[tuple[str, ...], _Seen] = {}
        self._forms: dict[str, _Seen] = {}
        self._all: _Seen | None = None

    @property
    def kind(self) -> Kind:
        """What kind of preference data it is."""
        return kind_of(self.columns.names)

    @property
    def form(self) -> Whole:
        """Text or messages."""
        counts = {form: seen.count for form, seen in self._forms.items()}
        return form_of_rows(counts.get("text", 0), counts.get("messages", 0))

    def add(self, file: str, number: int, cells: Mapping[str, object], size: int) -> None:
        """Check one row."""
        row = _Row(self, Place(file, number, _id(cells)))
        self._all = self._all or _Seen(row.at)
        self._all.count += 1
        code, column = self.columns.add(file, cells, size)
        if code:
            row.tell(code, f"in {column}")
        if not fits_template(cells):
            row.tell("template_columns", "")
        if "messages" in cells and misleads(cells):
            row.tell("messages_column", "")
        label = cells.get("label") if "completion" in cells else None
        if row.at.id and self.contents.repeats.has_id(row.at.id, label):
            row.tell("repeated_id", "")
        self._special.add(cells, row.at)
        nulls = tuple(name for name in NULLABLE if cells.get(name) is None)
        self._nulls.setdefault(nulls, _Seen(row.at)).count += 1
        row.check(cells)

    def note_form(self, form: Form, at: Place) -> None:
        """Count a row whose cells are all of one form."""
        _count(self._forms, form, at)

    def finish(self) -> None:
        """Add what only the whole dataset shows."""
        if self._all is None:
            return
        if self.kind == "paired":
            self._finish_pairs(self._all)
        elif self.kind == "unpaired":
            self._finish_nulls("null_cell", LABELLED)
            self._finish_labels(self._all)
        else:
            code = "no_columns" if self.kind == "none" else "mixed_kinds"
            names = ", ".join(self.columns.names)
            self.found.add(code, self._all.first, f"columns {names}", count=self._all.count)
        for name, at in self._special.met.items():
            self.found.add(CODES[name], at, name, count=self._all.count)
        self._finish_forms()
        if self.form == "conversational":
            self._finish_nulls("messages_column", ["messages"])
        bias = self.contents.lengths.bias()
        if bias:
            self.found.add("length_bias", self._all.first, bias, count=self._all.count)

    def _finish_pairs(self, rows: _Seen) -> None:
        self._finish_nulls("null_cell", (*PAIR, "prompt"))
        if "label" in self.columns.names:
            self.found.add("label_in_pairs", rows.first, count=rows.count)
        if "prompt" not in self.columns.names:
            code = "implicit_strings" if self.form == "standard" else "implicit_prompt"
            self.found.add(code, rows.first, count=rows.count)

    def _finish_nulls(self, code: str, wanted: Sequence[str]) -> None:
        """Rows with a null or missing cell in a column that is read and that some row has."""
        known = [name for name in wanted if name in self.columns.names]
        met = [(nulls, seen) for nulls, seen in self._nulls.items() if {*nulls} & {*known}]
        if met:
            names = ", ".join(name for name in known if name in met[0][0])
            count = sum(seen.count for _, seen in met)
            self.found.add(code, met[0][1].first, f"null in {names}", count=count)

    def _finish_forms(self) -> None:
        """Rows of the rarer form; the first one of them is shown."""
        if self.form == "mixed":
            rarer = min(self._forms.values(), key=lambda seen: seen.count)
            detail = "beside rows of the other form"
            self.found.add("mixed_forms", rarer.first, detail, count=rarer.count)

    def _finish_labels(self, rows: _Seen) -> None:
        labels = self.contents.labels
        if labels.only_one:
            self.found.add("one_label", rows.first, count=rows.count)
        advice = labels.advice()
        if advice:
            seen = f"{labels.true:,} true, {labels.false:,} false: {advice}"
            self.found.add("label_imbalance", rows.first, seen, count=rows.count)


class _Row:
    """One row under check: each finding counts once in it."""

    def __init__(self, checks: Checks, at: Place) -> None:
        self.at = at
        self._checks = checks
        self._told: set[str] = set()

    def tell(self, code: str, detail: str) -> None:
        """Note a finding."""
        if code not in self._told:
            self._told.add(code)
            self._checks.found.add(code, self.at, detail)

    def check(self, cells: Mapping[str, object]) -> None:
        """Check the cells that trainers read, where none of them is null: that is told later."""
        known = self._checks.columns.names
        for name in READ[:4]:
            if name in known and cells.get(name) is None:
                return
        if all(name in cells for name in PAIR):
            self._pair(cells)
        elif "completion" in cells and "prompt" in cells:
            self._labelled(cells)

    def _pair(self, cells: Mapping[str, object]) -> None:
        explicit = "prompt" in cells
        texts = self._texts(cells, ("prompt", *PAIR) if explicit else PAIR)
        parts = texts if explicit or not texts else split(texts[0], texts[1], self.tell)
        if not parts:
            return
        prompt, chosen, rejected = parts
        if explicit:
            check_prompt(prompt, self.tell)
        check_answer(prompt, chosen, "chosen", self.tell)
        check_answer(prompt, rejected, "rejected", self.tell)
        self._checks.contents.pair(prompt, chosen, rejected, self.tell)

    def _labelled(self, cells: Mapping[str, object]) -> None:
        label = cells.get("label")
        if label is not None and not is_label(label):
            self.tell("label_type", repr(label) if isinstance(label, str | int | float) else "")
        texts = self._texts(cells, ("prompt", "completion"))
        if not texts:
            return
        prompt, completion = texts
        check_prompt(prompt, self.tell)
        check_answer(prompt, completion, "completion", self.tell)
        if is_label(label):
            self._checks.contents.labelled(prompt, completion, self.tell, label=bool(label))

    def _texts(self, cells: Mapping[str, object], names: Sequence[str]) -> Sequence[Text]:
        """The cells as TRL reads them; none where it cannot read them together."""
        texts = [read(cells[name], name, self.tell) for name in names]
        readable = [text for text in texts if text is not None]
        if len(readable) < len(texts):
            return ()
        forms = {form_of(cells[name]) for name in names if name != "prompt"}
        return readable if self._go_together(cells, forms) else ()

    def _go_together(self, cells: Mapping[str, object], answers: set[Form]) -> bool:
        """Whether the forms of the row can be joined, or nearly so."""
        if len(answers) > 1:
            self.tell("mixed_forms", "one answer is text, the other messages")
            return False
        answer = next(iter(answers))
        prompt = form_of(cells["prompt"]) if "prompt" in cells else answer
        if prompt == answer:
            self._checks.note_form(answer, self.at)
        elif prompt == "text":
            self.tell("string_prompt", "")
            self._checks.note_form(answer, self.at)
        else:
            self.tell("mixed_forms", "the prompt is messages, the answers are text")
        return prompt in {answer, "text"}


def _count(seen: dict[str, _Seen], name: str, at: Place) -> None:
    seen.setdefault(name, _Seen(at)).count += 1


def _id(cells: Mapping[str, object]) -> str:
    row_id = cells.get("id")
    return str(row_id) if isinstance(row_id, str | int) and not isinstance(row_id, bool) else ""
