"""Storms: everything goes wrong at once, and the result is that of a calm day."""

import asyncio
import hashlib
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web

from tests.conftest import CLAIR, Clair, answers, environment, read_rows, write_rows
from tests.serving import Asked, Endpoint, Reply, Script, completion, improve, refuse, serving

ROWS = 2000
Fault = Callable[[Asked], Awaitable[Reply]]
KEY = {"OPENAI_API_KEY": "sk-secret-0123456789abcdef"}


async def reset(asked: Asked) -> Reply:
    """Break the connection off, before or in the middle of the body."""
    assert asked.request.transport
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    if asked.raw[-1] % 2:
        await response.prepare(asked.request)
        await response.write(b'{"choices":')
    asked.request.transport.abort()
    return response


async def rush(asked: Asked) -> Reply:
    return refuse(429, headers={"Retry-After": "0.2"})


async def crash(asked: Asked) -> Reply:
    return refuse(500)


async def hang(asked: Asked) -> Reply:
    await asyncio.sleep(20)
    return refuse(500)


async def cut(asked: Asked) -> Reply:
    return web.Response(body=b'{"choices": [{"mess', content_type="application/json")


class Storm:
    """A script with faults drawn by the request, each at its first time, and one outage."""

    def __init__(self, outage_from: int, outage_for: float) -> None:
        self.answered: Counter[bytes] = Counter()
        self._outage_from, self._outage_for = outage_from, outage_for
        self._count = 0
        self._outage_until = 0.0

    async def __call__(self, asked: Asked) -> Reply:
        self._count += 1
        if self._count == self._outage_from:
            self._outage_until = time.monotonic() + self._outage_for
        await asyncio.sleep(random.Random(asked.raw).uniform(0, 0.05))
        if time.monotonic() < self._outage_until:
            return refuse(503)
        lot = random.Random(hashlib.sha256(asked.raw).digest()).random()
        fault = None if asked.time else self._fault(lot)
        if fault is not None:
            return await fault(asked)
        self.answered[hashlib.sha256(asked.raw).digest()] += 1
        if "[Note on" not in asked.text and 0.22 <= lot < 0.25:
            return completion("I would rather talk about the weather.")
        return improve(asked)

    @staticmethod
    def _fault(lot: float) -> Fault | None:
        shares = ((rush, 0.10), (crash, 0.15), (reset, 0.18), (hang, 0.20), (cut, 0.22))
        return next((fault for fault, below in shares if lot < below), None)


def start(folder: Path, url: str, *arguments: str) -> "subprocess.Popen[bytes]":
    command = [*CLAIR, "revise", "in.jsonl", "-o", "out", "-m", "x", "--base-url", url, *arguments]
    return subprocess.Popen(
        command, cwd=folder, env=environment(KEY), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )


def stored(folder: Path) -> set[bytes]:
    with sqlite3.connect(folder / "out/.clair/store.sqlite3") as connection:
        found = {row[0] for row in connection.execute("SELECT digest FROM replies")}
    connection.close()
    return found


def wait_for(server: Endpoint, number: int) -> None:
    while server.count() < number:
        time.sleep(0.005)


@pytest.mark.heavy
def test_a_storm_ends_as_a_calm_day(tmp_path: Path, clair: Clair) -> None:
    write_rows(tmp_path / "in.jsonl", answers(ROWS))
    with serving() as calm:
        done = clair("revise", "in.jsonl", "-o", "calm", "-m", "x", "--base-url", calm.base_url)
        assert done.code == 0, done.err
    storm = Storm(outage_from=900, outage_for=3.0)
    arguments = ("-c", "64", "--timeout", "2", "--give-up-after", "60")
    with serving(storm) as server:
        for kill_at in (600, 1500):
            process = start(tmp_path, server.base_url, *arguments)
            wait_for(server, kill_at)
            process.send_signal(signal.SIGKILL)
            process.communicate()
            held, before = stored(tmp_path), server.count()
            assert held
        process = start(tmp_path, server.base_url, *arguments)
        _, err = process.communicate(timeout=300)
        assert process.returncode == 0, err.decode()
        again = {hashlib.sha256(asked.raw).digest() for asked in server.asked[before:]}
    assert not held & again, "a stored reply was asked for again"
    twice = sum(number - 1 for number in storm.answered.values())
    assert twice <= 2 * 2 * 64, "more was asked twice than was in flight at the two kills"
    pairs = (tmp_path / "out/train.jsonl").read_bytes()
    assert pairs == (tmp_path / "calm/train.jsonl").read_bytes()


