"""`clair push`, against a Hub on a real socket, and what `datasets` loads back from it."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from tests.conftest import CLAIR, ROOT, Clair, Ran, environment, read_rows
from tests.forking import Forker, forking
from tests.hubserver import ALWAYS, Hub, hub_environment, hub_serving

NAME = "user/pairs"
PUSHED = {".gitattributes", ".clair/run.json", "README.md", "train.jsonl"}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `clair revise` made of the examples."""
    run = tmp_path_factory.mktemp("push") / "out"
    arguments = ["revise", ROOT / "examples" / "answers.jsonl", "-o", run, "--mock", "--quiet"]
    subprocess.run([*CLAIR, *map(str, arguments)], env=environment(), check=True, cwd=run.parent)
    record = orjson.loads((run / ".clair" / "run.json").read_bytes())
    record.setdefault("files", ["train.jsonl"])
    (run / ".clair" / "run.json").write_bytes(orjson.dumps(record))
    return run


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    """A finished run of one's own."""
    return shutil.copytree(finished, tmp_path / "out")


@pytest.fixture(scope="module")
def serving() -> Iterator[Hub]:
    with hub_serving() as hub:
        yield hub


@pytest.fixture
def hub(serving: Hub) -> Hub:
    """A Hub that holds nothing."""
    serving.clear()
    return serving


LOADED = [
    *("huggingface_hub.hf_api", "pydantic"),
    *("clair_cli.cli.printing.terminal", "clair_cli.publish.push"),
]


@pytest.fixture(scope="module")
def loaded(serving: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forker]:
    """A process that has loaded the Hub's client, which takes long, and forks for each command."""
    with forking(LOADED, hub_environment(serving, tmp_path_factory.mktemp("home"))) as running:
        yield running


class Pusher:
    """Runs `clair push` against a Hub; with variables of its own, in a process all of its own."""

    def __init__(self, clair: Clair, hub: Hub, home: Path, loaded: Forker) -> None:
        self.clair, self.hub, self.home, self.loaded = clair, hub, home, loaded

    def __call__(
        self, run: Path, *options: str, name: str = NAME, token: str | None = None, **env: str
    ) -> Ran:
        token = self.hub.token if token is None else token
        arguments = ["push", str(run), name, *options]
        if env:
            variables = {**hub_environment(self.hub, self.home, token=token), **env}
            ran = self.clair(*arguments, env=variables)
        else:
            ran = self.loaded(self.home, *arguments, env={"HF_TOKEN": token})
        assert "Traceback" not in ran.err, ran.err
        assert not token or token not in ran.out + ran.err
        return ran


@pytest.fixture
def push(clair: Clair, hub: Hub, tmp_path: Path, loaded: Forker) -> Pusher:
    return Pusher(clair, hub, tmp_path, loaded)


def rewrite(run: Path, files: dict[str, bytes]) -> None:
    """Let the run have written other data files than it did."""
    (run / "train.jsonl").unlink(missing_ok=True)
    for name, data in files.items():
        (run / name).write_bytes(data)
    path = run / ".clair" / "run.json"
    path.write_bytes(orjson.dumps({**orjson.loads(path.read_bytes()), "files": list(files)}))


def test_pushes_what_a_reader_needs_and_nothing_else(run: Path, hub: Hub, push: Pusher) -> None:
    (run / "notes.txt").write_text("mine")
    (run / "train-old.jsonl").write_text("{}\n")
    assert (run / ".clair" / "mock.sqlite3").exists()
    ran = push(run)
    assert (ran.code, ran.out) == (0, f"{hub.url}/datasets/{NAME}\n"), ran.err
    files = hub.files(NAME)
    assert files.keys() == PUSHED
    same = PUSHED - {".gitattributes", ".clair/run.json"}
    assert {name: (run / name).read_bytes() for name in same}.items() <= files.items()
    record = orjson.loads((run / ".clair/run.json").read_bytes())
    published = orjson.loads(files[".clair/run.json"])
    assert record.keys() - published.keys() == {"replicas"}
    assert "endpoints" not in published["options"]
    assert [each.message for each in hub.commits(NAME)][1:] == ["initial commit"]
    assert hub.commits(NAME)[0].message.startswith(f"{len(read_rows(run / 'train.jsonl'))} pairs")
    assert not hub.repo(NAME).private


