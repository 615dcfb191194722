"""The result is a function of input, prompt and store; what was paid for is asked once."""

import asyncio
import random
import sqlite3
import subprocess
from pathlib import Path

from tests.conftest import CLAIR, Clair, answers, environment, read_rows, write_rows
from tests.serving import Asked, Endpoint, Reply, completion, improve, refuse, revised, serving


async def scrambled(asked: Asked) -> Reply:
    """Replies in no order; every seventh row answers badly first, every thirtieth always."""
    await asyncio.sleep(random.Random(asked.raw).uniform(0, 0.05))
    number = int(asked.answer.split()[-1].rstrip("."))
    if number % 30 == 0 or (number % 7 == 0 and "[Note on" not in asked.text):
        return completion("I have no headings today.")
    return improve(asked)


def test_output_does_not_depend_on_concurrency_or_arrival(tmp_path: Path, clair: Clair) -> None:
    write_rows(tmp_path / "in.jsonl", answers(150))
    written = {}
    for concurrency in (1, 64):
        with serving(scrambled) as server:
            out = f"out{concurrency}"
            done = clair(
                *("revise", "in.jsonl", "-o", out, "-m", "x", "--base-url", server.base_url),
                *("-c", concurrency, "--max-fail-rate", "0.5", "--attempts", 2),
            )
        assert done.code == 0, done.err
        files = ("train.jsonl", "README.md", ".clair/failures.jsonl")
        written[concurrency] = [(tmp_path / out / name).read_bytes() for name in files]
    assert written[1] == written[64]
    pairs = read_rows(tmp_path / "out64/train.jsonl")
    failures = read_rows(tmp_path / "out64/.clair/failures.jsonl")
    assert len(pairs) + len(failures) == 150
    assert [f["row"]["prompt"] for f in failures] == [f"What is {n}?" for n in range(0, 150, 30)]
    assert {(f["reason"], f["attempts"]) for f in failures} == {("no_markers", 2)}
    prompts = [pair["prompt"][0]["content"] for pair in pairs]
    assert prompts == [f"What is {n}?" for n in range(150) if n % 30]


def test_one_edited_row_costs_one_request(tmp_path: Path, clair: Clair, endpoint: Endpoint) -> None:
    rows = answers(1000)
    command = ("revise", "in.jsonl", "-m", "x", "--base-url", endpoint.base_url)
    write_rows(tmp_path / "in.jsonl", rows)
    assert clair(*command).code == 0
    first = (tmp_path / "in.clair/train.jsonl").read_bytes()
    assert endpoint.count() == 1000

    rows[500]["response"] = "It is something else."
    write_rows(tmp_path / "in.jsonl", rows)
    assert clair(*command).code == 0
    assert endpoint.count() == 1001

    rows[10], rows[20] = rows[20], rows[10]
    write_rows(tmp_path / "in.jsonl", rows)
    assert clair(*command).code == 0
    assert endpoint.count() == 1001

    rows[10], rows[20] = rows[20], rows[10]
    rows[500]["response"] = "It is 500."
    write_rows(tmp_path / "in.jsonl", rows)
    assert clair(*command, "--offline").code == 0
    assert endpoint.count() == 1001
    assert (tmp_path / "in.clair/train.jsonl").read_bytes() == first


def test_equal_rows_are_asked_each_for_itself(tmp_path: Path, clair: Clair) -> None:
    def numbered(asked: Asked) -> Reply:
        return completion(revised(f"{asked.answer} Reply {asked.time}."))

    write_rows(tmp_path / "in.jsonl", answers(1) * 3)
    with serving(numbered) as server:
        command = ("revise", "in.jsonl", "-m", "x", "-c", 1, "--base-url", server.base_url)
        assert clair(*command).code == 0
        first = read_rows(tmp_path / "in.clair/train.jsonl")
        assert clair(*command).code == 0
        assert server.count() == 3
    assert [p["chosen"][0]["content"][-2] for p in first] == ["0", "1", "2"]
    assert read_rows(tmp_path / "in.clair/train.jsonl") == first


