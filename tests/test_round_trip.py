"""Out and in again: what `clair` wrote, published and linted is good input for `clair`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from clair_cli.cli.main import run as clair
from tests.conftest import ROOT, Ran
from tests.forking import Forker, forking
from tests.hubserver import Hub, hub_environment, hub_serving
from tests.train.made import KINDS, TRAINABLE, Made

LOADED = [
    *("datasets", "huggingface_hub.hf_api", "huggingface_hub.hf_file_system", "pyarrow.parquet"),
    *("pydantic.json_schema", "pydantic.type_adapter", "clair_cli.mock", "clair_cli.publish.push"),
    *("clair_cli.cli.running", "clair_cli.run.export", "clair_cli.cli.printing.lint_report"),
    *("clair_cli.rows.hub.dataset", "clair_cli.rows.remote.listing"),
    *("clair_cli.rows.remote.resuming", "clair_cli.writers.parquet_files"),
]
IN_SHARDS = ["--shard-size", "5kB", "--split-test", "0.25"]
PUBLISHED = ["conversational-jsonl", "standard-gz", "unpaired-parquet", "clair-zst"]
SHARE_UNCHANGED = {"unpaired": 0.5}
"""Of labelled answers half are revisions already, and the offline endpoint leaves them alone."""


class Shop:
    """One run of the examples, what was exported from it, and the Hub that it is pushed to."""

    def __init__(self, place: Path, hub: Hub, forker: Forker) -> None:
        self.place, self.hub, self._forker = place, hub, forker
        self.run = place / "run"
        self._exported: dict[str, Made] = {}

    def __call__(self, *arguments: object, code: int = 0) -> Ran:
        """A command, which must end with `code`."""
        ran = self._forker(self.place, *arguments)
        assert ran.code == code, ran.out + ran.err
        return ran

    def exported(self, name: str) -> Made:
        """The run in the format and kind of file that `name` says."""
        if name not in self._exported:
            form, _, kind = name.partition("-")
            made = Made(name, self.place / name)
            how = ["--format", form, "--file-type", KINDS[kind], "--quiet"]
            self("export", self.run, "-o", made.out, *how)
            self._exported[name] = made
        return self._exported[name]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    place = tmp_path_factory.mktemp("shop")
    with hub_serving() as hub:
        variables = hub_environment(hub, place, token=hub.token)
        with forking(LOADED, variables) as forker:
            made = Shop(place, hub, forker)
            answers = ROOT / "examples" / "answers.jsonl"
            made("revise", answers, "-o", "run", "--mock", "-q", *IN_SHARDS)
            yield made


def verdict(source: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> tuple[int, Any]:
    """What `clair lint` says of a directory."""
    code = clair(["lint", str(source), "--json"])
    return code, orjson.loads(capsysbinary.readouterr().out)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", TRAINABLE)
def test_lint_finds_nothing_in_any_format_and_kind_of_file(
    form: str, kind: str, shop: Shop, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    made = shop.exported(f"{form}-{kind}")
    code, report = verdict(made.out, capsysbinary)
    assert (code, report["findings"]) == (0, [])
    assert report["rows"] == len(made.rows("train")) == 32 * (2 if form == "unpaired" else 1)
    assert {fit["trainer"]: fit["trains"] for fit in report["fits"]} == {
        "DPO": form != "unpaired",
        "KTO": True,
    }


@pytest.mark.parametrize("name", PUBLISHED)
def test_what_was_published_and_is_revised_again_is_the_same_dataset(
    name: str, shop: Shop, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """The rejected answers are revised once more, and the offline endpoint says what it said."""
    made = shop.exported(name)
    shop("push", made.out, made.hub_name)
    before = len(shop.hub.requests)
    linted = shop("lint", made.hub_name, "--json", code=3 if made.form == "clair" else 0)
    broken = [each["code"] for each in orjson.loads(linted.out)["findings"]]
    assert broken == (["string_prompt", "prompt_repeated"] if made.form == "clair" else [])

    again, back = shop.place / f"again-{name}", Made(name, shop.place / f"back-{name}")
    unchanged = SHARE_UNCHANGED.get(made.form, 0)
    shop("revise", made.hub_name, "-o", again, "--mock", "-q", "--max-fail-rate", unchanged)
    assert verdict(again, capsysbinary)[0] == 0
    kept = ["--format", made.form, "--file-type", KINDS[name.partition("-")[2]]]
    shop("export", again, "-o", back.out, *kept, "-q")
    assert back.rows("train") == made.rows("train")
    fetched = {each.file for each in shop.hub.requests[before:] if each.kind == "get"}
    assert fetched >= set(made.files)


def test_a_split_is_chosen_where_there_are_two(shop: Shop) -> None:
    shop("push", shop.run, "user/run")
    asked = shop("lint", "user/run", code=2)
    assert asked.last.endswith("user/run: choose a split with --split; it has train, test")
    rows = {}
    for split in ("train", "test"):
        report = orjson.loads(shop("lint", "user/run", "--split", split, "--json").out)
        rows[split] = report["rows"]
        assert report["findings"] == []
    made = Made("run", shop.run)
    assert rows == {split: len(made.rows(split)) for split in rows}
    assert sum(rows.values()) == 32
    assert len(made.parts("train")) > 1
