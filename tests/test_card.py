"""The dataset card: what a publisher would say, whatever the rows, names and replies hold."""

import asyncio
import functools
import http.server
import os
import random
import re
import threading
import unicodedata
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml
from huggingface_hub import DatasetCard
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from clair_cli import __version__
from clair_cli.cli.main import run
from clair_cli.endpoint.prices import Price
from clair_cli.prompts.shipped import load_template
from clair_cli.records import Answered, Contrast, Emitted, Failure, Pair, RowRead, Usage
from clair_cli.run.card.front_matter import front_matter
from clair_cli.run.card.markdown import code, escaped, fenced, table
from clair_cli.run.card.readme import card
from clair_cli.run.record import Run, run_record
from clair_cli.run.tally import Tally
from clair_cli.writers.formats import FORMATS
from tests.conftest import Clair, Ran, answers, read_rows, write_rows
from tests.serving import Asked, Endpoint, Reply, completion, improve, revised, serving

HEADINGS = [
    *("Contents", "How it was made", "Contrast", "A pair", "Columns"),
    *("Training", "Limits", "Licence", "Citation"),
]
HOSTILE = (
    "---\nlicense: evil\n---\n# Owned | x | `code` ``two`` ````four````\n"
    "<script>alert(1)</script> <img src=x onerror=y> </details> <!-- \n"
    "[a](javascript:b) ![c](d) *e* **f** _g_ ~~h~~ &lt; {{ i }} {% j %}\n"
    "~~~~\n```sh\nrm\n```\n````\n| a | b |\n| --- | --- |\n"
    "key: value # no: [yes, {'\"' : !!python/object:os.system}] \\ \\| \\n\n"
    "\x1b[31mred\x07\x9b2J \u202eright \u061cto left \u2028\x85\x00\ufeff\r\r# Heading\r"
)
DIRECTING = {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}
WORSEN = """\
direction = "worsen"
[markers]
reasoning = ["teacher_reasoning"]
revision = ["corrected_student_solution"]
[[messages]]
role = "user"
content = "Make it worse. {{ prompt }} {{ response }}"
"""


class Card:
    """A card, taken apart as the Hub would."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.loaded = DatasetCard(text)
        self.data = self.loaded.data.to_dict()
        self.tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(
            self.loaded.text
        )  # fmt: skip

    @classmethod
    def at(cls, path: Path) -> "Card":
        return cls((path / "README.md").read_text(encoding="utf-8"))

    @property
    def kinds(self) -> set[str]:
        inner = {each.type for token in self.tokens for each in token.children or []}
        return {token.type for token in self.tokens} | inner

    @property
    def headings(self) -> list[str]:
        found = [
            self.tokens[i + 1].content for i, t in enumerate(self.tokens) if t.tag == "h2" and t.map
        ]
        assert sum(token.type == "heading_open" for token in self.tokens) == len(found) + 1
        return found

    @property
    def blocks(self) -> list[str]:
        """What stands in fences."""
        return [token.content for token in self.tokens if token.type == "fence"]

    @property
    def cells(self) -> dict[str, list[str]]:
        """The cells of all tables but that of the columns, by the first of a row."""
        return {name: cells for table in self.tables[:-1] for name, cells in table.items()}

    @property
    def tables(self) -> list[dict[str, list[str]]]:
        """The cells of each table as a reader sees them, by the first of a row."""
        tables: list[list[list[str]]] = []
        for token in self.tokens:
            if token.type == "table_open":
                tables.append([])
            elif token.type == "tr_open":
                tables[-1].append([])
            elif token.type == "inline" and tables and token.level >= 4:
                tables[-1][-1].append("".join(t.content for t in token.children or []))
        return [{row[0]: row[1:] for row in rows} for rows in tables]


def is_hidden(char: str) -> bool:
    """Whether a reader could not see `char`, or would be led astray by it."""
    return (
        (unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} and char not in "\n\t")
        or unicodedata.bidirectional(char) in DIRECTING
        or char in "\u061c\u200e\u200f\ufeff\ufffe\uffff"
    )


def shown(text: str) -> str:
    """`text` as a fence shows it."""
    lines = text.replace("\r\n", "\n").removesuffix("\n") + "\n"
    return "".join(f"\\u{ord(c):04x}" if is_hidden(c) else c for c in lines)


def shown_line(text: str) -> str:
    """`text` as it is shown within a line."""
    return shown(" ".join(text.split()))[:-1]


@pytest.fixture
def quick(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Clair:
    """Run `clair` in this process: it is the page that matters here, not the process."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(("OPENAI_", "CLAIR_"))]:
        monkeypatch.delenv(name)

    def run_here(*arguments: object) -> Ran:
        code = run([*map(str, arguments)])
        return Ran(code, *capsys.readouterr())

    return run_here


