"""TRL trains on what `clair revise` wrote, as it stands on disk and on the Hub, and on all of it.

The commands are the ones a user types, each in a process of its own. The model is a random one of
some thousand weights (`tiny_model.py`), so nothing is downloaded; the Hub is one on this machine.
"""

import json
import math
import re
import sys
from collections.abc import Callable, Iterator
from itertools import combinations, product
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.conftest import read_rows
from tests.forking import Forker
from tests.hubserver import Hub, hub_environment
from tests.train.commands import ANSWERS, HERE, TRL, attempt, revise, run
from tests.train.made import KINDS, SPLIT, TRAINABLE, Made, names

STEPS = 2
COLUMNS = {
    "id": "Value('string')",
    "rationale": "Value('string')",
    "model": "Value('string')",
    "levenshtein": "Value('int64')",
    "similarity": "Value('float64')",
    "jaccard": "Value('float64')",
    "kept": "Value('float64')",
    "length_ratio": "Value('float64')",
    "first_change": "Value('int64')",
}
PAIR, LABELLED = {"prompt", "chosen", "rejected"}, {"prompt", "completion", "label"}
REFUSALS = {
    'TypeError: can only concatenate str (not "list") to str',
    "AttributeError: 'list' object has no attribute 'endswith'",
}
"""TRL looks at one column, of a set in no order, to tell whether rows are conversations: it takes
message lists for the answers to a string, or a string for the sign of strings throughout."""
LOSSES = {"apo_zero": ("dpo", 1.0), "apo_down": ("dpo", 1.0), "apo_zero_unpaired": ("kto", 0.5)}
"""For each loss its trainer, and where it stands while a policy is still its own reference: every
sigmoid is one half."""
TAKEN = [*product(TRAINABLE[:2], LOSSES), ("unpaired", "apo_zero_unpaired")]
"""Each format with each loss that TRL documents for it; KTO takes pairs as well, and unpairs."""

# The first test pays for the session's fixtures as well.
pytestmark = [pytest.mark.train, pytest.mark.timeout(400)]


class Training(NamedTuple):
    """One run of `trl`: on which dataset, from where, with which loss."""

    dataset: str
    source: str
    loss: str

    @property
    def traits(self) -> tuple[str, ...]:
        form, _, kind = self.dataset.partition("-")
        held_out = "split" if self.dataset in SPLIT else "whole"
        return (form, kind, held_out, self.source, self.loss)


TRAININGS = [
    Training("conversational-jsonl", "disk", "apo_zero"),
    Training("conversational-parquet", "hub", "apo_zero"),
    Training("conversational-gz", "disk", "apo_down"),
    Training("conversational-zst", "hub", "apo_down"),
    Training("conversational-parquet", "disk", "apo_zero_unpaired"),
    Training("conversational-jsonl", "hub", "apo_zero_unpaired"),
    Training("standard-zst", "disk", "apo_zero"),
    Training("standard-gz", "hub", "apo_zero"),
    Training("standard-parquet", "disk", "apo_down"),
    Training("standard-jsonl", "hub", "apo_down"),
    Training("standard-gz", "disk", "apo_zero_unpaired"),
    Training("standard-zst", "hub", "apo_zero_unpaired"),
    Training("unpaired-jsonl", "disk", "apo_zero_unpaired"),
    Training("unpaired-parquet", "hub", "apo_zero_unpaired"),
]
"""Each format with each of its losses, from disk and from the Hub;
of the rest each pair of traits.

What is left out (`unpaired` in packed files) the trainers read like all other datasets in
`test_trainers_see_each_text_as_it_stands`.
"""


def test_the_trainings_leave_out_no_pair_of_traits() -> None:
    wanted = set(product(TAKEN, ("disk", "hub")))
    assert {((t[0], t[4]), t[3]) for t in (each.traits for each in TRAININGS)} == wanted
    met = {two for each in TRAININGS for two in combinations(each.traits, 2)}
    rest = list(product(KINDS, ("whole", "split"), ("disk", "hub"), LOSSES))
    could = {two for form, *_ in TAKEN for each in rest for two in combinations((form, *each), 2)}
    could -= {("unpaired", "apo_zero"), ("unpaired", "apo_down")}
    assert could - met == {("unpaired", "gz"), ("unpaired", "zst")}


