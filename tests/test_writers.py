"""What stands on disk after a run: formats, kinds of file, shards, splits; and others' files."""

import base64
import datetime as dt
import gzip
import io
import itertools
import json
import math
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import example, given, settings
from hypothesis import strategies as st

from clair_cli.records import Contrast, Failure, Pair, UsageError
from clair_cli.writers.file_plan import Plan, Written
from clair_cli.writers.formats import FORMATS
from clair_cli.writers.layout import layout
from clair_cli.writers.output import Output
from clair_cli.writers.ownership import check_not_foreign, settle
from tests.conftest import CLAIR, Clair, answers, environment, read_rows, write_rows
from tests.serving import Asked, Endpoint, Reply, completion, revised, serving

KINDS = ("jsonl", "jsonl.gz", "jsonl.zst", "parquet")
METRICS = ["levenshtein", "similarity", "jaccard", "kept", "length_ratio", "first_change"]
DIALOGUE = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "One?"},
    {"role": "assistant", "content": "1."},
    {"role": "user", "content": "Two?"},
]


def records(path: Path) -> list[dict[str, Any]]:
    """The records of a data file of any kind."""
    data = path.read_bytes()
    if path.name.endswith(".parquet"):
        return pq.read_table(io.BytesIO(data)).to_pylist()
    if path.name.endswith(".gz"):
        data = gzip.decompress(data)
    if path.name.endswith(".zst"):
        data = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data)).read()
    return [orjson.loads(line) for line in data.splitlines()]


def visible(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir() if not each.name.startswith("."))


def all_records(folder: Path, split: str) -> list[dict[str, Any]]:
    return [r for name in visible(folder) if name.startswith(split) for r in records(folder / name)]


def revise(endpoint: Endpoint, *arguments: object) -> tuple[object, ...]:
    return ("revise", "in.jsonl", "-m", "x", "--base-url", endpoint.base_url, *arguments)


# Formats, in each kind of file


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """Two rows with a column that is kept: the first with a dialogue before the answer."""
    kept = [{"topic": "sums", "grade": 1}, {"topic": None, "grade": 2.5}]
    first = {"id": "a", "prompt": DIALOGUE, "response": "2."}
    second = {"id": 7, "prompt": "What?", "response": "That."}
    return write_rows(tmp_path / "in.jsonl", [first | kept[0], second | kept[1]])


def expected(form: str) -> list[dict[str, Any]]:
    """The records of `rows` as the README tells them, but for the metrics' values."""
    prompts: list[Any] = [DIALOGUE, [{"role": "user", "content": "What?"}]]
    texts = ["System: Be brief.\n\nUser: One?\n\nAssistant: 1.\n\nUser: Two?", "What?"]
    made = []
    for index, (prompt, text, answer) in enumerate(
        zip(prompts, texts, ["2.", "That."], strict=True)
    ):
        better = f"{answer} Indeed."
        sides = [[{"role": "assistant", "content": each}] for each in (better, answer)]
        name = {"id": ["a", "7"][index]}
        rest = {"rationale": "It needed a little more.", "model": "scripted"}
        rest |= dict.fromkeys(METRICS) | {
            "topic": ["sums", None][index],
            "grade": [1, 2.5][index],
        }
        if form == "conversational":
            made.append(name | {"prompt": prompt, "chosen": sides[0], "rejected": sides[1]} | rest)
        elif form == "standard":
            made.append(name | {"prompt": text, "chosen": better, "rejected": answer} | rest)
        elif form == "unpaired":
            made += [
                name | {"prompt": prompt, "completion": side, "label": label} | rest
                for side, label in zip(sides, [True, False], strict=True)
            ]
        else:
            chosen, rejected = ([*prompt, *side] for side in sides)
            sides_of = {"prompt": text, "chosen": chosen, "rejected": rejected}
            made.append(sides_of | {"rational": "It needed a little more."})
    return made


FOUR = ("conversational", "standard", "unpaired", "clair")
COMBINATIONS = [
    pytest.param(form, kind, marks=[] if (i - j) % 4 == 0 else [pytest.mark.heavy])
    for (i, form), (j, kind) in itertools.product(enumerate(FOUR), enumerate(KINDS))
]


@pytest.mark.parametrize(("form", "kind"), COMBINATIONS)
def test_each_format_stands_in_each_kind_of_file(
    form: str, kind: str, rows: Path, tmp_path: Path, clair: Clair, endpoint: Endpoint
) -> None:
    done = clair(
        *revise(endpoint, "-o", f"out.{kind}", "--format", form, "--keep-columns", "topic,grade")
    )
    assert done.code == 0, done.err
    assert ("TRL 0.29 and later fails" in done.err) == (form == "clair")
    found = records(tmp_path / f"out.{kind}")
    if kind == "jsonl.gz":
        head = (tmp_path / "out.jsonl.gz").read_bytes()[:8]
        assert head == b"\x1f\x8b\x08" + bytes(5)  # neither a name nor a time
    wanted = expected(form)
    assert [list(record) for record in found] == [list(record) for record in wanted]
    for record in found:
        for name in METRICS:
            if name in record:
                assert isinstance(record.pop(name), int | float)
    assert found == [{k: v for k, v in record.items() if k not in METRICS} for record in wanted]


