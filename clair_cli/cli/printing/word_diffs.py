"""Pairs as word diffs, and failed rows with their reasons, for people to read."""

from collections.abc import Callable, Iterator, Mapping
from itertools import chain, islice
from pathlib import Path
from typing import Any, TypeVar

import orjson
from rich.console import Console, RenderableType
from rich.rule import Rule
from rich.text import Text

from clair_cli.cli.printing.pager import keeps_colours, page, pager_command
from clair_cli.cli.printing.terminal import console, one_line, paper, plain
from clair_cli.contrast.metrics import contrast
from clair_cli.contrast.word_diff import word_diff
from clair_cli.looking.choice import WORST_FIRST, Choice
from clair_cli.looking.dataset import find_dataset
from clair_cli.records import METRICS, Message, Pair, UsageError
from clair_cli.rows.input import find_input
from clair_cli.rows.names import printable
from clair_cli.rows.pairs import PairReader
from clair_cli.rows.raw import Raw
from clair_cli.writers.layout import layout_of

T = TypeVar("T")

LOOKS = {"same": ("", "", ""), "gone": ("red strike", "[-", "-]"), "new": ("green", "{+", "+}")}


def check_sort(sort: str, *, failures: bool) -> None:
    """See that `--sort` names a metric, and that there is something to sort by it.

    Raises:
        UsageError: It does not, or there is not.
    """
    if sort and sort not in WORST_FIRST:
        raise UsageError(f"--sort {sort}: choose one of {', '.join(WORST_FIRST)}")
    if sort and failures:
        raise UsageError(f"--sort {sort}: failures have no metrics; leave it out")


def show_pairs(name: str, choice: Choice, split: str, config: str, revision: str) -> None:
    """Show the pairs of the dataset `name` that are wanted.

    Raises:
        UsageError: There are none.
    """
    dataset = find_dataset(name, split, config, revision)
    reading = PairReader(contrast, wants=choice.wants)
    whose = f" with the id {choice.id!r}" if choice.id else ""
    what = f" flagged {choice.flag!r} (of failures: with --failures)" if choice.flag else ""
    pairs = _named(reading.pairs_of(dataset), name)
    _page(_some(choice.among(pairs), f"{name}: has no pair{whose}{what}"), _pair)
    if reading.misfits:
        first = one_line(printable(reading.problems[0]))
        told = f"{reading.misfits:,} rows are no preference (first: {first})"
        console().print(Text(f"clair: {told}"), soft_wrap=True)


def show_failures(name: str, choice: Choice) -> None:
    """Show the failures of the run `name` that are wanted.

    Raises:
        UsageError: There are none.
    """
    rows = (raw for raw in find_input([str(_failures_of(name))]) if _is_wanted(raw, choice))
    what = f" of the reason {choice.flag!r}" if choice.flag else ""
    whose = f" with the id {choice.id!r}" if choice.id else ""
    _page(_some(islice(rows, choice.number), f"{name}: has no failures{what}{whose}"), _failure)


def _failures_of(name: str) -> Path:
    path = Path(name)
    file = layout_of(path).failures
    if path.name == file.name and path.is_file():
        return path
    if not file.is_file():
        raise UsageError(f"{name}: has no failures.jsonl; name what clair revise wrote")
    return file


def _is_wanted(raw: Raw, choice: Choice) -> bool:
    cells = raw.cells or {}
    return (not choice.flag or cells.get("reason") == choice.flag) and (
        not choice.id or str(cells.get("id")) == choice.id
    )


def _named(pairs: Iterator[Pair], name: str) -> Iterator[Pair]:
    try:
        yield from pairs
    except UsageError as exc:
        told = str(exc)
        raise UsageError(f"{name}: {told}" if told.startswith("has no") else told) from exc


def _some(found: Iterator[T], complaint: str) -> Iterator[T]:
    """What is found, of which the first is looked for at once: a complaint needs no pager."""
    for first in found:
        return chain([first], found)
    raise UsageError(complaint)


def _page(found: Iterator[T], draw: Callable[[T, bool], Iterator[RenderableType]]) -> None:
    command = pager_command()
    screen = paper(may_colour=keeps_colours(command))
    is_coloured = screen.color_system is not None and not screen.no_color
    page((_drawn(screen, draw(each, is_coloured)) for each in found), command)


def _drawn(screen: Console, parts: Iterator[RenderableType]) -> str:
    with screen.capture() as caught:
        for part in parts:
            screen.print(part)
    return caught.get()


def _pair(pair: Pair, is_coloured: bool) -> Iterator[RenderableType]:
    yield Rule(Text(one_line(pair.id)))
    yield Text(plain(_conversation(pair.prompt)), style="dim")
    yield Text()
    yield _diff(pair.rejected, pair.chosen, is_coloured=is_coloured)
    yield Text()
    if pair.rationale:
        yield Text(plain(f"Rationale: {pair.rationale}"), style="italic")
    yield Text(plain("\n".join(map("  ".join, _figures(pair)))), style="dim")


def _figures(pair: Pair) -> Iterator[list[str]]:
    """The metrics and what else is told of a pair, by line."""
    metrics = [f"{name} {_rounded(getattr(pair.contrast, name))}" for name in METRICS]
    about = {"flag": pair.extra.get("flag"), "model": pair.model}
    told = [f"{name} {one_line(str(value))}" for name, value in about.items() if value]
    yield metrics[:4]
    yield metrics[4:] + told


def _rounded(value: float) -> str:
    return f"{value:,}" if value == int(value) else f"{value:,.3f}"


def _conversation(turns: list[Message]) -> str:
    if len(turns) == 1:
        return turns[0]["content"]
    return "\n\n".join(f"{turn['role']}: {turn['content']}" for turn in turns)


def _diff(old: str, new: str, *, is_coloured: bool) -> Text:
    """The diff in colour; without colour with [-marks-] and {+marks+} around it."""
    text = Text()
    for kind, words in word_diff(old, new):
        style, before, after = LOOKS[kind]
        if is_coloured:
            is_seen = kind == "same" or words.strip()
            text.append(plain(words), style if is_seen else f"{style} reverse")
        else:
            text.append(f"{before}{plain(words)}{after}")
    return text


def _failure(raw: Raw, is_coloured: bool) -> Iterator[RenderableType]:  # noqa: ARG001 - see _page
    cells = raw.cells or {}
    yield Rule(Text(one_line(f"{cells.get('id') or '(no id)'}  {_place(cells)}".strip())))
    yield Text.assemble(
        (one_line(str(cells.get("reason"))), "bold red"),
        plain(f": {cells.get('detail') or 'no detail'}"),
        (plain(f"  ({_attempts(cells.get('attempts'))})"), "dim"),
    )
    row = cells.get("row")
    for name, value in row.items() if isinstance(row, dict) else [("row", row)]:
        yield Text.assemble((f"{one_line(str(name))}: ", "dim"), plain(_cell(value)))
    yield Text()


def _place(cells: Mapping[str, Any]) -> str:
    file = f"{cells['file']}, " if cells.get("file") else ""
    return f"({file}line {cells['line']})" if cells.get("line") else ""


def _attempts(number: object) -> str:
    return "1 reply" if number == 1 else f"{number or 'no'} replies"


def _cell(value: object) -> str:
    if isinstance(value, str):
        return value
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