def train(training: Training, made: Made, model: Path, place: Path, *options: object) -> list[Any]:
    """The command for two steps in `place`, without what a test adds to it."""
    name = made.out if training.source == "disk" else made.hub_name
    command = [TRL, LOSSES[training.loss][0], "--model_name_or_path", model]
    command += ["--dataset_name", name, "--loss_type", training.loss, "--max_steps", STEPS]
    command += ["--logging_steps", 1, "--log_level", "info", "--report_to", "none", "--use_cpu"]
    return [*command, "--output_dir", place / "trained", *options]


def numbers(entries: list[dict[str, Any]], name: str) -> list[float]:
    return [entry[name] for entry in entries if name in entry]


@pytest.mark.parametrize("training", TRAININGS, ids="-".join)
def test_two_steps_train_on_every_row(
    training: Training, made: dict[str, Made], model: Path, tmp_path: Path, pushed: Hub
) -> None:
    dataset = made[training.dataset]
    trainer, first_loss = LOSSES[training.loss]
    unpairs = 2 if trainer == "kto" and dataset.form != "unpaired" else 1
    rows, held_out = (unpairs * len(dataset.rows(split)) for split in ("train", "test"))
    assert rows + held_out == len(read_rows(ANSWERS)) * (2 if trainer == "kto" else 1)
    options: list[object] = ["--per_device_train_batch_size", math.ceil(rows / STEPS)]
    if held_out:
        options += ["--eval_strategy", "steps", "--eval_steps", STEPS]
    reach = hub_environment(pushed, tmp_path) if training.source == "hub" else None
    before = len(pushed.requests)
    said = run(train(training, dataset, model, tmp_path, *options), tmp_path, reach)

    assert re.findall(r"Num examples = ([\d,]+)", said) == [f"{n:,}" for n in (rows, held_out) if n]
    state_file = tmp_path / "trained" / f"checkpoint-{STEPS}" / "trainer_state.json"
    state = json.loads(state_file.read_bytes())
    assert (state["global_step"], state["epoch"]) == (STEPS, 1.0)
    log = state["log_history"]
    losses, gradients = numbers(log, "loss"), numbers(log, "grad_norm")
    evaluated = numbers(log, "eval_loss")
    assert (len(losses), len(gradients), len(evaluated)) == (STEPS, STEPS, bool(held_out))
    assert all(math.isfinite(number) for number in losses + gradients + evaluated)
    assert all(gradient > 0 for gradient in gradients)
    assert losses[0] == pytest.approx(first_loss, abs=1e-3)
    # What was asked of the Hub is each data file, whole; a run from disk asks nothing.
    asked = [each for each in pushed.requests[before:] if each.kind == "get"]
    fetched = {each.file for each in asked if each.repo == dataset.hub_name and each.status == 200}
    assert fetched - {"README.md"} == (set(dataset.files) if training.source == "hub" else set())


def chat(prompt: list[dict[str, str]], answer: list[dict[str, str]]) -> str:
    """What the chat template of `tiny_model.py` makes of a conversation."""
    turns = [*prompt, *answer]
    return "".join(f"<|im_start|>{turn['role']}\n{turn['content']}<|im_end|>\n" for turn in turns)


def plain(prompt: str, answer: str) -> str:
    """What the trainers make of two strings."""
    return f"{prompt}{answer}<|im_end|>"


def answers_of(row: dict[str, Any]) -> Iterator[tuple[str, bool]]:
    """The texts of a row, as the trainers should see them, each with its label."""
    render: Callable[[Any, Any], str] = plain if isinstance(row["prompt"], str) else chat
    if "label" in row:
        yield render(row["prompt"], row["completion"]), row["label"]
    else:
        yield render(row["prompt"], row["chosen"]), True
        yield render(row["prompt"], row["rejected"]), False


def see(datasets: list[object], model: Path, place: Path, hub: Hub | None = None) -> list[Any]:
    """What both trainers hold of each dataset, in a process of its own."""
    report = place / "report.json"
    reach = hub_environment(hub, place) if hub else None
    run([sys.executable, HERE / "seen_rows.py", model, report, *datasets], place, reach)
    return list(json.loads(report.read_bytes()).values())


