"""`clair report`: one page that holds exactly the pairs, and nothing that could run."""

import base64
import gzip
import hashlib
import html
import io
import math
import re
import sqlite3
import statistics
import subprocess
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from clair_cli.cli import main
from clair_cli.contrast.metrics import contrast
from clair_cli.contrast.word_diff import word_diff
from clair_cli.endpoint.prices import Price
from clair_cli.looking.report.embedded_pairs import CHUNK_PAIRS, EmbeddedPairs, Spool
from clair_cli.looking.report.timeline import Reply, timeline
from clair_cli.records import METRICS, Pair, Usage
from clair_cli.rows.control_codes import CONTROL_CODES
from tests.conftest import CLAIR, Clair, Ran, answers, environment, read_rows, write_rows
from tests.hostile import HOSTILE, hostile_run

Report = Callable[..., Ran]


@pytest.fixture
def report(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Report:
    """`clair report` as the console script runs it, without the start of a process each time."""
    monkeypatch.chdir(tmp_path)

    def run_it(*arguments: object) -> Ran:
        code = main.run(["report", *map(str, arguments)])
        told = capfd.readouterr()
        return Ran(code, told.out, told.err)

    return run_it


ROW = {"id": "a", "prompt": "Why?", "response": "Becuase it is so. Because it is so."}
INERT = re.compile(r'<script type="application/octet-stream" id="([\w-]+)">([^<]*)</script>')


class Page:
    """What a report holds."""

    def __init__(self, path: Path) -> None:
        self.text = path.read_text(encoding="utf-8")
        packed = {
            name: gzip.decompress(base64.b64decode(x)) for name, x in INERT.findall(self.text)
        }
        self.about = orjson.loads(packed["about"])
        self.numbers = array("f", packed["numbers"])
        chunks = (packed[f"chunk-{n}"] for n in range(len(self.about["starts"])))
        self.chunks = [orjson.loads(chunk) for chunk in chunks]

    @property
    def pairs(self) -> list[dict[str, Any]]:
        return [pair for chunk in self.chunks for pair in chunk]

    def column(self, name: str) -> list[float]:
        place, total = self.about["metrics"].index(name), self.about["total"]
        return list(self.numbers[place * total : (place + 1) * total])

    @property
    def prose(self) -> str:
        """What a reader sees of the page without its script."""
        bare = re.sub(r"<(script|style).*?</\1>|<[^>]*>", " ", self.text, flags=re.DOTALL)
        return " ".join(html.unescape(bare).split())


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a finished `--mock` run of 150 answers, of which three fail."""
    folder = tmp_path_factory.mktemp("run")
    rows: list[Any] = [{"prompt": f"What is {n}?", "response": f"It is is {n}"} for n in range(150)]
    rows[7]["response"] = rows[70]["response"] = "It is fine."
    rows[9] = {"nothing": 1}
    write_rows(folder / "in.jsonl", rows)
    command = [*CLAIR, "revise", "in.jsonl", "--mock", "-q", "--max-fail-rate", "1"]
    subprocess.run(command, cwd=folder, env=environment(), check=True, timeout=60)
    return folder / "in.clair"


def test_the_page_holds_exactly_the_pairs_and_their_metrics(
    run: Path, tmp_path: Path, clair: Clair
) -> None:
    before = {p: p.read_bytes() for p in run.rglob("*") if p.is_file()}
    done = clair("report", run, "-o", "r.html")
    assert (done.code, done.out, done.err) == (0, "r.html\n", "")
    page, rows = Page(tmp_path / "r.html"), read_rows(run / "train.jsonl")
    assert page.about["total"] == len(rows) == 147
    assert page.about["starts"] == [0, CHUNK_PAIRS, 2 * CHUNK_PAIRS]
    for pair, row in zip(page.pairs, rows, strict=True):
        assert pair["prompt"] == [["user", row["prompt"][0]["content"]]]
        assert pair["chosen"] == row["chosen"][0]["content"]
        assert pair["rejected"] == row["rejected"][0]["content"]
        assert [pair["id"], pair["rationale"], pair["model"]] == [
            *(row["id"], row["rationale"], row["model"])
        ]
    for name in METRICS:
        assert page.column(name) == pytest.approx([row[name] for row in rows])
    assert {p: p.read_bytes() for p in run.rglob("*") if p.is_file()} == before


def test_the_figures_are_those_of_the_pairs(run: Path, tmp_path: Path, report: Report) -> None:
    assert report(run).code == 0
    page, rows = Page(tmp_path / "report.html"), read_rows(run / "train.jsonl")
    values = sorted(row["similarity"] for row in rows)
    ranks = (math.ceil(share * len(values)) - 1 for share in (0.1, 0.5, 0.9))
    told = [statistics.mean(values), values[0], *(values[rank] for rank in ranks), values[-1]]
    assert f"longer length {' '.join(f'{value:.3g}' for value in told)}" in page.prose
    shown = {each["name"]: each["edges"] for each in page.about["histograms"]}
    assert list(shown) == [
        *("similarity", "length_ratio", "kept", "jaccard", "levenshtein", "first_change")
    ]
    assert shown["kept"] == [n / 20 for n in range(20)]
    assert shown["levenshtein"][:3] == [0, 1, 2]
    low, high = page.about["ratios"]
    assert low <= min(row["length_ratio"] for row in rows)
    assert high >= max(row["length_ratio"] for row in rows)


def test_the_same_run_gives_the_same_bytes(run: Path, tmp_path: Path, report: Report) -> None:
    assert report(run).code == 0
    first = (tmp_path / "report.html").read_bytes()
    assert report(run).code == 0
    assert (tmp_path / "report.html").read_bytes() == first
    assert sorted(each.name for each in tmp_path.iterdir()) == ["report.html"]


def test_the_page_says_what_ran_and_why_rows_failed(
    run: Path, tmp_path: Path, report: Report
) -> None:
    assert report(run).code == 0
    prose = Page(tmp_path / "report.html").prose
    for words in ("Rows read 150", "Pairs 147 98.0 % of rows", "Failures 3 2.0 % of rows"):
        assert words in prose
    assert re.search(r"unchanged 2 in\.jsonl, line 8, \w{16} the revision equals the answer", prose)
    assert "no_columns 1 in.jsonl, line 10" in prose
    assert "153 replies in" in prose
    assert "Input in.jsonl" in prose
    assert "-----------------" in prose  # of the template


def test_nothing_but_the_pages_own_script_and_style_may_run(
    run: Path, tmp_path: Path, report: Report
) -> None:
    assert report(run).code == 0
    text = (tmp_path / "report.html").read_text()
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    for tag in ("script", "style"):
        (own,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(own.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert not re.search(r"""(?:src|href|srcset|action)=(?!["'#]*#)|url\(|@import""", text)


def test_hostile_rows_never_reach_the_pages_markup(tmp_path: Path, report: Report) -> None:
    out = hostile_run(tmp_path)
    assert report(out).code == 0
    page = Page(tmp_path / "report.html")
    assert [pair["id"] for pair in page.pairs] == HOSTILE
    assert [pair["chosen"] for pair in page.pairs] == [f"new {text}" for text in HOSTILE]
    tags = re.findall(r"<(script|img|svg|iframe|b)\b([^>]*)>", page.text)
    scripts = [attributes for tag, attributes in tags if tag == "script" and attributes]
    assert len(scripts) == len(INERT.findall(page.text))
    assert "img" not in {tag for tag, _ in tags}
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", page.text)
    assert "{{ 7 * 7 }}" in page.prose
    assert "␛[31m" in page.prose


def test_what_a_pair_says_is_written_out_by_the_rule_of_the_page(
    run: Path, tmp_path: Path, report: Report
) -> None:
    assert report(run).code == 0
    assert f"/[{CONTROL_CODES}]/g;" in (tmp_path / "report.html").read_text()


PROMPT = [{"role": "user", "content": "Why?"}]
SHAPES: dict[str, list[dict[str, Any]]] = {
    "conversational": [
        {
            "prompt": PROMPT,
            "chosen": [{"role": "assistant", "content": "Good."}],
            "rejected": [{"role": "assistant", "content": "Bad."}],
        }
    ],
    "standard": [{"prompt": "Why?", "chosen": "Good.", "rejected": "Bad."}],
    "clair": [
        {
            "prompt": "Why?",
            "chosen": [*PROMPT, {"role": "assistant", "content": "Good."}],
            "rejected": [*PROMPT, {"role": "assistant", "content": "Bad."}],
            "rational": "So.",
        }
    ],
    "unpaired": [
        {"id": "x", "prompt": PROMPT, "completion": "Good.", "label": True},
        {"id": "x", "prompt": PROMPT, "completion": "Bad.", "label": False},
    ],
    "unpaired, rejected first": [
        {"id": "x", "prompt": PROMPT, "completion": "Bad.", "label": False},
        {"id": "x", "prompt": PROMPT, "completion": "Good.", "label": True},
    ],
    "ranked": [
        {
            "prompt": PROMPT,
            "completions": [
                [{"role": "assistant", "content": text}] for text in ("Good.", "So so.", "Bad.")
            ],
        }
    ],
    "ShareGPT": [
        {
            "conversations": [{"from": "human", "value": "Why?"}],
            "prompt": [{"from": "human", "value": "Why?"}],
            "chosen": {"from": "gpt", "value": "Good."},
            "rejected": {"from": "gpt", "value": "Bad."},
        }
    ],
    "dialogue": [
        {
            "chosen": "\n\nHuman: Why?\n\nAssistant: Good.",
            "rejected": "\n\nHuman: Why?\n\nAssistant: Bad.",
        }
    ],
}


@pytest.mark.parametrize("shape", SHAPES)
def test_any_preference_dataset_works(shape: str, tmp_path: Path, report: Report) -> None:
    write_rows(tmp_path / "data.jsonl", SHAPES[shape])
    done = report("data.jsonl")
    assert done.code == 0, done.err
    page = Page(tmp_path / "report.html")
    (pair,) = page.pairs
    told = (pair["prompt"], pair["chosen"], pair["rejected"])
    assert [t if isinstance(t, str) else list(map(tuple, t)) for t in told] == [
        *([("user", "Why?")], "Good.", "Bad.")
    ]
    assert page.column("levenshtein") == [contrast("Bad.", "Good.").levenshtein]
    assert "What ran" not in page.prose


@pytest.mark.parametrize("ending", ["jsonl", "jsonl.gz", "jsonl.zst", "parquet"])
def test_every_file_of_a_run_is_read(
    ending: str, tmp_path: Path, report: Report, run: Path
) -> None:
    rows = read_rows(run / "train.jsonl")[:6]
    out = tmp_path / "out"
    (out / ".clair").mkdir(parents=True)
    shards = {
        "train-00000-of-00002": rows[:3],
        "train-00001-of-00002": rows[3:5],
        "test": rows[5:],
    }
    for name, part in shards.items():
        write_as(out / f"{name}.{ending}", part)
    assert report("out").code == 0
    page = Page(tmp_path / "report.html")
    ids = [row["id"] for row in rows]
    assert [pair["id"] for pair in page.pairs] == ids
    assert page.about["files"] == [f"{name}.{ending}" for name in shards]
    assert report("out", "--split", "train", "--limit", "4").code == 0
    page = Page(tmp_path / "report.html")
    assert [pair["id"] for pair in page.pairs] == ids[:4]
    assert "Only the first 4 pairs were read" in page.prose


def write_as(path: Path, rows: list[dict[str, Any]]) -> None:
    if path.suffix == ".parquet":
        parquet.write_table(pa.Table.from_pylist(rows), path)
        return
    data = b"".join(orjson.dumps(row) + b"\n" for row in rows)
    if path.suffix == ".gz":
        data = gzip.compress(data)
    if path.suffix == ".zst":
        data = zstandard.compress(data)
    path.write_bytes(data)


def test_a_file_output_brings_what_stands_beside_it(
    tmp_path: Path, clair: Clair, report: Report
) -> None:
    write_rows(tmp_path / "in.jsonl", [ROW, {"id": "b", "prompt": "Why?", "response": "Fine."}])
    command = ("revise", "in.jsonl", "-o", "pairs.jsonl", "--mock", "-q", "--max-fail-rate", 1)
    assert clair(*command).code == 0
    assert report("pairs.jsonl").code == 0
    prose = Page(tmp_path / "report.html").prose
    assert "Failures" in prose
    assert "unchanged" in prose
    assert "4 replies in" in prose


def test_the_revision_is_measured_from_the_answer_in_both_directions(
    tmp_path: Path, report: Report
) -> None:
    row = {"prompt": "Why?", "chosen": "One two three four.", "rejected": "One two."}
    for name, direction in (("up", "improve"), ("down", "worsen")):
        (tmp_path / name / ".clair").mkdir(parents=True)
        write_rows(tmp_path / name / "train.jsonl", [row])
        record = {"template": {"name": "t", "direction": direction}}
        (tmp_path / name / ".clair/run.json").write_bytes(orjson.dumps(record))
        assert report(name, "-o", f"{name}.html").code == 0
    assert Page(tmp_path / "up.html").column("kept") == [1.0]
    assert Page(tmp_path / "down.html").column("kept") == [0.5]


def test_rows_that_are_no_pairs_are_told(tmp_path: Path, report: Report) -> None:
    good = {"prompt": "Why?", "chosen": "Good.", "rejected": "Bad."}
    data = [good, {**good, "chosen": None}, {"label": True, "completion": "a", "prompt": "b"}]
    write_rows(tmp_path / "data.jsonl", data)
    assert report("data.jsonl").code == 0
    page = Page(tmp_path / "report.html")
    assert len(page.pairs) == 1
    assert "1 row is no pair and is left out. 1 unpaired row has no other side." in page.prose
    assert "data.jsonl, line 2: has null instead of text in 'chosen'" in page.prose


def test_a_run_without_pairs_still_has_its_report(
    tmp_path: Path, clair: Clair, report: Report
) -> None:
    write_rows(tmp_path / "in.jsonl", [{"prompt": "Why?", "response": "Fine."}])
    clair("revise", "in.jsonl", "--mock", "-q")
    done = report("in.clair")
    assert done.code == 0, done.err
    text = (tmp_path / "report.html").read_text()
    assert "This run made no pairs." in text
    assert "unchanged" in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing"], "nothing: no such file"),
        (["plain.jsonl"], "plain.jsonl, line 1: is not a pair"),
        (["empty.jsonl"], "empty.jsonl: holds no pairs"),
        (["unfinished"], "unfinished: the run has not finished; run the same"),
        (["data.jsonl", "-o", "."], "-o .: is a directory"),
        (["data.jsonl", "-o", "no/r.html"], "-o no/r.html: there is no such directory"),
        (["data.jsonl", "-o", "data.jsonl"], "exists and is no report of clair's"),
        (["data.jsonl", "--store", "no.db"], "--store no.db: no such file"),
        (["data.jsonl", "--store", "data.jsonl"], "data.jsonl: cannot be read as a store"),
        (["data.jsonl", "-o", "/dev/full/x.html"], "there is no such directory"),
    ],
)
def test_an_error_is_one_line_with_a_cure(
    arguments: list[str], words: str, tmp_path: Path, report: Report
) -> None:
    write_rows(tmp_path / "plain.jsonl", answers(200))
    write_rows(tmp_path / "empty.jsonl", [])
    write_rows(tmp_path / "data.jsonl", SHAPES["standard"])
    (tmp_path / "unfinished/.clair").mkdir(parents=True)
    before = sorted(tmp_path.rglob("*"))
    done = report(*arguments)
    assert done.code == 2
    assert words in done.err
    assert done.err.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


