"""docs/how-it-works.md draws the house: its rooms and floors are those of the tree."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.conftest import ROOT

PAGE = (ROOT / "docs/how-it-works.md").read_text(encoding="utf-8")
CODE = ROOT / "clair_cli"
ROOM = re.compile(r"^\| `(\w+)` \| .+ \| (\d) \|$", re.MULTILINE)
NAMED = re.compile(r"`((?:\w+/)+|(?:\w+/)*\w+\.py)`")


def drawn() -> dict[str, int]:
    """The rooms of the page, each with its floor."""
    return {room: int(floor) for room, floor in ROOM.findall(PAGE)}


def built() -> dict[str, int]:
    """The same, as import-linter holds them: the lowest layer is floor 0."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = (
        each
        for each in settings["tool"]["importlinter"]["contracts"]
        if each["type"] == "layers" and each["containers"] == ["clair_cli"]
    )
    return {
        room.strip(): floor
        for floor, layer in enumerate(reversed(contract["layers"]))
        for room in layer.split("|")
    }


def test_the_rooms_of_the_page_are_those_of_the_tree() -> None:
    packages = {path.parent.name for path in CODE.glob("*/__init__.py")}
    modules = {path.stem for path in CODE.glob("*.py")} - {"__init__", "__main__"}
    assert drawn().keys() == packages | modules


def test_the_floors_of_the_page_are_those_that_are_checked() -> None:
    assert drawn() == built()


def test_what_the_page_names_is_there() -> None:
    named = {name for name in NAMED.findall(PAGE) if name != "clair_cli/"}
    assert "run/engine.py" in named
    assert [each for each in sorted(named) if not list(placed(each))] == []


def placed(name: str) -> list[Path]:
    return [path for path in (CODE / name, ROOT / name) if path.exists()]


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`([A-Z][a-z]\w+)`", PAGE))))
def test_the_objects_of_the_page_are_classes_of_the_code(name: str) -> None:
    code = (path.read_text(encoding="utf-8") for path in CODE.rglob("*.py"))
    assert any(re.search(rf"^class {name}\b", text, re.MULTILINE) for text in code)


def test_every_room_begins_with_a_line_that_says_what_it_holds() -> None:
    for room in drawn():
        path = CODE / room / "__init__.py"
        first, *_ = (path if path.exists() else CODE / f"{room}.py").read_text("utf-8").splitlines()
        assert re.fullmatch(r'"""[A-Z].+', first), room
