"""TRL trains on what `clair revise` wrote, as it stands on disk, and on every row of it.

The commands are the ones a user types, each in a process of its own. The model is a random one of
some thousand weights (`tiny_model.py`), so nothing is downloaded.
"""

import json
import math
import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ANSWERS = HERE.parents[1] / "examples" / "answers.jsonl"
NEEDED = ("torch", "transformers", "tokenizers", "datasets", "accelerate", "trl")
SETTINGS = ("ACCELERATE_", "CLAIR_", "HF_", "OPENAI_", "TRANSFORMERS_", "WANDB_")
OFFLINE = {
    "CUDA_VISIBLE_DEVICES": "",
    "HF_DATASETS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "TRANSFORMERS_OFFLINE": "1",
}
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

# The first test pays for the session's fixtures as well.
pytestmark = [pytest.mark.train, pytest.mark.timeout(400)]


def run(command: list[object], place: Path) -> str:
    """Run `command` in `place` until it ends, which must be with 0; returns its stderr.

    It sees no Hub, no GPU, none of the caller's settings, and no cache but `place`/hf.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(SETTINGS)}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=place,
        env=inherited | OFFLINE | {"HF_HOME": str(place / "hf")},
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
        timeout=240,
    )
    said = f"{done.stdout}\n{done.stderr}"[-6000:]
    assert done.returncode == 0, f"{command[:4]} ended with {done.returncode}:\n{said}"
    return done.stderr


def revise(answers: Path, place: Path, *options: str) -> Path:
    """Let the real command write a directory of pairs, `place`/out."""
    clair = [sys.executable, "-m", "clair_cli"]
    run([*clair, "revise", answers, "-o", place / "out", "--mock", "--quiet", *options], place)
    return place / "out"


def read_lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_bytes().split(b"\n") if line]


def read_pairs(out: Path) -> list[dict]:
    """The pairs in `out`, of which every example answer must have got one."""
    pairs = read_lines(out / "train.jsonl")
    assert len(pairs) == len(read_lines(ANSWERS))
    return pairs


@pytest.fixture(scope="session", autouse=True)
def _training_parts() -> None:
    """Skip where the `train` extra is not installed; with CLAIR_TRAIN=1 that is a failure."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        refuse = pytest.fail if os.environ.get("CLAIR_TRAIN") == "1" else pytest.skip
        refuse(f"the training proof needs {', '.join(missing)}")


