"""Measure what the design promises about speed and memory, and print a table."""

import shutil
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.measure import CLAIR, fastest, run
from bench.rows import write_rows

ROWS = 100_000


def main() -> None:
    table = Table("what", "measured", "must reach", title="clair, measured")
    folder = Path(tempfile.mkdtemp(prefix="clair-bench-"))
    try:
        for measured in (help_time(), *memory(folder)):
            table.add_row(*measured)
    finally:
        shutil.rmtree(folder)
    Console().print(table)


def help_time() -> tuple[str, str, str]:
    ours = fastest([*CLAIR, "--help"], 7)
    typer = fastest([sys.executable, "-c", "import typer"], 7)
    return "clair --help / import typer", f"{ours.wall / typer.wall:.2f}", "2.5 at most"


def memory(folder: Path) -> list[tuple[str, str, str]]:
    small = write_rows(folder / "small.jsonl", ROWS // 10)
    large = write_rows(folder / "large.jsonl", ROWS)
    less = run([*CLAIR, "revise", small, "--mock", "-q"])
    more = run([*CLAIR, "revise", large, "--mock", "-q"])
    again = run([*CLAIR, "revise", large, "--mock", "-q"])
    return [
        (f"peak memory, {ROWS:,} rows, offline endpoint inside", f"{more.peak:.0f} MB", "250 MB"),
        (f"peak memory, {ROWS:,} rows / {ROWS // 10:,}", f"{more.peak / less.peak:.2f}", "1.2"),
        ("rows/s, endpoint inside the same process", f"{ROWS / more.wall:,.0f}", "-"),
        ("rows/s, all in the store", f"{ROWS / again.wall:,.0f}", "5,000"),
    ]


if __name__ == "__main__":
    main()
