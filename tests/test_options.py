"""What the command line, variables and clair.toml ask for, and what each refuses."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from clair_cli import __version__
from clair_cli.cli.main import run
from tests.conftest import CLAIR, ROOT, Clair, answers, environment, read_rows, write_rows
from tests.serving import Asked, Endpoint, Reply, completion, refuse, serving

KEY = "sk-test-3c1d9fe27ab04"
PUBLIC = "http://8.8.8.8/v1"
MESSY = {"id": "messy", "prompt": "Say it.", "response": "This is is a test, dont you think?"}

Refused = Callable[..., str]


@pytest.fixture(autouse=True)
def rows(tmp_path: Path) -> Path:
    """An input of three rows."""
    return write_rows(tmp_path / "in.jsonl", answers(3))


@pytest.fixture
def refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Refused:
    """Run a command line that must end with code 2; gives the one line that says why."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(("OPENAI_", "CLAIR_"))]:
        monkeypatch.delenv(name)

    def check(*arguments: object, quiet: bool = True) -> str:
        code = run([*map(str, arguments), *(["--quiet"] if quiet else [])])
        out, err = capsys.readouterr()
        assert (code, out) == (2, ""), err
        assert err.startswith("clair: ")
        assert len(err.splitlines()) == 1
        return err

    return check


def asking(endpoint: Endpoint, *more: object) -> list[object]:
    return ["revise", "in.jsonl", "--base-url", endpoint.base_url, *more]


def header(asked: Asked, name: str) -> str:
    """A request's header; their names know no case."""
    found = [value for key, value in asked.headers.items() if key.lower() == name.lower()]
    return ", ".join(found)


def fields(endpoint: Endpoint) -> dict[str, Any]:
    """What the last request held besides its messages."""
    return {k: v for k, v in endpoint.asked[-1].body.items() if k != "messages"}


def everything_in(directory: Path) -> bytes:
    """The bytes of every file, and their names."""
    found = [p for p in directory.rglob("*") if p.is_file()]
    return b"\n".join(str(p).encode() + b"\n" + p.read_bytes() for p in found)


# Where options come from


def test_the_command_line_wins_then_variables_then_the_file(
    clair: Clair, endpoint: Endpoint, tmp_path: Path
) -> None:
    (tmp_path / "clair.toml").write_text(
        f'model = "file"\ntemperature = 0.1\nmax-tokens = 7\nbase_url = "{endpoint.base_url}"\n'
        'param = ["top_p=0.5", "stop=[\\"a b\\"]"]\nheader = ["X-Team: red"]\n'
        "[revise]\nseed = 3\n[mock]\nlatency = 9\n"
    )
    variables = {"CLAIR_MODEL": "variable", "CLAIR_TEMPERATURE": "0.2"}
    ran = clair("revise", "in.jsonl", "-m", "line", env=variables)
    assert ran.code == 0, ran.err
    assert fields(endpoint) == {
        "model": "line",
        "temperature": 0.2,
        "max_tokens": 7,
        "seed": 3,
        "top_p": 0.5,
        "stop": ["a b"],
    }
    assert header(endpoint.asked[-1], "X-Team") == "red"


def test_another_file_takes_the_place_of_clair_toml(
    clair: Clair, endpoint: Endpoint, tmp_path: Path
) -> None:
    (tmp_path / "clair.toml").write_text('model = "default"\nseed = 1\n')
    (tmp_path / "other.toml").write_text('[revise]\nmodel = "other"\n')
    assert clair(*asking(endpoint), "--config-file", "other.toml").code == 0
    assert fields(endpoint) == {"model": "other"}
    ran = clair(*asking(endpoint, "-m", "x"), env={"CLAIR_CONFIG_FILE": "other.toml"})
    assert ran.code == 0, ran.err
    assert fields(endpoint) == {"model": "x"}


