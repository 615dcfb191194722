"""`clair lint` says of small datasets what TRL's trainers then really do with them."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from clair_cli.cli.main import run as lint
from tests.conftest import write_rows
from tests.train.commands import HERE, run

Rows = list[dict[str, Any]]
Outcome = dict[str, dict[str, Any]]
Linted = tuple[int, dict[str, Any]]

pytestmark = [pytest.mark.train, pytest.mark.timeout(400)]

MAX_LENGTH = 40
"""Tokens: small, so that a few words are too long."""


def user(text: str) -> list[dict[str, Any]]:
    return [{"role": "user", "content": text}]


def assistant(text: str) -> list[dict[str, Any]]:
    return [{"role": "assistant", "content": text}]


TALKS: Rows = [
    {"prompt": user(f"Is {n} odd?"), "chosen": assistant(f"No. {n}"), "rejected": assistant("Yes")}
    for n in range(4)
]
TEXTS: Rows = [{key: cell[0]["content"] for key, cell in row.items()} for row in TALKS]
WHOLE: Rows = [
    {"chosen": row["prompt"] + row["chosen"], "rejected": row["prompt"] + row["rejected"]}
    for row in TALKS
]
LABELLED: Rows = [
    {"prompt": row["prompt"], "completion": row["chosen"], "label": n % 2 == 0}
    for n, row in enumerate(TALKS)
]


def third(rows: Rows, **cells: Any) -> Rows:
    """The rows with other cells in the third one."""
    return [row | cells if n == 2 else row for n, row in enumerate(rows)]


def every(rows: Rows, **cells: Any) -> Rows:
    return [row | cells for row in rows]


def without(rows: Rows, name: str) -> Rows:
    return [{key: cell for key, cell in row.items() if key != name} for row in rows]


DATASETS: dict[str, Rows] = {
    "talks": TALKS,
    "texts": TEXTS,
    "whole": WHOLE,
    "labelled": LABELLED,
    "labels_as_numbers": [row | {"label": int(row["label"])} for row in LABELLED],
    "empty_text": third(TEXTS, chosen=""),
    "identical": third(TALKS, rejected=TALKS[2]["chosen"]),
    "ids_of_two_types": third(every(TALKS, id="a"), id=7),
    "messages_beside": every(TALKS, messages=user("x")),
    "published_shape": [row | {"prompt": row["chosen"][0]["content"]} for row in WHOLE],
    "string_prompt": every(TALKS, prompt="Is it?"),
    "list_prompt": third(TEXTS, prompt=user("Is it?")),
    "text_side": third(TALKS, chosen="No."),
    "null_side": third(TALKS, chosen=None),
    "null_text": third(TEXTS, prompt=None),
    "missing_side": [*TALKS[:2], *without(TALKS[2:], "rejected")],
    "empty_prompt_list": third(TALKS, prompt=[]),
    "number_side": third(TEXTS, chosen=7),
    "sharegpt": [{key: [{"from": "gpt", "value": "x"}] for key in row} for row in TALKS],
    "no_rejected": without(TALKS, "rejected"),
    "no_prompt_to_share": without(TALKS, "prompt"),
    "label_words": [row | {"label": str(row["label"])} for row in LABELLED],
    "label_null": third(LABELLED, label=None),
    "label_missing": without(LABELLED, "label"),
    "labelled_without_prompt": without(LABELLED, "prompt"),
    "images": every(TALKS, images=None),
    "tools": every(TALKS, tools="no JSON"),
    "template_arguments": every(TALKS, chat_template_kwargs=None),
}
"""Datasets that train, or make TRL fail."""

PARTS = [{"role": "assistant", "content": [{"type": "text", "text": "x"}]}]
DISTORTED: dict[str, Rows] = {
    "prompt_repeated": [row | both for row, both in zip(TALKS, WHOLE, strict=True)],
    "prompt_too_long": third(TALKS, prompt=user("Is it odd? " * 40)),
    "collapses": third(
        TALKS, chosen=assistant("No. " * 60 + "1"), rejected=assistant("No. " * 60 + "2")
    ),
    "content_not_text": third(TALKS, chosen=PARTS),
}
"""Datasets that train, and on something else than what they hold, by the code of what is told."""

SPLIT = "Explain photosyn", "thesis well.", "thesis badly."
"""A pair whose prompt ends within a token."""

STRICT_TEMPLATE = "{{ raise_exception('roles must alternate') }}"


LINT_ALL = """
import json, sys
from clair_cli.cli.main import run
for number, arguments in enumerate(json.loads(sys.argv[1])):
    sys.stdout = open(f"{number}.json", "w")
    code = run(["lint", "--json", *arguments])
    sys.stdout.close()
    open(f"{number}.code", "w").write(str(code))
