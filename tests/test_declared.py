"""Every option is declared once, and is then everywhere: command, variable, file, records, page."""

import re
import runpy
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest
import typer
from typer.testing import CliRunner

from clair_cli.cli.config_file import variable_of
from clair_cli.cli.main import app
from clair_cli.cli.signature import command
from clair_cli.prompts.template import Template
from clair_cli.run.command_line import command_line
from clair_cli.run.job import Job
from clair_cli.run.options.declaring import Group, Option, options_of, recorded, restored
from clair_cli.run.options.revising import ReviseOptions
from clair_cli.run.recipe import job_of, recipe_of
from tests.conftest import ROOT

WORDS = {
    "prompt": "minimal",
    "also": "worsen",
    "keep_columns": "a,b",
    "param": "top_p=0.9",
    "shard_size": "4MB",
    "license": "mit",
    "language": "de",
}
"""Values of options that are read before they are kept."""


def declared() -> Iterator[tuple[Group, Option]]:
    for group in ReviseOptions():
        for option in options_of(group):
            yield group, option


OPTIONS = [pytest.param(group, option, id=option.name) for group, option in declared()]


def sample(option: Option) -> str:
    """A value that is not the default, as it is typed."""
    if option.name in WORDS:
        return WORDS[option.name]
    if get_origin(option.type) is Literal:
        return str(get_args(option.type)[-1])
    if option.type in {int, float}:
        least, most = option.declared.least or 0, option.declared.most
        return str(least + 3 if most is None else most / 2)
    return "some-name"


@dataclass
class Taken:
    """The options that a command got."""

    options: ReviseOptions | None = None


@pytest.fixture
def take(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., ReviseOptions]:
    """Run a command with the options of `clair revise`; gives those that it got."""
    monkeypatch.chdir(tmp_path)
    taken = Taken()

    @command(takes_settings=True)
    def revise(options: ReviseOptions) -> None:
        taken.options = options

    app = typer.Typer()
    app.command()(revise)
    app.command("other")(command()(lambda: None))

    def run(*line: str, **variables: str) -> ReviseOptions:
        ran = CliRunner().invoke(app, ["revise", *line], env=variables)
        assert ran.exit_code == 0, ran.output
        assert taken.options
        return taken.options

    return run


def value_in(options: ReviseOptions, name: str) -> Any:
    (found,) = (getattr(g, name) for g in options for each in options_of(g) if each.name == name)
    return found


@pytest.mark.parametrize(("group", "option"), OPTIONS)
def test_the_line_a_variable_and_the_file_set_it_alike(
    group: Group, option: Option, take: Callable[..., ReviseOptions], tmp_path: Path
) -> None:
    typed = [option.flag] if option.type is bool else [option.flag, sample(option)]
    line = take(*typed)
    assert value_in(line, option.name) != value_in(ReviseOptions(), option.name)
    variable = "1" if option.type is bool else sample(option)
    assert take(**{variable_of(option.name): variable}) == line
    key = option.name.replace("_", "-")
    text = "true" if option.type is bool else f'"{sample(option)}"'
    (tmp_path / "clair.toml").write_text(f"{key} = {text}\n")
    assert take() == line
    if option.type is bool:
        assert take(f"--no-{key}") == ReviseOptions()


@pytest.fixture(scope="module")
def help_text() -> str:
    """The help of `clair revise`, wide enough for one line an option, without its boxes."""
    wide = {"COLUMNS": "400", "TERMINAL_WIDTH": "400", "NO_COLOR": "1"}
    ran = CliRunner().invoke(app, ["revise", "--help"], env=wide)
    assert ran.exit_code == 0
    return " ".join(re.sub(r"[\u2500-\u257f]", " ", ran.output).split())


@pytest.mark.parametrize(("group", "option"), OPTIONS)
def test_the_help_has_it(group: Group, option: Option, help_text: str) -> None:
    _, heading, rest = help_text.partition(f" {group.panel} ")
    panel = heading + rest
    assert f" {option.flag} " in panel
    assert " ".join(option.declared.help.split()) in panel.partition(f" {option.flag} ")[2]


@pytest.mark.parametrize(("group", "option"), OPTIONS)
def test_the_reference_has_it(group: Group, option: Option) -> None:
    page = (ROOT / "docs/reference.md").read_text(encoding="utf-8")
    section = page.partition("\n## clair revise\n")[2].partition("\n## ")[0]
    row = next((row for row in section.splitlines() if f"`{option.flag}`" in row), "")
    assert " ".join(option.declared.help.split()).replace("|", "\\|") in row
    _, _, panel = section.partition(f"\n| {group.panel} |")
    assert row in panel.partition("\n\n")[0]


def test_the_reference_is_what_the_program_says() -> None:
    made = runpy.run_path(str(ROOT / "docs/reference.py"))["page"]()
    assert made == (ROOT / "docs/reference.md").read_text(encoding="utf-8"), "run make docs"


@pytest.mark.parametrize(("group", "option"), OPTIONS)
def test_what_decides_the_outcome_is_recorded_and_restored(
    group: Group, option: Option, take: Callable[..., ReviseOptions]
) -> None:
    options = take(*([option.flag] if option.type is bool else [option.flag, sample(option)]))
    kept = recorded(options, {"outcome"})
    assert (option.name in kept) is (option.declared.use == "outcome")
    assert (option.name in recorded(options, {"outcome", "run"})) is (
        option.declared.use != "untold"
    )
    expected = options if option.declared.use == "outcome" else ReviseOptions()
    assert restored(ReviseOptions, kept) == expected


@pytest.mark.parametrize(
    ("group", "option"), [each for each in OPTIONS if each.values[1].declared.use == "outcome"]
)
def test_the_command_line_on_the_card_asks_for_the_same(
    group: Group, option: Option, take: Callable[..., ReviseOptions]
) -> None:
    value = {"aspect": "tone", "direction": "worsen"}.get(option.name, sample(option))
    typed = [option.flag] if option.type is bool else [option.flag, value]
    more = {"aspect": ["--prompt", "aspect"], "prompt": ["-m", "x"]}.get(option.name, [])
    model = [] if {option.name} & {"mock", "model"} else ["-m", "x"]
    options = take(*typed, *more, *model, "--offline")
    job = Job.of(["in.jsonl"], options)
    words = shlex.split(command_line(job))
    assert words[:3] == ["clair", "revise", "in.jsonl"]
    again = take(*words[3:], "--offline")
    assert again == options
    restored_job = job_of(recipe_of(job), "recipe.json")
    assert command_line(restored_job) == command_line(job)
    assert isinstance(restored_job.template, Template)
    assert restored_job.parameters == job.parameters
