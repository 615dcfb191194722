"""What is known of a whole dataset, and the checks that only it can answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clair_cli.looking.lint.balance import Labels, Lengths
from clair_cli.looking.lint.findings import Findings, Position
from clair_cli.looking.lint.loading import ColumnTypes
from clair_cli.looking.lint.trainers import (
    LABELLED,
    PAIR,
    READ,
    SPECIAL,
    Kind,
    TrlFormat,
    kind_of,
    trl_format,
)
from clair_cli.rows.passages import Form

NULLABLE = (*READ, "messages")
"""The columns whose nulls count, where they exist."""


@dataclass(slots=True)
class _Seen:
    """How many rows have something, and the first of them."""

    first: Position
    count: int = 0


class DatasetChecks:
    """What is known after the rows so far.

    Attributes:
        found: The findings.
        columns: The columns and their types.
        lengths: The lengths of both sides.
        labels: The labels of unpaired rows.
    """

    def __init__(self) -> None:
        self.found = Findings()
        self.columns = ColumnTypes()
        self.lengths = Lengths()
        self.labels = Labels()
        self._special: dict[str, Position] = {}
        self._nulls: dict[tuple[str, ...], _Seen] = {}
        self._forms: dict[Form, _Seen] = {}
        self._all: _Seen | None = None

    @property
    def kind(self) -> Kind:
        """What kind of preference data it is."""
        return kind_of(self.columns.names)

    @property
    def form(self) -> TrlFormat:
        """Text or messages."""
        counts = {form: seen.count for form, seen in self._forms.items()}
        return trl_format(counts.get("text", 0), counts.get("messages", 0))

    def add(self, cells: Mapping[str, object], at: Position) -> None:
        """Count a row and its nulls."""
        self._all = self._all or _Seen(at)
        self._all.count += 1
        for name in SPECIAL.keys() & cells.keys():
            self._special.setdefault(name, at)
        nulls = tuple(name for name in NULLABLE if cells.get(name) is None)
        self._nulls.setdefault(nulls, _Seen(at)).count += 1

    def add_form(self, form: Form, at: Position) -> None:
        """Count a row whose cells are all of one form."""
        self._forms.setdefault(form, _Seen(at)).count += 1

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
        for name, at in self._special.items():
            self.found.add(SPECIAL[name], at, name, count=self._all.count)
        self._finish_forms()
        if self.form == "conversational":
            self._finish_nulls("messages_column", ["messages"])
        bias = self.lengths.bias()
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
        if self.labels.only_one:
            self.found.add("one_label", rows.first, count=rows.count)
        advice = self.labels.advice()
        if advice:
            seen = f"{self.labels.true:,} true, {self.labels.false:,} false: {advice}"
            self.found.add("label_imbalance", rows.first, seen, count=rows.count)
