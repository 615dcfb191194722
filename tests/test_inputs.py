"""Files of every kind and packing, whole and damaged, one or many, to rows."""

import bz2
import csv
import datetime as dt
import gzip
import io
import json
import lzma
import os
import subprocess
import threading
import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.rows import write_rows as write_bench_rows
from clair_cli.records import Failure, Row, UsageError
from clair_cli.rows.columns import Columns
from clair_cli.rows.input import default_output, find_input
from clair_cli.rows.picking import Picking, pick
from clair_cli.rows.raw import Raw
from clair_cli.rows.reader import read_rows
from tests.conftest import CLAIR, Clair, Ran, answers, environment, write_rows
from tests.conftest import read_rows as records

Rows = list[dict[str, Any]]

PACKS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstandard.ZstdCompressor(write_checksum=True).compress,
}


def as_jsonl(rows: Rows) -> bytes:
    return b"".join(orjson.dumps(row) + b"\n" for row in rows)


def as_csv(rows: Rows, **options: Any) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]) if rows else ["prompt", "response"], **options)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def as_parquet(rows: Rows, **options: Any) -> bytes:
    return parquet(pa.Table.from_pylist(rows), **options)


def parquet(table: pa.Table, **options: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    return sink.getvalue()


def as_arrow(rows: Rows, *, stream: bool = False) -> bytes:
    table, sink = pa.Table.from_pylist(rows), io.BytesIO()
    new = pa.ipc.new_stream if stream else pa.ipc.new_file
    with new(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=7)
    return sink.getvalue()


def as_feather(rows: Rows) -> bytes:
    sink = io.BytesIO()
    pa.feather.write_feather(pa.Table.from_pylist(rows), sink)
    return sink.getvalue()


KINDS: dict[str, Callable[[Rows], bytes]] = {
    ".jsonl": as_jsonl,
    ".ndjson": as_jsonl,
    ".json": orjson.dumps,
    ".csv": as_csv,
    ".tsv": lambda rows: as_csv(rows, delimiter="\t"),
    ".parquet": as_parquet,
    ".arrow": as_arrow,
    ".feather": as_feather,
}
LINED = (".jsonl", ".ndjson", ".csv", ".tsv")


def raws(*paths: Path | str, **options: str) -> list[Raw]:
    return list(find_input([str(path) for path in paths], **options))


def cells(*paths: Path | str, **options: str) -> list[Any]:
    return [raw.cells for raw in raws(*paths, **options)]


def parsed(path: Path, columns: Columns | None = None) -> list[Row | Failure]:
    return list(read_rows(find_input([str(path)]), path.name, columns or Columns(), lambda _: None))


def texts(number: int) -> Rows:
    """Rows of texts alone, as csv knows them."""
    return [{"id": f"r{n}", **row} for n, row in enumerate(answers(number))]


def mendable(number: int) -> Rows:
    """Rows in which the offline endpoint finds something to mend."""
    return [
        {"id": f"r{n}", "prompt": f"Q{n}?", "response": f"It is is {n}."} for n in range(number)
    ]


def ids_in(path: Path) -> list[str]:
    return [pair["id"] for pair in records(path)]


def is_told(error: pytest.ExceptionInfo[UsageError] | Ran, *parts: str) -> bool:
    """One line that names the file and what to do."""
    if isinstance(error, Ran):
        assert error.code == 2, error.err
        assert "Traceback" not in error.err
        said = error.last
    else:
        said = str(error.value)
    assert "\n" not in said
    missing = [part for part in parts if part not in said]
    assert not missing, said
    return True


# Every kind in every packing


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_gives_the_same_rows_in_every_packing(kind: str, tmp_path: Path) -> None:
    rows = texts(40)
    for packing, pack in PACKS.items():
        path = tmp_path / f"data{kind}{packing}"
        path.write_bytes(pack(KINDS[kind](rows)))
        found = raws(path)
        assert [raw.cells for raw in found] == rows, packing
        first = 2 if kind in {".csv", ".tsv"} else 1
        assert [raw.number for raw in found] == [*range(first, first + 40)]
        assert {raw.file for raw in found} == {str(path)}
        assert all(raw.size > 0 for raw in found)


def test_the_command_reads_them_all(clair: Clair, tmp_path: Path) -> None:
    rows, folder = mendable(2 * len(KINDS)), tmp_path / "all"
    folder.mkdir()
    for n, (kind, write) in enumerate(KINDS.items()):
        packing = list(PACKS)[n % len(PACKS)]
        part = rows[2 * n : 2 * n + 2]
        (folder / f"{n}{kind}{packing}").write_bytes(PACKS[packing](write(part)))
    ran = clair("revise", "all", "--mock", "--quiet")
    assert ran.code == 0, ran.err
    assert ids_in(tmp_path / "all.clair" / "train.jsonl") == [row["id"] for row in rows]


cell_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
tables = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(cell_texts, min_size=width, max_size=width), max_size=6)
)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tables")


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=40)
@given(table=tables, packing=st.sampled_from(sorted(PACKS)), stream=st.booleans())
def test_any_table_is_the_same_in_every_kind(
    table: list[list[str]], packing: str, stream: bool, scratch: Path
) -> None:
    names = ["prompt", "response", "Spalte ä", "名 前"]
    rows = [dict(zip(names, row, strict=False)) for row in table]
    kinds = {**KINDS, ".arrow": lambda rows: as_arrow(rows, stream=stream)}
    for kind, write in kinds.items():
        if kind in {".csv", ".tsv"} and rows and all(not "".join(row) for row in table):
            continue  # a blank line is no row, and csv writes one for an empty cell alone
        path = scratch / f"t{kind}{packing}"
        path.write_bytes(PACKS[packing](write(rows)))
        assert cells(path) == rows, kind


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | cell_texts
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(cell_texts, inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None, max_examples=50)
@given(rows=st.lists(st.dictionaries(cell_texts, json_values, max_size=4), max_size=4))
def test_any_objects_are_the_same_as_lines_and_as_an_array(rows: Rows, scratch: Path) -> None:
    (scratch / "o.jsonl").write_bytes(as_jsonl(rows))
    for spaces in (None, 1):
        (scratch / "o.json").write_text(json.dumps(rows, indent=spaces), encoding="utf-8")
        assert cells(scratch / "o.json") == cells(scratch / "o.jsonl") == rows


