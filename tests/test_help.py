"""The help, the README that repeats it, and what asking for it costs."""

import re
import subprocess
import sys

import pytest

from tests.conftest import ROOT, Clair, environment

COMMANDS = (
    *("revise", "export", "stats", "show", "report", "lint"),
    *("push", "prompts", "mock", "check-endpoint"),
)
HEAVY = ("aiohttp", "backports", "datasets", "httpx", "httpx_aiohttp", "huggingface_hub", "jinja2",
         "orjson", "rapidfuzz", "sqlite3", "tenacity", "yaml", "zstandard")  # fmt: skip
BLOCK = re.compile(r"<!-- help: ([\w-]+) -->\s*```\w*\n(.*?)```\s*<!-- /help -->", re.DOTALL)
TYPES = re.compile(r"<[^>]*>|\b(?:TEXT|INTEGER|FLOAT|PATH|RANGE)\b")
"""How typer shows the type of an option: each of its versions in another way."""


def readme() -> str:
    return (ROOT / "README.md").read_text(encoding="utf-8")


def words(text: str) -> list[str]:
    """The words of a help text, without its boxes and the types of its options."""
    bare = re.sub(r"[\u2500-\u257f|{}\[\]]", " ", TYPES.sub(" ", text))
    return bare.split()


def test_the_help_in_the_readme_is_the_live_one(clair: Clair) -> None:
    blocks = dict(BLOCK.findall(readme()))
    assert "revise" in blocks
    assert readme().count("<!-- help: ") == len(blocks)
    for command, block in blocks.items():
        live = clair(command, "--help", env={"NO_COLOR": "1"})
        assert live.code == 0, live.err
        assert words(block) == words(live.out), command


@pytest.mark.parametrize("command", COMMANDS)
def test_the_readme_names_every_command_and_its_options(command: str, clair: Clair) -> None:
    live = clair(command, "--help", env={"NO_COLOR": "1"}).out
    options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", live)) - {"--help"}
    assert f"clair {command}" in readme()
    assert {option for option in options if not re.search(rf"{option}\b(?!-)", readme())} == set()


def test_the_main_help_names_every_command_and_no_other(clair: Clair) -> None:
    ran = clair("--help", env={"NO_COLOR": "1"})
    assert (ran.code, ran.err) == (0, "")
    _, _, listed = ran.out.partition("Commands")
    assert re.findall(r"^\W*? ([\w-]+)  +\w", listed, re.MULTILINE) == list(COMMANDS)


@pytest.mark.parametrize("line", [["--help"], ["revise", "--help"], ["--version"]])
def test_help_loads_nothing_that_only_a_run_needs(line: list[str]) -> None:
    code = (
        "import sys; from clair_cli.cli.main import run; code = run(sys.argv[1:]); "
        "print(*sys.modules, file=sys.stderr); sys.exit(code)"
    )
    child = subprocess.run(
        [sys.executable, "-c", code, *line], env=environment(), capture_output=True, check=True
    )
    loaded = {name.partition(".")[0] for name in child.stderr.decode().split()}
    assert "typer" in loaded
    assert sorted(loaded & set(HEAVY)) == []
