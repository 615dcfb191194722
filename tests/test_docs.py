"""README.md and docs/: what they say of the program is so, and their links lead somewhere."""

import re
import shlex
import subprocess
from pathlib import Path

import orjson
import pytest

from clair_cli.cli.signals import Terminated
from clair_cli.contrast.metrics import contrast
from clair_cli.endpoint.verdicts import ROW_REASONS
from clair_cli.records import METRICS, RunError
from clair_cli.writers.atomic_files import StdoutClosedError
from tests.conftest import CLAIR, ROOT, Clair, environment, read_rows
from tests.test_help import COMMANDS

README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md")), ROOT / "examples/ci/README.md"]
BY_HAND = [page for page in PAGES if page.name != "reference.md"]
SHELL = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)
FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+(?![\w-])")
OF_OTHERS = {"--api-key", "--parallel", "--reasoning-format", "--reasoning-parser"}
"""Options of servers that docs/endpoints.md speaks of."""
NO_COLOUR = {"NO_COLOR": "1", "COLUMNS": "500"}


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


# The README


def test_the_readme_is_short_and_names_every_command() -> None:
    assert len(text_of(README).splitlines()) <= 200
    assert [each for each in COMMANDS if f"`clair {each}`" not in text_of(README)] == []


def test_the_pair_of_the_readme_is_one_that_clair_writes(clair: Clair, tmp_path: Path) -> None:
    (shown,) = (
        pair
        for block in re.findall(r"^```json\n(.*?)^```", text_of(README), re.DOTALL | re.MULTILINE)
        if "chosen" in (pair := orjson.loads(block))
    )
    (tmp_path / "in.jsonl").write_text('{"prompt": "Why?", "response": "It is the the sky."}')
    assert clair("revise", "in.jsonl", "--mock", "--quiet").code == 0
    (real,) = read_rows(tmp_path / "in.clair/train.jsonl")
    assert list(shown) == list(real)
    measured = contrast(shown["rejected"][0]["content"], shown["chosen"][0]["content"])
    assert [shown[name] for name in METRICS] == [
        round(getattr(measured, name), 3) for name in METRICS
    ]


def test_the_files_of_the_readme_are_those_of_a_run(clair: Clair, tmp_path: Path) -> None:
    listed = re.findall(r"^\| `([\w./]+\.\w+)` \|", text_of(README), re.MULTILINE)
    (tmp_path / "in.jsonl").write_text('{"prompt": "Why?", "response": "It is the the sky."}')
    assert clair("revise", "in.jsonl", "--mock", "--quiet").code == 0
    there = [path for path in (tmp_path / "in.clair").rglob("*") if path.is_file()]
    made = {str(path.relative_to(tmp_path / "in.clair")) for path in there}
    assert set(listed) - {".clair/store.sqlite3"} == made - {".clair/mock.sqlite3"}


def test_the_exit_codes_of_the_readme_are_those_of_the_program() -> None:
    rows = re.findall(r"^\| (\d[\d, ]*) \|", text_of(README), re.MULTILINE)
    listed = {int(code) for row in rows for code in row.split(",")}
    errors = {RunError, Terminated, StdoutClosedError, *RunError.__subclasses__()}
    assert listed == {0, 3} | {error.exit_code for error in errors}


def test_the_pictures_are_shown_and_small() -> None:
    pictures = [path for path in (ROOT / "docs/pictures").iterdir() if path.suffix != ".py"]
    assert {path.name for path in pictures} == {"diff.svg", "report.png"}
    for picture in pictures:
        assert f"]({name_of(picture)})" in text_of(README)
        assert picture.stat().st_size < 150_000
    assert "http" not in (ROOT / "docs/pictures/diff.svg").read_text("utf-8").replace(
        'xmlns="http://www.w3.org/2000/svg"', ""
    )


# All pages


def anchors(page: Path) -> set[str]:
    """The fragments that a code host gives the headings of a page."""
    found: set[str] = set()
    for heading in re.findall(r"^#+ (.+)$", FENCED.sub("", text_of(page)), re.MULTILINE):
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        found.add(slug)
    return found


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_somewhere(page: Path) -> None:
    astray = []
    for link in LINK.findall(FENCED.sub("", text_of(page))):
        path, _, fragment = link.partition("#")
        if "://" in link:
            continue
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (fragment and fragment not in anchors(target)):
            astray.append(link)
    assert astray == []


@pytest.fixture(scope="module")
def options_of() -> dict[str, set[str]]:
    """The options of each command, as its help lists them."""
    found: dict[str, set[str]] = {}
    for command in COMMANDS:
        help_text = subprocess.run(
            [*CLAIR, command, "--help"], env=environment(NO_COLOUR), capture_output=True, check=True
        ).stdout.decode()
        found[command] = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", help_text))
    return found


def commands_in(page: Path) -> list[list[str]]:
    """The command lines of clair's in the blocks for a shell, without the program's name."""
    found: list[list[str]] = []
    for block in SHELL.findall(text_of(page)):
        for line in block.replace("\\\n", " ").splitlines():
            words: list[str] = []
            for word in [*shlex.split(line, comments=True), ";"]:
                if word in {"&&", "||", "|", "&", ";"}:
                    found += [words[1:]] if words[:1] == ["clair"] else []
                    words = []
                else:
                    words.append(word)
    return found


@pytest.mark.parametrize("page", BY_HAND, ids=name_of)
def test_the_command_lines_use_options_that_there_are(
    page: Path, options_of: dict[str, set[str]]
) -> None:
    for command, *rest in commands_in(page):
        named = {word.partition("=")[0] for word in rest if re.match(r"--?[a-z]", word)}
        assert named <= options_of[command], f"clair {command} {shlex.join(rest)}"


def test_there_are_command_lines_to_check() -> None:
    assert sum(len(commands_in(page)) for page in BY_HAND) > 50


@pytest.mark.parametrize("page", BY_HAND, ids=name_of)
def test_the_options_that_the_text_names_are_there(
    page: Path, options_of: dict[str, set[str]]
) -> None:
    known = set().union(*options_of.values())
    named = {
        option
        for code in re.findall(r"`([^`\n]+)`", FENCED.sub("", text_of(page)))
        if not code.startswith(("trl ", "pip "))
        for option in OPTION.findall(code)
    }
    assert named - known - OF_OTHERS == set()


def test_every_reason_of_a_failure_is_listed() -> None:
    page = text_of(ROOT / "docs/reasons.md")
    reasons = set(ROW_REASONS.values())
    for path in (ROOT / "clair_cli").rglob("*.py"):
        if "looking" not in path.parts:  # findings of lint have a page of their own
            reasons |= set(re.findall(r'\b(?:Problem|Unfit)\(\s*"(\w+)"', text_of(path)))
    assert len(reasons) > 30
    assert sorted(reason for reason in reasons if f"`{reason}`" not in page) == []