def test_a_report_is_replaced_and_a_failed_one_leaves_the_old(
    tmp_path: Path, report: Report
) -> None:
    write_rows(tmp_path / "data.jsonl", SHAPES["standard"])
    assert report("data.jsonl").code == 0
    old = (tmp_path / "report.html").read_bytes()
    (tmp_path / "open.html").hardlink_to(tmp_path / "report.html")
    write_rows(tmp_path / "data.jsonl", [*SHAPES["standard"], {"prompt": "b"}])
    assert report("data.jsonl").code == 0
    new = (tmp_path / "report.html").read_bytes()
    assert new != old
    assert (tmp_path / "open.html").read_bytes() == old  # replaced as a whole, not written over
    (tmp_path / "data.jsonl").write_text("{")
    assert report("data.jsonl").code == 2
    assert (tmp_path / "report.html").read_bytes() == new


def test_an_older_store_and_a_broken_record_still_give_a_report(
    run: Path, tmp_path: Path, report: Report
) -> None:
    out = tmp_path / "out"
    (out / ".clair").mkdir(parents=True)
    (out / "train.jsonl").write_bytes((run / "train.jsonl").read_bytes())
    (out / ".clair/run.json").write_text('{"counts": [], "parameters": 3, "seconds": "x"}')
    store = sqlite3.connect(out / ".clair/store.sqlite3")
    store.execute("CREATE TABLE replies (digest, occurrence, attempt, reply, stored_at)")
    store.execute("INSERT INTO replies VALUES (1, 0, 1, 'not JSON', 1000.5)")
    store.commit()
    store.close()
    done = report("out")
    assert done.code == 0, done.err
    assert "Their latency was not measured." in Page(tmp_path / "report.html").prose