def test_offline_sends_nothing_and_says_what_is_missing(tmp_path: Path, clair: Clair) -> None:
    write_rows(tmp_path / "in.jsonl", answers(2))
    done = clair("revise", "in.jsonl", "-m", "x", "--offline")
    assert done.code == 3
    failures = read_rows(tmp_path / "in.clair/.clair/failures.jsonl")
    assert [f["reason"] for f in failures] == ["offline", "offline"]
    assert failures[0]["row"] == answers(1)[0]


def test_fresh_asks_again_and_keeps_the_old_replies(
    tmp_path: Path, clair: Clair, endpoint: Endpoint
) -> None:
    write_rows(tmp_path / "in.jsonl", answers(3))
    command = ("revise", "in.jsonl", "-m", "x", "--base-url", endpoint.base_url)
    assert clair(*command).code == 0
    assert clair(*command, "--fresh").code == 0
    assert endpoint.count() == 6
    assert (tmp_path / "in.clair/.clair/store.1.sqlite3").exists()


def test_a_bad_reply_is_asked_again_with_a_word_about_it(tmp_path: Path, clair: Clair) -> None:
    def script(asked: Asked) -> Reply:
        if "unchanged" in asked.text:
            return improve(asked)
        return completion(revised(asked.answer))

    write_rows(tmp_path / "in.jsonl", answers(1))
    with serving(script) as server:
        command = ("revise", "in.jsonl", "-m", "x", "--base-url", server.base_url)
        assert clair(*command).code == 0
        assert server.count() == 2
        assert "[Note on your last reply: the answer came back unchanged" in server.asked[1].text
        assert clair(*command).code == 0
        assert server.count() == 2  # the unusable reply was kept as well
    (pair,) = read_rows(tmp_path / "in.clair/train.jsonl")
    assert pair["chosen"] == [{"role": "assistant", "content": "It is 0. Indeed."}]
    assert pair["rejected"] == [{"role": "assistant", "content": "It is 0."}]
    assert pair["rationale"] == "It needed a little more."
    assert pair["model"] == "scripted"


def test_a_second_run_on_one_store_is_turned_away(tmp_path: Path, clair: Clair) -> None:
    async def hang(asked: Asked) -> Reply:
        await asyncio.sleep(30)
        return improve(asked)

    write_rows(tmp_path / "in.jsonl", answers(2))
    with serving(hang) as server:
        command = ["revise", "in.jsonl", "-m", "x", "--base-url", server.base_url]
        holder = subprocess.Popen(
            [*CLAIR, *command], cwd=tmp_path, env=environment(), stderr=subprocess.DEVNULL
        )
        while not server.count():
            assert holder.poll() is None
        second = clair(*command)
        holder.kill()
        holder.wait()
    assert second.code == 2
    assert f"in use by process {holder.pid}" in second.last
    assert "--store" in second.last


def test_a_file_that_is_no_store_is_left_alone(tmp_path: Path, clair: Clair) -> None:
    write_rows(tmp_path / "in.jsonl", answers(1))
    (tmp_path / "notes.txt").write_text("not a database " * 100)
    done = clair("revise", "in.jsonl", "--mock", "--store", "notes.txt")
    assert done.code == 2
    assert "notes.txt: cannot be used as a store" in done.last
    assert (tmp_path / "notes.txt").read_text().startswith("not a database")


def test_a_store_that_two_runs_share_is_paid_for_once(
    tmp_path: Path, clair: Clair, endpoint: Endpoint
) -> None:
    write_rows(tmp_path / "a.jsonl", answers(5))
    write_rows(tmp_path / "b.jsonl", answers(8))
    for name in ("a.jsonl", "b.jsonl"):
        done = clair(
            *("revise", name, "-m", "x", "--base-url", endpoint.base_url, "--store", "s.db")
        )
        assert done.code == 0, done.err
    assert endpoint.count() == 8