def revise(clair: Clair, server: Endpoint, *more: object) -> None:
    ran = clair("revise", "in.jsonl", "-o", "out", "--base-url", server.base_url, *more)
    assert ran.code == 0, ran.err


# What it says


def test_the_hub_reads_what_the_card_states(tmp_path: Path, clair: Clair) -> None:
    write_rows(tmp_path / "in.jsonl", [
        {"id": "a", "prompt": "Say it.", "response": "This is is a test, dont you think?"},
        {"id": "b", "prompt": "Say that.", "response": "All is well here."},
    ])  # fmt: skip
    options = ("--license", "CC-BY-4.0", "--language", "en", "--language", "no")
    ran = clair("revise", "in.jsonl", "--mock", *options, "--max-fail-rate", 0.5)
    assert ran.code == 0, ran.err
    made = Card.at(tmp_path / "in.clair")
    digest = made.data["configs"][0].pop("description")
    assert re.fullmatch("pairs sha256:[0-9a-f]{64}", digest)
    assert made.data == {
        "pretty_name": "Revision pairs from in.jsonl",
        "license": "cc-by-4.0",
        "language": ["en", "no"],
        "task_categories": ["text-generation"],
        "size_categories": ["n<1K"],
        "tags": ["preference", "dpo", "apo", "clair", "trl", "synthetic"],
        "configs": [
            {
                "config_name": "default",
                "data_files": [{"split": "train", "path": "train.jsonl"}],
            }
        ],
    }
    assert made.headings == HEADINGS
    assert made.cells["rows read"] == ["2"]
    assert made.cells["pairs"] == ["1"]
    assert made.cells["rows in train"] == ["1"]
    assert made.cells["failures: unchanged"] == ["1"]
    assert "rule-based copy editor" in made.text
    assert "cost" not in made.cells
    assert "This is is a test, dont you think?\n" in made.blocks
    assert any("2408.06266" in block and "Karel D'Oosterlinck" in block for block in made.blocks)


def test_the_card_tells_model_template_parameters_tokens_and_cost(
    tmp_path: Path, quick: Clair, endpoint: Endpoint
) -> None:
    write_rows(tmp_path / "in.jsonl", answers(4))
    priced = ("--price-in", 2, "--price-out", "10.50", "--temperature", 0.5, "--param", "top_p=0.9")
    revise(quick, endpoint, "-m", "gpt-4o", *priced, "--limit", 3, "--header", "x-secret: shh-9")
    made = Card.at(tmp_path / "out")
    assert made.data["license"] == "unknown"
    assert "language" not in made.data
    assert made.cells["model asked for"] == ["gpt-4o"]
    assert made.cells["model that replied"] == ["scripted"]
    assert orjson.loads(made.cells["parameters"][0]) == {"temperature": 0.5, "top_p": 0.9}
    assert made.cells["prompt tokens"] == ["30"]
    assert made.cells["cost"] == [
        "0.0002 USD at 2 and 10.5 USD for a million tokens in and out, as given by whoever ran it"
    ]
    assert load_template("clair").text in made.blocks
    command = (
        "clair revise in.jsonl --limit 3 -m gpt-4o --prompt clair --temperature 0.5 "
        "--param top_p=0.9 --format conversational"
    )
    assert f"{command}\n" in made.blocks
    assert f"With clair {__version__}:" in made.text
    record = (tmp_path / "out/.clair/run.json").read_text()
    assert orjson.loads(record)["command"] == command
    assert "shh-9" not in made.text + record
    assert endpoint.base_url not in made.text