def test_a_run_without_pairs_leaves_a_parquet_file_with_the_types_that_trainers_read(
    tmp_path: Path, clair: Clair
) -> None:
    write_rows(tmp_path / "in.jsonl", answers(1))
    with serving(lambda _: completion("no headings")) as server:
        how = ("--attempts", 1, "--format", "unpaired")
        done = clair(*revise(server, "-o", "out", "--file-type", "parquet", *how))
    assert done.code == 3, done.err
    table = pq.read_table(tmp_path / "out/train.parquet")
    assert table.num_rows == 0
    turn = pa.struct([("role", pa.string()), ("content", pa.string())])
    turns = pa.list_(pa.field("element", turn))
    assert {field.name: field.type for field in table.schema} == {
        **dict.fromkeys(["id", "rationale", "model"], pa.string()),
        "prompt": turns,
        "completion": turns,
        "label": pa.bool_(),
        **dict.fromkeys(METRICS, pa.float64()),
        **dict.fromkeys(["levenshtein", "first_change"], pa.int64()),
    }


# Shards and splits


def numbered(number: int, size: int = 2000) -> list[dict[str, Any]]:
    """Rows that do not pack well, with a column whose values become wider and wider."""
    noise = random.Random(1)
    return [
        {
            "id": n,
            "prompt": f"What is {n}?",
            "response": f"It is {n}: {noise.randbytes(size // 2).hex()}",
            "grade": n if n < number // 2 else "none",
            "of": {"name": "a"} if n % 2 else {"name": "b", "page": n / 2},
        }
        for n in range(number)
    ]


LOAD = """
import json, sys
from datasets import load_dataset
for out in sys.argv[1:]:
    data = load_dataset(out)
    parts = {split: [list(part["id"]), str(part.features)] for split, part in data.items()}
    print(json.dumps(parts))
"""


