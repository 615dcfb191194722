"""The report in Chromium: what a reader does with it, and what a hostile row cannot."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from clair_cli.contrast.metrics import contrast
from clair_cli.contrast.words import words as words_of
from clair_cli.looking.report.html_report import write_report
from tests.conftest import CLAIR, environment, read_rows, write_rows
from tests.hostile import HOSTILE, hostile_run

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("default::ResourceWarning")]

CHROMIUM = "/usr/bin/chromium"
MUST_RUN = bool(os.environ.get("CLAIR_BROWSER"))


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    if not MUST_RUN and not shutil.which(CHROMIUM):
        pytest.skip(f"no {CHROMIUM}")
    if not MUST_RUN:
        pytest.importorskip("playwright")
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - may be absent

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a `--mock` run: 300 pairs and two failures."""
    folder = tmp_path_factory.mktemp("run")
    rows = [
        {
            "id": f"row-{n}",
            "prompt": f"What is {n}? Tell me about <b>{n * 7919 % 1000}</b>.",
            "response": "The the answer is " + "very " * (n % 40) + f"long and thier number {n}.",
        }
        for n in range(300)
    ]
    rows += [{"id": f"fine-{n}", "prompt": "Why?", "response": "It is fine."} for n in range(2)]
    write_rows(folder / "in.jsonl", rows)
    command = [*CLAIR, "revise", "in.jsonl", "--mock", "-q", "--max-fail-rate", "1"]
    subprocess.run(command, cwd=folder, env=environment(), check=True, timeout=60)
    write_report(str(folder / "in.clair"), folder / "report.html")
    return folder / "report.html"


@dataclass
class Watched:
    """A page, and everything that it must not do."""

    page: "Page"
    troubles: list[str] = field(default_factory=list)

    def watch(self) -> None:
        page = self.page
        page.on("console", lambda message: self.troubles.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: self.troubles.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (self.troubles.append("dialog"), dialog.dismiss()))
        page.on("popup", lambda _: self.troubles.append("popup"))
        page.on("framenavigated", self._navigated)
        page.on("request", self._requested)

    def _navigated(self, frame: Any) -> None:
        if frame != self.page.main_frame or not frame.url.startswith("file:"):
            self.troubles.append(f"navigation: {frame.url}")

    def _requested(self, request: Any) -> None:
        if not request.is_navigation_request():
            self.troubles.append(f"request: {request.url}")


Open = Callable[..., "Page"]


@pytest.fixture
def visit(browser: "Browser") -> Iterator[Open]:
    """Open a report; at the end, see that nothing went wrong and nothing was asked for."""
    opened: list[Watched] = []

    def go(file: Path, *, width: int = 1280, **options: Any) -> "Page":
        page = browser.new_page(viewport={"width": width, "height": 900}, **options)
        opened.append(Watched(page))
        opened[-1].watch()
        page.set_default_timeout(10_000)
        page.goto(file.as_uri())
        page.wait_for_selector("html[data-ready]", state="attached")
        return page

    yield go
    for each in opened:
        each.page.close()
        assert each.troubles == []


def rows_of(made: Path) -> list[dict[str, Any]]:
    return read_rows(made.parent / "in.clair/train.jsonl")


def see(page: "Page", selector: str, words: str | re.Pattern[str]) -> None:
    """Wait until these words stand there; unlike a function, it needs no eval in the page."""
    from playwright.sync_api import expect  # noqa: PLC0415 - may be absent

    expect(page.locator(selector)).to_have_text(words)


def first(page: "Page") -> str:
    """The id of the first pair in the list, once it is there."""
    see(page, "#row-0 .name", re.compile("."))
    return page.locator("#row-0 .name").inner_text()


def opened(page: "Page", name: str) -> None:
    """Wait until the pair of this id is open."""
    see(page, "#pair h3", name)


def count(page: "Page", words: str) -> None:
    """Wait until the page tells this number of pairs."""
    see(page, "#status", words)


