"""What the training proofs share: the datasets, on disk and on a Hub, and a tiny model."""

import os
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.conftest import Ran
from tests.forking import Forker, forking
from tests.hubserver import Hub, hub_environment, hub_serving
from tests.train.commands import ANSWERS, HERE, run
from tests.train.made import SPLIT, Made, names, options_of

NEEDED = ("torch", "transformers", "tokenizers", "datasets", "accelerate", "trl")
LOADED = [
    *("datasets", "huggingface_hub.hf_api", "huggingface_hub.hf_file_system", "pyarrow.parquet"),
    *("pydantic", "clair_cli.cli.running", "clair_cli.publish.push", "clair_cli.mock"),
]
REFUSED = ("clair-jsonl", "clair-parquet")

ClairAt = Callable[..., Ran]


@pytest.fixture(scope="session", autouse=True)
def _training_parts() -> None:
    """Skip where the `train` extra is not installed; with CLAIR_TRAIN=1 that is a failure."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        refuse = pytest.fail if os.environ.get("CLAIR_TRAIN") == "1" else pytest.skip
        refuse(f"the training proof needs {', '.join(missing)}")


@pytest.fixture(scope="session")
def hub() -> Iterator[Hub]:
    with hub_serving() as serving:
        yield serving


@pytest.fixture(scope="session")
def forker(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forker]:
    """`clair`, some dozens of times, with the means to write to the Hub."""
    home = tmp_path_factory.mktemp("home")
    with forking(LOADED, hub_environment(hub, home, token=hub.token)) as made:
        yield made


@pytest.fixture(scope="session")
def made(forker: Forker, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Made]:
    """The pairs of the example answers in each format and kind of file."""
    place = tmp_path_factory.mktemp("made")
    return {name: make(forker, place, name) for name in (*names(), *REFUSED)}


def make(forker: Forker, place: Path, name: str) -> Made:
    how = ["--mock", "--quiet", *options_of(name)]
    ran = forker(place, "revise", ANSWERS, "-o", place / name, *how)
    assert ran.code == 0, ran.err
    dataset = Made(name, place / name)
    packed = name.endswith(("gz", "zst"))
    assert (len(dataset.parts("train")) > 1) == (name in SPLIT and not packed)
    assert bool(dataset.parts("test")) == (name in SPLIT)
    return dataset


@pytest.fixture(scope="session")
def pushed(forker: Forker, made: dict[str, Made], hub: Hub) -> Hub:
    """The Hub, with all of them on it."""
    for dataset in made.values():
        ran = forker(dataset.out.parent, "push", dataset.out, dataset.hub_name)
        assert ran.code == 0, ran.err
    return hub


@pytest.fixture(scope="session")
def model(made: dict[str, Made], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random model, and a tokenizer that has seen the pairs."""
    place = tmp_path_factory.mktemp("model")
    pairs = made["conversational-jsonl"].out / "train.jsonl"
    run([sys.executable, HERE / "tiny_model.py", pairs, place], place)
    return place