def test_options_go_by_their_own_names_in_variables_and_the_file(
    clair: Clair, endpoint: Endpoint, tmp_path: Path
) -> None:
    standard = {"CLAIR_FORMAT": "standard", "CLAIR_OUTPUT": "-", "CLAIR_QUIET": "1"}
    ran = clair(*asking(endpoint, "-m", "x"), env=standard)
    assert orjson.loads(ran.out.splitlines()[0])["prompt"] == "What is 0?"
    (tmp_path / "clair.toml").write_text('format = "standard"\noutput = "-"\nquiet = true\n')
    ran = clair(*asking(endpoint, "-m", "x"))
    assert ran.code == 0, ran.err
    assert orjson.loads(ran.out.splitlines()[0])["prompt"] == "What is 0?"


def test_a_variable_can_hold_a_header_or_a_parameter_with_a_space(
    clair: Clair, endpoint: Endpoint
) -> None:
    variables = {"CLAIR_HEADER": "X-Team: red", "CLAIR_PARAM": 'stop=["a b"]'}
    ran = clair(*asking(endpoint, "-m", "x"), env=variables)
    assert ran.code == 0, ran.err
    assert fields(endpoint)["stop"] == ["a b"]
    assert header(endpoint.asked[-1], "X-Team") == "red"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('model = "x"\nmodle = "y"\n', ["line 2", "'modle'"]),
        ('model = "x"\n\n\n\ntop-p = 1\n', ["line 5", "'top-p'"]),
        ("[mock]\nlatency = 1\n[revise]\nlatency = 1\n", ["line 4", "'latency'"]),
        ("[revize]\nseed = 1\n", ["line 1", "'revize'"]),
        ("model = \n", ["line 1"]),
        ('concurrency = "many"\n', ["--concurrency"]),
        ('model = ["a", "b"]\n', ["--model"]),
        ("fresh = 3\n", ["--fresh"]),
        ('format = "parquet"\n', ["--format"]),
    ],
)
def test_a_file_of_options_is_checked(
    text: str, said: list[str], refused: Refused, tmp_path: Path
) -> None:
    (tmp_path / "clair.toml").write_text(text)
    err = refused("revise", "in.jsonl", "--mock")
    assert [part for part in ["clair.toml", *said] if part not in err] == []