def test_the_contrast_table_holds_the_quantiles_of_the_pairs(tmp_path: Path, quick: Clair) -> None:
    def script(asked: Asked) -> Reply:
        return completion(revised(asked.answer + "!" * int(asked.text.split("What is ")[1][0])))

    rows = [{"prompt": f"What is {n}?", "response": "It is so."} for n in range(1, 10)]
    write_rows(tmp_path / "in.jsonl", rows)
    with serving(script) as server:
        revise(quick, server, "-m", "x")
    made = Card.at(tmp_path / "out")
    assert made.cells["levenshtein"][:4] == ["5", "1", "5", "9"]
    assert made.cells["first_change"][:4] == ["9"] * 4
    counts = orjson.loads((tmp_path / "out/.clair/run.json").read_bytes())["counts"]
    assert counts["contrast_means"]["levenshtein"] == 5
    assert counts["contrast_quantiles"]["levenshtein"] == {"p10": 1, "p50": 5, "p90": 9}
    pairs = read_rows(tmp_path / "out/train.jsonl")
    similar = sorted(pair["similarity"] for pair in pairs)
    assert counts["contrast_quantiles"]["similarity"]["p50"] == pytest.approx(similar[4], rel=0.005)


def test_a_worsened_pair_is_told_the_right_way_round(tmp_path: Path, quick: Clair) -> None:
    (tmp_path / "bad.toml").write_text(WORSEN)
    write_rows(tmp_path / "in.jsonl", [{"prompt": "Why?", "response": "Because it is."}])
    with serving(lambda asked: completion(revised("Cause it be."))) as server:
        revise(quick, server, "-m", "x", "--prompt", tmp_path / "bad.toml")
    made = Card.at(tmp_path / "out")
    assert "The answer is `chosen`, a minimally worsened version of it is `rejected`." in made.text
    assert (
        "Chosen:\n\n```text\nBecause it is.\n```\n\nRejected:\n\n```text\nCause it be." in made.text
    )
    assert made.tables[-1]["chosen"][1] == "the original answer"
    assert made.tables[-1]["rejected"][1] == "the worsened version"
    assert "which are the original ones" in made.text
    assert "made worse on purpose" in made.text
    assert f"{WORSEN}" in made.blocks
    assert "--prompt bad.toml " in made.text
    assert str(tmp_path) not in made.text


def test_without_pairs_the_card_is_whole(tmp_path: Path, quick: Clair) -> None:
    write_rows(tmp_path / "in.jsonl", answers(2))
    ran = quick("revise", "in.jsonl", "-o", "out", "-m", "x", "--offline", "--max-fail-rate", 1)
    assert ran.code == 0, ran.err
    made = Card.at(tmp_path / "out")
    assert made.headings == [h for h in HEADINGS if h not in {"Contrast", "A pair"}]
    assert made.cells["pairs"] == ["0"]
    assert made.cells["failures: offline"] == ["2"]
    assert made.data["size_categories"] == ["n<1K"]


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_every_column_that_is_written_is_explained(form: str, tmp_path: Path, quick: Clair) -> None:
    row = {"prompt": "Say it.", "response": "This is is a test.", "topic": "t", "we|ird`": 1}
    write_rows(tmp_path / "in.jsonl", [row])
    options = ["--format", form, "--keep-columns", "topic,we|ird`", "--keep-thinking"]
    options += ["--min-kept", "0.1", "--keep-best", *(["--also", "worsen"] * (form == "ranked"))]
    ran = quick("revise", "in.jsonl", "--mock", *options)
    assert ran.code == 0, ran.err
    written = read_rows(tmp_path / "in.clair/train.jsonl")[0]
    explained = Card.at(tmp_path / "in.clair").tables[-1]
    kept = {"topic", "we|ird`"}
    assert {*written, *kept} - explained.keys() == set()
    assert all(explained[name][1] == "kept from the input" for name in kept)


# The pair that is shown


def reply_of_length(asked: Asked) -> Reply:
    return completion(revised(f"{asked.answer} Yes.", "r" * 10))