def test_a_slow_first_row_holds_up_no_other(tmp_path: Path, clair: Clair) -> None:
    async def first_is_slow(asked: Asked) -> Reply:
        if asked.answer == "It is 0.":
            await all_asked.wait()
        elif server.count() == 300:
            all_asked.set()
        return improve(asked)

    all_asked = asyncio.Event()
    write_rows(tmp_path / "in.jsonl", answers(300))
    with serving(first_is_slow) as server:
        done = clair("revise", "in.jsonl", "-m", "x", "-c", 4, "--base-url", server.base_url)
    assert done.code == 0, done.err
    pairs = read_rows(tmp_path / "in.clair/train.jsonl")
    assert [p["prompt"][0]["content"] for p in pairs] == [f"What is {n}?" for n in range(300)]


def test_replies_of_the_offline_endpoint_never_pass_for_a_model(
    tmp_path: Path, clair: Clair, endpoint: Endpoint
) -> None:
    rows = [{"prompt": "Why?", "response": "The the reason is  plain"}]
    write_rows(tmp_path / "in.jsonl", rows)
    assert clair("revise", "in.jsonl", "-m", "gpt-4o", "--mock").code == 0
    (pair,) = read_rows(tmp_path / "in.clair/train.jsonl")
    assert pair["model"] == "clair-offline-copyeditor"
    assert clair("revise", "in.jsonl", "-m", "gpt-4o", "--base-url", endpoint.base_url).code == 0
    assert endpoint.count() == 1


def test_two_runs_with_stores_of_their_own_cannot_share_an_output(
    tmp_path: Path, clair: Clair
) -> None:
    write_rows(tmp_path / "in.jsonl", answers(2))
    with serving(stalled) as server:
        command = ["revise", "in.jsonl", "-m", "x", "--base-url", server.base_url, "--store"]
        holder = subprocess.Popen(
            [*CLAIR, *command, "one.db"], cwd=tmp_path, env=environment(), stderr=subprocess.DEVNULL
        )
        while not server.count():
            assert holder.poll() is None
        second = clair(*command, "two.db")
        holder.kill()
        holder.wait()
    assert second.code == 2
    assert "in use by process" in second.last


async def stalled(asked: Asked) -> Reply:
    await asyncio.sleep(30)
    return improve(asked)


def test_a_fresh_run_without_a_reply_gives_the_old_ones_back(
    tmp_path: Path, clair: Clair, endpoint: Endpoint
) -> None:
    write_rows(tmp_path / "in.jsonl", answers(3))
    command = ("revise", "in.jsonl", "-m", "x", "--base-url")
    assert clair(*command, endpoint.base_url).code == 0
    with serving(lambda _: refuse(401)) as closed:
        assert clair(*command, closed.base_url, "--fresh").code == 4
    assert clair(*command, endpoint.base_url).code == 0
    assert endpoint.count() == 3


def test_a_reader_that_goes_away_costs_no_reply(tmp_path: Path) -> None:
    write_rows(tmp_path / "in.jsonl", answers(200))
    with serving(shortly) as server:
        command = " ".join([*CLAIR, "revise in.jsonl -m x -o - -q -c 16 --base-url"])
        done = subprocess.run(
            ["bash", "-c", f"{command} {server.base_url} | head -1; exit ${{PIPESTATUS[0]}}"],
            cwd=tmp_path,
            env=environment(),
            capture_output=True,
            timeout=60,
            check=False,
        )
        asked = server.count()
    assert done.returncode == 141, done.stderr
    assert b"Traceback" not in done.stderr
    with sqlite3.connect(tmp_path / "in.clair/.clair/store.sqlite3") as connection:
        assert connection.execute("SELECT count(*) FROM replies").fetchone()[0] == asked
    connection.close()


