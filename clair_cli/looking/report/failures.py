"""failures.jsonl -> how many there are of each reason, with examples."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clair_cli.rows.input import find_input

EXAMPLES = 3
DETAIL = 400
"""Characters of a detail that are shown."""


@dataclass(frozen=True, slots=True)
class Example:
    """One failed row: where it stands, and what was wrong."""

    where: str
    detail: str


@dataclass(slots=True)
class Reason:
    """A reason code, how many rows failed for it, and examples that differ."""

    code: str
    count: int = 0
    examples: list[Example] = field(default_factory=list)

    def add(self, cells: Mapping[str, Any]) -> None:
        """Count one failure."""
        self.count += 1
        detail = _clipped(str(cells.get("detail", "")), DETAIL)
        if len(self.examples) < EXAMPLES and detail not in (each.detail for each in self.examples):
            self.examples.append(Example(_where(cells), detail))


def reasons(path: Path | None) -> list[Reason]:
    """The reasons of the failures in the file at `path`, the most frequent first."""
    found: dict[str, Reason] = {}
    for raw in find_input([str(path)]) if path else ():
        cells = raw.cells or {}
        code = _clipped(str(cells.get("reason", "unknown")), 80)
        found.setdefault(code, Reason(code)).add(cells)
    return sorted(found.values(), key=lambda each: (-each.count, each.code))


def _where(cells: Mapping[str, Any]) -> str:
    line, name, file = (cells.get(key) for key in ("line", "id", "file"))
    parts = [str(file)] if file else []
    parts += [f"line {line}"] if line else []
    parts += [_clipped(str(name), 80)] if name else []
    return ", ".join(parts)


def _clipped(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
