"""The help, the reference that repeats it, and what asking for it costs."""

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


def reference() -> str:
    return (ROOT / "docs/reference.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", COMMANDS)
def test_the_reference_names_every_command_and_its_options(command: str, clair: Clair) -> None:
    live = clair(command, "--help", env={"NO_COLOR": "1"}).out
    options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", live)) - {"--help"}
    assert f"clair {command}" in reference()
    assert {
        option for option in options if not re.search(rf"{option}\b(?!-)", reference())
    } == set()


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