async def shortly(asked: Asked) -> Reply:
    await asyncio.sleep(0.02)
    return improve(asked)


def test_nobody_to_tell_does_not_cost_the_pairs(tmp_path: Path, endpoint: Endpoint) -> None:
    write_rows(tmp_path / "in.jsonl", answers(5))
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*CLAIR, "revise", "in.jsonl", "-m", "x", "--base-url", endpoint.base_url],
            cwd=tmp_path,
            env=environment(),
            stderr=full,
            timeout=60,
            check=False,
        )
    assert done.returncode == 0
    assert len(read_rows(tmp_path / "in.clair/train.jsonl")) == 5


def test_a_summary_never_falls_on_a_file_of_the_run(tmp_path: Path, clair: Clair) -> None:
    write_rows(tmp_path / "in.jsonl", answers(1))
    for name in ("train.jsonl", ".clair/store.sqlite3", ".clair/run.json"):
        done = clair("revise", "in.jsonl", "--mock", "--summary", f"in.clair/{name}")
        assert done.code == 2
        (tmp_path / "in.clair/.clair").mkdir(parents=True, exist_ok=True)


def test_another_programs_database_is_not_taken_for_a_store(tmp_path: Path, clair: Clair) -> None:
    write_rows(tmp_path / "in.jsonl", answers(1))
    with sqlite3.connect(tmp_path / "app.db") as connection:
        connection.execute("CREATE TABLE users (name)")
    connection.close()
    done = clair("revise", "in.jsonl", "--mock", "--store", "app.db")
    assert done.code == 2
    assert "another program's database" in done.last


def test_a_store_of_the_first_layout_goes_on_and_is_asked_nothing_twice(
    tmp_path: Path, clair: Clair, endpoint: Endpoint
) -> None:
    command = ("revise", "in.jsonl", "-m", "x", "--base-url", endpoint.base_url)
    write_rows(tmp_path / "in.jsonl", answers(3))
    assert clair(*command).code == 0
    pairs = (tmp_path / "in.clair/train.jsonl").read_bytes()
    store = sqlite3.connect(tmp_path / "in.clair/.clair/store.sqlite3")
    before = store.execute("SELECT digest, occurrence, attempt, reply FROM replies").fetchall()
    store.executescript("ALTER TABLE replies DROP COLUMN seconds; PRAGMA user_version = 1;")
    store.close()

    write_rows(tmp_path / "in.jsonl", answers(4))
    done = clair(*command)
    assert (done.code, endpoint.count()) == (0, 4), done.err
    assert (tmp_path / "in.clair/train.jsonl").read_bytes().startswith(pairs)
    store = sqlite3.connect(tmp_path / "in.clair/.clair/store.sqlite3")
    assert store.execute("PRAGMA user_version").fetchone() == (2,)
    after = store.execute("SELECT digest, occurrence, attempt, reply FROM replies").fetchall()
    known = store.execute("SELECT seconds IS NULL FROM replies ORDER BY rowid").fetchall()
    store.close()
    assert after[:3] == before
    assert known == [(1,), (1,), (1,), (0,)]


def test_the_store_keeps_how_long_the_answering_attempt_took(tmp_path: Path, clair: Clair) -> None:
    async def slowly(asked: Asked) -> Reply:
        if not asked.time:
            await asyncio.sleep(1)
            return refuse(503)
        await asyncio.sleep(0.2)
        return improve(asked)

    write_rows(tmp_path / "in.jsonl", answers(2))
    with serving(slowly) as server:
        done = clair("revise", "in.jsonl", "-m", "x", "--base-url", server.base_url)
    assert done.code == 0, done.err
    store = sqlite3.connect(tmp_path / "in.clair/.clair/store.sqlite3")
    seconds = [each for (each,) in store.execute("SELECT seconds FROM replies")]
    store.close()
    assert len(seconds) == 2
    assert all(0.2 <= each < 0.9 for each in seconds)