def loaded(tmp_path: Path, *outs: str) -> list[dict[str, Any]]:
    """What `datasets` makes of directories, in a process and cache of its own."""
    done = subprocess.run(
        [sys.executable, "-c", LOAD, *outs],
        cwd=tmp_path,
        env=environment({"HF_HOME": str(tmp_path / "hf"), "HF_HUB_OFFLINE": "1"}),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_shards_and_both_splits_load_with_one_schema(
    tmp_path: Path, clair: Clair, endpoint: Endpoint
) -> None:
    write_rows(tmp_path / "in.jsonl", numbered(60))
    how = ("--shard-size", "50KB", "--split-test", 0.2, "--keep-columns", "grade,of")
    done = clair(*revise(endpoint, "-o", "p", "--file-type", "parquet", *how))
    assert done.code == 0, done.err
    names = [n for n in visible(tmp_path / "p") if n.startswith("train")]
    assert names == [f"train-{n:05}-of-{len(names):05}.parquet" for n in range(len(names))]
    assert len(names) > 2
    schemas = {str(pq.read_schema(tmp_path / "p" / name)) for name in visible(tmp_path / "p")[1:]}
    assert len(schemas) == 1
    run = json.loads((tmp_path / "p/.clair/run.json").read_bytes())
    assert sorted(run["files"]) == visible(tmp_path / "p")[1:]
    assert "--split-test 0.2" in run["command"]
    (parquet,) = loaded(tmp_path, "p")
    assert run["splits"] == {split: len(ids) for split, (ids, _) in parquet.items()}
    assert parquet["train"][1] == parquet["test"][1]
    both = {int(each) for ids, _ in parquet.values() for each in ids}
    assert both == set(range(60))
    train = [int(each) for each in parquet["train"][0]]
    assert train == sorted(train)
    kept = {int(r["id"]): (r["grade"], r["of"]) for r in all_records(tmp_path / "p", "t")}
    assert kept[3] == ("3", {"name": "a", "page": None})
    assert kept[58] == ('"none"', {"name": "b", "page": 29.0})


@pytest.mark.parametrize(
    "kind", ["jsonl", *(pytest.param(kind, marks=pytest.mark.heavy) for kind in KINDS[1:])]
)
def test_a_file_past_the_size_is_followed_by_another(
    kind: str, tmp_path: Path, clair: Clair, endpoint: Endpoint
) -> None:
    write_rows(tmp_path / "in.jsonl", numbered(40, 40_000))
    done = clair(*revise(endpoint, "-o", "out", "--file-type", kind, "--shard-size", "256 KiB"))
    assert done.code == 0, done.err
    names = visible(tmp_path / "out")[1:]
    assert len(names) > 2
    sizes = [(tmp_path / "out" / name).stat().st_size for name in names]
    assert all(200_000 < size < 1_000_000 for size in sizes[:-1])
    assert [int(r["id"]) for r in all_records(tmp_path / "out", "train")] == [*range(40)]


def test_files_of_an_earlier_run_go_and_those_of_others_stay(
    tmp_path: Path, clair: Clair, endpoint: Endpoint
) -> None:
    write_rows(tmp_path / "in.jsonl", numbered(30))
    parquet = ("-o", "out", "--file-type", "parquet")
    many = (*parquet, "--shard-size", "20KB", "--split-test", 0.3)
    assert clair(*revise(endpoint, *many)).code == 0
    assert len(visible(tmp_path / "out")) > 4
    theirs = ["validation.parquet", "train-00000-of-00077.jsonl", "notes.txt"]
    for name in theirs:
        (tmp_path / "out" / name).write_text("mine")
    assert clair(*revise(endpoint, *parquet)).code == 0
    assert visible(tmp_path / "out") == sorted(["README.md", "train.parquet", *theirs])
    left = {path.name for path in (tmp_path / "out/.clair").iterdir()}
    assert {name for name in left if name.endswith(".part")} == set()
    assert "publishing.json" not in left
    assert endpoint.count() == 30


def test_a_run_json_of_others_names_no_file_to_remove(tmp_path: Path) -> None:
    write(tmp_path, "out", Plan("jsonl"), [pair(0, {})])
    listed = ["../mine.jsonl", "README.md", "notes.txt", ".clair/x.jsonl", 7, "test.parquet"]
    (tmp_path / "out/.clair/run.json").write_text(json.dumps({"files": listed}))
    mine = [tmp_path / "mine.jsonl", tmp_path / "out/.clair/x.jsonl", tmp_path / "out/notes.txt"]
    for path in mine:
        path.write_text("mine")
    write(tmp_path, "out", Plan("parquet"), [pair(0, {})])
    assert visible(tmp_path / "out") == ["notes.txt", "train.parquet"]
    assert all(path.exists() for path in mine)


def test_a_row_stays_in_its_split_when_rows_come_go_and_move(
    tmp_path: Path, clair: Clair, endpoint: Endpoint
) -> None:
    def split(name: str, rows: Sequence[Any], *how: object) -> dict[str, set[str]]:
        write_rows(tmp_path / "in.jsonl", rows)
        done = clair(*revise(endpoint, "-o", f"{name}.jsonl", "--split-test", 0.3, *how))
        assert done.code == 0, done.err
        files = {"train": f"{name}.jsonl", "test": f"{name}.test.jsonl"}
        return {key: {r["prompt"] for r in read_rows(tmp_path / f)} for key, f in files.items()}

    rows, form = answers(120), ("--format", "standard")
    first = split("first", rows[:60], *form)
    assert 8 <= len(first["test"]) <= 28
    random.Random(3).shuffle(rows)
    more = split("more", rows, *form)
    for side, prompts in first.items():
        assert prompts <= more[side]
    sides = [[Plan(test_share=0.3, seed=s).split_of(str(n)) for n in range(99)] for s in (0, 1)]
    assert sides[0] != sides[1]


def test_both_halves_of_a_pair_go_to_one_split(
    tmp_path: Path, clair: Clair, endpoint: Endpoint
) -> None:
    write_rows(tmp_path / "in.jsonl", answers(40))
    how = ("-o", "o.jsonl.zst", "--format", "unpaired", "--split-test", 0.5)
    done = clair(*revise(endpoint, *how))
    assert done.code == 0, done.err
    sizes = {}
    for split, name in (("train", "o.jsonl.zst"), ("test", "o.test.jsonl.zst")):
        found = records(tmp_path / name)
        sizes[split] = len(found)
        assert [r["label"] for r in found] == [True, False] * (len(found) // 2)
        assert [r["id"] for r in found[::2]] == [r["id"] for r in found[1::2]]
    assert sum(sizes.values()) == 80
    assert min(sizes.values()) > 0
    run = json.loads((tmp_path / ".o.jsonl.zst.clair/run.json").read_bytes())
    assert (run["files"], run["splits"]) == (["o.jsonl.zst", "o.test.jsonl.zst"], sizes)


def test_a_sample_falls_on_both_sides(tmp_path: Path, clair: Clair, endpoint: Endpoint) -> None:
    write_rows(tmp_path / "in.jsonl", answers(400))
    done = clair(*revise(endpoint, "-o", "o.jsonl", "--sample", 80, "--split-test", 0.25))
    assert done.code == 0, done.err
    assert 8 <= len(records(tmp_path / "o.test.jsonl")) <= 35


def test_a_test_split_without_a_row_is_no_file(tmp_path: Path) -> None:
    for kind in KINDS:
        written = write(tmp_path, "out", Plan(kind, test_share=1e-9), [pair(0, {})])
        assert written.files == {"train": (f"train.{kind}",)}
        assert written.rows == {"train": 1, "test": 0}
        assert visible(tmp_path / "out") == [f"train.{kind}"]


# What is refused


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-o", "-", "--split-test", "0.1"), "stdout takes one split"),
        (("-o", "-", "--file-type", "parquet"), "stdout takes jsonl alone"),
        (("-o", "o.jsonl", "--file-type", "parquet"), "o.jsonl is a .jsonl file"),
        (("--split-test", "1"), "from 0 to below 1"),
        (("--shard-size", "0"), "write a size such as 500MB"),
        (("--shard-size", "5 apples"), "write a size such as 500MB"),
    ],
)
def test_what_cannot_be_is_refused(
    arguments: Sequence[str], said: str, tmp_path: Path, clair: Clair
) -> None:
    write_rows(tmp_path / "in.jsonl", answers(1))
    done = clair("revise", "in.jsonl", "--mock", *arguments)
    assert (done.code, done.out) == (2, "")
    assert said in done.last
    assert visible(tmp_path) == ["in.jsonl"]