@pytest.mark.parametrize("lengths", [(5000, 40, 50), (5000, 3000)])
def test_the_first_pair_of_moderate_length_is_shown(
    lengths: tuple[int, ...], tmp_path: Path, quick: Clair
) -> None:
    rows = [{"prompt": "P?", "response": f"{n} " + "word " * (n // 5)} for n in lengths]
    write_rows(tmp_path / "in.jsonl", rows)
    with serving(reply_of_length) as server:
        revise(quick, server, "-m", "x")
    made = Card.at(tmp_path / "out")
    moderate = 40 in lengths
    sides = [block for block in made.blocks if block.startswith("40 " if moderate else "5000 ")]
    assert len(sides) == 2
    assert ("is longer: it is cut after 1,200 characters" in made.text) is not moderate
    assert all(side.endswith("\N{HORIZONTAL ELLIPSIS}\n") is not moderate for side in sides)
    assert all(len(side) <= 1202 for side in sides)


# Nothing in it is markup


def check_structure(made: Card, evil: str) -> None:
    assert made.headings == HEADINGS
    assert (
        made.kinds & {"html_block", "html_inline", "image", "hr", "lheading", "code_block"} == set()
    )
    links = {t.attrs["href"] for token in made.tokens for t in token.children or [] if t.attrs}
    assert links == {"https://arxiv.org/abs/2408.06266"}
    assert len(made.blocks) == 8  # command, template, four of the pair, training, citation
    assert shown(evil) in made.blocks
    assert made.data["license"] == "unknown"
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u202a-\u202e\u2066-\u2069]", made.text)


def test_hostile_rows_names_and_replies_stay_text(tmp_path: Path, clair: Clair) -> None:
    evil = HOSTILE.replace("\x00", "")
    name = b"my " + evil.replace("/", "").encode()[:90] + b" \xff.jsonl"
    quoted = orjson.dumps(evil).decode().replace("\x7f", "")
    body = re.sub(r"^.*?(?=direction)", "", load_template("clair").text, flags=re.DOTALL)
    (tmp_path / "te`|mp<b>.toml").write_text(
        f"# ``````` fence\nsource = {quoted}\nlicence = '''</td> | x'''\n{body}"
    )
    row = {"id": evil, "prompt": HOSTILE, "response": f"{HOSTILE} one"}
    path = tmp_path.joinpath(name.decode("utf-8", "surrogateescape"))
    write_rows(path, [row])

    def script(asked: Asked) -> Reply:
        reply = completion(revised("It is another answer, <b>and</b> a `plain` one.", "Since."))
        return {**reply, "model": evil}

    with serving(script) as server:
        ran = clair(
            *("revise", path.name, "-o", "out", "-m", evil, "--base-url", server.base_url),
            *("--prompt", "te`|mp<b>.toml", "--param", f"user={quoted}"),
        )
    assert ran.code == 0, ran.err
    made = Card.at(tmp_path / "out")
    check_structure(made, HOSTILE)
    assert made.data["pretty_name"].startswith("Revision pairs from my --- license: evil --- # Own")
    assert len(made.cells["model asked for"]) == 1
    assert "<script>alert(1)</script>" in made.cells["model asked for"][0]
    assert made.cells["template"] == ["te`|mp<b>"]
    assert made.cells["template licence"] == ["</td> | x"]
    assert made.cells["template from"] == [shown_line(evil)]


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("`|\\*_<>&~$[]()#-\n\r! a"))))
def test_any_text_is_shown_as_it_is(text: str) -> None:
    """In a fence, a line, a table and a value of YAML, whatever dialect has tables or HTML on."""
    fence = MarkdownIt("commonmark", {"html": True}).parse(f"A.\n\n{fenced(text)}\n\nB.")
    assert [token.type for token in fence if token.type == "fence"] == ["fence"]
    assert fence[3].content.removesuffix("\n") == shown(text).removesuffix("\n")
    assert [t.content for t in fence if t.type == "inline"] == ["A.", "B."]
    for written in (escaped(text), code(text)):
        cells = table(("a", "b"), [("x", f"it is {written}"), ("y", "z")])
        for html in (True, False):
            dialect = MarkdownIt("commonmark", {"html": html}).enable(["table", "strikethrough"])
            inline = [token for token in dialect.parse(cells) if token.type == "inline"]
            assert [t.content for t in inline if t.content in {"a", "b", "x", "y", "z"}] == [
                *"abxyz"
            ]
            seen = "".join(child.content for child in inline[3].children or [])
            assert seen == f"it is {shown_line(text)}".rstrip()
    assert_front_matter_holds(text)