def test_a_second_push_commits_only_what_has_changed(run: Path, hub: Hub, push: Pusher) -> None:
    assert push(run).code == 0
    record = run / ".clair" / "run.json"
    record.write_bytes(orjson.dumps({**orjson.loads(record.read_bytes()), "seconds": 123}))
    before = hub.commits(NAME)
    ran = push(run)
    assert (ran.code, ran.out) == (0, f"{hub.url}/datasets/{NAME}\n")
    assert "nothing has changed" in ran.err
    assert hub.commits(NAME) == before

    lines = (run / "train.jsonl").read_bytes().splitlines(keepends=True)
    (run / "train.jsonl").write_bytes(b"".join(lines[1:]))
    ran = push(run, "--message", "One row less")
    assert (ran.code, "1 files to upload" in ran.err) == (0, True)
    assert hub.commits(NAME)[1:] == before
    assert hub.commits(NAME)[0].message == "One row less"
    assert hub.files(NAME)["train.jsonl"] == b"".join(lines[1:])
    assert orjson.loads(hub.files(NAME)[".clair/run.json"])["seconds"] == 123


def test_takes_away_what_the_last_push_left_and_nothing_else(
    run: Path, hub: Hub, push: Pusher
) -> None:
    shards = {f"train-0000{n}-of-00002.jsonl": b'{"n": %d}\n' % n for n in range(2)}
    rewrite(run, {**shards, "test.jsonl.gz": b"packed"})
    foreign = {"train-mine.jsonl": b"{}\n", "LICENSE": b"MIT", "data/train.jsonl": b"{}\n"}
    hub.add(NAME, foreign)
    hub.routes.page = 2
    assert push(run).code == 0
    assert hub.files(NAME).keys() == {*shards, "test.jsonl.gz", *foreign, "README.md",
                                      ".clair/run.json"}  # fmt: skip
    before = hub.commits(NAME)
    rewrite(run, {"train.jsonl.gz": b"all in one"})
    assert push(run).code == 0
    assert hub.files(NAME).keys() == {"train.jsonl.gz", *foreign, "README.md", ".clair/run.json"}
    assert hub.commits(NAME)[1:] == before


def test_deletes_only_data_files_whatever_the_run_json_over_there_says(
    run: Path, hub: Hub, push: Pusher
) -> None:
    named = ["LICENSE", "data/train.jsonl", "../train.jsonl", "mine.jsonl", "train-gone.jsonl", 7]
    files = {
        "LICENSE": b"MIT",
        "data/train.jsonl": b"{}\n",
        "mine.jsonl": b"{}\n",
        "train-2.jsonl": b"{}\n",
    }
    large = orjson.dumps({"files": ["train-2.jsonl"]}) + b" " * 10_000_000
    for record in (orjson.dumps({"files": named}), b"not json", b"[]", large):
        hub.add(NAME, {**files, ".clair/run.json": record, "train.jsonl": b""})
        assert push(run).code == 0
        assert files.items() <= hub.files(NAME).items()


def test_a_private_push_stays_private(run: Path, hub: Hub, push: Pusher) -> None:
    assert push(run, "--private").code == 0
    assert hub.repo(NAME).private
    assert push(run, "--private").code == 0
    assert push(run).code == 0
    assert hub.repo(NAME).private


def test_what_is_meant_to_be_private_never_goes_to_a_public_dataset(
    run: Path, hub: Hub, push: Pusher
) -> None:
    hub.add(NAME, {"README.md": b"old"})
    ran = push(run, "--private")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"clair: {NAME}: is public already")
    assert hub.asked("preupload") == hub.asked("commit") == []


