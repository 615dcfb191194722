"""Datasets on the Hub as INPUT: the real command, against a Hub on a real socket."""

import gzip
import io
import json
import random
import shutil
import socket
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clair_cli.rows.origin import Origin
from tests.conftest import Clair, Ran, environment, read_rows
from tests.forking import Forker, forking
from tests.hubserver import ALWAYS, Hub, hub_environment, hub_serving

LOADED = [
    *("datasets", "huggingface_hub.hf_api", "huggingface_hub.hf_file_system", "pyarrow.parquet"),
    *("pydantic", "clair_cli.cli.running", "clair_cli.mock"),
    *("clair_cli.rows.hub.dataset", "clair_cli.rows.remote.listing"),
    "clair_cli.rows.remote.resuming",
]
PAIRED = ["--mock", "-q", "-o", "out.jsonl"]

Row = dict[str, Any]
Revise = Callable[..., Ran]


def rows(number: int, tag: str = "", padding: int = 0) -> list[Row]:
    """So many rows that all get a pair; `padding` bytes of each cannot be packed by much."""
    dice = random.Random(tag)
    return [
        {
            "id": f"{tag}{n}",
            "prompt": f"What is {tag} {n}?",
            "response": f"It is thier number {n}.",
            "x": dice.randbytes(padding // 2).hex(),
        }
        for n in range(number)
    ]


def jsonl(some: Sequence[Row]) -> bytes:
    return b"".join(orjson.dumps(row) + b"\n" for row in some)


def parquet(some: Sequence[Row], group: int = 1000) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(some)), file, row_group_size=group)
    return file.getvalue()


def csv(some: Sequence[Row], comma: str = ",") -> bytes:
    lines = [["id", "prompt", "response"], *([r["id"], r["prompt"], r["response"]] for r in some)]
    return "".join(comma.join(line) + "\n" for line in lines).encode()


def card(yaml: str) -> bytes:
    return f"---\n{yaml}\n---\n# A dataset\n".encode()


@pytest.fixture(scope="module")
def serving() -> Iterator[Hub]:
    with hub_serving() as hub:
        yield hub


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def forker(serving: Hub, home: Path) -> Iterator[Forker]:
    with forking(LOADED, hub_environment(serving, home)) as run:
        yield run


@pytest.fixture
def hub(serving: Hub, home: Path) -> Hub:
    """A Hub that holds nothing, and nothing cached of it."""
    serving.clear()
    shutil.rmtree(home)
    home.mkdir()
    return serving


@pytest.fixture
def revise(forker: Forker, hub: Hub, tmp_path: Path) -> Revise:
    """Run `clair revise` with a token, "" for none."""

    def run(*arguments: object, token: str = "") -> Ran:
        ran = forker(tmp_path, "revise", *arguments, *PAIRED, env={"HF_TOKEN": token})
        assert not token or token not in ran.out + ran.err
        return ran

    return run


@pytest.fixture
def read(revise: Revise, tmp_path: Path) -> Callable[..., list[str]]:
    """The ids of the rows that an input has, in order; nothing may stand on stderr."""

    def run(*arguments: object, token: str = "") -> list[str]:
        ran = revise(*arguments, "--fresh", token=token)
        assert (ran.code, ran.err) == (0, ""), ran.err
        return [row["id"] for row in read_rows(tmp_path / "out.jsonl")]

    return run


Read = Callable[..., list[str]]


@pytest.fixture
def complaint(revise: Revise) -> Callable[..., str]:
    """The one line that an input is refused with."""

    def run(*arguments: object, token: str = "") -> str:
        return one_line(revise(*arguments, token=token))

    return run


Complaint = Callable[..., str]


def one_line(ran: Ran) -> str:
    lines = ran.err.splitlines()
    assert (ran.code, ran.out, len(lines)) == (2, "", 1), ran.err
    return lines[0].removeprefix("clair: ")