def test_a_bar_filters_the_list_and_is_taken_back(visit: Open, made: Path) -> None:
    page = visit(made)
    count(page, "300 pairs")
    inside = [row for row in rows_of(made) if 0.85 <= row["similarity"] < 0.9]
    assert 0 < len(inside) < 300
    bar = page.get_by_role("button", name=re.compile(r"^Similarity 0\.85 to 0\.9:"))
    assert bar.get_attribute("aria-label") == f"Similarity 0.85 to 0.9: {len(inside)} pairs"
    bar.click()
    count(page, f"{len(inside)} of 300 pairs")
    assert bar.get_attribute("aria-pressed") == "true"
    assert first(page) == inside[0]["id"]
    opened(page, inside[0]["id"])
    page.get_by_role("button", name="Take back: Similarity 0.85 to 0.9").click()
    count(page, "300 pairs")
    above = [row for row in rows_of(made) if row["similarity"] >= 0.9]
    for low, modifiers in (("0.9 to 0.95", []), ("0.95 to 1", ["Shift"])):
        bar = page.get_by_role("button", name=re.compile(f"^Similarity {re.escape(low)}:"))
        bar.click(modifiers=modifiers)
    count(page, f"{len(above)} of 300 pairs")
    page.get_by_role("button", name="Take back: Similarity 0.9 to 1").click()
    count(page, "300 pairs")


def test_the_list_is_sorted_by_any_metric_both_ways(visit: Open, made: Path) -> None:
    page, rows = visit(made), rows_of(made)
    assert first(page) == "row-0"
    for metric in ("similarity", "levenshtein"):
        page.get_by_label("Sort by").select_option(metric)
        assert first(page) == min(rows, key=lambda row: row[metric])["id"]
    page.get_by_role("button", name="Ascending").click()
    assert first(page) == max(rows, key=lambda row: row["levenshtein"])["id"]
    opened(page, first(page))


def test_the_search_finds_ids_prompts_and_both_answers(visit: Open, made: Path) -> None:
    page, rows = visit(made), rows_of(made)
    searches = {
        "ROW-123": [row for row in rows if "row-123" in row["id"]],
        "<b>919</b>": [row for row in rows if "<b>919</b>" in row["prompt"][0]["content"]],
        "thier number 77.": [row for row in rows if "number 77." in row["rejected"][0]["content"]],
        "their number 78.": [row for row in rows if "number 78." in row["chosen"][0]["content"]],
        "very very": [row for row in rows if "very very" in row["rejected"][0]["content"]],
    }
    for words, expected in searches.items():
        assert 0 < len(expected) < 300
        page.get_by_role("searchbox").fill(words)
        page.get_by_role("button", name=f"Take back: Found: {words}").wait_for()
        count(page, f"{len(expected)} of 300 pairs")
        assert len(expected) > 1 or first(page) == expected[0]["id"]
    page.get_by_role("searchbox").fill("no such words anywhere")
    count(page, "None of 300 pairs fits")
    page.get_by_role("searchbox").fill("")
    count(page, "300 pairs")


def test_the_diff_shows_exactly_both_answers(visit: Open, made: Path) -> None:
    page, rows = visit(made), rows_of(made)
    for number in (0, 5, 39):
        page.get_by_role("searchbox").fill(f"number {number}.")
        opened(page, rows[number]["id"])
        parts = page.locator("#pair .diff bdi > *").evaluate_all(
            "all => all.map(each => [each.tagName, each.textContent])"
        )
        sides = {
            side: "".join(text for tag, text in parts if tag != other)
            for side, other in (("rejected", "INS"), ("chosen", "DEL"))
        }
        assert sides == {side: rows[number][side][0]["content"] for side in sides}
        assert {"thier", "their"} <= {text.strip() for tag, text in parts if tag in {"DEL", "INS"}}
        if number == 5:
            page.get_by_text("Side by side").click()
            page.wait_for_selector("#pair .sides")
            left, right = page.locator("#pair .sides .diff").all_inner_texts()
            assert [left, right] == [sides["rejected"], sides["chosen"]]
            page.get_by_text("Inline").click()