def assert_seen(dataset: Made, seen: dict[str, Any]) -> None:
    """Both trainers hold exactly the texts of the files, row for row, and the columns are typed."""
    splits = [split for split in ("train", "test") if dataset.parts(split)]
    rows = {split: dataset.rows(split) for split in splits}
    ids = {row["id"] for split in splits for row in rows[split]}
    assert ids == {row["id"] for row in read_rows(ANSWERS)}
    texts = {split: [list(answers_of(row)) for row in rows[split]] for split in splits}
    if dataset.form != "unpaired":
        pairs = {s: [[text for text, _ in pair] for pair in texts[s]] for s in splits}
        assert seen["dpo"] == pairs
    labelled = {s: sorted(list(answer) for row in texts[s] for answer in row) for s in splits}
    assert {split: sorted(held) for split, held in seen["kto"].items()} == labelled
    assert seen["collapsed"] == 0
    named = LABELLED if dataset.form == "unpaired" else PAIR
    assert seen["columns"].keys() == COLUMNS.keys() | named
    assert seen["columns"].items() >= COLUMNS.items()


@pytest.mark.parametrize("source", ["disk", "hub"])
def test_trainers_see_each_text_as_it_stands(
    source: str, made: dict[str, Made], model: Path, tmp_path: Path, pushed: Hub
) -> None:
    datasets = [made[name] for name in names()]
    if source == "hub":
        seen = see([each.hub_name for each in datasets], model, tmp_path, pushed)
    else:
        seen = see([each.out for each in datasets], model, tmp_path)
    for dataset, held in zip(datasets, seen, strict=True):
        assert_seen(dataset, held)


def test_a_run_into_the_same_directory_is_not_hidden_by_the_cache(
    model: Path, tmp_path: Path
) -> None:
    """`datasets` keeps what it loaded, under a name that a card can leave the same.

    The second run has a failure, a line that is not JSON, of which trainers see nothing.
    """
    lines = ANSWERS.read_bytes().splitlines(keepends=True)
    answers = tmp_path / "answers.jsonl"
    for number, text in enumerate((lines, [*reversed(lines), b'{"prompt": "cut\n'])):
        answers.write_bytes(b"".join(text))
        out = revise(answers, tmp_path, "--max-fail-rate", "1")
        assert len(read_rows(out / ".clair" / "failures.jsonl")) == number
        [seen] = see([out], model, tmp_path)
        assert_seen(Made("conversational-jsonl", out), seen)


def test_lint_finds_nothing_that_breaks_what_trains(
    forker: Forker, made: dict[str, Made], tmp_path: Path, pushed: Hub
) -> None:
    for dataset in (made[name] for name in names()):
        for source in (dataset.out, dataset.hub_name):
            ran = forker(tmp_path, "lint", source, "--split", "train")
            assert (ran.code, ran.err) == (0, ""), ran.out
            assert "KTO (apo_zero_unpaired)" in ran.out
            assert ("DPO (apo_zero, apo_down)" in ran.out) == (dataset.form != "unpaired")


@pytest.mark.parametrize(
    "training",
    [
        Training("clair-jsonl", "disk", "apo_zero"),
        Training("clair-parquet", "hub", "apo_zero_unpaired"),
    ],
    ids="-".join,
)
def test_the_published_shape_is_refused_as_lint_has_said(
    training: Training,
    forker: Forker,
    made: dict[str, Made],
    model: Path,
    tmp_path: Path,
    pushed: Hub,
) -> None:
    dataset = made[training.dataset]
    ran = forker(tmp_path, "lint", dataset.out if training.source == "disk" else dataset.hub_name)
    assert (ran.code, ran.err) == (3, "")
    assert "not trainable: string_prompt" in ran.out
    reach = hub_environment(pushed, tmp_path) if training.source == "hub" else None
    done = attempt(train(training, dataset, model, tmp_path), tmp_path, reach)
    errors = [line for line in done.stderr.splitlines() if re.match(r"\w+Error: ", line)]
    assert (done.returncode, len(errors)) == (1, 1), done.stderr[-3000:]
    assert errors[0] in REFUSALS
    assert not list(tmp_path.glob("trained/checkpoint-*"))