def ids(some: Sequence[Row]) -> list[str]:
    return [row["id"] for row in some]


LOGIN = "set HF_TOKEN or run hf auth login"
NO_SUCH = "no such file here, and no such dataset on the Hub that may be read; check the name; for"

KINDS = {
    "parquet": {"data/train-00000-of-00001.parquet": parquet(rows(30), 10)},
    "jsonl": {"train.jsonl": jsonl(rows(30)), "test.jsonl": jsonl(rows(9, "t"))},
    "csv": {
        "README.md": card("configs:\n- {config_name: default, data_files: a.csv, sep: ;}"),
        "a.csv": csv(rows(30), ";"),
    },
    "shards": {
        "train/a.jsonl": jsonl(rows(30)[:8]),
        "train/b.jsonl.gz": gzip.compress(jsonl(rows(30)[8:15])),
        "train/c.json": orjson.dumps(rows(30)[15:]),
        "test/a.jsonl": jsonl(rows(9, "t")),
    },
}


@pytest.mark.parametrize("kind", KINDS)
def test_reads_a_part_of_a_split_of_each_kind(kind: str, hub: Hub, read: Read) -> None:
    hub.add(f"user/{kind}", KINDS[kind])
    assert read(f"user/{kind}", "--split", "train[5:20]") == ids(rows(30)[5:20])


