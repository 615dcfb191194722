"""Cells and columns as `datasets` loads them from a file.

Pandas makes nulls and booleans of the text in a .csv or .tsv. The types of JSON are those of the
first 10 MB of the first file (`chunksize` of the JSON builder, version 5.2): everything later is
cast to them. Within that part, a column of several types becomes one of type `Json`; older versions
refuse it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

FIRST_PART = 10 << 20
"""Bytes of the first file that decide."""

DEEPEST = 6
"""Levels of nesting that are looked at."""

NULLS = frozenset(
    {
        *("", " ", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND"),
        *("1.#QNAN", "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"),
    }
)
"""What `pandas.read_csv` reads as a missing value."""

_BOOLEANS = {"true": True, "false": False, "1": 1, "0": 0}
_DELIMITED = re.compile(r"\.[ct]sv(?:\.\w+)?$", re.IGNORECASE)
_JSON = re.compile(r"(?:\.(?:jsonl|json|ndjson)(?:\.\w+)?|^stdin|^-)$", re.IGNORECASE)
_CASTS: Mapping[type, frozenset[type]] = {
    str: frozenset({int, float, bool}),
    float: frozenset({int}),
}
"""What a column of a type takes in later parts, beside its own type."""


@dataclass(slots=True)
class _Node:
    """The types of value seen at one place of the rows, and what lies within them."""

    types: set[type] = field(default_factory=set)
    fields: dict[str, "_Node"] = field(default_factory=dict)
    items: "_Node | None" = None
    mixed: bool = False

    def widen(self, value: object, deep: int = 0) -> bool:
        """Take `value` in; returns whether this makes the place or one within it mixed."""
        kind = type(value)
        if value is None or deep > DEEPEST:
            return False
        told = False
        if kind not in self.types:
            self.types.add(kind)
            told, self.mixed = not self.mixed, len(self.types - {int} | self._wider) > 1
            told = told and self.mixed
        if isinstance(value, dict):
            for name, child in value.items():
                node = self.fields.get(name) or self.fields.setdefault(name, _Node())
                told = node.widen(child, deep + 1) or told
        elif isinstance(value, list):
            self.items = node = self.items or _Node()
            for child in value:
                told = node.widen(child, deep + 1) or told
        return told

    @property
    def _wider(self) -> set[type]:
        """Integers among floats are floats."""
        return set() if float in self.types else self.types & {int}

    def takes(self, value: object, deep: int = 0) -> bool:
        """Whether a later `value` can be cast to what has been decided."""
        kind = type(value)
        if value is None or self.mixed or deep > DEEPEST:
            return True
        if kind not in self.types:
            return any(kind in _CASTS.get(own, ()) for own in self.types)
        if isinstance(value, dict):
            fields = self.fields
            for name, child in value.items():
                node = fields.get(name)
                if node is None or not node.takes(child, deep + 1):
                    return False
        elif isinstance(value, list) and self.items:
            node = self.items
            for child in value:
                if not node.takes(child, deep + 1):
                    return False
        return True


class ColumnTypes:
    """The columns of all rows so far, and their types."""

    def __init__(self) -> None:
        self.names: dict[str, None] = {}
        self._nodes: dict[str, _Node] = {}
        self._first_file: str | None = None
        self._bytes = 0
        self._file = ""
        self._is_json = False

    def add(self, file: str, cells: Mapping[str, object], size: int) -> tuple[str, str]:
        """Take a row in.

        Returns:
            The code of what is wrong with its types, and the column; "" and "" for nothing.
        """
        if not self.names.keys() >= cells.keys():
            self.names.update(dict.fromkeys(cells))
        if self._first_file is None:
            self._first_file = file
        if file != self._file:
            self._file, self._is_json = file, bool(_JSON.search(file))
        if not self._is_json:
            return "", ""  # its columns have types of their own
        late = file != self._first_file or self._bytes >= FIRST_PART
        self._bytes += size if file == self._first_file else 0
        return self._late(cells) if late else self._early(cells)

    def _early(self, cells: Mapping[str, object]) -> tuple[str, str]:
        mixed = ""
        for name, value in cells.items():
            node = self._nodes.get(name)
            if node is None:
                node = self._nodes[name] = _Node()
            if node.widen(value):
                mixed = mixed or name
        return ("mixed_types", mixed) if mixed else ("", "")

    def _late(self, cells: Mapping[str, object]) -> tuple[str, str]:
        for name, value in cells.items():
            node = self._nodes.get(name)
            if node is None or not node.takes(value):
                return "types_change", name
        return "", ""


def as_loaded(file: str, cells: Mapping[str, object]) -> Mapping[str, object]:
    """The cells of a row as the trainers will see them."""
    if not _DELIMITED.search(file):
        return cells
    loaded = {name: None if cell in NULLS else cell for name, cell in cells.items()}
    label = loaded.get("label")
    if isinstance(label, str):
        loaded["label"] = _BOOLEANS.get(label.lower(), label)
    return loaded
