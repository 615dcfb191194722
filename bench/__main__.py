"""Measure what the design promises about speed and memory; print a table, write RESULTS.md.

`python -m bench [--rows N] [--write]`. All figures are ratios within one run, or memory; the
endpoint runs in a process of its own and its own ceiling is shown first.
"""

import argparse
import datetime as dt
import json
import os
import platform
import shutil
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.endpoint import latency_of
from bench.ideal import makespan
from bench.measure import CLAIR, Cost, fastest, run
from bench.rows import write_bodies, write_rows
from bench.serve import llmock, served, timed_loop

RESULTS = Path(__file__).with_name("RESULTS.md")


@dataclass(frozen=True)
class Line:
    """One row of the table."""

    what: str
    measured: str
    goal: str
    note: str = ""


@dataclass(frozen=True)
class Job:
    """What a run of clair took: the whole process, and the run's own seconds."""

    cost: Cost
    seconds: float
    counts: dict[str, object]


def clair(folder: Path, rows: Path, url: str, ceiling: int, *, keep: bool = False) -> Job:
    """Revise `rows` against `url`, in a fresh directory unless `keep`."""
    out, summary = folder / f"{rows.stem}.out", folder / "summary.json"
    if not keep:
        shutil.rmtree(out, ignore_errors=True)
    command = ["revise", rows, "-o", out, "-m", "x", "--base-url", url, "-c", str(ceiling)]
    cost = run([*CLAIR, *command, "-q", "--summary", summary])
    record = json.loads(summary.read_text())
    return Job(cost, record["seconds"], record["counts"])


def help_time() -> Line:
    ours = fastest([*CLAIR, "--help"], 9)
    typer = fastest([sys.executable, "-c", "import typer"], 9)
    return Line("`clair --help` / `python -c 'import typer'`", ratio(ours.cpu, typer.cpu), "≤ 2.5")


def journey(folder: Path, number: int) -> list[Line]:
    """The whole journey beside bare loops, without latency, 64 in flight."""
    rows = write_rows(folder / "journey.jsonl", number)
    bodies = write_bodies(rows, folder / "journey.bodies")
    with served(0.0) as url:
        raw = timed_loop("raw", url, bodies, 64)
        seconds: dict[str, list[float]] = {"transport": [], "clair": []}
        for _ in range(3):
            seconds["transport"].append(timed_loop("transport", url, bodies, 64))
            seconds["clair"].append(clair(folder, rows, url, 64).seconds)
        others = {name: timed_loop(name, url, bodies, 64) for name in ("httpx", "openai")}
    bare, ours = (statistics.median(seconds[name]) for name in ("transport", "clair"))
    return [
        Line("the bench's endpoint alone, 64 raw connections", rate(number, raw), "-"),
        Line("bare loop: httpx over httpx-aiohttp, 64 in flight", rate(number, bare), "-"),
        Line("bare loop: httpx, 64 in flight", rate(number, others["httpx"]), "-"),
        Line("bare loop: openai package, 64 in flight", rate(number, others["openai"]), "-"),
        Line("clair, whole journey, 64 in flight", rate(number, ours), "-"),
        Line("clair / bare httpx over httpx-aiohttp", ratio(bare, ours), "≥ 0.4"),
    ]


def latency(folder: Path, number: int = 4000, ceiling: int = 512, mean: float = 0.5) -> list[Line]:
    rows = write_rows(folder / "latency.jsonl", number)
    bodies = write_bodies(rows, folder / "latency.bodies")
    ideal = makespan([latency_of(b, mean) for b in bodies.read_bytes().splitlines()], ceiling)
    with served(mean) as url:
        ours = min(clair(folder, rows, url, ceiling).seconds for _ in range(3))
        loops = {
            name: timed_loop(name, url, bodies, ceiling)
            for name in ("transport", "openai", "httpx")
        }
    what = f"ideal makespan / made, {mean} s latency, {ceiling} in flight"
    return [
        Line(f"{what}: clair", ratio(ideal, ours), "≥ 0.95"),
        *(Line(f"{what}: bare {n}", ratio(ideal, s), "-") for n, s in loops.items()),
    ]