def tar(some: Sequence[Row]) -> bytes:
    """A set of the kind that names what a file holds by its ending."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as packed:
        for number, row in enumerate(some):
            data = orjson.dumps(row)
            info = tarfile.TarInfo(f"{number:05}.json")
            info.size = len(data)
            packed.addfile(info, io.BytesIO(data))
    return file.getvalue()


def test_other_kinds_are_read_by_the_library(
    hub: Hub, read: Read, forker: Forker, tmp_path: Path
) -> None:
    """Private, at one commit, and with a connection that drops: as the kinds that we read."""
    some = rows(120, padding=100_000)
    hub.add("user/web", {"train.tar": tar(some)}, private=True)
    new = {"train.tar": tar(rows(120, "new"))}
    hub.fault("get", "train.tar", drop=1_000_001, skip=1, before=lambda: hub.add("user/web", new))
    columns = ["--prompt-column", "json.prompt", "--response-column", "json.response"]
    part = ["--split", "train[5:100]", "--id-column", "json.id"]
    assert read("user/web", *columns, *part, token=hub.reader) == ids(some[5:100])
    assert [fault.times for fault in hub.faults] == [0]
    assert len(hub.commits("user/web")) == 2
    env = {"HF_TOKEN": hub.reader}
    ran = forker(tmp_path, "export", "out.jsonl", "-o", "again.jsonl", env=env)
    assert ran.code == 0, ran.err
    assert ids(read_rows(tmp_path / "again.jsonl")) == ids(some[5:100])


def test_messages_that_the_library_keeps_as_json_are_messages(hub: Hub, read: Read) -> None:
    talk = [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "It is thier."}]
    texts = [orjson.dumps({**turn, "n": {"x": 1}}).decode() for turn in talk]
    kind = pa.list_(pa.json_())
    messages = pa.array([texts, texts], pa.list_(pa.string())).cast(kind)
    table = pa.table({"id": ["a", "b"], "messages": messages})
    file = io.BytesIO()
    pq.write_table(table, file)
    hub.add("user/talks", {"train.parquet": file.getvalue()})
    assert read("user/talks") == ["a", "b"]


def test_an_old_name_without_a_user_leads_to_the_dataset(
    hub: Hub, read: Read, complaint: Complaint
) -> None:
    hub.add("user/old", {"train.jsonl": jsonl(rows(3)), "test.jsonl": jsonl(rows(2, "t"))})
    hub.rename("old", "user/old")
    assert read("old", "--split", "test") == ids(rows(2, "t"))
    missing = "--split x: user/old has no such split; it has train, test"
    assert complaint("old", "--split", "x") == missing
    assert complaint("older", "--split", "x").startswith(f"older: {NO_SUCH}")
    hub.requests.clear()
    assert complaint("old").startswith("old: no such file; name a")
    assert hub.requests == []


CONFIGS = card(
    "configs:\n"
    "- config_name: one\n  data_files: one/*.json\n"
    "- config_name: two\n  data_files:\n"
    "  - {split: good, path: [z.json, 'more*.jsonl']}\n  - {split: bad, path: two/bad.jsonl}\n"
    "  field: data\n"
)


def test_several_configurations_and_splits_are_a_choice(
    hub: Hub, complaint: Complaint, read: Read
) -> None:
    files = {
        "one/a.json": orjson.dumps(rows(2, "a")),
        "z.json": orjson.dumps({"version": 1, "data": rows(2, "z")}),
        "more-10.jsonl": orjson.dumps({"data": rows(2, "ten")}),
        "more-9.jsonl": orjson.dumps({"data": rows(2, "nine")}),
        "two/bad.jsonl": orjson.dumps({"data": rows(2, "b")}),
    }
    hub.add("user/several", {"README.md": CONFIGS, **files})
    choose = "user/several: choose a configuration with --config; it has one, two"
    assert complaint("user/several") == choose
    missing = "--config x: user/several has no such configuration; it has one, two"
    assert complaint("user/several", "--config", "x") == missing
    split = "user/several: choose a split with --split; it has good, bad"
    assert complaint("user/several", "--config", "two") == split
    missing = "--split x: user/several has no such split; it has good, bad"
    assert complaint("user/several", "--config", "two", "--split", "x") == missing
    hub.fault("head", "README.md", status=503)
    good = ids(rows(2, "z") + rows(2, "ten") + rows(2, "nine"))
    assert read("user/several", "--config", "two", "--split", "good[1:]") == good[1:]
    assert read("user/several", "--config", "one") == ids(rows(2, "a"))


def test_a_revision_is_a_branch_or_a_commit(hub: Hub, complaint: Complaint, read: Read) -> None:
    old = hub.add("user/moved", {"a.jsonl": jsonl(rows(3, "old"))})
    hub.add("user/moved", {"a.jsonl": jsonl(rows(3, "v1"))}, revision="v1.0")
    hub.add("user/moved", {"a.jsonl": jsonl(rows(3, "new"))})
    assert read("user/moved", "--revision", "v1.0") == ids(rows(3, "v1"))
    assert read("user/moved", "--revision", old) == ids(rows(3, "old"))
    missing = "user/moved: has no revision v2; it has main, v1.0"
    assert complaint("user/moved", "--revision", "v2") == missing


def test_private_and_gated_datasets_want_a_token_which_goes_nowhere_else(
    hub: Hub, complaint: Complaint, read: Read, home: Path, tmp_path: Path
) -> None:
    hub.add("user/hidden", {"a.jsonl": jsonl(rows(3))}, private=True)
    hub.add("user/gated", {"a.jsonl": jsonl(rows(3))}, gated=True)
    page = f"{hub.url}/datasets/user/gated"
    assert complaint("user/hidden") == f"user/hidden: {NO_SUCH} a private one, {LOGIN}"
    assert (
        complaint("user/gated") == f"user/gated: is gated; ask for access at {page}, then {LOGIN}"
    )
    assert complaint("user/gated", token=hub.stranger) == (
        f"user/gated: is gated, and the user of your token has no access; ask for it at {page}"
    )
    refused = complaint("user/hidden", token="hf_wrong")
    assert refused.startswith("user/hidden: the Hub refused the token (HTTP 401: Invalid cred")
    assert read("user/gated", token=hub.reader) == ids(rows(3))
    stored = home / "hf" / "token"
    stored.parent.mkdir(exist_ok=True)
    stored.write_text(hub.token)
    assert read("user/hidden") == ids(rows(3))
    assert holding(hub.token, home) == [stored]
    assert holding(hub.token, tmp_path) + holding(hub.reader, tmp_path) == []
    assert (tmp_path / ".out.jsonl.clair" / "run.json").exists()


def holding(text: str, folder: Path) -> list[Path]:
    """The files that `text` stands in."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return [path for path in files if text.encode() in path.read_bytes()]


