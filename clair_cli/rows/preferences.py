"""A row of any preference dataset -> the Pair it holds.

Shapes: what `clair` writes in all its formats, and the preference formats in use (TRL
documentation, "Dataset formats and types"): prompt and answers as texts or message lists, the
prompt inside of both answers, whole conversations, dialogues in one text, unpaired rows.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from clair_cli.records import METRICS, Contrast, Message, Pair, UsageError
from clair_cli.rows.raw import Raw
from clair_cli.rows.turns import dialogue, messages, text
from clair_cli.rows.unfit import Unfit
from clair_cli.rows.unpaired import Joining

Cells: TypeAlias = Mapping[str, Any]
Measure: TypeAlias = Callable[[str, str], Contrast]

PROMPTS = ("prompt", "question", "instruction", "input")
RATIONALES = ("rationale", "rational")
IDS = ("id", "prompt_id", "uid")
EXAMPLES = 5
HOPELESS = 1000
"""Rows that hold no pair, after which an input without any is read no further."""
MOST_SANE = 1e12
"""No text has so many characters."""
BETWEEN = "clair: between"
"""Where the other answers of a ranking go: a name that no column has."""
LONGEST_EXTRA = 1000
"""Characters of a further column's text that the page shows."""


@dataclass(slots=True)
class Reading:
    """Reads rows, and remembers what was wrong with those that hold no pair.

    Attributes:
        measure: (rejected, chosen) -> their contrast, for rows that do not tell it.
        trusts_columns: Whether rows may tell it, in the columns that `clair` writes.
        pairs: Pairs so far.
        misfits: Rows so far that hold none.
        problems: What was wrong with the first of them, each with file and line.
    """

    measure: Measure
    trusts_columns: bool = True
    pairs: int = 0
    misfits: int = 0
    problems: list[str] = field(default_factory=list)
    _joining: Joining = field(default_factory=Joining)

    def pairs_of(self, rows: Iterable[Raw]) -> Iterator[Pair]:
        """The pairs in `rows`.

        Raises:
            UsageError: There are none.
        """
        for raw in rows:
            pair = self.pair(raw)
            if pair is not None:
                yield pair
            elif self.misfits == HOPELESS and not self.pairs:
                break
        if not self.pairs:
            raise UsageError(self._hopeless())

    def _hopeless(self) -> str:
        if self.problems:
            return f"{self.problems[0]}; name a preference dataset"
        if self.alone:
            return "has no pairs: no two rows have the same id (or prompt) and opposite labels"
        return "has no pairs"

    @property
    def alone(self) -> int:
        """Unpaired rows whose other side did not come."""
        return self._joining.alone

    def pair(self, raw: Raw) -> Pair | None:
        """The pair that `raw` holds or completes."""
        try:
            pair = self._read(raw)
        except Unfit as problem:
            self.misfits += 1
            if len(self.problems) < EXAMPLES:
                self.problems.append(f"{raw.file}, line {raw.number}: {problem.detail}")
            return None
        self.pairs += pair is not None
        return pair

    def _read(self, raw: Raw) -> Pair | None:
        if raw.cells is None:
            fault = raw.fault
            raise Unfit(fault.reason, fault.detail) if fault else Unfit("not_json", "has no cells")
        cells: Cells | None = raw.cells
        if "completion" in raw.cells and isinstance(raw.cells.get("label"), bool):
            cells = self._joining.whole(raw.cells)
        if cells is None:
            return None
        cells = _of_ranking(cells)
        return read_pair(cells, raw.number, self.measure, trusts_columns=self.trusts_columns)


def read_pair(cells: Cells, number: int, measure: Measure, *, trusts_columns: bool = True) -> Pair:
    """The pair in `cells`.

    Raises:
        Unfit: They hold none.
    """
    if not {"chosen", "rejected"} <= cells.keys():
        raise Unfit("no_columns", "is not a pair: it has no columns 'chosen' and 'rejected'")
    shared, chosen, rejected = _answers(cells)
    model = cells.get("model")
    return Pair(
        id=_id(cells, number),
        prompt=_prompt(cells, shared),
        chosen=chosen,
        rejected=rejected,
        rationale=next((r for n in RATIONALES if isinstance(r := cells.get(n), str)), ""),
        model=model if isinstance(model, str) else "",
        contrast=(_contrast(cells) if trusts_columns else None) or measure(rejected, chosen),
        extra=_extra(cells),
        between=tuple(_said(_turns(each, "completions")) for each in cells.get(BETWEEN, ())),
    )


def _of_ranking(cells: Cells) -> Cells:
    """A row of answers from the best to the worst, each a message list, as its first and last."""
    ranking = cells.get("completions")
    if "chosen" in cells or not isinstance(ranking, list) or len(ranking) < 2:
        return cells
    if not all(isinstance(each, list) for each in ranking):
        return cells
    return {**cells, "chosen": ranking[0], "rejected": ranking[-1], BETWEEN: ranking[1:-1]}


def _answers(cells: Cells) -> tuple[list[Message], str, str]:
    """What both sides begin with, and what each says then."""
    chosen, rejected = (_turns(cells[side], side) for side in ("chosen", "rejected"))
    most = min(len(chosen), len(rejected)) - 1
    if most < 0:
        raise Unfit("empty_response", "has an empty list of messages")
    shared = next((n for n in range(most) if chosen[n] != rejected[n]), most)
    return chosen[:shared], _said(chosen[shared:]), _said(rejected[shared:])


def _turns(cell: object, side: str) -> list[Message]:
    if isinstance(cell, list):
        return messages(cell, side)
    if isinstance(cell, Mapping):
        return messages([cell], side)
    return dialogue(cell) or [{"role": "assistant", "content": text(cell, side)}]


def _said(turns: list[Message]) -> str:
    if len(turns) == 1:
        return turns[0]["content"]
    return "\n\n".join(f"{turn['role']}: {turn['content']}" for turn in turns)


def _prompt(cells: Cells, shared: list[Message]) -> list[Message]:
    cell = next((cells[name] for name in PROMPTS if cells.get(name)), None)
    if isinstance(cell, list):
        given = messages(cell, "prompt")
    else:
        given = [{"role": "user", "content": cell}] if isinstance(cell, str) else []
    if isinstance(system := cells.get("system"), str) and system:
        given = [{"role": "system", "content": system}, *given]
    is_whole = all(turn in shared for turn in given)
    return shared if is_whole else [*given, *shared]


def _id(cells: Cells, number: int) -> str:
    found = next((cells[name] for name in IDS if isinstance(cells.get(name), str | int)), None)
    return str(found) if found not in {None, ""} else f"row {number}"


def _contrast(cells: Cells) -> Contrast | None:
    values = [_sane(cells.get(name)) for name in METRICS]
    known = [value for value in values if value is not None]
    return Contrast(*known) if len(known) == len(values) else None  # type: ignore[arg-type]


def _sane(value: object) -> float | None:
    """The value, where it can be a metric of ours, not another's column of the same name."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return value if 0 <= value < MOST_SANE else None


def _extra(cells: Cells) -> dict[str, str]:
    """The other columns that a line can show."""
    known = {"chosen", "rejected", "completion", "label", "model", "system"}
    known.update(PROMPTS, RATIONALES, IDS, METRICS)
    return {
        name: str(cell)[:LONGEST_EXTRA]
        for name, cell in cells.items()
        if name not in known and isinstance(cell, str | int | float)
    }