def test_a_test_split_never_takes_the_place_of_another_file(
    tmp_path: Path, clair: Clair, endpoint: Endpoint
) -> None:
    write_rows(tmp_path / "in.jsonl", answers(1))
    write(tmp_path, "o.jsonl", Plan(), [pair(0, {})])
    (tmp_path / "o.test.jsonl").write_text("mine")
    done = clair(*revise(endpoint, "-o", "o.jsonl", "--split-test", 0.5))
    assert done.code == 2
    assert "o.test.jsonl: exists and was not written by clair" in done.last
    assert (tmp_path / "o.test.jsonl").read_text() == "mine"
    assert endpoint.count() == 0


def test_a_test_split_of_an_earlier_run_is_ours(tmp_path: Path) -> None:
    pairs, paths = [pair(n, {}) for n in range(20)], layout(str(tmp_path / "o.jsonl"), None)
    write(tmp_path, "o.jsonl", Plan(test_share=0.5), pairs)
    assert visible(tmp_path) == ["o.jsonl", "o.test.jsonl"]
    check_not_foreign(paths, ["train", "test"], "jsonl")
    write(tmp_path, "o.jsonl", Plan(), pairs)
    assert visible(tmp_path) == ["o.jsonl"]


def test_a_shard_of_others_is_not_taken_for_ours(tmp_path: Path) -> None:
    write(tmp_path, "out", Plan("jsonl"), [pair(0, {})])
    paths = layout(str(tmp_path / "out"), None)
    (tmp_path / "out/test-00000-of-00077.parquet").write_text("mine")
    check_not_foreign(paths, ["train"], "parquet")
    check_not_foreign(paths, ["train", "test"], "jsonl")
    with pytest.raises(UsageError, match=r"test-00000-of-00077\.parquet: exists"):
        check_not_foreign(paths, ["train", "test"], "parquet")


@pytest.mark.parametrize("name", ["train.parquet", "test-00000-of-00002.jsonl.zst"])
def test_a_directory_with_data_of_others_is_not_written_to(
    name: str, tmp_path: Path, clair: Clair
) -> None:
    write_rows(tmp_path / "in.jsonl", answers(1))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).write_text("mine")
    done = clair("revise", "in.jsonl", "--mock", "-o", "out")
    assert done.code == 2
    assert f"out/{name}: exists and was not written by clair" in done.last
    assert [p.name for p in (tmp_path / "out").iterdir()] == [name]


def test_a_data_file_of_the_run_is_not_its_input(
    tmp_path: Path, clair: Clair, endpoint: Endpoint
) -> None:
    write_rows(tmp_path / "in.jsonl", numbered(8))
    assert clair(*revise(endpoint, "-o", "out", "--shard-size", "5KB")).code == 0
    shard = visible(tmp_path / "out")[2]
    before = (tmp_path / "out" / shard).read_bytes()
    done = clair("revise", f"out/{shard}", "--mock", "-o", "out", "--file-type", "parquet")
    assert done.code == 2
    assert "is the input itself" in done.last
    assert (tmp_path / "out" / shard).read_bytes() == before


