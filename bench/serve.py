"""Servers and bare clients as processes of their own."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from bench.endpoint import TEXT


@contextmanager
def served(latency: float) -> Iterator[str]:
    """The bench's endpoint; its base URL."""
    command = [sys.executable, "-m", "bench.endpoint", "--latency", str(latency)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        try:
            yield server.stdout.readline().strip()
        finally:
            server.kill()


def timed_loop(client: str, url: str, bodies: Path, ceiling: int) -> float:
    """Seconds that a bare client takes for `bodies`."""
    command = [sys.executable, "-m", "bench.loops", client, url, str(bodies), str(ceiling)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(done.stdout)


@contextmanager
def llmock(rpm: int, replies: int) -> Iterator[tuple[str, Callable[[], float]]]:
    """llmock with a limit; its base URL, and the share refused after the first 10 s."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = Path(sys.executable).with_name("llmock")
    command = [str(program), "serve", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--rpm", str(rpm), "--log-level", "error"]
    url = f"http://127.0.0.1:{port}"

    def refused_late() -> float:
        requests = httpx.get(f"{url}/_llmock/requests", timeout=60).json()
        requests = requests if isinstance(requests, list) else requests["requests"]
        first = min(request["started_at"] for request in requests)
        late = [each for each in requests if each["started_at"] - first > 10]
        return sum(each["status"] == 429 for each in late) / max(1, len(late))

    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            _script(url, replies)
            yield f"{url}/v1", refused_late
        finally:
            server.terminate()


def _script(url: str, replies: int) -> None:
    text = f"{{teacher_reasoning}}: vague.\n\n{{corrected_student_solution}}:\n{TEXT}"
    behaviour = {"type": "reply", "text": text, "times": 2 * replies}
    for _ in range(200):
        try:
            httpx.post(f"{url}/_llmock/scenario", json={"behaviors": [behaviour]})
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("llmock does not start")