REFUSED: list[tuple[str, Mapping[str, bytes], str]] = [
    ("text", {"train.txt": b"a\nb\n"}, "has no column of a prompt beside one of an answer"),
    ("script", {"script.py": b"", "a.jsonl": jsonl(rows(1))}, "--revision refs/convert/parquet"),
    (
        *("headless", {"README.md": card("configs:\n- {config_name: default, data_files: a.csv,"
                                         " names: [prompt, response]}"), "a.csv": b"1,2\n"}),
        "its card wants it read with names, which clair does not do",
    ),
    ("broken", {"README.md": card("a: [1\nb: {"), "a.jsonl": jsonl(rows(1))}, "hf://datasets/user/"),
]  # fmt: skip
MORE_REFUSED: list[tuple[str, Mapping[str, bytes], str]] = [
    ("hdf5", {"train.h5": b"\x89HDF"}, "needs another package ("),
    ("web", {"train.tar": b"\0" * 10240}, "cannot be made out ("),
    ("empty", {"README.md": b"# Nothing yet"}, "cannot be made out"),
    ("zip", {"a.jsonl.zip": b"PK\5\6" + bytes(18)}, "packed or named in a way"),
    ("list", {"README.md": card("- 1"), "a.jsonl": jsonl(rows(1))}, "should be a dict"),
    ("odd", {"README.md": card("configs: 7"), "a.jsonl": jsonl(rows(1))}, "Expected configs to"),
    (
        "feature",
        {"README.md": card("dataset_info: {features: [{name: x, dtype: Foo}]}"), "a.csv": b"x\n1"},
        "Feature type 'Foo' not found",
    ),
    ("keys", {"README.md": card("1: 2"), "a.jsonl": jsonl(rows(1))}, "keywords must be strings"),
]


@pytest.mark.parametrize(
    ("name", "files", "words"),
    [*REFUSED, *(pytest.param(*each, marks=pytest.mark.heavy) for each in MORE_REFUSED)],
    ids=lambda value: value if isinstance(value, str) and len(value) < 9 else "",
)
def test_a_dataset_that_cannot_be_read_is_one_line(
    name: str, files: Mapping[str, bytes], words: str, hub: Hub, complaint: Complaint
) -> None:
    hub.add(f"user/{name}", files)
    line = complaint(f"user/{name}")
    assert line.startswith(f"user/{name}")
    assert words in line


def test_the_start_of_a_large_dataset_is_a_small_part_of_its_bytes(
    hub: Hub, read: Read, home: Path
) -> None:
    some = rows(800, padding=30_000)
    files = {"a/train.parquet": parquet(some, 20), "b/train.jsonl": jsonl(some)}
    configs = "".join(f"- {{config_name: {name[0]}, data_files: {name}}}\n" for name in files)
    hub.add("user/large", {"README.md": card("configs:\n" + configs), **files})
    for name, data in files.items():
        assert len(data) > 20_000_000
        assert read("user/large", "--config", name[0], "--split", "train[:20]") == ids(some[:20])
        assert 0 < fetched(hub, name, len(data)) < len(data) / 4
    kept = [path.stat().st_size for path in home.rglob("*") if path.is_file()]
    assert 0 < sum(kept) < 10_000