@pytest.mark.parametrize("kind", [pytest.param("jsonl.gz", marks=pytest.mark.heavy), "parquet"])
def test_no_room_leaves_what_was_there(
    kind: str, tmp_path: Path, clair: Clair, endpoint: Endpoint
) -> None:
    write_rows(tmp_path / "in.jsonl", numbered(200))
    assert clair(*revise(endpoint, "-o", "out")).code == 0
    before = (tmp_path / "out/train.jsonl").read_bytes()
    again = map(str, revise(endpoint, "-o", "out", "--file-type", kind, "--shard-size", "1MB"))
    small = ["bash", "-c", 'ulimit -f 100; exec "$0" "$@"', *CLAIR, *again]
    done = subprocess.run(
        small, cwd=tmp_path, env=environment(), capture_output=True, check=False, timeout=60
    )
    err = done.stderr.decode()
    assert done.returncode == 2, err
    assert "cannot be written (File too large); make room" in err
    assert "Traceback" not in err
    assert "Exception ignored" not in err
    assert (tmp_path / "out/train.jsonl").read_bytes() == before
    assert not [*(tmp_path / "out/.clair").glob("*.part")]
    assert visible(tmp_path / "out") == ["README.md", "train.jsonl"]


@pytest.mark.heavy
def test_a_directory_where_a_file_should_be_is_told(
    tmp_path: Path, clair: Clair, endpoint: Endpoint
) -> None:
    write_rows(tmp_path / "in.jsonl", answers(2))
    assert clair(*revise(endpoint, "-o", "out")).code == 0
    (tmp_path / "out/train.jsonl").unlink()
    (tmp_path / "out/train.jsonl").mkdir()
    done = clair(*revise(endpoint, "-o", "out"))
    assert done.code == 2
    assert "cannot be written" in done.last
    assert "Traceback" not in done.err


# Whatever happens, the same bytes


async def scattered(asked: Asked) -> Reply:
    number = int(asked.answer.split()[2].rstrip(":"))
    if number % 9 == 0:
        return completion("I have no headings today.")
    return completion(revised(f"{asked.answer} Indeed."))


def test_parquet_shards_do_not_depend_on_concurrency(tmp_path: Path, clair: Clair) -> None:
    write_rows(tmp_path / "in.jsonl", numbered(120))
    written = []
    for concurrency in (1, 64):
        with serving(scattered) as server:
            done = clair(
                *revise(server, "-o", f"out{concurrency}", "-c", concurrency, "--attempts", 1),
                *("--file-type", "parquet", "--shard-size", "30KB", "--split-test", 0.2),
                *("--keep-columns", "grade,of", "--max-fail-rate", 1),
            )
        assert done.code == 0, done.err
        folder = tmp_path / f"out{concurrency}"
        written.append({name: (folder / name).read_bytes() for name in visible(folder)})
    assert len(written[0]) > 4
    assert written[0] == written[1]


@pytest.mark.heavy
def test_a_run_killed_in_the_middle_of_parquet_goes_on(tmp_path: Path, clair: Clair) -> None:
    write_rows(tmp_path / "in.jsonl", numbered(80))
    how = ("--file-type", "parquet", "--shard-size", "20KB", "--keep-columns", "grade", "-c", 4)

    with serving() as calm:
        assert clair(*revise(calm, "-o", "calm", *how)).code == 0
    with serving(until_all_wait) as server:
        command = [*CLAIR, *map(str, revise(server, "-o", "out", *how))]
        process = subprocess.Popen(
            command, cwd=tmp_path, env=environment(), stderr=subprocess.DEVNULL
        )
        end = time.monotonic() + 30
        while len([*(tmp_path / "out").glob(".clair/train*.part")]) < 2 and time.monotonic() < end:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
    parts = {p.name for p in (tmp_path / "out/.clair").glob("train*.part")}
    assert len(parts) >= 2
    assert visible(tmp_path / "out") == []
    with serving() as server:
        done = clair(*revise(server, "-o", "out", *how))
        assert done.code == 0, done.err
        assert server.count() < 80
    names = visible(tmp_path / "calm")
    assert visible(tmp_path / "out") == names
    for name in names:
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "calm" / name).read_bytes()
    assert not [*(tmp_path / "out/.clair").glob("*.part")]


def until_all_wait(asked: Asked) -> Reply:
    """Half of the rows get their answer, the others an error that is asked again for minutes."""
    if int(asked.answer.split()[2].rstrip(":")) < 40:
        return completion(revised(f"{asked.answer} Indeed."))
    from aiohttp import web  # noqa: PLC0415 - needed here alone

    return web.Response(status=503)


def test_a_run_that_ends_while_files_get_their_names_is_mended(tmp_path: Path) -> None:
    pairs, side = [pair(n, {}) for n in range(60)], tmp_path / "out/.clair"
    many = Plan("parquet", shard_size=5000)
    names = write(tmp_path, "elsewhere", many, pairs).names
    assert len(names) > 3
    write(tmp_path, "out", Plan("jsonl"), pairs)
    paths = layout(str(tmp_path / "out"), None)
    with Output(paths, FORMATS["standard"], many) as output:
        for each in pairs:
            output.write(each)
        (tmp_path / "out" / names[2]).mkdir()
        with pytest.raises(UsageError, match="cannot be written"):
            output.publish()
    (tmp_path / "out" / names[2]).rmdir()
    assert visible(tmp_path / "out") == [*names[:2], "train.jsonl"]
    (side / "train-00002.00000.parquet.part").write_text("as a kill leaves it")
    last = write(tmp_path, "out", Plan("parquet"), pairs)
    assert visible(tmp_path / "out") == last.names == ["train.parquet"]
    assert visible(side) == ["failures.jsonl", "run.json"]