@pytest.fixture(scope="session")
def conversational(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pairs of the example answers, in the format that is the default."""
    return revise(ANSWERS, tmp_path_factory.mktemp("conversational"))


@pytest.fixture(scope="session")
def standard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same pairs as plain strings."""
    return revise(ANSWERS, tmp_path_factory.mktemp("standard"), "--format", "standard")


@pytest.fixture(scope="session")
def with_failure(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same pairs, and in `.clair` one failure: a line that is not JSON."""
    place = tmp_path_factory.mktemp("with-failure")
    answers = place / "answers.jsonl"
    answers.write_bytes(ANSWERS.read_bytes().rstrip(b"\n") + b'\n{"prompt": "cut\n')
    out = revise(answers, place, "--max-fail-rate", "1")
    assert len(read_lines(out / ".clair" / "failures.jsonl")) == 1
    return out


@pytest.fixture(scope="session")
def out(request: pytest.FixtureRequest) -> Path:
    """The directory made by the fixture that the test names."""
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="session")
def model(conversational: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random model, and a tokenizer that has seen the pairs."""
    place = tmp_path_factory.mktemp("model")
    run([sys.executable, HERE / "tiny_model.py", conversational / "train.jsonl", place], place)
    return place


@pytest.mark.parametrize(
    ("trainer", "loss_type", "out", "rows_a_pair", "first_loss"),
    [
        ("dpo", "apo_zero", "conversational", 1, 1.0),
        ("dpo", "apo_down", "conversational", 1, 1.0),
        ("kto", "apo_zero_unpaired", "conversational", 2, 0.5),
        ("dpo", "apo_zero", "standard", 1, 1.0),
    ],
    indirect=["out"],
)
def test_two_steps_train_on_every_row(
    trainer: str,
    loss_type: str,
    out: Path,
    rows_a_pair: int,
    first_loss: float,
    model: Path,
    tmp_path: Path,
) -> None:
    rows = rows_a_pair * len(read_pairs(out))
    trained = tmp_path / "trained"
    command = [Path(sysconfig.get_path("scripts")) / "trl", trainer]
    command += ["--model_name_or_path", model, "--dataset_name", out, "--loss_type", loss_type]
    command += ["--max_steps", STEPS, "--per_device_train_batch_size", math.ceil(rows / STEPS)]
    command += ["--logging_steps", 1, "--log_level", "info", "--report_to", "none"]
    said = run([*command, "--use_cpu", "--output_dir", trained], tmp_path)

    assert re.findall(r"Num examples = ([\d,]+)", said) == [f"{rows:,}"]
    state = json.loads((trained / f"checkpoint-{STEPS}" / "trainer_state.json").read_bytes())
    assert (state["global_step"], state["epoch"]) == (STEPS, 1.0)
    losses = [entry["loss"] for entry in state["log_history"]]
    gradients = [entry["grad_norm"] for entry in state["log_history"]]
    assert len(losses) == STEPS
    assert all(math.isfinite(number) for number in losses + gradients)
    assert all(gradient > 0 for gradient in gradients)
    # A policy that is still its own reference: every sigmoid of the APO losses stands at one half.
    assert losses[0] == pytest.approx(first_loss, abs=1e-3)


Render = Callable[..., str]


def chat(prompt: list[dict], answer: list[dict]) -> str:
    """What the chat template of `tiny_model.py` makes of a conversation."""
    turns = [*prompt, *answer]
    return "".join(f"<|im_start|>{turn['role']}\n{turn['content']}<|im_end|>\n" for turn in turns)


def plain(prompt: str, answer: str) -> str:
    """What the trainers make of two strings."""
    return f"{prompt}{answer}<|im_end|>"


def assert_seen(out: Path, render: Render, model: Path, place: Path) -> None:
    """Both trainers hold exactly the texts of `out`, row for row, and the columns are typed."""
    pairs = read_pairs(out)
    report = place / "report.json"
    run([sys.executable, HERE / "seen_rows.py", out, model, report], place)
    seen = json.loads(report.read_bytes())

    chosen = [render(pair["prompt"], pair["chosen"]) for pair in pairs]
    rejected = [render(pair["prompt"], pair["rejected"]) for pair in pairs]
    assert seen["dpo"] == [list(texts) for texts in zip(chosen, rejected, strict=True)]
    labelled = [[text, True] for text in chosen] + [[text, False] for text in rejected]
    assert sorted(seen["kto"]) == sorted(labelled)
    assert seen["collapsed"] == 0
    assert seen["columns"].keys() == COLUMNS.keys() | {"prompt", "chosen", "rejected"}
    assert seen["columns"].items() >= COLUMNS.items()


@pytest.mark.parametrize(
    ("out", "render"),
    [("conversational", chat), ("with_failure", chat), ("standard", plain)],
    indirect=["out"],
)
def test_trainers_see_each_text_as_it_stands_in_the_file(
    out: Path, render: Render, model: Path, tmp_path: Path
) -> None:
    assert_seen(out, render, model, tmp_path)


def test_a_run_into_the_same_directory_is_not_hidden_by_the_cache(
    model: Path, tmp_path: Path
) -> None:
    """`datasets` keeps what it loaded, under a name that a card can leave the same."""
    assert_seen(revise(ANSWERS, tmp_path), chat, model, tmp_path)
    answers = tmp_path / "answers.jsonl"
    lines = ANSWERS.read_bytes().splitlines(keepends=True)
    answers.write_bytes(b"".join(reversed(lines)))
    assert_seen(revise(answers, tmp_path), chat, model, tmp_path)
