"""`clair show`: pairs as word diffs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rich.console import Console
    from rich.text import Text


def show(
    run: Annotated[Path, typer.Argument(help="What clair revise wrote: a directory or a .jsonl.")],
    row_id: Annotated[
        str, typer.Option("--id", help="Show the pair of this id.", show_envvar=False)
    ] = "",
    number: Annotated[
        int, typer.Option("-n", "--number", min=1, help="Pairs to show.", show_envvar=False)
    ] = 3,
) -> None:
    """Show pairs as word diffs: what the revision took out, and what it put in."""
    from rich.console import Console  # noqa: PLC0415 - `clair --help` stays quick

    screen = Console(highlight=False, markup=False, emoji=False)
    shown = 0
    for pair in _pairs(run):
        if row_id and str(pair.get("id")) != row_id:
            continue
        _show(screen, pair)
        shown += 1
        if shown == number:
            break
    if not shown:
        _complain(run, row_id)


def _pairs(run: Path) -> "Iterator[Mapping[str, Any]]":
    from clair_cli.inputs import find_input  # noqa: PLC0415
    from clair_cli.records import UsageError  # noqa: PLC0415

    for raw in find_input([str(run)], split="train" if run.is_dir() else ""):
        if raw.cells is None or not {"chosen", "rejected"} <= raw.cells.keys():
            raise UsageError(
                f"{raw.file}, line {raw.number}: is not a pair; name what clair revise wrote"
            )
        yield raw.cells


def _complain(run: Path, row_id: str) -> None:
    from clair_cli.records import UsageError  # noqa: PLC0415

    what = f"no pair with the id {row_id!r}" if row_id else "no pairs"
    raise UsageError(f"{run}: has {what}")


def _show(screen: "Console", pair: "Mapping[str, Any]") -> None:
    from rich.rule import Rule  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from clair_cli.cli.terminal import one_line, plain  # noqa: PLC0415

    screen.print(Rule(Text(one_line(str(pair.get("id", ""))))))
    screen.print(Text(plain(_text(pair.get("prompt", ""))), style="dim"))
    screen.print()
    screen.print(_diff(_text(pair["rejected"]), _text(pair["chosen"]), coloured=_colours(screen)))
    screen.print()
    if pair.get("rationale"):
        screen.print(Text(plain(f"Rationale: {pair['rationale']}"), style="italic"))
    metrics = [plain(f"{k} {pair[k]}") for k in ("similarity", "jaccard", "kept") if k in pair]
    screen.print(Text("  ".join(metrics), style="dim"))


def _colours(screen: "Console") -> bool:
    return screen.color_system is not None and not screen.no_color


def _diff(old: str, new: str, *, coloured: bool) -> "Text":
    """The diff in colour; without colour with [-marks-] and {+marks+} around it."""
    from rich.text import Text  # noqa: PLC0415

    from clair_cli.cli.terminal import plain  # noqa: PLC0415
    from clair_cli.worddiff import word_diff  # noqa: PLC0415

    looks = {"same": ("", "", ""), "gone": ("red strike", "[-", "-]"), "new": ("green", "{+", "+}")}
    text = Text()
    for kind, words in word_diff(old, new):
        style, before, after = looks[kind]
        text.append(plain(words) if coloured else f"{before}{plain(words)}{after}", style=style)
    return text


def _text(side: object) -> str:
    """A side as text: a string, or the turns of a message list."""
    if isinstance(side, list):
        turns = [turn for turn in side if isinstance(turn, dict)]
        return "\n\n".join(str(turn.get("content", "")) for turn in turns)
    return str(side)