def test_a_file_of_options_that_is_missing_or_no_text_is_named(
    refused: Refused, tmp_path: Path
) -> None:
    assert "none.toml" in refused("revise", "in.jsonl", "--mock", "--config-file", "none.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    assert "bytes.toml" in refused("revise", "in.jsonl", "--mock", "--config-file", "bytes.toml")


# The endpoint


def test_without_an_endpoint_the_error_says_what_to_set(clair: Clair, tmp_path: Path) -> None:
    ran = clair("revise", "in.jsonl", "-m", "x")
    assert ran.code == 2
    assert len(ran.err.splitlines()) == 1
    assert all(word in ran.err for word in ("OPENAI_API_KEY", "--base-url", "--mock"))
    assert [p.name for p in tmp_path.iterdir()] == ["in.jsonl"]


def test_without_a_model_the_error_says_how_to_name_one(refused: Refused) -> None:
    assert "-m" in refused("revise", "in.jsonl", "--base-url", "http://127.0.0.1:9/v1")


@pytest.mark.parametrize(
    "url",
    ["nonsense", "ftp://localhost/v1", "http://", "http://[::1/v1", "http://localhost:port/v1",
     "http://localhost:99999/v1"],
)  # fmt: skip
def test_a_base_url_that_is_none_is_refused(url: str, refused: Refused) -> None:
    err = refused("revise", "in.jsonl", "-m", "x", "--base-url", url)
    assert "--base-url" in err
    assert repr(url) in err


@pytest.mark.parametrize("url", ["http://alice:hunter2@127.0.0.1:9/v1", "alice:hunter2@host/v1"])
def test_credentials_in_the_base_url_are_refused_and_not_shown(
    url: str, refused: Refused, tmp_path: Path
) -> None:
    err = refused("revise", "in.jsonl", "-m", "x", "--base-url", url)
    assert "--base-url" in err
    assert b"hunter2" not in err.encode() + everything_in(tmp_path)


def test_a_secret_never_goes_over_plain_http_to_a_public_address(
    refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = ["revise", "in.jsonl", "-m", "x", "--base-url", PUBLIC]
    assert "https" in refused(*line, "--header", "api-key: secret")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    err = refused(*line)
    assert "https" in err
    assert KEY not in err


def test_the_key_is_sent_and_stays_secret(clair: Clair, endpoint: Endpoint, tmp_path: Path) -> None:
    secrets = {"OPENAI_BASE_URL": endpoint.base_url, "OPENAI_API_KEY": f"{KEY}\n", "TEAM": "s3cr3t"}
    ran = clair(
        "revise", "in.jsonl", "-m", "x", "--summary", "summary.json", "--header",
        "X-Team: t-${TEAM}-${TEAM}", "--header", "X-Other: plain: ${TEAM}", env=secrets,
    )  # fmt: skip
    assert ran.code == 0, ran.err
    asked = endpoint.asked[0]
    assert header(asked, "Authorization") == f"Bearer {KEY}"
    assert header(asked, "X-Team") == "t-s3cr3t-s3cr3t"
    assert header(asked, "X-Other") == "plain: s3cr3t"
    written = everything_in(tmp_path) + ran.out.encode() + ran.err.encode()
    assert b"store.sqlite3" in written
    assert KEY.encode() not in written
    assert b"s3cr3t" not in written


@pytest.mark.parametrize(("status", "code"), [(400, 3), (401, 4)])
def test_a_secret_that_the_endpoint_repeats_is_not_repeated(
    status: int, code: int, clair: Clair, tmp_path: Path
) -> None:
    def repeat(asked: Asked) -> Reply:
        words = f"no access for {header(asked, 'Authorization')} of {header(asked, 'X-Team')}"
        return refuse(status, error={"message": words})

    with serving(repeat) as server:
        line = asking(server, "-m", "x", "--header", "X-Team: ${TEAM}", "--give-up-after", "1")
        ran = clair(*line, env={"OPENAI_API_KEY": KEY, "TEAM": "s3cr3t"})
    assert ran.code == code, ran.err
    told = everything_in(tmp_path) + ran.err.encode()
    assert b"no access" in told
    assert KEY.encode() not in told
    assert b"s3cr3t" not in told


def test_another_variable_can_hold_the_key(clair: Clair, endpoint: Endpoint) -> None:
    keys = {"OPENAI_API_KEY": "wrong", "MY_KEY": KEY}
    assert clair(*asking(endpoint, "-m", "x", "--api-key-env", "MY_KEY"), env=keys).code == 0
    assert header(endpoint.asked[0], "Authorization") == f"Bearer {KEY}"


def test_keys_and_headers_that_cannot_be_sent_are_refused(
    refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = ["revise", "in.jsonl", "-m", "x", "--base-url", "http://127.0.0.1:9/v1"]
    assert "MY_KEY" in refused(*line, "--api-key-env", "MY_KEY")
    assert "${AZURE_KEY}" in refused(*line, "--header", "no colon")
    assert "MISSING" in refused(*line, "--header", "X-Team: ${MISSING}")
    assert "X-Team" in refused(*line, "--header", "X-Team: a\r\nX-More: b")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-a\nb")
    assert "OPENAI_API_KEY" in refused(*line)


# The request


def test_a_request_holds_what_was_asked_for_and_nothing_else(
    clair: Clair, endpoint: Endpoint
) -> None:
    assert clair(*asking(endpoint, "-m", "x")).code == 0
    assert fields(endpoint) == {"model": "x"}
    given = ["--temperature", "0", "--max-tokens", "5", "--seed", "-1"]
    params = ["--param", 'stop=["a=b"]', "--param", 'nested={"k": null}']
    assert clair(*asking(endpoint, "-m", "x", *given, *params)).code == 0
    assert fields(endpoint) == {
        "model": "x",
        "temperature": 0,
        "max_tokens": 5,
        "seed": -1,
        "stop": ["a=b"],
        "nested": {"k": None},
    }
    assert not header(endpoint.asked[0], "Authorization")


@pytest.mark.parametrize(
    "param",
    ["top_p", "=1", "stop=word", "top_p=NaN", "messages=[]", "model=1", "n=2",
     "stream=true", 'x="\\ud800"'],
)  # fmt: skip
def test_a_parameter_that_cannot_be_sent_is_refused(param: str, refused: Refused) -> None:
    assert "--param" in refused("revise", "in.jsonl", "--mock", "--param", param)


@pytest.mark.parametrize(
    ("option", "value"),
    [("--temperature", "warm"), ("--temperature", "-1"), ("--temperature", "nan"),
     ("--seed", "1" + "0" * 30), ("--max-tokens", "0"), ("--concurrency", "0"),
     ("--max-fail-rate", "2"), ("--attempts", "0"), ("--limit", "0"), ("--format", "odd")],
)  # fmt: skip
def test_a_value_out_of_range_is_refused(option: str, value: str, refused: Refused) -> None:
    assert option in refused("revise", "in.jsonl", "--mock", option, value)


# What is written, and where


def test_the_default_output_is_a_directory_beside_the_input(clair: Clair, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    write_rows(tmp_path / "data" / "my.rows.jsonl", [MESSY])
    ran = clair("revise", "data/my.rows.jsonl", "--mock")
    assert ran.code == 0, ran.err
    files = {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()}
    assert files == {
        "in.jsonl",
        "data/my.rows.jsonl",
        "data/my.rows.clair/train.jsonl",
        "data/my.rows.clair/README.md",
        "data/my.rows.clair/.clair/mock.sqlite3",
        "data/my.rows.clair/.clair/failures.jsonl",
        "data/my.rows.clair/.clair/run.json",
        "data/my.rows.clair/.clair/recipe.json",
    }
    assert "data/my.rows.clair/train.jsonl" in ran.err


def test_a_file_as_output_keeps_its_side_files_hidden_beside_it(
    clair: Clair, endpoint: Endpoint, tmp_path: Path
) -> None:
    assert clair(*asking(endpoint, "-m", "x", "-o", "out/pairs.jsonl")).code == 0
    assert len(read_rows(tmp_path / "out" / "pairs.jsonl")) == 3
    hidden = tmp_path / "out" / ".pairs.jsonl.clair"
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"pairs.jsonl", hidden.name}
    assert {p.name for p in hidden.iterdir()} == {
        *("store.sqlite3", "failures.jsonl", "run.json", "recipe.json"),
    }


def test_stdout_gets_the_pairs_and_nothing_else(clair: Clair, endpoint: Endpoint) -> None:
    ran = clair(*asking(endpoint, "-m", "x", "-o", "-", "--format", "standard"))
    assert ran.code == 0, ran.err
    pairs = [orjson.loads(line) for line in ran.out.splitlines()]
    assert [(p["prompt"], p["chosen"], p["rejected"]) for p in pairs] == [
        (f"What is {n}?", f"It is {n}. Indeed.", f"It is {n}.") for n in range(3)
    ]
    assert "3" in ran.err


def test_a_longer_prompt_is_written_out_in_the_standard_format(
    clair: Clair, endpoint: Endpoint, tmp_path: Path
) -> None:
    roles = [("system", "Be brief."), ("user", "One?"), ("assistant", "1."), ("user", "Two?")]
    prompt = [{"role": role, "content": content} for role, content in roles]
    write_rows(tmp_path / "in.jsonl", [{"prompt": prompt, "response": "2."}])
    assert clair(*asking(endpoint, "-m", "x", "--format", "standard")).code == 0
    (pair,) = read_rows(tmp_path / "in.clair" / "train.jsonl")
    assert pair["prompt"] == "System: Be brief.\n\nUser: One?\n\nAssistant: 1.\n\nUser: Two?"


@pytest.mark.parametrize("name", ["o.jsonl.bz2", "o.csv", "o.json"])
def test_an_ending_that_cannot_be_written_is_refused_with_a_cure(
    name: str, refused: Refused
) -> None:
    err = refused("revise", "in.jsonl", "--mock", "-o", name)
    assert name in err
    assert "directory" in err
    assert ".jsonl" in err


def test_the_input_is_never_the_output(refused: Refused, rows: Path) -> None:
    before = rows.read_bytes()
    rows.with_name("link.jsonl").symlink_to(rows)
    for name in ("in.jsonl", "./in.jsonl", "link.jsonl"):
        assert "name another" in refused("revise", "in.jsonl", "--mock", "-o", name)
    assert rows.read_bytes() == before


@pytest.mark.parametrize("option", ["--summary", "--store"])
def test_no_other_file_takes_the_place_of_the_input(
    option: str, refused: Refused, rows: Path
) -> None:
    before = rows.read_bytes()
    assert "in.jsonl" in refused("revise", "in.jsonl", "--mock", option, "in.jsonl")
    assert rows.read_bytes() == before


@pytest.mark.parametrize("name", ["README.md", "train.jsonl"])
def test_foreign_files_in_the_output_directory_stay_untouched(
    name: str, refused: Refused, tmp_path: Path
) -> None:
    foreign = tmp_path / "out" / name
    foreign.parent.mkdir()
    foreign.write_text("mine")
    assert name in refused("revise", "in.jsonl", "--mock", "-o", "out")
    assert foreign.read_text() == "mine"
    assert [p.name for p in foreign.parent.iterdir()] == [name]


def test_a_file_without_a_known_ending_is_not_taken_for_a_directory(
    refused: Refused, tmp_path: Path
) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    assert "notes.txt" in refused("revise", "in.jsonl", "--mock", "-o", "notes.txt")
    assert (tmp_path / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("lines", [0, 1])
def test_a_reader_that_leaves_early_ends_the_run_without_a_traceback(
    lines: int, tmp_path: Path
) -> None:
    long = [{"prompt": "P" * 3000, "response": f"It is is {n}."} for n in range(100)]
    write_rows(tmp_path / "in.jsonl", long)
    command = [*CLAIR, "revise", "in.jsonl", "--mock", "-o", "-", "--quiet"]
    process = subprocess.Popen(
        command, cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout
    assert all(process.stdout.readline().startswith(b'{"id"') for _ in range(lines))
    process.stdout.close()
    assert process.stderr
    err = process.stderr.read().decode()
    process.stderr.close()
    assert process.wait(30) == 141
    assert len(err.splitlines()) <= 1, err


def test_quiet_says_nothing_where_all_is_well(
    clair: Clair, endpoint: Endpoint, tmp_path: Path
) -> None:
    line = asking(endpoint, "-m", "x", "--quiet", "--summary", "told/summary.json", "--limit", "2")
    (tmp_path / "told").mkdir()
    ran = clair(*line)
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert endpoint.count() == 2
    summary = orjson.loads((tmp_path / "told" / "summary.json").read_bytes())
    assert summary["exit_code"] == 0
    assert {k: summary["counts"][k] for k in ("rows", "pairs", "failures", "replies_paid")} == {
        "rows": 2,
        "pairs": 2,
        "failures": 0,
        "replies_paid": 2,
    }


def test_failed_rows_end_with_code_3_beyond_the_rate_allowed(
    clair: Clair, endpoint: Endpoint, tmp_path: Path
) -> None:
    bad = [{"prompt": "P", "response": ""}] * 29
    write_rows(tmp_path / "in.jsonl", [*answers(71), *bad])
    ran = clair(*asking(endpoint, "-m", "x", "--summary", "s.json"))
    assert ran.code == 3
    assert "empty_response" in ran.err
    summary = orjson.loads((tmp_path / "s.json").read_bytes())
    assert summary["exit_code"] == 3
    assert summary["counts"]["failures_by_reason"] == {"empty_response": 29}
    assert clair(*asking(endpoint, "-m", "x", "--max-fail-rate", "0.28")).code == 3
    assert clair(*asking(endpoint, "-m", "x", "--max-fail-rate", "0.29")).code == 0
    assert endpoint.count() == 71


# Templates

OWN = """
direction = "worsen"
[markers]
reasoning = "Diagnosis"
revision = ["Weaker answer"]
[[messages]]
role = "system"
content = "Weaken answers."
[[messages]]
role = "user"
content = "Q: {{ prompt }}\\nA: {{ response }}"
"""


def test_a_template_of_ones_own_has_its_own_words_markers_and_direction(
    clair: Clair, tmp_path: Path
) -> None:
    def weaken(asked: Asked) -> Reply:
        return completion("Diagnosis: too good.\n\nWeaker answer:\nNobody knows what it is.")

    (tmp_path / "weaken.toml").write_text(OWN)
    with serving(weaken) as server:
        ran = clair(*asking(server, "-m", "x", "--prompt", "weaken.toml", "--limit", "1"))
    assert ran.code == 0, ran.err
    assert server.asked[0].body["messages"] == [
        {"role": "system", "content": "Weaken answers."},
        {"role": "user", "content": "Q: What is 0?\nA: It is 0."},
    ]
    (pair,) = read_rows(tmp_path / "in.clair" / "train.jsonl")
    assert pair["chosen"][0]["content"] == "It is 0."
    assert pair["rejected"][0]["content"] == "Nobody knows what it is."
    assert pair["rationale"] == "too good."
    record = orjson.loads((tmp_path / "in.clair" / ".clair" / "run.json").read_bytes())
    assert record["template"] == {"name": "weaken", "direction": "worsen", "text": OWN}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('direction = "worsen"', "direction = worsen"),
        ('direction = "worsen"', 'direction = "sideways"'),
        ('[markers]\nreasoning = "Diagnosis"', "[markers]"),
        ('revision = ["Weaker answer"]', "revision = []"),
        ('role = "user"', 'role = "teacher"'),
        ("{{ response }}", "{{ answer }}"),
        ("{{ response }}", "{{ response"),
        ("{{ response }}", "{% if %}"),
        ("{{ response }}", "{{ response | shout }}"),
        ("{{ response }}", "{{ response + 1 }}"),
        ("{{ response }}", "{% include 'other' %}"),
        ("{{ response }}", "{{ response.__class__.__mro__ }}"),
        ("{{ response }}", "{{ range(10 ** 9) | list }}"),
        (OWN[OWN.index("[[messages]]") :], ""),
    ],
)
def test_a_template_with_a_fault_is_refused_by_its_name(
    old: str, new: str, refused: Refused, tmp_path: Path
) -> None:
    (tmp_path / "own.toml").write_text(OWN.replace(old, new))
    err = refused("revise", "in.jsonl", "--mock", "--prompt", "own.toml")
    assert "own.toml" in err
    assert ": the template " in err


def test_a_template_that_is_not_there_is_told_beside_those_that_are(refused: Refused) -> None:
    for line in (["revise", "in.jsonl", "--mock", "--prompt", "clare"], ["prompts", "clare"]):
        err = refused(*line, quiet=line[0] == "revise")
        assert "clare" in err
        assert "clair, clair-system" in err


def test_prompts_lists_the_templates_and_shows_one_as_it_is(clair: Clair) -> None:
    listed = clair("prompts")
    assert (listed.code, listed.err) == (0, "")
    told = dict(line.split()[:2] for line in listed.out.splitlines())
    assert told["clair"] == "improve"
    assert told["worsen"] == "worsen"
    shown = clair("prompts", "clair")
    assert (shown.code, shown.err) == (0, "")
    assert shown.out == (ROOT / "prompts" / "clair.toml").read_text(encoding="utf-8")


# The program


def test_the_version_is_told(clair: Clair) -> None:
    ran = clair("--version")
    assert (ran.code, ran.out, ran.err) == (0, f"clair {__version__}\n", "")


def test_without_arguments_the_commands_are_told(clair: Clair) -> None:
    ran = clair()
    told = ran.out + ran.err
    assert all(command in told for command in ("revise", "show", "prompts", "mock"))
    assert "Traceback" not in told


def test_unknown_commands_and_options_are_refused_in_one_line(
    refused: Refused, clair: Clair
) -> None:
    assert "bogus" in refused("bogus", quiet=False)
    assert "--bogus" in refused("--bogus", quiet=False)
    assert "--bogus" in refused("revise", "in.jsonl", "--mock", "--bogus")
    assert "INPUT" in refused("revise")
    assert "more.jsonl" in refused("revise", "in.jsonl", "more.jsonl", "--mock")
    ran = clair("revise", "in.jsonl", "--bogus")
    assert (ran.code, ran.out, ran.err) == (2, "", refused("revise", "in.jsonl", "--bogus"))
