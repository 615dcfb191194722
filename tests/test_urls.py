"""Files behind URLs: web servers with their moods, object storage, and what fsspec knows."""

import gzip
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from moto.server import ThreadedMotoServer

from clair_cli.cli.main import run
from clair_cli.records import UsageError
from clair_cli.rows.input import find_input
from tests.conftest import Clair
from tests.test_inputs import KINDS, as_jsonl, as_parquet, ids_in, is_told, mendable

ROWS = [{"id": f"r{n}", "prompt": f"Q{n}?", "response": os.urandom(40).hex()} for n in range(4000)]
JSONL, PARQUET = as_jsonl(ROWS), as_parquet(ROWS, row_group_size=1500, compression="none")
PACKED = gzip.compress(JSONL)


@dataclass
class Page:
    """What a server has under one path, and how it gives it."""

    data: bytes = b""
    ranges: bool = True
    length: bool = True
    drops: list[int] = field(default_factory=list)
    """After how many bytes of its body each answer breaks off; those after the last are whole."""
    statuses: list[int] = field(default_factory=list)
    """What the first answers are instead."""
    headers: dict[str, str] = field(default_factory=dict)
    versions: list[str] = field(default_factory=list)
    """The ETags of the answers, in order."""
    asked: list[str] = field(default_factory=list)
    """The Range of each request, "" for none."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        page: Page = self.server.pages.get(self.path.partition("?")[0], Page(statuses=[404] * 99))  # type: ignore[attr-defined]
        page.asked.append(self.headers.get("Range", ""))
        if page.statuses:
            self.send_response(page.statuses.pop(0))
            for name, value in page.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self._send(page, *self._part(page))

    def _part(self, page: Page) -> tuple[int, int]:
        found = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if not page.ranges or not found:
            return 200, 0
        start = int(found[1])
        return (206 if start < len(page.data) else 416), start

    def _send(self, page: Page, status: int, start: int) -> None:
        body = page.data[start:] if status != 416 else b""
        self.send_response(status)
        for name, value in page.headers.items():
            self.send_header(name, value)
        if page.versions:
            self.send_header("ETag", page.versions.pop(0))
        size = len(page.data)
        if status == 206:
            self.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
        elif status == 416:
            self.send_header("Content-Range", f"bytes */{size}")
        if page.length:
            self.send_header("Content-Length", str(len(body)))
        else:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        drop = page.drops.pop(0) if page.drops else None
        self._write(body[:drop], chunked=not page.length, ended=drop is None)
        self.close_connection = drop is not None

    def _write(self, body: bytes, *, chunked: bool, ended: bool) -> None:
        step = 50_000
        for piece in (body[n : n + step] for n in range(0, len(body), step)):
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
        if chunked and ended:
            self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """A client that leaves in the middle is no news."""


@contextmanager
def web(**pages: Page) -> Iterator[str]:
    """Serve pages, their names with `__` for dots, until the block ends."""
    server = Server(("127.0.0.1", 0), Handler)
    server.pages = {f"/{name.replace('__', '.')}": page for name, page in pages.items()}  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def rows_at(url: str) -> list[Any]:
    return [raw.cells for raw in find_input([url])]


def error_at(url: str) -> str:
    with pytest.raises(UsageError) as error:
        rows_at(url)
    return str(error.value)


# http


def test_the_command_reads_urls_of_any_kind(clair: Clair, tmp_path: Path) -> None:
    rows = mendable(2 * len(KINDS))
    pages = {
        f"in{kind.replace('.', '__')}": Page(write(rows[2 * n : 2 * n + 2]), n % 2 == 0, n % 3 < 2)
        for n, (kind, write) in enumerate(KINDS.items())
    }
    with web(**pages) as url:
        urls = [f"{url}/{name.replace('__', '.')}?token=secret-{name}" for name in pages]
        ran = clair("revise", *urls, "-o", "out", "--mock")
    assert ran.code == 0, ran.err
    assert ids_in(tmp_path / "out" / "train.jsonl") == [row["id"] for row in rows]
    kinds = {".md", ".json", ".jsonl"}
    written = [p for p in (tmp_path / "out").rglob("*") if p.suffix in kinds]
    written.remove(tmp_path / "out" / ".clair" / "recipe.json")  # it stays here, to read again
    assert [p for p in written if "secret" in p.read_text()] == []
    assert "secret" not in ran.err


@pytest.mark.parametrize("name", ["in__jsonl", "in__jsonl__gz", "in__parquet"])
@pytest.mark.parametrize("length", [True, False])
def test_a_dropped_connection_neither_skips_nor_repeats_a_row(name: str, length: bool) -> None:
    data = {"in__jsonl": JSONL, "in__jsonl__gz": PACKED, "in__parquet": PARQUET}[name]
    page = Page(data, length=length, drops=[0, 130_000, 17, 70_001])
    with web(**{name: page}) as url:
        assert rows_at(f"{url}/{name.replace('__', '.')}") == ROWS
    assert not page.drops
    assert len(page.asked) >= 5
    starts = [int(asked.split("=")[1].rstrip("-")) for asked in page.asked]
    assert starts[0] == 0
    if name != "in__parquet":
        assert starts == sorted(starts)
        assert starts[2] <= 130_000 <= starts[3] + 130_000


@pytest.mark.parametrize("name", ["in__jsonl", "in__parquet"])
def test_a_server_without_ranges_is_read_from_the_start_again(name: str) -> None:
    data = {"in__jsonl": JSONL, "in__parquet": PARQUET}[name]
    page = Page(data, ranges=False, drops=[200_000, 100_000])
    with web(**{name: page}) as url:
        assert rows_at(f"{url}/{name.replace('__', '.')}") == ROWS
    assert len(page.asked) == 3


def test_columns_are_fetched_once_and_not_the_whole_file_for_each() -> None:
    data = as_parquet(ROWS * 5, row_group_size=5000, use_dictionary=False, data_page_size=4000)
    page = Page(data)
    with web(in__parquet=page) as url:
        assert len(rows_at(f"{url}/in.parquet")) == 5 * len(ROWS)
    assert len(page.asked) < 12


@pytest.mark.parametrize("status", [500, 502, 503, 429, 408])
def test_a_server_in_trouble_is_asked_again(status: int) -> None:
    page = Page(JSONL, statuses=[status])
    with web(in__jsonl=page) as url:
        assert rows_at(f"{url}/in.jsonl") == ROWS
    assert len(page.asked) == 2


def test_what_a_server_answers_for_good_is_told_at_once(clair: Clair) -> None:
    began = time.monotonic()
    with web(
        no__jsonl=Page(statuses=[403] * 9),
        gone__jsonl=Page(statuses=[410] * 9),
        odd__jsonl=Page(statuses=[400] * 9),
    ) as url:
        assert "/no.jsonl: may not be read (the server says 403); set" in error_at(
            f"{url}/no.jsonl"
        )
        assert error_at(f"{url}/gone.jsonl").endswith("/gone.jsonl: is not there; mend the address")
        assert "cannot be read (the server says 400)" in error_at(f"{url}/odd.jsonl")
        ran = clair("revise", f"{url.replace('//', '//me:hush@')}/absent.jsonl?sig=hush", "--mock")
    assert is_told(ran, "clair: http://127.0.0.1", "/absent.jsonl: is not there; mend the address")
    assert "hush" not in ran.err
    assert time.monotonic() - began < 10


def test_redirects_are_followed_and_loops_told() -> None:
    with web(
        a__jsonl=Page(statuses=[302] * 2, headers={"Location": "/b.jsonl"}),
        b__jsonl=Page(JSONL, drops=[100_000]),
        loop__jsonl=Page(statuses=[302] * 99, headers={"Location": "/loop.jsonl"}),
    ) as url:
        assert rows_at(f"{url}/a.jsonl") == ROWS
        assert "/loop.jsonl: cannot be read (Exceeded maximum" in error_at(f"{url}/loop.jsonl")


def test_bytes_that_a_server_packs_on_the_way_are_unpacked_once() -> None:
    coded = {"Content-Encoding": "gzip"}
    with web(
        plain__jsonl=Page(PACKED, headers=coded, drops=[50_000]),
        packed__jsonl__gz=Page(PACKED, headers=coded),
        short__jsonl=Page(PACKED, headers=coded, length=False, ranges=False),
    ) as url:
        for name in ("plain.jsonl", "packed.jsonl.gz", "short.jsonl"):
            assert rows_at(f"{url}/{name}") == ROWS, name


def test_a_file_that_changes_while_it_is_read_is_told() -> None:
    for first, then in (('"a"', '"b"'), ('W/"1"', 'W/"2"')):
        page = Page(JSONL, drops=[100_000], versions=[first, then])
        with web(in__jsonl=page) as url:
            assert "it has changed while it was read" in error_at(f"{url}/in.jsonl")
    page = Page(JSONL, drops=[100_000], versions=['"a"'] * 2)
    with web(in__jsonl=page) as url:
        assert rows_at(f"{url}/in.jsonl") == ROWS


def test_a_cut_or_empty_file_is_told_like_a_local_one() -> None:
    with web(
        cut__jsonl__gz=Page(PACKED[:-20]),
        cut__parquet=Page(PARQUET[:5000]),
        empty__jsonl=Page(b""),
        none__parquet=Page(b""),
    ) as url:
        assert "damaged or cut off after line" in error_at(f"{url}/cut.jsonl.gz")
        assert "is no Parquet file that can be read" in error_at(f"{url}/cut.parquet")
        assert "is no Parquet file that can be read" in error_at(f"{url}/none.parquet")
        assert rows_at(f"{url}/empty.jsonl") == []


@pytest.mark.heavy
def test_a_server_that_stays_away_is_given_up_in_bounded_time() -> None:
    always = Page(JSONL, drops=[100_000] + [0] * 99)
    for pages in ({"in__jsonl": always}, {"in__jsonl": Page(statuses=[503] * 99)}):
        began = time.monotonic()
        with web(**pages) as url:
            assert "/in.jsonl: cannot be read (" in error_at(f"{url}/in.jsonl")
        assert 10 < time.monotonic() - began < 50
    began = time.monotonic()
    assert "cannot be read (" in error_at("http://127.0.0.1:9/in.jsonl")
    assert time.monotonic() - began < 50


# fsspec


@pytest.fixture
def memory() -> Iterator[Callable[[str, bytes], None]]:
    system = fsspec.filesystem("memory")

    def put(path: str, data: bytes) -> None:
        system.pipe_file(path, data)

    yield put
    system.store.clear()
    system.pseudo_dirs[:] = [""]


def test_any_file_system_of_fsspec_will_do(
    memory: Callable[[str, bytes], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = mendable(6)
    memory("/d/train/a.jsonl", as_jsonl(rows[:2]))
    memory("/d/train/b.parquet", as_parquet(rows[2:4]))
    memory("/d/train/.hidden/c.jsonl", as_jsonl(rows[:1]))
    memory("/d/test/c.csv.gz", gzip.compress(KINDS[".csv"](rows[4:])))
    for number, (source, ids) in enumerate(
        [
            (["memory://d", "--split", "train"], ["r0", "r1", "r2", "r3"]),
            (["memory://d/", "--split", "test[1:]"], ["r5"]),
            (["memory://d/t*/*.jsonl"], ["r0", "r1"]),
            (["memory://d/train/b.parquet", "memory://d/test/c.csv.gz"], ["r2", "r3", "r4", "r5"]),
        ]
    ):
        out = tmp_path / f"out{number}"
        assert run(["revise", *source, "-o", str(out), "--mock", "-q"]) == 0
        assert ids_in(out / "train.jsonl") == ids
    for source, part in (
        ("memory://d", "holds several splits; choose one with --split: test, tr"),
        ("memory://none.jsonl", "memory://none.jsonl: is not there"),
        ("memory://d/*.csv", "no file matches; mend the pattern"),
        ("odd://x/y.jsonl", "odd://x/y.jsonl: cannot be read (Protocol not known"),
    ):
        assert run(["revise", source, "--mock", "-o", "x"]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert part in line


def test_a_file_system_that_is_not_installed_is_told(clair: Clair) -> None:
    ran = clair("revise", "gs://bucket/in.jsonl", "--mock")
    assert is_told(ran, "clair: gs://bucket/in.jsonl: needs another package (", "gcsfs")
    assert len(ran.err.splitlines()) == 1


class Flaky(MemoryFileSystem):
    """A file system whose connections break."""

    protocol = "flaky"
    store: dict[str, Any] = {}  # noqa: RUF012 - as theirs
    breaks: list[int] = []  # noqa: RUF012
    """Which reads break, counted from 0."""
    reads = 0

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return super()._strip_protocol(path.removeprefix("flaky://"))

    def _open(self, path: str, mode: str = "rb", **kwargs: Any) -> Any:
        file = super()._open(path, mode, **kwargs)
        read = file.read

        def breaking(size: int = -1) -> bytes:
            Flaky.reads += 1
            if Flaky.reads - 1 in Flaky.breaks:
                raise ConnectionResetError("gone")
            return read(size)

        if "r" in mode:
            file.read = breaking
        return file


@pytest.mark.parametrize("ending", [".jsonl", ".jsonl.gz", ".parquet"])
def test_a_broken_read_of_a_file_system_is_made_again(ending: str) -> None:
    fsspec.register_implementation("flaky", Flaky, clobber=True)
    data = {".jsonl": JSONL, ".jsonl.gz": PACKED, ".parquet": PARQUET}[ending]
    fsspec.filesystem("flaky").pipe_file("/in" + ending, data)
    Flaky.reads, Flaky.breaks = 0, [0, 2]
    assert rows_at(f"flaky://in{ending}") == ROWS
    assert Flaky.reads > 3


# S3


@pytest.fixture(scope="module")
def s3() -> Iterator[dict[str, str]]:
    """The environment for a server like S3, with a bucket in it."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    env = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "not-a-secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    client = boto3.client(
        "s3",
        endpoint_url=env["AWS_ENDPOINT_URL"],
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="not-a-secret",
    )
    client.create_bucket(Bucket="data")
    rows = mendable(40)
    for key, data in {
        "runs/train-0.jsonl": as_jsonl(rows[:10]),
        "runs/train-1.jsonl.gz": gzip.compress(as_jsonl(rows[10:20])),
        "runs/test.parquet": as_parquet(rows[20:30]),
        "runs/_SUCCESS": b"",
        "other/x.csv": KINDS[".csv"](rows[30:]),
    }.items():
        client.put_object(Bucket="data", Key=key, Body=data)
    yield env
    server.stop()


