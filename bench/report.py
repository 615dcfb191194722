"""Measure `clair report`: `python -m bench.report [--pairs N]` prints a Markdown table.

The run is a real one, against the bench's endpoint. The page is opened in Chromium from disk.
"""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from bench.measure import CLAIR, run
from bench.rows import write_rows
from bench.serve import served

WORDS = 250
"""Of an answer: some 1,400 characters."""
CHROMIUM = "/usr/bin/chromium"

OPENED = """() => ({
    paint: performance.getEntriesByName("first-contentful-paint")[0].startTime,
    parsed: performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd,
})"""
FRAMES = """async () => {
    const list = document.getElementById("list");
    const gaps = [];
    let before = await new Promise(requestAnimationFrame);
    for (let step = 0; step < 120; step += 1) {
        list.scrollTop += list.scrollHeight / 120;
        const now = await new Promise(requestAnimationFrame);
        gaps.push(now - before);
        before = now;
    }
    gaps.sort((one, other) => one - other);
    return gaps[Math.floor(gaps.length * 0.9)];
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=50_000)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="clair-bench-"))
    try:
        lines = measured(folder, options.pairs)
    finally:
        shutil.rmtree(folder)
    print(f"| report of {options.pairs:,} pairs | |\n| --- | --- |")
    for name, value in lines:
        print(f"| {name} | {value} |")


def measured(folder: Path, pairs: int) -> list[tuple[str, str]]:
    small, large = revised(folder, pairs // 10), revised(folder, pairs)
    page = folder / "report.html"
    less = run([*CLAIR, "report", small, "-o", page])
    more = run([*CLAIR, "report", large, "-o", page])
    data = (large / "train.jsonl").stat().st_size
    return [
        ("time to make it", f"{more.wall:.1f} s"),
        ("peak memory", f"{more.peak:.0f} MB ({less.peak:.0f} MB with a tenth of the pairs)"),
        ("size", f"{page.stat().st_size / 1e6:.1f} MB (the pairs: {data / 1e6:.1f} MB)"),
        *opened(page),
    ]


def revised(folder: Path, pairs: int) -> Path:
    """A finished run of so many pairs."""
    rows, out = write_rows(folder / f"{pairs}.jsonl", pairs, words=WORDS), folder / f"{pairs}.clair"
    with served(0.0) as url:
        run([*CLAIR, "revise", rows, "-o", out, "-m", "x", "--base-url", url, "-q"])
    return out


def opened(page: Path) -> list[tuple[str, str]]:
    """What Chromium makes of it; the first start warms the disk cache and is not counted."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        for _ in range(2):
            browser = playwright.chromium.launch(
                executable_path=CHROMIUM, args=["--no-sandbox", "--enable-precise-memory-info"]
            )
            tab = browser.new_page(viewport={"width": 1280, "height": 900})
            tab.set_default_timeout(120_000)
            tab.goto(page.as_uri(), wait_until="commit")
            tab.wait_for_selector("html[data-ready]", state="attached")
            ready = tab.evaluate("performance.now()")
            tab.wait_for_load_state()
            times = tab.evaluate(OPENED)
            frame = tab.evaluate(FRAMES)
            search = timed_search(tab)
            heap = tab.evaluate("performance.memory.usedJSHeapSize") / 1e6
            browser.close()
    return [
        ("first paint", f"{times['paint'] / 1000:.2f} s"),
        ("charts and list there", f"{ready / 1000:.2f} s"),
        ("whole page parsed", f"{times['parsed'] / 1000:.2f} s"),
        ("frame while scrolling through the whole list, 90 %", f"{frame:.0f} ms"),
        ("search through all texts", f"{search:.1f} s"),
        ("script memory afterwards", f"{heap:.0f} MB"),
    ]


def timed_search(tab: "object") -> float:
    """Seconds for a search that finds one pair."""
    tab.evaluate("window.began = performance.now()")
    tab.locator("#search").fill("question 49: ")
    tab.wait_for_selector("#filters button")
    tab.wait_for_selector("#progress", state="hidden")
    return tab.evaluate("performance.now() - window.began") / 1000


if __name__ == "__main__":
    sys.exit(main())