@pytest.mark.heavy
def test_a_replica_that_dies_and_comes_back(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    async def slow(asked: Asked) -> Reply:
        await asyncio.sleep(0.05)
        return improve(asked)

    write_rows(tmp_path / "in.jsonl", answers(ROWS))
    with serving(slow) as steady:
        with serving(slow, port=port) as first:
            process = start(
                *(tmp_path, steady.base_url, "--base-url", f"http://127.0.0.1:{port}/v1"),
                *("-c", "8", "--summary", "summary.json"),
            )
            wait_for(first, 100)
        before = steady.count()
        wait_for(steady, before + 300)  # all that goes, goes to the other
        with serving(slow, port=port) as again:
            _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err.decode()
    assert len(read_rows(tmp_path / "out/train.jsonl")) == ROWS
    assert again.count() > 100
    assert f"http://127.0.0.1:{port}/v1" in err.decode()


@pytest.mark.parametrize("limit", [40, 400])
def test_a_full_disk_is_told_and_the_run_goes_on_when_there_is_room(
    tmp_path: Path, limit: int
) -> None:
    """No file may grow beyond `limit` kB: what a full disk does, without one."""
    write_rows(tmp_path / "in.jsonl", answers(400))
    with serving() as server:
        command = " ".join([*CLAIR, "revise in.jsonl -o out -m x --base-url", server.base_url])
        full = subprocess.run(
            ["bash", "-c", f"ulimit -f {limit}; exec {command}"],
            cwd=tmp_path,
            env=environment(),
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert full.returncode == 2, full.stderr.decode()
        last = full.stderr.decode().strip().splitlines()[-1]
        assert "cannot be written" in last
        assert "run the same command again" in last
        assert b"Traceback" not in full.stderr
        held, before = stored(tmp_path), server.count()
        process = start(tmp_path, server.base_url)
        _, err = process.communicate(timeout=60)
        assert process.returncode == 0, err.decode()
        again = {hashlib.sha256(asked.raw).digest() for asked in server.asked[before:]}
    assert held
    assert not held & again
    assert len(read_rows(tmp_path / "out/train.jsonl")) == 400


def echo_key(asked: Asked) -> Reply:
    """Faults of every kind, each with the key in its words."""
    key = asked.headers["Authorization"]
    number = int(asked.answer.split()[-1].rstrip("."))
    if asked.time == 0:
        kinds: list[Reply] = [
            refuse(429, error={"message": key}, headers={"Retry-After": "0.1"}),
            refuse(500, error={"message": key}),
            web.Response(status=503, text=f"<html>{key}</html>"),
            {"error": {"message": key}},
            completion(None, id=key),
        ]
        return kinds[number % 5]
    if number % 7 == 3:
        return refuse(400, error={"message": f"bad {key}", "code": key})
    return improve(asked)


def refuse_key(asked: Asked) -> Reply:
    key = asked.headers["Authorization"]
    return refuse(401, reason=key, error={"message": key})


@pytest.mark.parametrize("script", [echo_key, refuse_key])
def test_the_key_is_nowhere(tmp_path: Path, script: Script) -> None:
    secret = KEY["OPENAI_API_KEY"]
    write_rows(tmp_path / "in.jsonl", answers(40))
    with serving(script) as server:
        process = subprocess.Popen(
            [
                *(sys.executable, "-X", "dev", *CLAIR[1:], "revise", "in.jsonl", "-o", "out"),
                *("-m", "x", "--base-url", server.base_url, "--summary", "summary.json"),
            ],
            cwd=tmp_path,
            env=environment({**KEY, "PYTHONASYNCIODEBUG": "1"}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        wait_for(server, 1)
        shown = Path(f"/proc/{process.pid}/cmdline").read_bytes()
        out, err = process.communicate(timeout=60)
    assert process.returncode in {3, 4}, err.decode()
    for text in (shown, out, err):
        assert secret.encode() not in text
    files = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert len(files) > 2
    for path in files:
        assert secret.encode() not in path.read_bytes(), path
    assert os.environ.get("OPENAI_API_KEY") != secret