PEAK = """
import re, sys
from pathlib import Path
from clair_cli.rows.input import find_input

number = sum(1 for _ in find_input([sys.argv[1]]))
print(number, re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""
"""The rows of an input, and the most memory that reading them took, in kB."""


@pytest.mark.heavy
@pytest.mark.parametrize("kind", ["parquet", "jsonl", "tar"])
def test_a_file_is_never_held_whole(kind: str, hub: Hub, home: Path) -> None:
    write = {"parquet": parquet, "jsonl": jsonl, "tar": tar}[kind]
    peaks = []
    for number in (1_000, 10_000):
        data = write(rows(number, padding=15_000))
        hub.add("user/held", {f"train.{kind}": data})
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", PEAK, "user/held"],
            env=environment(hub_environment(hub, home)), check=True, capture_output=True, text=True,
        )  # fmt: skip
        assert (done.stderr, done.stdout.split()[0]) == ("", str(number))
        peaks.append(int(done.stdout.split()[1]) * 1024)
    assert len(data) > 75_000_000
    assert peaks[1] - peaks[0] < len(data) / 2


def fetched(hub: Hub, file: str, size: int) -> int:
    """The bytes of a file that were asked for, each request with a range."""
    total = 0
    for asked in hub.asked("get", file):
        first, last = asked.range.removeprefix("bytes=").split("-")
        total += min(int(last), size - 1) - int(first) + 1
    return total


def storm(padding: int) -> tuple[list[Row], dict[str, bytes]]:
    """A split of three files, each read in several requests: its rows, and the repository."""
    parts = [rows(200, tag, padding) for tag in ("plain", "packed", "columns")]
    plain, packed, columns = parts
    files = {
        "a.jsonl": jsonl(plain),
        "b.jsonl.gz": gzip.compress(jsonl(packed), 1),
        "c.parquet": parquet(columns, 50),
    }
    readme = card(f"configs:\n- {{config_name: default, data_files: [{', '.join(files)}]}}")
    return list(chain(*parts)), {"README.md": readme, **files}


def test_a_dropped_connection_loses_and_repeats_no_row(hub: Hub, read: Read) -> None:
    some, files = storm(48_000)
    hub.add("user/storm", files)
    hub.fault("get", "a.jsonl", drop=2_000_001, skip=1)
    hub.fault("get", "b.jsonl.gz", drop=77, skip=1)
    hub.fault("get", "c.parquet", drop=500_000, skip=3)
    assert read("user/storm") == ids(some)
    assert [each.file for each in hub.asked("get") if each.status == 0] == [
        *("a.jsonl", "b.jsonl.gz", "c.parquet")
    ]


@pytest.mark.heavy
@pytest.mark.parametrize("seed", range(3))
def test_any_storm_loses_and_repeats_no_row(seed: int, hub: Hub, read: Read) -> None:
    some, files = storm(60_000)
    hub.add("user/storm", files)
    dice = random.Random(seed)
    for file in ("a.jsonl", "b.jsonl.gz", "c.parquet"):
        hub.fault("get", file, drop=int(10 ** dice.uniform(0, 6.5)))
        hub.fault("get", file, drop=int(10 ** dice.uniform(0, 6.5)), skip=1)
        hub.fault("get", file, status=dice.choice([429, 500, 503]), skip=dice.randrange(2))
    assert read("user/storm") == ids(some)
    assert len([each for each in hub.asked("get") if each.status not in {200, 206}]) >= 6


@pytest.mark.heavy
def test_a_connection_that_drops_longer_than_the_client_tries_is_taken_up_again(
    hub: Hub, read: Read
) -> None:
    some, files = storm(48_000)
    hub.add("user/storm", files)
    hub.fault("get", "a.jsonl", drop=3_000_000, skip=1, times=7)
    assert read("user/storm") == ids(some)
    assert len([each for each in hub.asked("get") if each.status == 0]) == 7


def test_a_busy_hub_is_asked_again(hub: Hub, read: Read) -> None:
    hub.add("user/busy", {"README.md": card("license: mit"), "train.jsonl": jsonl(rows(3))})
    hub.fault("info", status=503)
    hub.fault("head", "README.md", status=503)
    hub.fault("tree", status=429)
    hub.fault("get", "train.jsonl", status=503)
    assert read("user/busy") == ids(rows(3))
    assert all(fault.times == 0 for fault in hub.faults)


@pytest.mark.heavy
@pytest.mark.parametrize("kind", ["info", "head", "tree", "get"])
def test_a_hub_that_stays_busy_for_a_while_is_asked_again(kind: str, hub: Hub, read: Read) -> None:
    hub.add("user/busy", {"README.md": CONFIGS, "one/a.json": orjson.dumps(rows(3))})
    hub.fault(kind, status=503, times=2)
    hub.fault(kind, reset=True)
    hub.fault(kind, status=429, headers={"Retry-After": "3"})
    hub.fault(kind, status=500, skip=1)
    assert read("user/busy", "--config", "one") == ids(rows(3))
    assert all(fault.times == 0 for fault in hub.faults)


def test_a_dataset_that_changes_meanwhile_is_read_as_it_was(hub: Hub, read: Read) -> None:
    some = rows(3, "old"), rows(3, "older")
    old = {"a.jsonl": jsonl(some[0]), "b.jsonl": jsonl(some[1])}
    new = {name: jsonl(rows(6, "new")) for name in old}
    for number, name in enumerate(("user/changes", "hf://datasets/user/changes1")):
        repo = name.removeprefix("hf://datasets/")
        hub.add(repo, old)
        hub.fault("get", "a.jsonl", before=lambda repo=repo: hub.add(repo, new))
        assert read(name) == ids([*some[0], *some[1]])
        assert len(hub.commits(repo)) == 2, number


def test_an_export_reads_the_commit_that_the_run_read(
    hub: Hub, forker: Forker, revise: Revise, tmp_path: Path
) -> None:
    hub.add("user/moving", {"train.jsonl": jsonl(rows(3))})
    assert revise("user/moving").code == 0
    hub.add("user/moving", {"train.jsonl": jsonl(rows(3, "new"))})
    ran = forker(tmp_path, "export", "out.jsonl", "-o", "again.jsonl")
    assert ran.code == 0, ran.err
    made, again = (ids(read_rows(tmp_path / f"{name}.jsonl")) for name in ("out", "again"))
    assert made == again != []


def test_addresses_of_the_hub_are_inputs_too(hub: Hub, complaint: Complaint, read: Read) -> None:
    hub.add("user/files", {"a/x.jsonl": jsonl(rows(2, "x")), "a/y.csv": csv(rows(2, "y"))})
    hub.add("user/files", {"a/x.jsonl": jsonl(rows(2, "dev"))}, revision="dev")
    both = ids(rows(2, "x") + rows(2, "y"))
    assert read("hf://datasets/user/files/a/*") == both
    assert read("hf://datasets/user/files@dev/a/x.jsonl") == ids(rows(2, "dev"))
    missing = "user/files/a/z.jsonl: is not there; mend the address"
    assert complaint("hf://datasets/user/files/a/z.jsonl") == missing
    missing = "user/files: has no revision x; it has main, dev"
    assert complaint("hf://datasets/user/files@x/a/y.csv") == missing


@pytest.mark.heavy
def test_an_address_that_means_nothing_is_one_line(hub: Hub, complaint: Complaint) -> None:
    hub.add("user/files", {"a/x.jsonl": jsonl(rows(2)), "test.jsonl": jsonl(rows(2))})
    hub.add("user/hidden", {"a.jsonl": jsonl(rows(2))}, private=True)
    assert complaint("user/nothing").startswith(f"user/nothing: {NO_SUCH}")
    assert complaint("hf://datasets/user/hidden/a.jsonl").startswith(f"user/hidden: {NO_SUCH}")
    assert "no name of a dataset" in complaint("user/a..b")
    assert "write hf://datasets/USER/NAME" in complaint("hf://datasets/user")
    assert "no file matches" in complaint("hf://datasets/user/files/*.csv")
    assert "holds several splits; choose" in complaint("hf://datasets/user/files")


LIBRARY = """
import datasets, json, sys
from clair_cli.rows.input import find_input
from huggingface_hub import snapshot_download