def test_object_storage_is_read_by_name_glob_and_directory(
    clair: Clair, s3: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = ["s3://data/runs/train-*", "s3://data/runs/test.parquet", "s3://data/other"]
    ran = clair("revise", *source, "-o", "out", "--mock", "-q", env=s3)
    assert ran.code == 0, ran.err
    assert ids_in(tmp_path / "out" / "train.jsonl") == [f"r{n}" for n in range(40)]
    for name, value in s3.items():
        monkeypatch.setenv(name, value)
    for url, split, rows in (
        ("runs", "test", range(20, 30)),
        ("runs/", "train[5:15]", range(5, 15)),
        ("other/x.csv", "[2:4]", range(32, 34)),
    ):
        found = find_input([f"s3://data/{url}"], split=split)
        assert [raw.cells["id"] for raw in found if raw.cells] == [f"r{n}" for n in rows]
    for url, part in (
        ("data/runs/absent.jsonl", "is not there; mend the address"),
        ("nowhere/in.jsonl", "is not there; mend the address"),
        ("data/runs", "holds several splits"),
        ("data/runs/*.csv", "no file matches"),
    ):
        assert error_at(f"s3://{url}").startswith(f"s3://{url}: {part}")


def test_missing_credentials_are_one_line(clair: Clair, s3: dict[str, str]) -> None:
    bare = {k: "" if "KEY" in k else v for k, v in s3.items()} | {
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_CONFIG_FILE": os.devnull,
    }
    ran = clair("revise", "s3://data/runs/test.parquet", "--mock", "-o", "out", env=bare)
    assert is_told(ran, "clair: s3://data/runs/test.parquet: ", "credentials")
    assert len(ran.err.splitlines()) == 1, ran.err
