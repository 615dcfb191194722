"""A minimal chat-completions endpoint, fast enough not to be what is measured.

It speaks just enough HTTP/1.1, answers every request with the same revision after a latency drawn
from a seeded log-normal distribution, and admits at most so many requests a minute where told.
Run as `python -m bench.endpoint --latency 0.5`; prints its base URL, then serves until killed.
"""

import argparse
import asyncio
import hashlib
import math
import random
import re

import orjson

SIGMA = 0.5
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)

TEXT = "The answer is what the data say, " + "and a model may learn it from simple words. " * 8
REPLY = orjson.dumps(
    {
        "id": "bench",
        "object": "chat.completion",
        "created": 0,
        "model": "bench",
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "message": {
                    "role": "assistant",
                    "content": "{teacher_reasoning}: The answer was vague; it says now what counts."
                    f"\n\n{{corrected_student_solution}}:\n{TEXT}",
                },
            }
        ],
        "usage": {"prompt_tokens": 250, "completion_tokens": 120, "total_tokens": 370},
    }
)
OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (
    len(REPLY),
    REPLY,
)


def latency_of(body: bytes, mean: float) -> float:
    """Seconds that the request with this body takes: log-normal with that mean."""
    if not mean:
        return 0.0
    draw = random.Random(hashlib.sha256(body).digest())
    return draw.lognormvariate(math.log(mean) - SIGMA**2 / 2, SIGMA)


class Connection(asyncio.Protocol):
    """One keep-alive connection; requests come one after the other."""

    def __init__(self, latency: float) -> None:
        self._latency = latency
        self._data = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._data += data
        while (body := self._body()) is not None:
            if self._latency:
                delay = latency_of(body, self._latency)
                asyncio.get_running_loop().call_later(delay, self._answer)
            else:
                self._answer()

    def _body(self) -> bytes | None:
        """The body of a request that is here whole."""
        head, found, rest = self._data.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not found or not length or len(rest) < int(length[1]):
            return None
        self._data = rest[int(length[1]) :]
        return rest[: int(length[1])]

    def _answer(self) -> None:
        if not self._transport.is_closing():
            self._transport.write(OK)


async def serve(latency: float) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(latency), "127.0.0.1", 0, backlog=8192)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency", type=float, default=0.0, help="mean seconds")
    asyncio.run(serve(parser.parse_args().latency))
