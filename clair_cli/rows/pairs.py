"""Rows of any preference dataset -> the pairs that they hold."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from clair_cli.records import METRICS, Contrast, Message, Pair, UsageError
from clair_cli.rows.examples import Answer, Example, as_id
from clair_cli.rows.passages import Passage, joined
from clair_cli.rows.raw import Cells, Raw, Unfit, is_blank
from clair_cli.rows.recognition import Recognition
from clair_cli.rows.shapes import NO_PAIR, PROMPTS, SIDES, paired
from clair_cli.rows.unpaired import Halves

Measure: TypeAlias = Callable[[str, str], Contrast]

RATIONALES = ("rationale", "rational")
EXAMPLES = 5
HOPELESS = 1000
"""Rows that hold no pair, after which an input without any is read no further."""
MOST_SANE = 1e12
"""No text has so many characters."""
LONGEST_EXTRA = 1000
"""Characters of a further column's text that the page shows."""
TOLD = frozenset(
    {*SIDES, "completion", "label", "model", "system", "id", "prompt_id", "uid"}
).union(PROMPTS, RATIONALES, METRICS)
"""Columns that a pair has a place for."""


@dataclass(slots=True)
class PairReader:
    """Reads pairs, and remembers what was wrong with the rows that hold none.

    Attributes:
        measure: (rejected, chosen) -> their contrast, for rows that do not tell it.
        trusts_columns: Whether rows may tell it, in the columns that `clair` writes.
        wants: (id, further columns) -> whether the pair is wanted: the others are counted alone.
        pairs: Pairs so far.
        misfits: Rows so far that hold none.
        problems: What was wrong with the first of them, each with file and line.
    """

    measure: Measure
    trusts_columns: bool = True
    wants: Callable[[str, Mapping[str, Any]], bool] = lambda *_: True
    pairs: int = 0
    misfits: int = 0
    problems: list[str] = field(default_factory=list)
    _halves: Halves = field(default_factory=Halves)
    _recognition: Recognition = field(default_factory=lambda: Recognition(paired))

    def pairs_of(self, rows: Iterable[Raw]) -> Iterator[Pair]:
        """The pairs in `rows`.

        Raises:
            UsageError: There are none.
        """
        for pair, _ in self.placed(rows):
            yield pair
        if not self.pairs:
            raise UsageError(self._hopeless())

    def placed(self, rows: Iterable[Raw]) -> Iterator[tuple[Pair, str]]:
        """The pairs in `rows`, each with the file that it stands in."""
        for raw in rows:
            pair = self._read(raw)
            if pair is not None:
                yield pair, raw.file
            elif self.misfits == HOPELESS and not self.pairs:
                break

    def _hopeless(self) -> str:
        if self.problems:
            return f"{self.problems[0]}; name a preference dataset"
        if self.alone:
            return "has no pairs: no two rows have the same id (or prompt) and opposite labels"
        return "has no pairs"

    @property
    def alone(self) -> int:
        """Unpaired rows whose other side did not come."""
        return self._halves.alone

    def _read(self, raw: Raw) -> Pair | None:
        """The pair that `raw` holds or completes."""
        try:
            example = self._example(raw)
            return None if example is None else self._pair(example, raw.number)
        except Unfit as exc:
            self.misfits += 1
            if len(self.problems) < EXAMPLES:
                self.problems.append(f"{raw.file}, line {raw.number}: {exc.problem.detail}")
            return None

    def _example(self, raw: Raw) -> Example | None:
        """What `raw` holds; None where its other half is still to come."""
        cells = raw.known()
        shape = next(iter(self._recognition.shapes(cells)), None)
        if shape is None:
            raise Unfit("no_columns", NO_PAIR)
        example = shape.read(cells, shape)
        if example.prompt and is_blank(example.prompt.cell):
            example = example._replace(prompt=None)
        if example.context and not isinstance(example.context.cell, str):
            example = example._replace(context=None)  # a list of documents, say
        if len(example.answers) > 1:
            return example
        if not isinstance(example.answers[0].label, bool):
            raise Unfit("no_columns", NO_PAIR)
        return self._halves.whole(example)

    def _pair(self, example: Example, number: int) -> Pair | None:
        cells, extra = example.cells, _extra(example.cells)
        sides = {answer.label: answer for answer in example.answers}
        prompt, chosen, rejected = _sides(example, sides[True], sides[False])
        between = (each for each in example.answers if each.label is None)
        named = as_id(cells.get("id")) or as_id(cells.get("prompt_id")) or as_id(cells.get("uid"))
        row_id = named or f"row {number}"
        self.pairs += 1
        if not self.wants(row_id, extra):
            return None
        model = cells.get("model")
        told = _contrast(cells) if self.trusts_columns else None
        return Pair(
            id=row_id,
            prompt=prompt,
            chosen=chosen,
            rejected=rejected,
            rationale=next((r for n in RATIONALES if isinstance(r := cells.get(n), str)), ""),
            model=model if isinstance(model, str) else "",
            contrast=told or self.measure(rejected, chosen),
            extra=extra,
            between=tuple(_said(_turns(each.said)) for each in between),
        )


def _sides(example: Example, better: Answer, worse: Answer) -> tuple[list[Message], str, str]:
    """The whole prompt, with what both sides begin with, and what each says then."""
    chosen, rejected = (_turns(side.said) for side in (better, worse))
    most = min(len(chosen), len(rejected)) - 1
    if most < 0:
        raise Unfit("empty_response", "has an empty list of messages")
    at = next((n for n in range(most) if chosen[n] != rejected[n]), most)
    own = example.prompt
    given = own.turns("user") if own and isinstance(own.cell, str | list) else []
    prompt = example.completed(joined(given, chosen[:at]))
    return prompt, _said(chosen[at:]), _said(rejected[at:])


def _turns(side: Passage) -> list[Message]:
    if isinstance(side.cell, dict):
        return Passage(side.column, [side.cell]).messages()
    return side.dialogue() or side.turns("assistant")


def _said(turns: list[Message]) -> str:
    if len(turns) == 1:
        return turns[0]["content"]
    return "\n\n".join(f"{turn['role']}: {turn['content']}" for turn in turns)


def _contrast(cells: Cells) -> Contrast | None:
    if not cells.keys() >= {*METRICS}:
        return None
    values: dict[str, Any] = {name: _sane(cells[name]) for name in METRICS}
    return None if None in values.values() else Contrast(**values)


def _sane(value: object) -> float | None:
    """The value, where it can be a metric of ours, not another's column of the same name."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return value if 0 <= value < MOST_SANE else None


def _extra(cells: Cells) -> dict[str, str]:
    """The other columns that a line can show."""
    return {
        name: str(cell)[:LONGEST_EXTRA]
        for name, cell in cells.items()
        if name not in TOLD and isinstance(cell, str | int | float)
    }