def assert_front_matter_holds(text: str) -> None:
    run, line = a_run(source_licences=(f"l{text}", text), languages=(f"l{text}",)), shown_line(text)
    written = front_matter(run, text, "d", {"train": ["train.jsonl"]}, {"train": 1})
    begin, inside, end = re.split("^---$", written, flags=re.MULTILINE)
    assert (begin, end) == ("", "\n")
    found = yaml.safe_load(inside)
    assert found.get("pretty_name", "") == line
    said = [shown_line(f"l{text}"), *([line] if text else [])]
    assert found["license"] == (said if text else said[0])
    assert found["language"] == said[:1]


# Nothing in it is secret, and nothing depends on chance


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    """A server of files."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    handler = functools.partial(Quiet, directory=str(tmp_path))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_signed_url_keeps_its_signature_to_itself(
    tmp_path: Path, quick: Clair, endpoint: Endpoint, web: str
) -> None:
    write_rows(tmp_path / "in.jsonl", answers(1))
    url = f"http://{web}/in.jsonl?signature=s3cr3t"
    out = ("-o", "out", "-m", "x", "--base-url", endpoint.base_url)
    ran = quick("revise", url, *out)
    assert ran.code == 0, ran.err
    record = orjson.loads((tmp_path / "out/.clair/run.json").read_bytes())
    made = Card.at(tmp_path / "out")
    assert "s3cr3t" not in record["command"] + record["input"] + made.text
    assert made.data["pretty_name"] == f"Revision pairs from http://{web}/in.jsonl"
    assert f"clair revise http://{web}/in.jsonl -m x " in made.text


async def in_any_order(asked: Asked) -> Reply:
    await asyncio.sleep(random.Random(asked.raw).uniform(0, 0.01))
    reply = improve(asked)
    assert isinstance(reply, dict)
    number = int(asked.answer.split()[-1].rstrip("."))
    if number % 10 == 3:
        return completion("No headings today.")
    return {**reply, "model": f"m-{number}"}


def test_the_card_is_the_same_at_any_concurrency(tmp_path: Path, clair: Clair) -> None:
    write_rows(tmp_path / "in.jsonl", answers(40))
    texts = set()
    for concurrency in (1, 64):
        with serving(in_any_order) as server:
            ran = clair(
                *("revise", "in.jsonl", "-o", f"out{concurrency}", "-m", "gpt-4o", "--attempts", 1),
                *("--base-url", server.base_url, "-c", concurrency, "--max-fail-rate", 0.5),
            )
        assert ran.code == 0, ran.err
        texts.add((tmp_path / f"out{concurrency}/README.md").read_bytes())
    assert len(texts) == 1
    made = Card(texts.pop().decode())
    assert made.cells["failures: no_markers"] == ["4"]
    assert "genai-prices" in made.cells["cost"][0]
    models = made.cells["model that replied"][0].split(", ")
    assert (len(models), models[0], models[-1]) == (21, "m-0", "others")


@pytest.mark.parametrize(
    "options",
    [
        ("--license", "mit\nx: y"),
        ("--license", "my licence"),
        ("--language", "en, de"),
        ("--language", ""),
        ("--language", "-"),
    ],
)
def test_what_is_no_id_of_the_hub_is_refused(options: tuple[str, str], quick: Clair) -> None:
    ran = quick("revise", "in.jsonl", "--mock", "-q", *options)
    assert ran.code == 2
    assert len(ran.err.splitlines()) == 1
    assert options[0] in ran.err


# What other modules hand to it


def a_run(form: str = "conversational", **fields: Any) -> Run:
    return Run("user/name", load_template("clair"), {"model": "m"}, form, {}, 0.0, **fields)


def a_tally() -> Tally:
    tally = Tally()
    tally.observe(RowRead(10))
    tally.observe(Answered(Usage(1000, 500), paid=True))
    pair = Pair("i", [{"role": "user", "content": "P"}], "C", "R", "W", "m",
                Contrast(1, 0.5, 0.5, 0.5, 1.0, 0))  # fmt: skip
    tally.observe(Emitted(pair))
    tally.observe(Emitted(Failure("j", 2, "empty", "was empty", 3, {})))
    return tally


def test_shards_and_splits_are_named_by_globs() -> None:
    shards = [f"train-{n:05}-of-00004.parquet" for n in range(4)]
    files = {"train": shards, "test": ["test.parquet"], "odd": ["b.parquet", "a.parquet"]}
    rows = {"train": 1_000_000, "test": 20, "odd": 2}
    made = Card(card(a_run(), a_tally(), "d" * 64, files, rows).decode())
    assert made.data["configs"][0]["data_files"] == [
        {"split": "train", "path": "train-*-of-00004.parquet"},
        {"split": "test", "path": "test.parquet"},
        {"split": "odd", "path": ["a.parquet", "b.parquet"]},
    ]
    assert made.data["size_categories"] == ["1M<n<10M"]
    assert made.cells["rows in test"] == ["20"]
    assert "--dataset_test_split test" in made.text


def test_a_dataset_of_the_hub_is_named_with_its_licence() -> None:
    run = a_run(
        source_dataset="user/name",
        source_commit="c0ffee",
        source_licences=("mit",),
        languages=("en",),
        price=Price(Decimal("2.50"), Decimal(10), "as the list has it"),
    )
    made = Card(card(run, a_tally(), "d", {"train": ["train.jsonl"]}, {"train": 1}).decode())
    assert made.data["source_datasets"] == ["user/name"]
    assert made.data["license"] == "mit"
    assert made.data["language"] == ["en"]
    assert "the dataset `user/name` (commit `c0ffee`)" in made.text
    assert made.cells["cost"][0].startswith("0.0075 USD at 2.5 and 10 USD")
    both = a_run(source_dataset="user/name", source_licences=("mit", "cc0-1.0"))
    made = Card(card(both, a_tally(), "d", {"train": ["train.jsonl"]}, {"train": 1}).decode())
    assert made.data["license"] == ["mit", "cc0-1.0"]
    own = a_run(source_dataset="user/name", source_licences=("mit",), licence="cc0-1.0")
    made = Card(card(own, a_tally(), "d", {"train": ["train.jsonl"]}, {"train": 1}).decode())
    assert made.data["license"] == "cc0-1.0"
    assert "- The dataset `user/name`: `mit`." in made.text


@pytest.mark.parametrize(
    ("form", "says", "silent"),
    [
        ("conversational", ["trl dpo", "apo_zero", "apo_down"], ["trl kto"]),
        ("standard", ["trl dpo", "apo_zero", "apo_down"], ["trl kto"]),
        ("unpaired", ["trl kto", "apo_zero_unpaired", "two a pair", "`label`"], ["trl dpo"]),
        ("clair", ["does not train", "`rational`", "--format conversational"], ["pip install"]),
    ],
)
def test_each_format_is_told_how_to_train_on(form: str, says: list[str], silent: list[str]) -> None:
    made = Card(
        card(a_run(form), a_tally(), "d", {"train": ["train.jsonl"]}, {"train": 2}).decode()
    )
    assert made.headings == HEADINGS
    assert [word for word in says if word not in made.text] == []
    assert [word for word in silent if word in made.text] == []
    assert ("trl" in made.data["tags"]) is (form != "clair")


def test_the_record_of_a_run_that_goes_on_has_no_end() -> None:
    begun = run_record(a_run(command="clair revise x"), Tally(), finished=False)
    assert (begun["finished"], begun["seconds"]) == (None, None)
    assert (begun["files"], begun["splits"]) == ([], {})
    done = run_record(a_run(), a_tally(), files={"train": ("a", "b")}, rows={"train": 1})
    assert done["finished"] > done["started"]
    assert (done["files"], done["splits"]) == (["a", "b"], {"train": 1})
    assert begun["command"] == "clair revise x"