MANY_SCRIPTS = [
    ("The ant has eight legs.\nIt is red.", "the ant has six legs.\n\nIt is a red one.", 1),
    ("\U0001d49c\U0001d49e one 👍🏽 two", "\U0001d49c\U0001d49f one 👍🏿 two 🇫🇷🇩🇪", 0),
    ("我有三只猫。𠮷野家", "我有两只猫。𠮷野屋", 0),
    ("cafe\u0301 น้ำใส हिन्दी می‌خواهم", "café น้ำเย็น हिन्दी नया می‌خواهد", 1),
    ("a an the a of 👨‍👩‍👧", "the a an of 👨‍👩‍👦", 0),
    ("", "new", 0),
    ("old", "", 0),
]
"""Pairs, with the number of words that are written in another way: the metric keeps those too."""


def test_what_is_marked_agrees_with_the_metric_and_with_clair_show(
    visit: Open, tmp_path: Path
) -> None:
    rows = [
        {"id": str(n), "prompt": "Why?", "chosen": new, "rejected": old}
        for n, (old, new, _) in enumerate(MANY_SCRIPTS)
    ]
    write_rows(tmp_path / "pairs.jsonl", rows)
    write_report(str(tmp_path / "pairs.jsonl"), tmp_path / "report.html")
    command = [*CLAIR, "show", "pairs.jsonl"]
    shown = subprocess.run(
        command, cwd=tmp_path, env=environment(), check=True, capture_output=True, timeout=60
    ).stdout.decode()
    page = visit(tmp_path / "report.html")
    marks = {"SPAN": ("", ""), "DEL": ("[-", "-]"), "INS": ("{+", "+}")}
    for n, (old, new, respelled) in enumerate(MANY_SCRIPTS):
        page.locator(f"#row-{n}").click()
        opened(page, str(n))
        parts = page.locator("#pair .diff bdi > *").evaluate_all(
            "all => all.map(each => [each.tagName, each.textContent])"
        )
        assert "".join(f"{marks[tag][0]}{text}{marks[tag][1]}" for tag, text in parts) in shown
        stayed = sum(len(words_of(text)) for tag, text in parts if tag == "SPAN")
        kept = contrast(old, new).kept * len(words_of(old))
        assert stayed + respelled == pytest.approx(kept, abs=1e-4)


def test_everything_goes_by_keyboard(visit: Open, made: Path) -> None:
    page, rows = visit(made), rows_of(made)
    reached = []
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                "(document.activeElement.getAttribute('aria-label') || document.activeElement.id)"
            )
        )
        if reached[-1] == "Pairs":
            break
    assert reached[-1] == "Pairs"
    assert sum(name.startswith("Similarity 0") for name in reached) == 1  # one stop a histogram
    for key, place in (
        ("ArrowDown", 1),
        ("PageDown", None),
        ("End", 299),
        ("ArrowUp", 298),
        ("Home", 0),
    ):
        page.keyboard.press(key)
        if place is not None:
            opened(page, rows[place]["id"])
            assert (
                page.evaluate("document.activeElement.getAttribute('aria-activedescendant')")
                == f"row-{place}"
            )
    page.keyboard.press("Enter")
    page.wait_for_selector("#pair:focus")

    page.locator(".bars button").first.focus()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    top = sum(row["similarity"] >= 0.95 for row in rows)
    count(page, f"{top} of 300 pairs")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+Enter")
    count(page, f"{sum(row['similarity'] >= 0.9 for row in rows)} of 300 pairs")


def test_the_scatter_filters_by_a_box_and_opens_a_pair(visit: Open, made: Path) -> None:
    page, rows = visit(made), rows_of(made)
    box = page.locator("#scatter").bounding_box()
    assert box
    page.mouse.move(box["x"] + 46 + (box["width"] - 56) * 0.9, box["y"] + 14)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 2, box["y"] + box["height"] - 42, steps=3)
    page.mouse.up()
    page.get_by_role("button", name="Take back all filters").wait_for()
    shown = int(page.locator("#status").inner_text().split()[0])
    assert abs(shown - sum(row["similarity"] >= 0.9 for row in rows)) <= 6  # of pixels
    page.get_by_role("button", name="Take back all filters").click()
    count(page, "300 pairs")