"""
"""One process for all that need a tokenizer: to import transformers takes longer than to lint."""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A file for each dataset."""
    place = tmp_path_factory.mktemp("rows")
    pair = dict(zip(("prompt", "chosen", "rejected"), SPLIT, strict=True))
    rows = DATASETS | DISTORTED | {"split": [pair]}
    return {name: write_rows(place / f"{name}.jsonl", each) for name, each in rows.items()}


@pytest.fixture(scope="module")
def trained(
    files: dict[str, Path],
    model: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Outcome]:
    """What both trainers did with each of them."""
    place = tmp_path_factory.mktemp("trained")
    report = place / "report.json"
    command = [sys.executable, HERE / "try_rows.py", model, report, MAX_LENGTH]
    run([*command, *files.values()], place)
    return json.loads(report.read_bytes())


@pytest.fixture(scope="module")
def measured(
    files: dict[str, Path],
    model: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Linted]:
    """The exit code and the report of each file, linted in tokens."""
    place = tmp_path_factory.mktemp("linted")
    shutil.copytree(model, place / "strict")
    (place / "strict" / "chat_template.jinja").write_text(STRICT_TEMPLATE)
    short = ["--max-length", str(MAX_LENGTH)]
    lines = {name: [str(file), "--tokenizer", str(model)] for name, file in files.items()}
    lines |= {name: [*lines[name], *short] for name in DISTORTED}
    lines["strict"] = [str(files["talks"]), "--tokenizer", str(place / "strict")]
    lines["none"] = [str(files["talks"]), "--tokenizer", str(place)]
    run([sys.executable, "-c", LINT_ALL, json.dumps([*lines.values()])], place)
    return {
        name: (int((place / f"{n}.code").read_text()), read_report(place / f"{n}.json"))
        for n, name in enumerate(lines)
    }


def read_report(path: Path) -> dict[str, Any]:
    return json.loads(path.read_bytes() or b"{}")


def codes(report: dict[str, Any]) -> list[str]:
    return [finding["code"] for finding in report["findings"]]


@pytest.mark.parametrize("name", DATASETS)
def test_lint_ends_with_3_where_no_trainer_takes_the_rows(
    name: str,
    files: dict[str, Path],
    trained: dict[str, Outcome],
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    code = lint(["lint", str(files[name]), "--json"])
    report = json.loads(capsysbinary.readouterr().out)
    takes = {each: not outcome["error"] for each, outcome in trained[name].items()}
    assert {fit["trainer"].lower(): fit["trains"] for fit in report["fits"]} == takes, trained[name]
    assert code == (0 if any(takes.values()) else 3)


@pytest.mark.parametrize("name", DISTORTED)
def test_what_trains_on_something_else_ends_with_3(
    name: str, trained: dict[str, Outcome], measured: dict[str, Linted]
) -> None:
    code, report = measured[name]
    assert (code, name in codes(report)) == (3, True)
    outcome = trained[name]["dpo"]
    assert outcome["error"] == ""
    assert outcome["rows"] == len(TALKS) - (name == "prompt_too_long")
    prompt, chosen, _ = outcome["texts"]
    assert (f"{prompt}{chosen}".count("Is 0 odd?") == 2) == (name == "prompt_repeated")


@pytest.mark.parametrize("name", ["talks", "texts", "whole"])
def test_lengths_in_tokens_are_those_of_the_trainer(
    name: str, trained: dict[str, Outcome], measured: dict[str, Linted]
) -> None:
    code, report = measured[name]
    assert (code, report["unit"], report["max_length"]) == (0, "tokens", 1024)
    for side in ("chosen", "rejected"):
        lengths = trained[name]["dpo"]["lengths"][f"{side}_ids"]
        assert report[f"mean_{side}"] == pytest.approx(sum(lengths) / len(lengths), abs=0.01)


def test_rows_that_the_template_refuses_break_training(measured: dict[str, Linted]) -> None:
    code, report = measured["strict"]
    assert (code, codes(report)) == (3, ["template_refuses"])
    assert report["findings"][0]["detail"] == "roles must alternate"


def test_a_prompt_that_ends_within_a_token_is_told(measured: dict[str, Linted]) -> None:
    code, report = measured["split"]
    assert (code, codes(report)) == (0, ["boundary"])


def test_a_tokenizer_that_is_none_ends_with_2(measured: dict[str, Linted]) -> None:
    assert measured["none"] == (2, {})