def test_the_timeline_adds_up_and_leaves_pauses_out() -> None:
    first = [Reply(1000 + n, 0.5 + n, Usage(10, 5)) for n in range(100)]
    later = [Reply(90_000 + n, 0, Usage(20, 0)) for n in range(20)]
    price = Price(prompt=1_000_000, completion=2_000_000)  # type: ignore[arg-type]
    found = timeline([*later, *reversed(first)], price)
    assert found is not None
    assert (found.replies, found.pauses) == (120, 1)
    assert found.latency == (49.5, 89.5)
    assert sum(each.replies for each in found.bins) == 120
    assert sum(each.tokens for each in found.bins) == 100 * 15 + 20 * 20
    assert found.bins[-1].cost == 100 * 20 + 20 * 20
    assert found.seconds == pytest.approx(0.5 + 99 + 19)
    assert found.bins[1].requests_a_second == pytest.approx(1)
    assert found.bins[-1].median is None
    assert timeline([], price) is None


@given(
    st.lists(
        st.builds(
            lambda texts, turns, extra: (texts, turns, extra),
            st.lists(st.text(), min_size=5, max_size=5),
            st.lists(st.tuples(st.text(), st.text()), max_size=3),
            st.dictionaries(st.text(), st.text(), max_size=2),
        ),
        max_size=80,
    )
)
def test_chunks_hold_any_text_in_letters_that_mean_nothing_in_html(
    drawn: list[tuple[list[str], list[tuple[str, str]], dict[str, str]]],
) -> None:
    embedded = EmbeddedPairs(Spool(io.BytesIO()), worsens=False)
    for (name, *texts), turns, extra in drawn:
        prompt = [{"role": role, "content": said} for role, said in turns]
        pair = Pair(name, prompt, *texts, contrast(texts[1], texts[0]), extra)
        embedded.add(pair, "a")
    embedded.close()
    lines = list(embedded.chunks)
    assert all(re.fullmatch(r"[A-Za-z0-9+/=]+", line) for line in [*lines, embedded.about])
    assert {base64.b64decode(line)[4:8] for line in lines} <= {bytes(4)}  # no time of day
    told = [pair for x in lines for pair in orjson.loads(gzip.decompress(base64.b64decode(x)))]
    assert len(told) == embedded.total == len(drawn)
    for pair, ((name, *texts), turns, extra) in zip(told, drawn, strict=True):
        names = ("id", "chosen", "rejected", "rationale", "model")
        assert [pair[each] for each in names] == [name, *texts]
        assert (pair["prompt"], pair["extra"]) == ([list(turn) for turn in turns], extra)


