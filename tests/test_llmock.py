"""A strict OpenAI endpoint that grades its client: its verdict has no error and no warning."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.conftest import Clair, answers, read_rows, write_rows
from tests.serving import revised

ROWS = 60


@contextmanager
def llmock(*arguments: str) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [Path(sys.executable).with_name("llmock"), "serve", "--host", "127.0.0.1"]
    server = subprocess.Popen(
        [*map(str, command), "--port", str(port), "--log-level", "error", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(200):
            try:
                httpx.get(f"{url}/_llmock/verdict")
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield url
    finally:
        server.terminate()
        server.wait(10)


def test_every_row_is_answered_and_the_verdict_is_clean(tmp_path: Path, clair: Clair) -> None:
    rows = write_rows(tmp_path / "in.jsonl", answers(ROWS))
    faults = [
        {"type": "fail", "status": 429, "times": 12, "retry_after": 1},
        {"type": "fail", "status": 500, "times": 6},
        {"type": "fail", "status": 503, "times": 6},
        {"type": "reply", "text": revised("A better answer."), "times": ROWS},
    ]
    with llmock() as url, httpx.Client(base_url=url) as control:
        control.post("/_llmock/scenario", json={"behaviors": faults}).raise_for_status()
        done = clair(
            *("revise", rows, "-o", "out", "-m", "gpt-4o", "--base-url", f"{url}/v1"),
            *("-c", 8, "--summary", "summary.json"),
            env={"OPENAI_API_KEY": "sk-test"},
        )
        verdict = control.get("/_llmock/verdict").json()
        requests = control.get("/_llmock/requests").json()
    assert done.code == 0, done.err
    assert len(read_rows(tmp_path / "out/train.jsonl")) == ROWS
    summary = json.loads((tmp_path / "summary.json").read_text())
    retries = summary["counts"]["retries_by_reason"]
    assert retries == {"http_429": 12, "http_500": 6, "http_503": 6}
    assert verdict["faults_injected"] == 24
    assert verdict["errors"] == 0, verdict
    assert verdict["warnings"] == 0, verdict
    assert verdict["attempts"] == ROWS + 24, requests


@pytest.mark.heavy
def test_a_limit_on_requests_is_kept_to_once_it_is_known(tmp_path: Path, clair: Clair) -> None:
    """Six hundred a minute, all of which go at once, and six hundred more at that rate."""
    rows = write_rows(tmp_path / "in.jsonl", answers(1200))
    # Refused requests use up scripted replies too.
    reply = {"type": "reply", "text": revised("A better answer."), "times": 2000}
    with llmock("--rpm", "600") as url, httpx.Client(base_url=url, timeout=60) as control:
        control.post("/_llmock/scenario", json={"behaviors": [reply]}).raise_for_status()
        done = clair(
            *("revise", rows, "-o", "out", "-m", "gpt-4o", "--base-url", f"{url}/v1", "-c", 256),
            env={"OPENAI_API_KEY": "sk-test"},
        )
        verdict = control.get("/_llmock/verdict").json()
        served = control.get("/_llmock/requests").json()
    requests = served if isinstance(served, list) else served["requests"]
    assert done.code == 0, done.err
    assert verdict["errors"] == verdict["warnings"] == 0, verdict
    first = min(request["started_at"] for request in requests)
    late = [request for request in requests if request["started_at"] - first > 10]
    refused = [request for request in late if request["status"] == 429]
    assert len(late) > 300
    assert len(refused) <= 0.02 * len(late)