def cpu(folder: Path, number: int = 8000) -> Line:
    """CPU a row with few and with many requests in flight."""
    few, many = write_rows(folder / "few.jsonl", 50), write_rows(folder / "many.jsonl", number)
    spent = {}
    for ceiling, mean in ((16, 0.005), (2048, 2.0)):
        with served(mean) as url:
            start = clair(folder, few, url, ceiling).cost.cpu
            spent[ceiling] = (clair(folder, many, url, ceiling).cost.cpu - start) / number
    note = ", ".join(f"{1000 * each:.2f} ms at {c:,}" for c, each in spent.items())
    return Line("CPU a row, 2,048 in flight / 16", ratio(spent[2048], spent[16]), "≤ 1.5", note)


def memory(folder: Path, number: int) -> list[Line]:
    small = write_rows(folder / "small.jsonl", 10_000)
    large = write_rows(folder / "large.jsonl", number)
    with served(0.0) as url:
        less, more = clair(folder, small, url, 64), clair(folder, large, url, 64)
        again = clair(folder, large, url, 64, keep=True)
    inside = run([*CLAIR, "revise", small, "-o", folder / "mock", "--mock", "-q"])
    peak = max(more.cost.peak, again.cost.peak)
    return [
        Line(f"peak memory, {number:,} rows", f"{peak:.0f} MB", "≤ 250 MB"),
        Line(f"peak memory, {number:,} rows / 10,000", ratio(peak, less.cost.peak), "≤ 1.2"),
        Line("peak memory, 10,000 rows, offline endpoint inside", f"{inside.peak:.0f} MB", "-"),
        Line("all replies in the store", rate(number, again.seconds), "≥ 5,000 rows/s"),
    ]


def pacing(folder: Path, rpm: int = 1200) -> list[Line]:
    """An endpoint that admits `rpm` requests a minute, after a full bucket at the start."""
    number = rpm + rpm // 2
    rows = write_rows(folder / "pace.jsonl", number)
    with llmock(rpm, number) as (url, refused_late):
        made = clair(folder, rows, url, 256).seconds
        late = refused_late()
    ideal = (number - rpm) / (rpm / 60)
    return [
        Line(f"admitted rate kept, {rpm:,} requests a minute", ratio(ideal, made), "≥ 0.95"),
        Line("attempts refused once settled (after 10 s)", f"{100 * late:.1f} %", "≤ 2 %"),
    ]


def ratio(one: float, other: float) -> str:
    return f"{one / other:.2f}"


def rate(number: int, seconds: float) -> str:
    return f"{number / seconds:,.0f} rows/s"


def machine() -> str:
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        models = [ln for ln in cpuinfo.read_text().splitlines() if ln.startswith("model name")]
        name = models[0].partition(":")[2].strip() if models else name
    return f"{os.cpu_count()} cores ({name}), Python {platform.python_version()}"


def show(lines: list[Line]) -> None:
    table = Table("what", "measured", "must reach", "note", title="clair, measured")
    for line in lines:
        table.add_row(line.what, line.measured, line.goal, line.note)
    Console(width=130).print(table)


def write(lines: list[Line], took: str) -> None:
    """Replace the table in RESULTS.md; what stands below its marker is kept."""
    rows = "\n".join(f"| {x.what} | {x.measured} | {x.goal} | {x.note} |" for x in lines)
    marker = "<!-- below: by hand -->"
    below = RESULTS.read_text().partition(marker)[2] if RESULTS.exists() else "\n"
    RESULTS.write_text(
        f"# Measured\n\n`make bench` on {took}, {machine()}. Ratios are taken within one run; the "
        "machine is shared and noisy.\n\n| what | measured | must reach | note |\n"
        f"| --- | --- | --- | --- |\n{rows}\n\n{marker}{below}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the memory test")
    parser.add_argument("--write", action="store_true", help="write bench/RESULTS.md")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="clair-bench-"))
    try:
        lines = [help_time(), *journey(folder, 10_000), *latency(folder), cpu(folder)]
        lines += [*pacing(folder), *memory(folder, options.rows)]
    finally:
        shutil.rmtree(folder)
    show(lines)
    if options.write:
        write(lines, dt.datetime.now(dt.UTC).date().isoformat())


if __name__ == "__main__":
    main()