def test_pushes_to_a_branch_made_if_missing(run: Path, hub: Hub, push: Pusher) -> None:
    ran = push(run, "--revision", "runs/one")
    assert (ran.code, ran.out) == (0, f"{hub.url}/datasets/{NAME}/tree/runs%2Fone\n"), ran.err
    assert hub.files(NAME).keys() == {".gitattributes"}
    assert hub.files(NAME, "runs/one").keys() == PUSHED
    assert "nothing has changed" in push(run, "--revision", "runs/one").err
    assert len(hub.commits(NAME, "runs/one")) == 2


def test_large_files_go_to_large_file_storage(run: Path, hub: Hub, push: Pusher) -> None:
    hub.routes.regular = 8000
    assert (run / "train.jsonl").stat().st_size > 8000
    assert push(run).code == 0
    assert len(hub.asked("put")) == len(hub.asked("verify")) == 1
    assert hub.files(NAME)["train.jsonl"] == (run / "train.jsonl").read_bytes()
    assert "nothing has changed" in push(run).err
    assert len(hub.asked("put")) == 1


STAGES = ("info", "create", "tree", "paths", "yaml", "preupload", "commit")
TROUBLES = {"503": {"status": 503}, "429": {"status": 429}, "reset": {"reset": True}}
QUICK = [("reset", "info"), ("503", "create"), ("429", "commit")]
MATRIX = [(trouble, stage) for trouble in TROUBLES for stage in STAGES]


@pytest.mark.parametrize(
    ("trouble", "stage"),
    [
        *QUICK,
        *(pytest.param(*each, marks=pytest.mark.heavy) for each in MATRIX if each not in QUICK),
    ],
)
def test_trouble_in_transit_is_borne_at_every_stage(
    trouble: str, stage: str, run: Path, hub: Hub, push: Pusher
) -> None:
    hub.fault(stage, **TROUBLES[trouble])
    ran = push(run)
    assert ran.code == 0, ran.err
    assert hub.files(NAME).keys() == PUSHED
    assert len(hub.commits(NAME)) == 2
    assert len(hub.asked(stage)) >= 2
    assert hub.requests[0].headers["User-Agent"].startswith("clair/")


@pytest.mark.heavy
def test_trouble_while_large_files_go_up_is_borne(run: Path, hub: Hub, push: Pusher) -> None:
    hub.routes.regular = 8000
    for stage in ("batch", "put", "verify"):
        hub.fault(stage, reset=True)
    assert push(run).code == 0
    assert hub.files(NAME)["train.jsonl"] == (run / "train.jsonl").read_bytes()


@pytest.mark.parametrize("lost", ["commit", "create", "branch"])
def test_what_was_done_but_not_answered_is_not_done_again(
    lost: str, run: Path, hub: Hub, push: Pusher
) -> None:
    hub.fault(lost, lost=True)
    ran = push(run, "--revision", "next")
    assert ran.code == 0, ran.err
    assert "nothing has changed" not in ran.err
    assert [each.message for each in hub.commits(NAME, "next")][1:] == ["initial commit"]
    assert len(hub.asked("commit")) == 1


def test_a_commit_of_somebody_else_in_between_is_kept(run: Path, hub: Hub, push: Pusher) -> None:
    hub.add(NAME, {"LICENSE": b"MIT"})

    def meddle() -> None:
        hub.add(NAME, {"NEWS": b"new"})

    hub.fault("commit", before=meddle)
    ran = push(run)
    assert ran.code == 0, ran.err
    assert "moved on" in ran.err
    assert {"LICENSE", "NEWS", "train.jsonl"} <= hub.files(NAME).keys()
    assert len(hub.commits(NAME)) == 3