# Values of kept columns and of failures


def test_dates_times_and_nan_keep_their_types_in_parquet_alone(
    tmp_path: Path, clair: Clair, endpoint: Endpoint
) -> None:
    moment = dt.datetime(2024, 5, 6, 7, 8, 9, tzinfo=dt.UTC)
    cells = {
        "when": [moment, None, moment],
        "score": [1.5, math.nan, None],
        "day": [dt.date(2024, 5, 6), None, None],
    }
    words = {"prompt": ["One?", "Two?", "Three?"], "response": ["1.", "2.", ""]}
    pq.write_table(pa.table(words | cells), tmp_path / "in.parquet")
    names = ",".join(cells)
    for out in ("o.parquet", "o.jsonl"):
        done = clair(
            *("revise", "in.parquet", "-m", "x", "--base-url", endpoint.base_url, "-o", out),
            *("--keep-columns", names, "--max-fail-rate", 1),
        )
        assert done.code == 0, done.err
    native = pq.read_table(tmp_path / "o.parquet").select(list(cells))
    assert native.column("when").to_pylist() == cells["when"][:2]
    assert native.column("day").to_pylist() == cells["day"][:2]
    assert math.isnan(native.column("score").to_pylist()[1])
    first, second = read_rows(tmp_path / "o.jsonl")
    assert first["when"] == "2024-05-06T07:08:09+00:00"
    assert (first["day"], second["score"]) == ("2024-05-06", None)
    for out in ("o.parquet", "o.jsonl"):
        (failure,) = read_rows(tmp_path / f".{out}.clair/failures.jsonl")
        assert list(failure)[:4] == ["id", "file", "line", "reason"]
        assert (failure["file"], failure["line"]) == ("in.parquet", 3)
        assert failure["row"]["when"] == "2024-05-06T07:08:09+00:00"


def test_bytes_and_decimals_keep_their_types_in_parquet_alone(tmp_path: Path) -> None:
    kept = [
        {"price": Decimal("1.50"), "raw": b"\x00\xff"},
        {"price": Decimal(-3), "raw": b""},
        {"price": None, "raw": None},
    ]
    for kind in ("jsonl", "parquet"):
        write(tmp_path, kind, Plan(kind), [pair(n, extra) for n, extra in enumerate(kept)])
    native = pq.read_table(tmp_path / "parquet/train.parquet").select(["price", "raw"])
    assert native.to_pylist() == kept
    assert native.schema.field("price").type == pa.decimal128(3, 2)
    lines = read_rows(tmp_path / "jsonl/train.jsonl")
    assert [line["price"] for line in lines] == ["1.50", "-3", None]
    assert base64.b64decode(lines[0]["raw"]) == b"\x00\xff"


def pair(number: int, extra: dict[str, Any], text: str = "") -> Pair:
    prompt = [{"role": "user", "content": f"{text}?"}]
    contrast = Contrast(1, 0.5, 0.5, 0.5, 1.0, 1)
    filler = "la " * 1500  # packs well: several row groups stand in one shard
    return Pair(f"{number}", prompt, f"{filler}{text}", text, text, "m", contrast, extra)


def write(
    folder: Path, out: str, plan: Plan, outcomes: Sequence[Pair | Failure], form: str = "standard"
) -> Written:
    """What the command does with outcomes, without a process of its own."""
    paths = layout(str(folder / out), None)
    with Output(paths, FORMATS[form], plan.fitting(paths)) as output:
        for outcome in outcomes:
            output.write(outcome)
        written = output.publish()
    settle(paths, orjson.dumps({"files": written.names}))
    return written


def small(kind: str) -> Plan:
    """Several row groups in a shard, several shards in a split, two splits."""
    return Plan(kind, shard_size=4000, test_share=0.3)


def by_id(folder: Path, written: Written, split: str) -> dict[str, dict[str, Any]]:
    found = [r for name in written.files.get(split, ()) for r in records(folder / name)]
    return {each["id"]: each for each in found}