found = {"rows": {}, "origins": {}}
for name, config, split in json.loads(sys.argv[1]):
    loaded = datasets.load_dataset(name, config, split=split, streaming=True)
    found["rows"][name] = [row["id"] for row in loaded]
    ours = find_input([name], config=config or "", split=split)
    origin = ours.origin
    found["origins"][name] = [origin.repo, origin.commit, origin.licences, origin.languages]
    found["origins"][name].append(ours.total_rows)
    snapshot_download(name, repo_type="dataset")
print(json.dumps(found))
"""


def library(hub: Hub, home: Path, asked: Sequence[tuple[str, str | None, str]]) -> Any:
    """What `datasets` itself reads, and the origin of our input; downloads a copy as well."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LIBRARY, json.dumps(asked)],
        env=environment(hub_environment(hub, home)), check=True, stdout=subprocess.PIPE,
    )  # fmt: skip
    return json.loads(done.stdout)


SHARDS = {f"data/part-{n}/train_{m}.jsonl": f"{n}.{m}" for n in (10, 9) for m in (2, 11, 1)}


@pytest.mark.heavy
def test_files_come_in_the_order_of_the_library(hub: Hub, home: Path, read: Read) -> None:
    shards = {path: jsonl(rows(2, tag)) for path, tag in SHARDS.items()}
    odd = "license: [mit, 7, {a: b}]\nlanguage:\n- en\n- no\n- null"
    one = hub.add("user/shards", {"README.md": card(odd), **shards})
    order = "configs:\n- {config_name: default, data_files: [z.jsonl, 'a*.jsonl', m.jsonl]}"
    files = {f"{n}.jsonl": jsonl(rows(2, n)) for n in ("a2", "a10", "m", "z")}
    info = "dataset_info: {config_name: default, splits: [{name: train, num_examples: 8}]}"
    two = hub.add("user/order", {"README.md": card(f"license: cc0-1.0\n{order}\n{info}"), **files})
    asked = [("user/shards", None, "train"), ("user/order", "default", "train")]
    found = library(hub, home, asked)
    assert found["origins"] == {
        "user/shards": ["user/shards", one, ["mit"], ["en", "no"], None],
        "user/order": ["user/order", two, ["cc0-1.0"], [], 8],
    }
    for name, _, _ in asked:
        assert len(found["rows"][name]) > 6
        assert read(name) == found["rows"][name]


