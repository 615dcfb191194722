"""Cells of a .csv or .tsv file as `datasets` gets them: pandas makes nulls and booleans of text."""

import re
from collections.abc import Mapping

NULLS = frozenset(
    {
        *("", " ", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND"),
        *("1.#QNAN", "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"),
    }
)
"""What `pandas.read_csv` reads as a missing value."""

_BOOLEANS = {"true": True, "false": False, "1": 1, "0": 0}
_DELIMITED = re.compile(r"\.[ct]sv(?:\.\w+)?$", re.IGNORECASE)


def as_loaded(file: str, cells: Mapping[str, object]) -> Mapping[str, object]:
    """The cells of a row as the trainers will see them."""
    if not _DELIMITED.search(file):
        return cells
    loaded = {name: None if cell in NULLS else cell for name, cell in cells.items()}
    label = loaded.get("label")
    if isinstance(label, str):
        loaded["label"] = _BOOLEANS.get(label.lower(), label)
    return loaded