def test_dark_mode_follows_the_system_and_the_button(visit: Open, made: Path) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    light, dark = visit(made), visit(made, color_scheme="dark")
    colours = [page.evaluate(ground) for page in (light, dark)]
    assert colours[0] != colours[1]
    for page, other in ((light, colours[1]), (dark, colours[0])):
        page.get_by_role("button", name="Dark").click()
        assert page.evaluate(ground) == other
    assert light.get_by_role("button", name="Dark").get_attribute("aria-pressed") == "true"
    dark.get_by_role("button", name="Dark").click()
    dark.emulate_media(media="print")
    assert dark.evaluate(ground) == "rgb(255, 255, 255)"


@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_is_as_wide_as_the_screen_and_readable(
    width: int, visit: Open, made: Path
) -> None:
    page = visit(made, width=width)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.locator("#row-3").click()
    page.wait_for_selector("#pair:visible .diff")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    if width == 390:
        assert page.locator("#list").is_hidden()
        page.get_by_role("button", name="Back to the list").click()
        assert page.locator("#list").is_visible()


def test_a_reader_without_a_screen_has_names_for_everything(visit: Open, made: Path) -> None:
    page = visit(made)
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('button, input, select, canvas, svg, section')]
            .filter(each => !each.textContent.trim() && !each.labels?.length
                && !each.matches('[aria-label], [aria-labelledby], [aria-hidden]'))
            .map(each => each.outerHTML)"""
    )
    assert nameless == []
    headings = page.locator("h1, h2, h3, h4, h5").evaluate_all("all => all.map(e => +e.tagName[1])")
    assert all(two - one <= 1 for one, two in pairwise(headings))


def test_hostile_rows_run_nothing_and_show_literally(visit: Open, tmp_path: Path) -> None:
    write_report(str(hostile_run(tmp_path)), tmp_path / "report.html")
    page = visit(tmp_path / "report.html")
    for number, text in enumerate(HOSTILE):
        page.locator(f"#row-{number}").click()
        wanted = shown(text)
        opened(page, wanted)
        rationale = page.locator("#pair .rationale").evaluate("each => each.textContent")
        old = page.locator("#pair .diff").evaluate(
            "each => [...each.querySelectorAll('bdi > :not(ins)')].map(e => e.textContent).join('')"
        )
        assert (rationale, old) == (wanted, f"old {wanted}")
        page.get_by_text("Side by side").click()
        page.get_by_text("Inline").click()
    page.get_by_role("searchbox").fill("<script>")
    count(page, f"{sum('<script>' in text for text in HOSTILE)} of {len(HOSTILE)} pairs")
    page.emulate_media(media="print")
    failures = page.locator("#failures").evaluate("each => each.textContent")
    assert "<script>window.hostile=1;alert(1)</script>" in failures
    assert "{{ 7 * 7 }}" in failures
    assert "⟦U+202E⟧" in failures
    assert page.evaluate(
        "[window.hostile, document.querySelectorAll('iframe, img, b[onload], base, link').length]"
    ) == [None, 0]
    assert page.evaluate("document.documentElement.scrollWidth") == 1280


def shown(text: str) -> str:
    """How the page writes what has no shape of its own."""
    hidden = "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"

    def sign(found: re.Match[str]) -> str:
        code = ord(found[0])
        if code < 0x20:
            return chr(0x2400 + code)
        return "␡" if code == 0x7F else f"U+{code:04X}"

    return re.sub(hidden, sign, text)


def test_nothing_of_the_script_is_global(
    browser: "Browser", visit: Open, made: Path, tmp_path: Path
) -> None:
    page, blank = visit(made), browser.new_page()
    (tmp_path / "blank.html").write_text("<!doctype html><title>x</title>")
    blank.goto((tmp_path / "blank.html").as_uri())
    names = "Object.getOwnPropertyNames(window)"
    own = set(page.evaluate(names)) - set(blank.evaluate(names))
    ids = set(page.evaluate("[...document.querySelectorAll('[id]')].map(each => each.id)"))
    blank.close()
    assert own - ids == set()


def test_without_script_the_figures_are_there(browser: "Browser", made: Path) -> None:
    page = browser.new_page(java_script_enabled=False)
    page.goto(made.as_uri())
    assert page.get_by_text("Rows read").is_visible()
    assert page.get_by_text("unchanged").first.is_visible()
    page.close()