def test_a_downloaded_copy_is_read_offline(
    hub: Hub, home: Path, clair: Clair, tmp_path: Path
) -> None:
    order = "configs:\n- {config_name: default, data_files: [z.jsonl, 'a*.jsonl', m.jsonl]}"
    parts = {name: rows(2, name) for name in ("a10", "a2", "m", "z")}
    files = {f"{name}.jsonl": jsonl(part) for name, part in parts.items()}
    commit = hub.add("user/copied", {"README.md": card(f"license: cc0-1.0\n{order}"), **files})
    env = hub_environment(hub, home)
    code = "import huggingface_hub as h; h.snapshot_download('user/copied', repo_type='dataset')"
    subprocess.run([sys.executable, "-c", code], env=environment(env), check=True)
    hub.requests.clear()
    env["HF_HUB_OFFLINE"] = "1"
    ran = clair("revise", "user/copied", "--mock", "-q", "-o", "out", env=env)
    assert (ran.code, ran.err, hub.requests) == (0, "", [])
    wanted = ids(list(chain(*(parts[name] for name in ("z", "a10", "a2", "m")))))
    assert ids(read_rows(tmp_path / "out" / "train.jsonl")) == wanted
    published = (tmp_path / "out" / "README.md").read_text()
    assert [each for each in ("user/copied", commit, "cc0-1.0") if each not in published] == []