def agree(cells: list[Any], values: list[Any]) -> None:
    """See that a parquet column tells what the JSON values do: as they are, or all as JSON."""
    assert [cell is None for cell in cells] == [value is None for value in values]
    cells = [cell for cell in cells if cell is not None]
    values = [value for value in values if value is not None]
    if all(isinstance(value, str) for value in values):
        assert cells == values
    elif any(isinstance(cell, str) for cell in cells):
        assert [orjson.loads(cell) for cell in cells] == [bare(value) for value in values]
    elif any(isinstance(cell, dict) for cell in cells):
        for name in cells[0]:
            agree([cell[name] for cell in cells], [value.get(name) for value in values])
        assert {name for value in values for name in value} == set(cells[0])
    elif any(isinstance(cell, list) for cell in cells):
        assert [len(cell) for cell in cells] == [len(value) for value in values]
        agree([*itertools.chain(*cells)], [*itertools.chain(*values)])
    else:
        assert cells == values
        assert {type(c) is bool for c in cells} <= {type(v) is bool for v in values}


def bare(value: Any) -> Any:
    """A JSON value without the fields that are null."""
    if isinstance(value, dict):
        return {name: bare(each) for name, each in value.items() if each is not None}
    return [bare(each) for each in value] if isinstance(value, list) else value