def test_waits_as_long_as_the_hub_asks(run: Path, hub: Hub, push: Pusher) -> None:
    hub.add(NAME, {"LICENSE": b"MIT"})
    hub.fault("commit", status=429, headers={"Retry-After": "1.1"})
    ran = push(run)
    assert (ran.code, "again in 1.1 s" in ran.err) == (0, True), ran.err
    hub.fault("info", status=429, headers={"RateLimit": '"api";r=0;t=290'})
    ran = push(run, "--give-up-after", "200")
    assert ran.code == 4
    assert "asks to wait 290 s" in ran.last


def test_gives_up_on_a_hub_that_keeps_failing(run: Path, hub: Hub, push: Pusher) -> None:
    hub.fault("info", status=502, message="bad <b>gateway</b>", times=ALWAYS)
    ran = push(run, "--give-up-after", "0.6")
    assert (ran.code, ran.out) == (4, "")
    assert ran.last == (
        f"clair: {NAME}: the Hub does not take it now (HTTP 502: bad <b>gateway</b>); "
        "push again later"
    )
    assert hub.routes.repos == {}
    ran = push(run, "--give-up-after", "0.6", HF_ENDPOINT="http://127.0.0.1:9")
    assert (ran.code, ran.out) == (4, "")
    assert ran.last.startswith("clair: http://127.0.0.1:9: cannot be reached (ConnectError")


@pytest.mark.parametrize(
    ("stage", "words"),
    [
        ("info", "cannot be reached"),
        pytest.param("paths", "does not take it now", marks=pytest.mark.heavy),
    ],
)
def test_a_hub_that_never_answers_is_not_waited_for(
    stage: str, words: str, run: Path, hub: Hub, tmp_path: Path
) -> None:
    hub.fault(stage, delay=30, times=ALWAYS)
    code = (
        "import sys; from pathlib import Path; "
        "from clair_cli.publish.push import Patience, push; push(Path("
        "sys.argv[1]), 'user/a', patience=Patience(timeout=0.3, unreachable=0.5, give_up_after=1))"
    )
    variables = environment(hub_environment(hub, tmp_path, token=hub.token))
    child = subprocess.run(
        [sys.executable, "-c", code, run],
        env=variables, capture_output=True, timeout=20, check=False,
    )  # fmt: skip
    assert f"{words} (ReadTimeout" in child.stderr.decode()


def test_a_token_is_wanted_that_may_write(run: Path, hub: Hub, push: Pusher) -> None:
    hub.add("user/secret", {"README.md": b"x"}, private=True)
    hub.add("user/open", {"README.md": b"x"})
    cases = [
        ("", NAME, 2, "there is no token for the Hub; set HF_TOKEN or run `hf auth login`"),
        ("hf tok\u00e9n", NAME, 2, "what stands in place of the Hub's token is none"),
        ("hf_wrong", NAME, 4, "the Hub refused the token (HTTP 401: Invalid credentials"),
        (hub.reader, NAME, 4, f"{NAME}: the token may not write there (HTTP 403: "),
        (hub.reader, "user/open", 4, "user/open: the token may not write there (HTTP 403: "),
        (hub.stranger, NAME, 4, f"{NAME}: the token may not write there (HTTP 403: You don't"),
        (hub.stranger, "user/secret", 4, "user/secret: the token may not write there (HTTP 403"),
    ]
    for token, name, code, words in cases:
        ran = push(run, name=name, token=token)
        assert (ran.code, ran.out) == (code, ""), words
        assert ran.last.startswith(f"clair: {words}"), ran.err
        assert ran.err.count("\nclair: ") <= 1
    assert {len(hub.commits(name)) for name in hub.routes.repos} == {1}


def test_a_login_counts_as_a_token(run: Path, hub: Hub, push: Pusher, tmp_path: Path) -> None:
    (tmp_path / "hf").mkdir()
    (tmp_path / "hf" / "token").write_text(f"{hub.token}\n")
    assert push(run, token="", NO_COLOR="1").code == 0
    assert hub.files(NAME).keys() == PUSHED