@pytest.mark.heavy
def test_offline_without_a_whole_copy_is_one_line(hub: Hub, home: Path, clair: Clair) -> None:
    hub.add("user/partly", {"README.md": card("license: mit"), "a.jsonl": jsonl(rows(2))})
    hub.add("user/partly", {"a.jsonl": jsonl(rows(2))}, revision="dev")
    env = {**hub_environment(hub, home), "HF_HUB_OFFLINE": "1"}
    fetch = "fetch a copy with hf download --repo-type dataset user/partly"
    assert one_line(clair("revise", "user/partly", *PAIRED, env=env)).endswith(fetch)
    partly = "from huggingface_hub import *; hf_hub_download('user/partly', 'README.md', **{})"
    code = partly.replace("**{}", "repo_type='dataset'")
    subprocess.run(
        [sys.executable, "-c", code], env=environment(hub_environment(hub, home)), check=True
    )
    assert one_line(clair("revise", "user/partly", *PAIRED, env=env)).endswith(fetch)
    library(hub, home, [("user/partly", None, "train")])
    asked = ("revise", "user/partly", *PAIRED, "--split")
    missing = "--split x: user/partly has no such split; it has train"
    assert one_line(clair(*asked, "x", env=env)) == missing
    line = one_line(clair(*asked, "train", "--revision", "dev", env=env))
    assert line.endswith(f"{fetch} --revision dev")
    assert clair("revise", "hf://datasets/user/partly/a.jsonl", *PAIRED, env=env).code == 0


@pytest.mark.heavy
def test_a_hub_that_cannot_be_reached_is_one_line(
    hub: Hub, home: Path, clair: Clair, complaint: Complaint
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        for each, name in ((silent, "user/name"), (closed, "hf://datasets/user/name/a.jsonl")):
            url = f"http://127.0.0.1:{each.getsockname()[1]}"
            env = {**hub_environment(hub, home), "HF_ENDPOINT": url}
            line = one_line(clair("revise", name, *PAIRED, env=env))
            start = f"user/name: no such file here, and the Hub at {url} cannot be reached ("
            assert line.startswith(start)
            assert line.endswith("set HF_HUB_OFFLINE=1 to use a downloaded copy")
    hub.add("user/busy", {"a.jsonl": jsonl(rows(1))})
    hub.fault("info", status=503, times=ALWAYS)
    assert complaint("user/busy").startswith("user/busy: the Hub is out of order or busy (HTTP 503")


def test_local_files_load_nothing_of_the_hub(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(jsonl(rows(2)))
    code = (
        "import sys; from clair_cli.cli.main import run; code = run(sys.argv[1:]); "
        "print(*sys.modules, file=sys.stderr); sys.exit(code)"
    )
    child = subprocess.run(
        [sys.executable, "-c", code, "revise", "a.jsonl", *PAIRED],
        cwd=tmp_path, env=environment(), capture_output=True, check=True,
    )  # fmt: skip
    loaded = set(child.stderr.decode().split())
    assert "clair_cli.rows.input" in loaded
    slow = {"datasets", "huggingface_hub", "fsspec", "pyarrow", "clair_cli.rows.hub.dataset"}
    assert loaded & slow == set()


WORDS = st.text("a -\n\0\x1bé\u2028", max_size=200)
YAML = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
    lambda inner: st.lists(inner) | st.dictionaries(WORDS | st.integers(), inner),
    max_leaves=5,
)


@given(st.fixed_dictionaries({}, optional={"license": YAML, "language": YAML}))
def test_what_a_card_states_is_plain_words_whatever_stands_there(stated: Row) -> None:
    origin = Origin.stated("user/name", "", stated)
    for word in (*origin.licences, *origin.languages):
        assert word == word.strip() != ""
        assert word.isprintable()


def test_what_a_card_states_is_kept() -> None:
    origin = Origin.stated("u/n", "c", {"license": "mit", "language": ["en", False, "en", " de "]})
    assert origin == Origin("u/n", "c", ("mit",), ("en", "no", "de"))
