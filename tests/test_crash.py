"""Killed at any moment, a run goes on: nothing is lost, nothing that arrived is asked again."""

import asyncio
import hashlib
import random
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest

from tests.conftest import CLAIR, Clair, answers, environment, read_rows, write_rows
from tests.serving import Asked, Endpoint, Reply, improve, serving

ROWS = 200
KILLS = 20


async def slowly(asked: Asked) -> Reply:
    await asyncio.sleep(random.Random(asked.raw).uniform(0.005, 0.03))
    return improve(asked)


def start(tmp_path: Path, base_url: str, *arguments: str) -> "subprocess.Popen[bytes]":
    command = [*CLAIR, "revise", "in.jsonl", "-o", "out", "-m", "x", "-c", "8", *arguments]
    return subprocess.Popen(
        [*command, "--base-url", base_url],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def wait_for(server: Endpoint, number: int, process: "subprocess.Popen[bytes]") -> None:
    while server.count() < number and process.poll() is None:
        time.sleep(0.001)


def stored(tmp_path: Path) -> set[bytes]:
    """The requests whose replies a store holds, as a new process would see it."""
    path = tmp_path / "out/.clair/store.sqlite3"
    if not path.exists():
        return set()
    with sqlite3.connect(path) as connection:
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if not tables:
            return set()
        found = {row[0] for row in connection.execute("SELECT digest FROM replies")}
    connection.close()
    return found


@pytest.mark.heavy
@pytest.mark.timeout(170)
def test_twenty_kills_lose_nothing_and_pay_nothing_twice(tmp_path: Path, clair: Clair) -> None:
    write_rows(tmp_path / "in.jsonl", answers(ROWS))
    with serving(slowly) as calm:
        done = clair("revise", "in.jsonl", "-o", "calm", "-m", "x", "--base-url", calm.base_url)
        assert done.code == 0, done.err
    assert calm.count() == ROWS

    moments = random.Random(7)
    with serving(slowly) as server:
        for kill in range(KILLS):
            held = stored(tmp_path)
            before = server.count()
            process = start(tmp_path, server.base_url)
            wait_for(server, (kill + 1) * ROWS // KILLS, process)
            time.sleep(moments.uniform(0, 0.02))
            process.send_signal(signal.SIGKILL)
            process.communicate()
            assert not held & digests(server, before), "a stored reply was asked for again"
            assert not (tmp_path / "out/train.jsonl").exists() or kill == KILLS - 1
        before, held = server.count(), stored(tmp_path)
        process = start(tmp_path, server.base_url)
        assert process.wait(60) == 0, process.communicate()
        process.communicate()
        assert not held & digests(server, before)
    assert server.count() <= ROWS + KILLS * 16  # again: what was in flight, or not yet on disk
    for name in ("train.jsonl", "README.md"):
        calm_bytes = (tmp_path / "calm" / name).read_bytes()
        assert (tmp_path / "out" / name).read_bytes() == calm_bytes
    left = {p.name for p in (tmp_path / "out/.clair").iterdir()}
    assert left == {"store.sqlite3", "failures.jsonl", "run.json", "recipe.json"}


def digests(server: Endpoint, since: int) -> set[bytes]:
    """The digests of what was asked from the request number `since` on."""
    return {hashlib.sha256(asked.raw).digest() for asked in server.asked[since:]}


@pytest.mark.parametrize(("sign", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_first_signal_drains_and_the_next_run_goes_on(
    tmp_path: Path, sign: signal.Signals, code: int
) -> None:
    write_rows(tmp_path / "in.jsonl", answers(60))
    with serving(slow_enough_to_interrupt) as server:
        process = start(tmp_path, server.base_url)
        wait_for(server, 12, process)
        process.send_signal(sign)
        _, err = process.communicate(timeout=20)
        assert process.returncode == code, err
        assert b"stopping" in err
        assert b"Traceback" not in err
        assert not (tmp_path / "out/train.jsonl").exists()
        asked = server.count()
        assert asked < 60
        assert len(stored(tmp_path)) == asked  # what was in flight was answered and kept
        process = start(tmp_path, server.base_url)
        assert process.wait(30) == 0
        process.communicate()
        assert server.count() == 60
    assert len(read_rows(tmp_path / "out/train.jsonl")) == 60


async def slow_enough_to_interrupt(asked: Asked) -> Reply:
    await asyncio.sleep(0.3)
    return improve(asked)


async def never(asked: Asked) -> Reply:
    await asyncio.sleep(60)
    return improve(asked)


def test_a_second_signal_drops_what_is_in_flight(tmp_path: Path) -> None:
    write_rows(tmp_path / "in.jsonl", answers(20))
    with serving(never) as server:
        process = start(tmp_path, server.base_url)
        wait_for(server, 8, process)
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        assert process.poll() is None  # the first one waits for replies
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=10)
    assert process.returncode == 130, err
    assert b"Traceback" not in err


def test_a_stop_while_stdin_is_silent_ends_the_run(tmp_path: Path) -> None:
    with serving() as server:
        process = subprocess.Popen(
            [*CLAIR, "revise", "-", "-o", "out", "-m", "x", "--base-url", server.base_url],
            cwd=tmp_path,
            env=environment(),
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdin
        process.stdin.write(b'{"prompt": "a", "response": "b"}\n')
        process.stdin.flush()
        wait_for(server, 1, process)
        assert server.count() == 1  # a row is asked at once, without waiting for more input
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 143
        process.communicate()