SIMPLE = (
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
)
NAMES = st.sampled_from(["a", "b", "", "é"])
VALUES = st.recursive(
    SIMPLE,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
ODD = st.one_of(
    st.datetimes(),
    st.datetimes(timezones=st.timezones()),
    st.dates(),
    st.times(),
    st.timedeltas(),
    st.decimals(),
    st.binary(max_size=4),
    st.floats(),
    st.integers(),
    st.text(st.characters(), max_size=3),
    st.dictionaries(st.integers(), st.none(), max_size=1),
)
TEXTS = st.text(st.characters(exclude_categories=[]), max_size=8)
MOMENT = dt.datetime(2024, 5, 6, 7, 8, 9, tzinfo=dt.UTC)
CLASHING = st.sampled_from(
    [
        *(None, True, 1, 2.0, -0.0, 1.5, 2**53 + 1, 2**63, 10**30, "a", "1", b"a", math.nan),
        *([], [1], [None, 1.5], ["a"], [{"a": 1}], {}, {"a": None}, {"a": 1}, {"b": 1}),
        *({"a": {"b": 2.0}}, {"a": 1.5}, {1: 2}, {"a": []}),
        *(Decimal("1.50"), Decimal(10) ** 30, Decimal("0.1"), Decimal("-0.00"), Decimal("NaN")),
        *(MOMENT, MOMENT.astimezone(dt.timezone(dt.timedelta(hours=2))), MOMENT.date()),
        MOMENT.replace(tzinfo=None),
        *(MOMENT.time(), dt.timedelta(days=-1, microseconds=1)),
    ]
)
"""Values that have no kind in common, or one that is not theirs."""


def columns(values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[dict[str, Any]]]:
    """What pairs keep: two columns."""
    return st.lists(st.fixed_dictionaries({"x": values, "y": values}), min_size=1, max_size=9)


@pytest.mark.heavy
@settings(deadline=None, max_examples=40)
@given(kept=columns(VALUES), text=TEXTS)
def test_parquet_tells_what_jsonl_tells(kept: list[dict[str, Any]], text: str) -> None:
    pairs = [pair(n, extra, text) for n, extra in enumerate(kept)]
    with TemporaryDirectory() as name:
        folder = Path(name)
        plain, columnar = (
            write(folder, kind, small(kind), pairs, "conversational")
            for kind in ("jsonl", "parquet")
        )
        assert plain.rows == columnar.rows
        assert plain.digest == columnar.digest
        found: dict[str, dict[str, Any]] = {}
        for split in plain.rows:
            lines = by_id(folder / "jsonl", plain, split)
            rows = by_id(folder / "parquet", columnar, split)
            assert list(lines) == list(rows)
            for key, line in lines.items():
                row = found[key] = rows[key]
                assert set(row) == set(line)
                assert {k: v for k, v in row.items() if k not in "xy"} == {
                    k: v for k, v in line.items() if k not in "xy"
                }
        for column in "xy":
            ordered = [found[str(n)][column] for n in range(len(kept))]
            agree(ordered, [extra[column] for extra in kept])


@pytest.mark.heavy
@settings(deadline=None, max_examples=40)
@given(kept=columns(CLASHING) | columns(VALUES | ODD))
@example(kept=[{"x": {"b": 1}, "y": 1.5}, {"x": {"a": 1}, "y": 1}, {"x": "a", "y": "a"}])
@example(kept=[{"x": {"a": None}, "y": 2}, {"x": {"a": 1}, "y": 1.5}, {"x": 1, "y": b"a"}])
def test_a_cell_does_not_depend_on_what_came_before(kept: list[dict[str, Any]]) -> None:
    pairs = [pair(n, extra) for n, extra in enumerate(kept)]
    moved = pairs[::-1]
    with TemporaryDirectory() as name:
        one, other = Path(name, "one"), Path(name, "other")
        first = write(one, "parquet", small("parquet"), pairs)
        second = write(other, "parquet", small("parquet"), moved)
        for split in first.rows:
            found = by_id(one / "parquet", first, split)
            again = by_id(other / "parquet", second, split)
            assert {k: repr(in_order(v)) for k, v in found.items()} == {
                k: repr(in_order(v)) for k, v in again.items()
            }


def in_order(value: Any) -> Any:
    """The same with struct fields sorted, which come in the order they were first seen in."""
    if isinstance(value, dict):
        return {name: in_order(value[name]) for name in sorted(value)}
    return [in_order(each) for each in value] if isinstance(value, list) else value


@pytest.mark.heavy
@settings(deadline=None, max_examples=40)
@given(row=st.dictionaries(TEXTS | st.integers(), VALUES | ODD, max_size=4), text=TEXTS)
def test_any_failure_is_written(row: dict[Any, Any], text: str) -> None:
    failures = [
        Failure(text, 3, "not_text", text, 0, row, file=text),
        Failure("", 4, "not_json", "", 0, text),
        Failure("", 5, "not_text", "", 0, {"deep": nested(1000), "row": row}),
    ]
    with TemporaryDirectory() as name:
        write(Path(name), "jsonl", Plan(), failures)
        found = read_rows(Path(name, "jsonl/.clair/failures.jsonl"))
    assert [each["line"] for each in found] == [3, 4, 5]
    assert set(found[0]) == {"id", "file", "line", "reason", "detail", "attempts", "row"}
    assert len(found[0]["row"]) <= len(row)


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


DAY = MOMENT.replace(tzinfo=None)
APART: list[tuple[list[Any], list[Any]]] = [
    ([1.5, True], ["1.5", "true"]),
    (["a", b"a"], ['"a"', '"YQ=="']),
    ([DAY.date(), DAY], ['"2024-05-06"', '"2024-05-06T07:08:09"']),
    ([DAY, MOMENT], ['"2024-05-06T07:08:09"', '"2024-05-06T07:08:09+00:00"']),
    ([1, Decimal("1.50")], ["1", '"1.5"']),
    ([0.5, 2**53 + 1], ["0.5", "9007199254740993"]),
    ([-1, 2**63], ["-1", "9223372036854775808"]),
    ([{"a": 1, "b": 2}, {"a": "x"}], [{"a": "1", "b": 2}, {"a": '"x"', "b": None}]),
    ([[1], ["x", None]], [["1"], ['"x"', None]]),
]
"""Values for which Arrow's inference has a type that changes one, or none at all; and the cells."""


@pytest.mark.parametrize("in_groups", [False, True])
@pytest.mark.parametrize("backwards", [False, True])
def test_values_with_no_type_in_common_are_json_where_they_part(
    in_groups: bool, backwards: bool, tmp_path: Path
) -> None:
    step = -1 if backwards else 1
    rows = [{f"c{n}": values[side] for n, (values, _) in enumerate(APART)} for side in (0, 1)]
    plan = Plan("parquet", shard_size=4000 if in_groups else 10**9)
    pairs = [pair(n, extra) for n, extra in enumerate(rows[::step])]
    written = write(tmp_path, "out", plan, pairs)
    found = [r for name in written.names for r in records(tmp_path / "out" / name)][::step]
    cells = [[record[f"c{n}"] for record in found] for n in range(len(APART))]
    assert cells == [made for _, made in APART]


def test_maps_and_deep_values_become_json(tmp_path: Path) -> None:
    maps = [{f"{row}-{n}": n for n in range(200)} for row in range(3)]
    wide = {f"{n}": n for n in range(300)}
    pairs = [pair(n, {"map": maps[n], "wide": wide, "deep": nested(40)}) for n in range(3)]
    written = write(tmp_path, "out", Plan("parquet", shard_size=4000), pairs)
    found = [r for name in written.names for r in records(tmp_path / "out" / name)]
    assert [json.loads(each["map"]) for each in found] == maps
    assert json.loads(found[0]["wide"]) == wide
    assert found[0]["map"].startswith('{"0-0":0,')
    depth, inner = 0, found[0]["deep"]
    while isinstance(inner, list):
        depth, (inner,) = depth + 1, inner
    assert depth == 16
    assert json.loads(inner) == nested(40 - 16)


def test_halves_of_surrogate_pairs_are_joined_or_spelled_out(tmp_path: Path) -> None:
    odd = [pair(0, {"k\ud800": "\udc00"}, "\ud83d\ude00 \ud800 é")]
    for kind in ("jsonl", "parquet"):
        written = write(tmp_path, kind, Plan(kind), odd)
        ((name,),) = written.files.values()
        (record,) = records(tmp_path / kind / name)
        assert record["rejected"] == "\N{GRINNING FACE} \\ud800 é"
        assert record["k\\ud800"] == "\\udc00"