def test_other_refusals_are_one_line(run: Path, hub: Hub, push: Pusher) -> None:
    hub.add("user/gated", {"README.md": b"x"}, gated=True)
    hub.add("user/old", {"README.md": b"x"})
    gated = {"X-Error-Code": "GatedRepo"}
    hub.fault("info", "user/gated", status=403, headers=gated, message="ask first")
    ran = push(run, name="user/gated")
    assert (ran.code, ran.err) == (
        4,
        "clair: user/gated: is gated (HTTP 403: ask first); ask its owner for access\n",
    )
    hub.fault("commit", status=400, message=f"no such {hub.token} thing")
    ran = push(run, name="user/old")
    assert (ran.code, ran.last) == (
        4, "clair: user/old: the Hub refused it (HTTP 400: no such [secret] thing)")  # fmt: skip
    hub.routes.regular = 8000
    hub.fault("put", status=400, message="wrong part")
    ran = push(run, name="user/old")
    assert (ran.code, ran.last) == (
        4, "clair: user/old: the Hub refused it (HTTP 400: wrong part)")  # fmt: skip
    card = (run / "README.md").read_bytes()
    (run / "README.md").write_bytes(b"no yaml")
    ran = push(run, name="user/old")
    assert (ran.code, "no YAML at the top" in ran.last) == (4, True)
    (run / "README.md").write_bytes(card)
    ran = push(run, name="user/old", HF_HUB_OFFLINE="1")
    assert (ran.code, ran.err) == (
        2, "clair: HF_HUB_OFFLINE is set, so nothing can be pushed; unset it\n")  # fmt: skip
    assert len(hub.commits("user/old")) == 1


def test_refuses_what_is_no_finished_run(run: Path, hub: Hub, push: Pusher) -> None:
    record = run / ".clair" / "run.json"
    good = orjson.loads(record.read_bytes())

    def refused(words: str, path: Path = run, name: str = NAME) -> None:
        ran = push(path, name=name)
        assert (ran.code, ran.out) == (2, ""), words
        assert ran.err.startswith(f"clair: {words}"), ran.err
        assert ran.err.count("\n") == 1

    refused(f"{run / 'train.jsonl'}: a file output cannot be pushed; make a directory with clair "
            "export", run / "train.jsonl")  # fmt: skip
    refused(f"{run / 'none'}: no such directory", run / "none")
    refused(f"{ROOT / 'examples'}: was not written by clair", ROOT / "examples")
    for name in (
        "pairs",
        "user/",
        "user/a/b",
        "https://hub/user/a",
        "user/a..b",
        "../a",
        "user/a ",
    ):
        refused(f"{name}: is no name of a dataset; it must be user/name", name=name)
    for wrong, words in [
        ({"finished": None}, f"{run}: its run was not finished"),
        ({"files": []}, f"{record}: does not name the data files alone"),
        ({"files": ["train.jsonl", "../x.jsonl"]}, f"{record}: does not name the data files"),
        ({"files": ["train.jsonl", "train-2.jsonl"]}, f"{run / 'train-2.jsonl'}: is missing"),
    ]:
        record.write_bytes(orjson.dumps({**good, **wrong}))
        refused(words)
    record.write_bytes(b"{")
    refused(f"{record}: is damaged")
    assert hub.requests == []


LOAD = """
import json, sys
from datasets import load_dataset
for pair in load_dataset("user/pairs", split="train"):
    print(json.dumps(pair))
"""


def test_datasets_loads_back_exactly_the_pairs(
    run: Path, hub: Hub, push: Pusher, tmp_path: Path
) -> None:
    hub.routes.regular = 8000
    assert push(run, "--private").code == 0
    variables = environment(hub_environment(hub, tmp_path / "reader", token=hub.token))
    child = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LOAD],
        env=variables, cwd=tmp_path, capture_output=True, check=True,
    )  # fmt: skip
    loaded = [orjson.loads(line) for line in child.stdout.splitlines()]
    assert loaded == read_rows(run / "train.jsonl")
    assert len(loaded) > 20