SCRIPTS = st.lists(
    st.sampled_from(
        [
            *("one", "two", "Two", " ", " ", "\n", ", ", "\U0001d49c\U0001d49e", "𠮷野家", "日本"),
            *("👍🏽", "👨‍👩‍👧", "🇫🇷🇩🇪", "cafe\u0301", "น้ำใส", "हिन्दी", "สวัสดี", "\ud83d", "\udc4d"),
        ]
    ),
    max_size=12,
).map("".join)


@given(SCRIPTS, SCRIPTS)
@settings(deadline=None)
def test_the_diff_of_a_pair_is_told_in_the_units_of_javascript(old: str, new: str) -> None:
    """A unit is two bytes of UTF-16; half a surrogate pair is one, as what the page has for it."""
    embedded = EmbeddedPairs(Spool(io.BytesIO()), worsens=False)
    embedded.add(Pair("a", [], new, old, "", "", contrast(old, new)), "a")
    embedded.close()
    ((pair,),) = [orjson.loads(gzip.decompress(base64.b64decode(x))) for x in embedded.chunks]
    left, right = (pair[side].encode("utf-16-le") for side in ("rejected", "chosen"))
    found, places = [], {"gone": 0, "new": 0}
    for number, length in enumerate(pair["diff"]):
        kind = ("same", "gone", "new")[number % 3]
        text = (right if kind == "new" else left)[places["new" if kind == "new" else "gone"] :]
        found += [(kind, text[: 2 * length].decode("utf-16-le"))] if length else []
        for side in places:
            places[side] += 2 * length if kind in {"same", side} else 0
    whole = str.maketrans({chr(code): "?" for code in range(0xD800, 0xE000)})
    assert found == [(kind, text.translate(whole)) for kind, text in word_diff(old, new)]
    assert places == {"gone": len(left), "new": len(right)}