@settings(deadline=None, max_examples=60)
@given(
    data=st.binary(max_size=200),
    ending=st.sampled_from([kind + packing for kind in KINDS for packing in PACKS]),
)
def test_any_bytes_are_rows_failures_or_one_error(data: bytes, ending: str, scratch: Path) -> None:
    path = scratch / f"any{ending}"
    path.write_bytes(data)
    try:
        assert all((raw.cells is None) == (raw.fault is not None) for raw in raws(path))
    except UsageError as exc:
        assert str(path) in str(exc)  # noqa: PT017 - not every input is refused


# Cut and damaged files


@pytest.mark.parametrize("packing", [".gz", ".bz2", ".xz", ".zst"])
def test_a_packed_file_that_is_cut_or_damaged_is_told(packing: str, tmp_path: Path) -> None:
    noise = [{"prompt": uuid.uuid4().hex, "response": uuid.uuid4().hex} for _ in range(5_000)]
    packed = PACKS[packing](as_jsonl(noise))
    broken = bytearray(packed)
    broken[len(packed) // 2 : len(packed) // 2 + 64] = bytes(64)
    for kind, data in (
        ("cut", packed[:-10]),
        ("half", packed[: len(packed) // 2]),
        ("broken", bytes(broken)),
    ):
        path = tmp_path / f"{kind}.jsonl{packing}"
        path.write_bytes(data)
        with pytest.raises(UsageError) as error:
            raws(path)
        assert is_told(error, str(path), "damaged or cut off after line", "again")


def test_cut_files_of_other_kinds_in_a_packing_are_told(tmp_path: Path) -> None:
    for kind, write in KINDS.items():
        path = tmp_path / f"data{kind}.gz"
        path.write_bytes(gzip.compress(write(texts(500)))[:-12])
        with pytest.raises(UsageError) as error:
            raws(path)
        assert is_told(error, str(path), "damaged or cut off", "again")


BLANK = [{"id": f"r{n}", "prompt": f"Q{n}?", "response": ""} for n in range(3000)]
PARQUET = as_parquet(BLANK, row_group_size=500, use_dictionary=False)


def damaged_page() -> bytes:
    meta = pq.ParquetFile(io.BytesIO(PARQUET)).metadata.row_group(3).column(1)
    data = bytearray(PARQUET)
    start = meta.data_page_offset
    data[start + 40 : start + meta.total_compressed_size] = os.urandom(
        meta.total_compressed_size - 40
    )
    return bytes(data)


def encrypted() -> bytes:
    class Plain(pe.KmsClient):  # type: ignore[misc]  # a key server that keeps nothing secret
        def wrap_key(self, key_bytes: bytes, master_key_identifier: str) -> bytes:
            return key_bytes

        def unwrap_key(self, wrapped_key: bytes, master_key_identifier: str) -> bytes:
            return wrapped_key

    keys = pe.CryptoFactory(lambda _: Plain()).file_encryption_properties(
        pe.KmsConnectionConfig(),
        pe.EncryptionConfiguration("k", uniform_encryption=True),
    )
    return as_parquet(texts(3), encryption_properties=keys)


def test_broken_parquet_and_arrow_files_are_told(tmp_path: Path) -> None:
    footer = bytearray(PARQUET)
    footer[-300:-8] = os.urandom(292)
    arrow = as_arrow(texts(500))
    broken = {
        "empty.parquet": b"",
        "cut.parquet": PARQUET[: len(PARQUET) // 2],
        "tail.parquet": PARQUET[1000:],
        "footer.parquet": bytes(footer),
        "text.parquet": b"prompt,response\na,b\n" * 10,
        "encrypted.parquet": encrypted(),
        "cut.arrow": arrow[: len(arrow) // 2],
        "text.arrow": b"prompt,response\na,b\n" * 10,
        "cut.feather": as_feather(texts(500))[:-200],
        "v1.feather": b"FEA1" + bytes(100),
    }
    for name, data in broken.items():
        path = tmp_path / name
        path.write_bytes(data)
        with pytest.raises(UsageError) as error:
            raws(path)
        assert is_told(error, str(path), "(", "fetch or write it again"), name
    (tmp_path / "page.parquet").write_bytes(damaged_page())
    with pytest.raises(UsageError) as error:
        raws(tmp_path / "page.parquet")
    assert is_told(error, "page.parquet: damaged or cut off after row 1024")
    stream = as_arrow(texts(500), stream=True)
    (tmp_path / "stream.arrow").write_bytes(stream[: len(stream) // 2])
    with pytest.raises(UsageError) as error:
        raws(tmp_path / "stream.arrow")
    assert is_told(error, "stream.arrow: damaged or cut off after row")


def test_a_damaged_file_ends_the_command_in_one_line(clair: Clair, tmp_path: Path) -> None:
    (tmp_path / "in.parquet").write_bytes(damaged_page())
    ran = clair("revise", "in.parquet", "--mock", "--quiet")
    assert is_told(ran, "clair: in.parquet: damaged or cut off after row 1024")
    assert len(ran.err.splitlines()) == 1
    assert not (tmp_path / "in.clair" / "train.jsonl").exists()


EMPTY: dict[str, bytes] = {
    **{f"a{kind}": b"" for kind in (".jsonl", ".json", ".csv", ".tsv", ".arrow")},
    "blank.jsonl": b"\n \r\n\t\n",
    "array.json": b" [ ] ",
    "header.csv": b"prompt,response\r\n",
    "schema.parquet": parquet(pa.table({"prompt": pa.array([], pa.string())})),
    "no columns.parquet": parquet(pa.table({})),
    "schema.arrow": as_arrow([]),
    "lines.jsonl.gz": gzip.compress(b""),
}


def test_files_without_rows_are_told_alone_and_do_no_harm_beside_others(
    clair: Clair, tmp_path: Path
) -> None:
    for name, data in EMPTY.items():
        (tmp_path / name).write_bytes(data)
        assert raws(tmp_path / name) == [], name
        with pytest.raises(UsageError, match="has no rows"):
            parsed(tmp_path / name)
    write_rows(tmp_path / "full.jsonl", mendable(2))
    ran = clair("revise", *EMPTY, "full.jsonl", "-o", "out", "--mock", "-q")
    assert ran.code == 0, ran.err
    assert ids_in(tmp_path / "out" / "train.jsonl") == ["r0", "r1"]


# What tables hold


def test_parquet_holds_more_than_json(clair: Clair, tmp_path: Path) -> None:
    when = dt.datetime(2024, 2, 29, 12, 30, 1, 500, tzinfo=dt.UTC)
    table = pa.table(
        {
            "id": pa.array([2**63 - 1, 0, -5, 7], pa.int64()),
            "prompt": pa.array(["One?", "Two?", "Three?", "Four?"], pa.large_string()),
            "response": pa.array(
                ["It is is 1.", None, "It is is 3.", "It is is 4."]
            ).dictionary_encode(),
            "view": pa.array(["v", None, "", "x"], pa.string_view()),
            "when": pa.array([when, None, when, when], pa.timestamp("ns", "UTC")),
            "day": pa.array([when.date()] * 4),
            "lasted": pa.array([dt.timedelta(seconds=1.5)] * 4),
            "price": pa.array([Decimal("1.25"), None, Decimal("3.00"), Decimal(-7)]),
            "binary": pa.array([b"plain", b"\xff\x00", b"", None]),
            "tags": pa.array([["a"], [], None, [None, "b"]]),
            "map": pa.array(
                [[("k", Decimal("1.5"))], [], None, [("l", None)]],
                pa.map_(pa.string(), pa.decimal128(3, 1)),
            ),
            "nested": pa.array([{"a": {"b": [b"x"]}}, None, {"a": None}, {"a": {"b": None}}]),
            "score": pa.array([float("nan"), float("inf"), 1.0, None]),
            "uuid": pa.array([uuid.UUID(int=n).bytes for n in range(4)], pa.uuid()),
            "nothing": pa.nulls(4),
        }
    )
    (tmp_path / "in.parquet").write_bytes(parquet(table))
    ran = clair("revise", "in.parquet", "--mock", "--quiet")
    assert ran.code == 3, ran.err
    assert ids_in(tmp_path / "in.clair" / "train.jsonl") == [str(2**63 - 1), "-5", "7"]
    (failure,) = records(tmp_path / "in.clair" / ".clair" / "failures.jsonl")
    assert (failure["reason"], failure["line"]) == ("not_text", 2)
    assert failure["row"] == {
        "id": 0,
        "prompt": "Two?",
        "response": None,
        "view": None,
        "when": None,
        "day": "2024-02-29",
        "lasted": 1.5,
        "price": None,
        "binary": {"base64": "/wA="},
        "tags": [],
        "map": [],
        "nested": None,
        "score": None,
        "uuid": str(uuid.UUID(int=1)),
        "nothing": None,
    }
    first, _, third, fourth = cells(tmp_path / "in.parquet")
    assert first["when"].isoformat() == when.isoformat()
    assert (first["price"], third["price"], fourth["price"]) == (1.25, 3, -7)
    assert (first["binary"], first["map"], first["nested"]) == (
        "plain",
        [["k", 1.5]],
        {"a": {"b": ["x"]}},
    )
    assert fourth["tags"] == [None, "b"]


@pytest.mark.parametrize("kind", ["when", "day", "price", "uuid", "binary"])
def test_ids_may_be_dates_decimals_uuids_and_bytes(kind: str, tmp_path: Path) -> None:
    day = dt.date(2024, 2, 29)
    ids = {
        "when": (
            pa.array([dt.datetime(2024, 2, 29, tzinfo=dt.UTC)] * 2, pa.timestamp("us")),
            "2024-02-29 00:00:00",
        ),
        "day": (pa.array([day, day], pa.date32()), "2024-02-29"),
        "price": (pa.array([Decimal(12345678901234567890)] * 2), "12345678901234567890"),
        "uuid": (pa.array([uuid.UUID(int=3).bytes] * 2, pa.uuid()), str(uuid.UUID(int=3))),
        "binary": (pa.array([b"key", b"key"]), "key"),
    }
    column, expected = ids[kind]
    path = tmp_path / "in.parquet"
    path.write_bytes(parquet(pa.table({"k": column, "prompt": ["A?"] * 2, "response": ["B"] * 2})))
    rows = parsed(path, Columns(id="k"))
    assert [row.id for row in rows] == [expected] * 2


def test_a_whole_number_stays_one_where_a_table_has_gaps(tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": [1, None, 3], "prompt": ["A?"] * 3, "response": ["B", "C", "D"]})
    frame.to_parquet(tmp_path / "in.parquet")
    ids = [row.id for row in parsed(tmp_path / "in.parquet")]
    assert (ids[0], ids[2]) == ("1", "3")
    assert len(ids[1]) == 16


def test_what_python_cannot_hold_fails_its_row_alone(clair: Clair, tmp_path: Path) -> None:
    good = ["Q0?", "Q1?", "Q2?", "Q3?"]
    bad_text = pa.array([b"It is is.", b"\xff\xfe", b"It is is 3.", b"It is is 4."]).view(
        pa.string()
    )
    table = pa.table(
        {"prompt": good, "response": bad_text, "day": pa.array([0, 0, 2**50, 1], pa.date64())}
    )
    for name, data in (("in.parquet", parquet(table)), ("in.arrow", arrow_of(table))):
        (tmp_path / name).write_bytes(data)
        found = raws(tmp_path / name)
        assert [raw.fault.reason if raw.fault else "" for raw in found] == [
            "",
            "not_utf8",
            "unreadable",
            "",
        ]
        assert "'Q1?'" in found[1].text
    ran = clair("revise", "in.arrow", "--mock", "-q")
    assert ran.code == 3, ran.err
    failures = records(tmp_path / "in.clair" / ".clair" / "failures.jsonl")
    assert [(f["line"], f["reason"]) for f in failures] == [(2, "not_utf8"), (3, "unreadable")]
    assert "'response'" in failures[0]["detail"]
    assert len(records(tmp_path / "in.clair" / "train.jsonl")) == 2


def arrow_of(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def test_a_column_that_stands_twice_is_told(tmp_path: Path) -> None:
    twice = pa.table([["a"], ["b"], ["c"]], names=["prompt", "response", "prompt"])
    for name, data in (
        ("a.parquet", parquet(twice)),
        ("a.arrow", arrow_of(twice)),
        ("a.csv", b"prompt,response,prompt\na,b,c\n"),
    ):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(UsageError) as error:
            raws(tmp_path / name)
        assert is_told(error, name, "the column 'prompt' stands twice; rename one")


@pytest.mark.heavy
def test_huge_cells_come_through_every_kind(clair: Clair, tmp_path: Path) -> None:
    huge = "wörd " * (10 * 1024 * 1024 // 6)
    rows = [{"id": "huge", "prompt": huge, "response": "It is is."}, *mendable(1)]
    for kind in (".jsonl", ".json", ".csv", ".parquet", ".arrow"):
        path = tmp_path / f"huge{kind}"
        path.write_bytes(KINDS[kind](rows))
        found = raws(path)
        assert [raw.cells for raw in found] == rows, kind
        assert sum(raw.size for raw in found) > 10 << 20
    ran = clair("revise", "huge.parquet", "--dry-run", "-q", "-m", "x")
    assert ran.code == 0, ran.err


def test_row_groups_and_batches_of_any_size_are_read_in_order(tmp_path: Path) -> None:
    rows = texts(5000)
    for size in (1, 7, 100_000):
        (tmp_path / "in.parquet").write_bytes(as_parquet(rows[:500], row_group_size=size))
        assert cells(tmp_path / "in.parquet") == rows[:500]
    (tmp_path / "in.parquet").write_bytes(as_parquet(rows))
    assert cells(tmp_path / "in.parquet") == rows
    assert find_input([str(tmp_path / "in.parquet")]).total_rows == 5000


def test_a_score_that_is_no_number_is_passed_over(tmp_path: Path) -> None:
    completions = [
        {"response": r, "overall_score": s} for r, s in (("A", float("nan")), ("B", 2.0))
    ]
    (tmp_path / "in.parquet").write_bytes(
        as_parquet([{"instruction": "Q?", "completions": completions}])
    )
    (row,) = parsed(tmp_path / "in.parquet")
    assert isinstance(row, Row)
    assert row.response == "B"


def test_frames_of_pandas_are_read_however_they_are_written(tmp_path: Path) -> None:
    frame = pd.DataFrame(texts(5)).astype({"response": "category"})
    frame.to_csv(tmp_path / "index.csv")
    frame.to_csv(tmp_path / "sep.csv", sep=";", index=False, encoding="utf-8-sig")
    frame.to_json(tmp_path / "records.json", orient="records", indent=2)
    frame.to_json(tmp_path / "lines.jsonl.gz", orient="records", lines=True)
    frame.to_parquet(tmp_path / "frame.parquet")
    frame.to_feather(tmp_path / "frame.feather")
    for path in tmp_path.iterdir():
        found = [{k: v for k, v in row.items() if k} for row in cells(path)]
        assert found == texts(5), path


# Text tables


def test_csv_is_read_as_rfc_4180_has_it(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_bytes(
        b'\xef\xbb\xbf\r\nprompt,"res""ponse",n\xc3\xa4me\r\n'
        b'"two\r\nlines, and a ""quote""",b,\xc3\xa9\r\n\r\n'
        b" spaced ,'single',\"\"\r\n"
        b'plain "quotes" inside,\x00nul\x00,x'
    )
    found = raws(path)
    assert [raw.number for raw in found] == [3, 6, 7]
    assert [list((raw.cells or {}).values()) for raw in found] == [
        ['two\r\nlines, and a "quote"', "b", "é"],
        [" spaced ", "'single'", ""],
        ['plain "quotes" inside', "\0nul\0", "x"],
    ]
    assert list(found[0].cells or {}) == ["prompt", 'res"ponse', "näme"]


def test_a_bad_row_of_a_csv_fails_alone_with_what_it_holds(clair: Clair, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_bytes(
        b"id,prompt,response\n"
        b"a,Q0?,It is is.\n"
        b"b,too few\n"
        b"c,too,many,cells\n"
        b'd,"closed" too early,x\n'
        b"e,latin \xe9,It is is.\n"
        b"f,Q1?,It is is 2.\n"
    )
    ran = clair("revise", "in.csv", "--mock", "--quiet")
    assert ran.code == 3, ran.err
    assert ids_in(tmp_path / "in.clair" / "train.jsonl") == ["a", "f"]
    failures = records(tmp_path / "in.clair" / ".clair" / "failures.jsonl")
    assert [(f["line"], f["reason"], f["row"]) for f in failures] == [
        (3, "not_csv", "b | too few"),
        (4, "not_csv", "c | too | many | cells"),
        (5, "not_csv", 'd,"closed" too early,x\n'),
        (6, "not_utf8", "e | latin \\xe9 | It is is."),
    ]
    assert "iconv" in failures[3]["detail"]


CSV_ERRORS: dict[str, tuple[bytes, str]] = {
    "open": (b'a,b\n1,2\n3,"never\nends\n' + b"x,y\n" * 50, "line 3: a quoted cell never ends"),
    "header": (b'a,"b\n1,2\n', "line 1: the header is broken"),
    "latin": ("prömpt,response\na,b\n".encode("latin-1"), "line 1: the header is not UTF-8"),
    "utf-16": ("prompt,response\na,b\n".encode("utf-16"), "line 1: the header is not UTF-8"),
}


@pytest.mark.parametrize("name", CSV_ERRORS)
def test_a_csv_that_cannot_be_read_on_is_told(name: str, tmp_path: Path) -> None:
    data, part = CSV_ERRORS[name]
    (tmp_path / "in.csv").write_bytes(data)
    with pytest.raises(UsageError) as error:
        raws(tmp_path / "in.csv")
    assert is_told(error, str(tmp_path / "in.csv"), part)


@pytest.mark.parametrize(
    ("ending", "separator"), [(".csv", ";"), (".csv", "\t"), (".csv", "|"), (".tsv", "\t")]
)
def test_the_separator_is_told_by_the_header(ending: str, separator: str, tmp_path: Path) -> None:
    rows = [{"prompt": "a, b", "response": "c;\td|"}]
    (tmp_path / f"in{ending}").write_bytes(as_csv(rows, delimiter=separator))
    assert cells(tmp_path / f"in{ending}") == rows
    (tmp_path / "spare.csv").write_bytes(b"prompt,response,,\na,b,,\n")
    assert cells(tmp_path / "spare.csv") == [{"prompt": "a", "response": "b", "": ""}]


# JSON

GOOD_JSON: dict[str, tuple[bytes, Rows]] = {
    "lines": (b'{"a": 1}\n\n{"a": 2}\r\n', [{"a": 1}, {"a": 2}]),
    "one object": (b'{"a": 1}', [{"a": 1}]),
    "mark and space": (b'\xef\xbb\xbf \n[\n{"a": 1}\n]\n', [{"a": 1}]),
    "numbers": (
        b'[{"a": 18446744073709551615, "b": 1E3, "c": -0.5, "d": 5.0}]',
        [{"a": 2**64 - 1, "b": 1000.0, "c": -0.5, "d": 5.0}],
    ),
}
BAD_JSON: dict[str, tuple[bytes, str]] = {
    "garbage": (b'[{"a": 1}, {"a": 2}] tail', "is not JSON after row 2 (parse error: trailing"),
    "two arrays": (b'[{"a": 1}]\n[{"a": 2}]', "is not JSON after row 1"),
    "cut": (b'[{"a": 1}, {"a": ', "is not JSON after row 1 (parse error: premature EOF)"),
    "between": (b'[{"a": 1}', "is not JSON after row 1"),
    "NaN": (b'[{"a": 1}, {"a": NaN}]', "null for NaN"),
    "no comma": (b'[{"a": 1} {"a": 2}]', "is not JSON after row 1"),
    "latin": (b'[{"a": "\xe9"}]', "invalid bytes in UTF8 string"),
    "spread object": (b'{\n "a": 1\n}', "holds no array of rows"),
    "text": (b"hello", "holds no array of rows"),
}


@pytest.mark.parametrize("name", GOOD_JSON)
def test_json_may_be_an_array_lines_or_an_object(name: str, tmp_path: Path) -> None:
    data, rows = GOOD_JSON[name]
    (tmp_path / "in.json").write_bytes(data)
    assert cells(tmp_path / "in.json") == rows


@pytest.mark.parametrize("blank", [b"", b"\n\r\n", b" " * 70_000 + b"\n"])
def test_lines_in_a_json_file_have_their_own_numbers(blank: bytes, tmp_path: Path) -> None:
    (tmp_path / "in.json").write_bytes(b"\xef\xbb\xbf" + blank + b'{"a": 1}\n\n{"a": 2}')
    first = 1 + blank.count(b"\n")
    found = [(raw.number, raw.cells) for raw in raws(tmp_path / "in.json")]
    assert found == [(first, {"a": 1}), (first + 2, {"a": 2})]


@pytest.mark.parametrize("name", BAD_JSON)
def test_json_that_is_none_is_told(name: str, tmp_path: Path) -> None:
    data, part = BAD_JSON[name]
    (tmp_path / "in.json").write_bytes(data)
    with pytest.raises(UsageError) as error:
        raws(tmp_path / "in.json")
    assert is_told(error, str(tmp_path / "in.json"), part)


def test_what_is_no_object_fails_its_row(clair: Clair, tmp_path: Path) -> None:
    deep = b"[" * 5000 + b"]" * 5000
    (tmp_path / "in.json").write_bytes(
        b'[1, null, "x", [2], {"prompt": "A?", "response": "It is is."}, %b, {"a": %b}]'
        % (deep, deep)
    )
    (tmp_path / "in.jsonl").write_bytes(
        b'{"prompt": "A?", "response": "It is is.", "score": NaN}\n{"a": %b}\n{"a": %b}\n'
        % (deep, b"[" * 1000 + b"]" * 1000)
        + as_jsonl(mendable(1))
    )
    ran = clair("revise", "in.json", "in.jsonl", "-o", "out", "--mock", "--quiet")
    assert ran.code == 3, ran.err
    failures = records(tmp_path / "out" / ".clair" / "failures.jsonl")
    assert [f["reason"] for f in failures[:6]] == [*["not_object"] * 4, "not_json", "not_json"]
    assert [f["row"] for f in failures[:4]] == ["1", "None", "'x'", "[2]"]
    assert "write null for NaN" in failures[6]["detail"]
    assert len(failures) == 9
    assert len(records(tmp_path / "out" / "train.jsonl")) == 2


# Directories, globs, several inputs


def tree(folder: Path, names: list[str]) -> Path:
    """Files of one row each, whose id is the file's name."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        kind = "".join(suffix for suffix in path.suffixes if suffix in KINDS) or ".jsonl"
        path.write_bytes(KINDS[kind]([{"id": name, "prompt": "A?", "response": "It is is."}]))
    return folder


def found_in(*names: Path | str, split: str = "") -> list[str]:
    return [row["id"] for row in cells(*names, split=split)]


def test_a_directory_is_read_in_order_without_what_is_hidden(tmp_path: Path) -> None:
    folder = tree(
        tmp_path / "d",
        [
            "b.jsonl",
            "a.csv",
            "sub/c.parquet",
            "sub/.hidden.jsonl",
            ".cache/x.jsonl",
            "__pycache__/y.json",
            "run.json",
            "dataset_info.json",
            "notes.txt",
        ],
    )
    assert found_in(folder) == ["a.csv", "b.jsonl", "sub/c.parquet"]
    assert found_in(f"{folder}/") == found_in(folder / ".." / "d") == found_in(folder)
    assert found_in(folder, split="train") == found_in(folder)
    with pytest.raises(UsageError, match=r"--split test: .*/d has no such split; it has"):
        find_input([str(folder)], split="test")


SPLIT_TREES: list[tuple[list[str], dict[str, list[str]]]] = [
    (
        ["train.jsonl", "test.csv", "dev.json"],
        {
            "train": ["train.jsonl"],
            "test": ["test.csv"],
            "validation": ["dev.json"],
            "dev": ["dev.json"],
            "training": ["train.jsonl"],
            "eval": ["test.csv"],
        },
    ),
    (
        ["my-train-00000-of-00002.parquet", "my-train-00001-of-00002.parquet", "my_test.parquet"],
        {
            "train": ["my-train-00000-of-00002.parquet", "my-train-00001-of-00002.parquet"],
            "test": ["my_test.parquet"],
        },
    ),
    (
        ["train/a.jsonl", "train/b.jsonl", "val/a.jsonl", "deep/evaluation/x.jsonl"],
        {
            "train": ["train/a.jsonl", "train/b.jsonl"],
            "validation": ["val/a.jsonl"],
            "test": ["deep/evaluation/x.jsonl"],
        },
    ),
    (
        [
            "data/train_prefs-00000-of-00001.parquet",
            "data/train_sft-00000-of-00001.parquet",
            "data/test_prefs-00000-of-00001.parquet",
        ],
        {
            "train_prefs": ["data/train_prefs-00000-of-00001.parquet"],
            "train_sft": ["data/train_sft-00000-of-00001.parquet"],
            "test_prefs": ["data/test_prefs-00000-of-00001.parquet"],
        },
    ),
    (
        ["a.jsonl", "b.jsonl", "test/c.jsonl"],
        {"train": ["a.jsonl", "b.jsonl"], "test": ["test/c.jsonl"]},
    ),
]


@pytest.mark.parametrize(("names", "splits"), SPLIT_TREES)
def test_a_directory_knows_its_splits_by_names_of_files_and_folders(
    names: list[str], splits: dict[str, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tree(tmp_path / "test-train", names)  # a name that must not count
    monkeypatch.chdir(tmp_path)
    for name in (folder, "test-train", "./test-train/"):
        for split, files in splits.items():
            assert found_in(name, split=split) == files
        with pytest.raises(UsageError, match="holds several splits; choose one with --split"):
            find_input([str(name)])


def test_globs_and_several_inputs_are_read_one_after_the_other(
    clair: Clair, tmp_path: Path
) -> None:
    tree(
        tmp_path,
        [
            "x/train-1.jsonl",
            "x/train-0.jsonl",
            "x/test.jsonl",
            "x/y/z.csv",
            "part-00000",
            "[odd].jsonl",
        ],
    )
    x = tmp_path / "x"
    assert found_in(x / "train-*.jsonl") == ["x/train-0.jsonl", "x/train-1.jsonl"]
    assert found_in(x / "t*.jsonl", split="test") == ["x/test.jsonl"]
    assert found_in(f"{x}/**/*.csv") == ["x/y/z.csv"]
    assert found_in(tmp_path / "[odd].jsonl") == ["[odd].jsonl"]
    assert found_in(x / "y", x / "train-1.jsonl", tmp_path / "part-*") == [
        "x/y/z.csv",
        "x/train-1.jsonl",
        "part-00000",
    ]
    with pytest.raises(UsageError, match="no file matches; mend the pattern"):
        find_input([str(x / "*.parquet")])
    ran = clair("revise", "x/t*.jsonl", "x/y", "-o", "out", "--mock", "-q", "--id-column", "id")
    assert ran.code == 0, ran.err
    assert ids_in(tmp_path / "out" / "train.jsonl") == [
        "x/test.jsonl",
        "x/train-0.jsonl",
        "x/train-1.jsonl",
        "x/y/z.csv",
    ]


def test_the_first_row_that_does_not_fit_is_told_with_its_file(tmp_path: Path) -> None:
    paths = [write_rows(tmp_path / "a.jsonl", []), write_rows(tmp_path / "b.jsonl", [{"x": 1}])]
    with pytest.raises(UsageError) as error:
        list(read_rows(find_input([*map(str, paths)]), "both", Columns(), lambda _: None))
    assert is_told(error, f"{paths[1]}: its row does not fit; line 1: has no column", "'x'")


def test_a_file_by_itself_has_one_split(tmp_path: Path) -> None:
    rows = texts(10)
    plain, test = (write_rows(tmp_path / name, rows) for name in ("in.jsonl", "in-test.jsonl"))
    assert cells(plain, split="train") == cells(test, split="test") == rows
    assert cells(plain, split="[2:4]") == cells(test, split="test[2:4]") == rows[2:4]
    for path, split in ((plain, "test"), (test, "train[:3]"), (test, "validation")):
        with pytest.raises(UsageError, match="is one file and has no such split"):
            find_input([str(path)], split=split)


SLICES = ["[10:20]", "[:5]", "[35:]", "[:]", "[38:100]", "train[3:3]", "train[20:10]", "train"]


@pytest.mark.parametrize("kind", [".jsonl", ".parquet"])
def test_a_slice_takes_those_rows(kind: str, tmp_path: Path) -> None:
    rows, path = texts(40), tmp_path / f"in{kind}"
    path.write_bytes(KINDS[kind](rows))
    for text in SLICES:
        part = text.removeprefix("train").strip("[]")
        start, stop = [int(n) if n else None for n in part.split(":")] if part else [None, None]
        whole = find_input([str(path)], split=text)
        assert [raw.cells for raw in whole] == rows[start:stop]
        assert whole.total_rows in {None, len(rows[start:stop])}
    for text in ("train[:10%]", "train[-5:]", "train[1:2:3]", "train[a:b]", "a b", "train["):
        with pytest.raises(UsageError, match=r"write NAME, or NAME\[FROM:TO\]"):
            find_input([str(path)], split=text)


def test_what_cannot_be_opened_is_told(tmp_path: Path) -> None:
    (tmp_path / "folder.jsonl").mkdir()
    for name, part in (("absent.csv", "no such file"), ("folder.jsonl", "holds no .jsonl")):
        with pytest.raises(UsageError) as error:
            find_input([str(tmp_path / name)])
        assert is_told(error, name, part)
    with pytest.raises(UsageError, match="--config x: is for datasets on the Hub"):
        find_input([str(tmp_path)], config="x")


# save_to_disk


def save(rows: Rows, folder: Path) -> None:
    """Let `datasets` write, in a process of its own: it is slow to import, and warns."""
    script = (
        "import json, sys; from datasets import Dataset, DatasetDict\n"
        "rows, folder = json.loads(sys.stdin.read())\n"
        "whole = Dataset.from_list(rows)\n"
        "backwards = whole.select(range(len(rows) - 1, -1, -1))\n"
        "backwards.save_to_disk(f'{folder}/one', num_shards=3)\n"
        "part = lambda number: whole.select(range(number))\n"
        "parts = DatasetDict({'train_sft': part(7), 'test': part(3)})\n"
        "parts.save_to_disk(f'{folder}/many', num_shards={'train_sft': 2, 'test': 2})\n"
        "whole.select([]).save_to_disk(f'{folder}/none')\n"
    )
    subprocess.run(
        [CLAIR[0], "-c", script],
        input=json.dumps([rows, str(folder)]).encode(),
        check=True,
        capture_output=True,
    )


def test_directories_of_save_to_disk_are_read_as_datasets_reads_them(
    clair: Clair, tmp_path: Path
) -> None:
    rows = mendable(10)
    save(rows, tmp_path)
    assert cells(tmp_path / "one") == cells(tmp_path / "one", split="train") == rows[::-1]
    assert cells(tmp_path / "none") == []
    (tmp_path / "one" / "cache-0123.arrow").write_bytes(as_arrow(texts(3)))
    assert len(cells(tmp_path / "one", split="[2:]")) == 8
    with pytest.raises(UsageError, match=r"--split test: .* has no such split; it has train"):
        find_input([str(tmp_path / "one")], split="test")
    assert cells(tmp_path / "many", split="train_sft") == rows[:7]
    assert cells(tmp_path / "many", split="test[1:]") == rows[1:3]
    with pytest.raises(UsageError, match="choose one with --split: test, train_sft"):
        find_input([str(tmp_path / "many")])
    ran = clair("revise", "many", "--split", "test", "--mock", "-q")
    assert ran.code == 0, ran.err
    assert ids_in(tmp_path / "many.clair" / "train.jsonl") == ["r0", "r1", "r2"]
    damage_saved(tmp_path)


def damage_saved(tmp_path: Path) -> None:
    """What is lost or broken in such a directory is named."""
    shard = next((tmp_path / "many" / "test").glob("data-00001*.arrow"))
    data = shard.read_bytes()
    shard.write_bytes(data[: len(data) // 2])
    with pytest.raises(UsageError, match=r"data-00001-of-00002\.arrow: .*fetch or write it again"):
        raws(tmp_path / "many", split="test")
    shard.unlink()
    with pytest.raises(UsageError, match=r"data-00001-of-00002\.arrow: is named in"):
        find_input([str(tmp_path / "many")], split="test")
    (tmp_path / "one" / "state.json").write_text('{"_data_files": [')
    with pytest.raises(UsageError, match=r"state\.json: cannot be read .*save the dataset again"):
        find_input([str(tmp_path / "one")])
    (tmp_path / "many" / "train_sft" / "state.json").unlink()
    with pytest.raises(UsageError, match=r"state\.json: cannot be read"):
        find_input([str(tmp_path / "many")], split="train_sft")


# Pipes


def test_a_fifo_and_a_process_substitution_are_read_once(clair: Clair, tmp_path: Path) -> None:
    rows = mendable(300)
    write_rows(tmp_path / "in.jsonl", rows)
    command = " ".join(
        [*CLAIR, "revise", "<(gzip < in.jsonl)", "-o", "sub", "--mock", "-q", "--sample", "20"]
    )
    done = subprocess.run(
        ["bash", "-c", command], cwd=tmp_path, env=environment(), capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert clair("revise", "in.jsonl", "-o", "file", "--mock", "-q", "--sample", "20").code == 0
    assert ids_in(tmp_path / "sub" / "train.jsonl") == ids_in(tmp_path / "file" / "train.jsonl")
    for kind in (".jsonl", ".parquet", ".arrow", ".csv", ".json"):
        fifo = tmp_path / f"fifo{kind}"
        os.mkfifo(fifo)
        data = KINDS[kind](rows)
        writer = threading.Thread(target=fifo.write_bytes, args=(data,))
        writer.start()
        found = find_input([str(fifo)])
        assert [raw.cells for raw in found] == rows, kind
        assert (found.total_rows, found.is_rereadable) == (None, False)
        writer.join()
    assert default_output([str(fifo)]) is None


def test_packed_data_is_known_by_its_beginning_too(clair: Clair, tmp_path: Path) -> None:
    data = as_jsonl(mendable(3))
    for pack in PACKS.values():
        (tmp_path / "in.jsonl").write_bytes(pack(data))
        assert cells(tmp_path / "in.jsonl") == mendable(3)
    ran = clair("revise", "-", "-o", "out", "--mock", "-q", stdin=gzip.compress(data))
    assert ran.code == 0, ran.err
    assert ids_in(tmp_path / "out" / "train.jsonl") == ["r0", "r1", "r2"]


def test_zstd_data_with_a_window_of_two_gigabytes_is_read_in_little_memory(tmp_path: Path) -> None:
    """As `zstd --long=31` makes it: memory follows what is read, not what the frame announces."""
    wide = zstandard.ZstdCompressionParameters.from_level(3, window_log=31)
    packer = zstandard.ZstdCompressor(compression_params=wide).compressobj()
    path = tmp_path / "in.jsonl.zst"
    path.write_bytes(packer.compress(as_jsonl(mendable(20_000))) + packer.flush())
    assert [raw.cells for raw in raws(path)] == mendable(20_000)
    assert peak("revise", path, "-m", "x", "-q", "--dry-run") < 250


# Picking rows


def picked(rows: Rows, picking: Picking, path: Path, *, rereadable: bool = True) -> list[str]:
    write_rows(path, rows)

    def read() -> Iterator[Row | Failure]:
        return read_rows(find_input([str(path)]), "in", Columns(), lambda _: None)

    return [row.id for row in pick(read, picking, rereadable=rereadable)]


def test_rows_are_skipped_drawn_and_limited_in_that_order(clair: Clair, tmp_path: Path) -> None:
    rows = mendable(60)
    write_rows(tmp_path / "in.jsonl", rows)
    draw = ["--skip", 20, "--sample", 12, "--seed", 3, "--limit", 5]
    args = ("revise", "in.jsonl", "--split", "[10:50]", *draw, "--mock")
    ran = clair(*args, "-o", "file")
    assert ran.code == 0, ran.err
    assert ran.err.count("columns: ") == 1
    piped = clair(
        "revise",
        "-",
        "--split",
        "[10:50]",
        *draw,
        "--mock",
        "-q",
        "-o",
        "pipe",
        stdin=as_jsonl(rows),
    )
    assert piped.code == 0, piped.err
    ids = ids_in(tmp_path / "file" / "train.jsonl")
    assert ids == ids_in(tmp_path / "pipe" / "train.jsonl")
    assert len(ids) == 5
    assert set(ids) <= {row["id"] for row in rows[30:50]}
    drawn = picked(rows[10:50], Picking(20, 12, 3), tmp_path / "x.jsonl")
    assert ids == drawn[:5]
    assert drawn == sorted(drawn, key=lambda each: int(each[1:]))


def test_a_sample_stays_put_when_rows_are_added_or_moved(tmp_path: Path) -> None:
    rows, path = mendable(1000), tmp_path / "in.jsonl"
    first = picked(rows, Picking(sample=100), path)
    assert len(set(first)) == 100
    assert picked(rows, Picking(sample=100), path, rereadable=False) == first
    assert sorted(picked(rows[::-1], Picking(sample=100), path)) == sorted(first)
    more = picked(mendable(1100), Picking(sample=100), path)
    assert 80 <= len(set(more) & set(first)) < 100
    assert set(more) - set(first) <= {f"r{n}" for n in range(1000, 1100)}
    assert len(set(picked(rows, Picking(sample=100, seed=1), path)) & set(first)) < 30
    assert picked(rows, Picking(sample=5000), path) == [row["id"] for row in rows]


def test_a_sample_is_uniform(tmp_path: Path) -> None:
    rows, counts = mendable(100), dict.fromkeys((row["id"] for row in mendable(100)), 0)
    for seed in range(200):
        for each in picked(rows, Picking(sample=20, seed=seed), tmp_path / "in.jsonl"):
            counts[each] += 1
    assert sum(counts.values()) == 4000
    assert min(counts.values()) > 15  # 40 expected, with a deviation of 5.7
    assert max(counts.values()) < 68


def test_bad_rows_are_drawn_like_others_and_alike_from_any_source(tmp_path: Path) -> None:
    lines = [orjson.dumps(row) if n % 3 else b"broken" for n, row in enumerate(mendable(90))]
    paths = [tmp_path / "a.jsonl", tmp_path / "b.jsonl"]
    found = []
    for path, rereadable in zip(paths, (True, False), strict=True):
        path.write_bytes(b"\n".join(lines))
        read = lambda path=path: iter(parsed(path))  # noqa: E731 - short
        drawn = pick(read, Picking(sample=30), rereadable=rereadable)
        found.append([(type(row), row.line) for row in drawn])
    assert found[0] == found[1]
    assert 3 <= sum(kind is Failure for kind, _ in found[0]) <= 20


# Names of outputs


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["a/b.jsonl.gz"], "a/b.clair"),
        (["b.tar.parquet"], "b.tar.clair"),
        (["-"], "stdin.clair"),
        (["user/name"], "name.clair"),
        (["s3://bucket/dir/x.csv.zst"], "x.clair"),
        (["https://host/x.jsonl?download=true&sig=a%2F*"], None),
        (["https://host/x.jsonl?download=true"], "x.clair"),
        (["s3://bucket/*.csv"], None),
        (["x/*.csv"], None),
        (["a.csv", "b.csv"], None),
    ],
)
def test_the_output_is_named_after_the_input(names: list[str], expected: str | None) -> None:
    assert default_output(names) == (expected and Path(expected))


# Memory


def large(path: Path, number: int, *, groups: int) -> Path:
    """A file of so many rows that the offline endpoint can mend, with row groups of that size."""
    lines = write_bench_rows(path.with_name(f"{number}.jsonl"), number)
    if path.suffix == ".zst":
        with path.open("wb") as file, zstandard.ZstdCompressor().stream_writer(file) as packed:
            packed.write(lines.read_bytes())
    else:
        rows = [orjson.loads(line) for line in lines.read_bytes().splitlines()]
        pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=groups)
    lines.unlink()
    return path


def peak(*arguments: str | Path) -> float:
    """Peak memory of a command in MB, from a small process: a child begins with its parent's."""
    script = "import sys; from bench.measure import run; print(run(sys.argv[1:]).peak)"
    command = [CLAIR[0], "-c", script, *CLAIR, *map(str, arguments)]
    done = subprocess.run(command, env=environment(), capture_output=True, check=True)
    return float(done.stdout)


@pytest.mark.heavy
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("kind", "groups"), [("parquet", 50_000), ("parquet", 10**9), ("jsonl.zst", 0)]
)
def test_reading_takes_no_more_memory_for_more_rows(kind: str, groups: int, tmp_path: Path) -> None:
    small, big = (
        peak("revise", path, "-m", "x", "-q", "--dry-run")
        for path in (large(tmp_path / f"{n}.{kind}", n, groups=groups) for n in (10_000, 200_000))
    )
    assert big < 250
    assert big < 1.2 * small


@pytest.mark.heavy
@pytest.mark.timeout(900)
def test_a_run_over_parquet_takes_no_more_memory_for_more_rows(tmp_path: Path) -> None:
    path = large(tmp_path / "in.parquet", 100_000, groups=10**9)
    small, big = (
        peak("revise", path, "-o", tmp_path / n, "--mock", "-q", "--limit", n)
        for n in ("10000", "30000")
    )
    assert big < 250
    assert big < 1.2 * small
