"""A scripted OpenAI-compatible endpoint on a real socket, in a thread of its own."""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Body = dict[str, Any]


@dataclass
class Asked:
    """One request as it arrived: `time` says how often this very body came before, from 0."""

    body: Body
    raw: bytes
    time: int
    headers: dict[str, str]
    request: web.Request

    @property
    def text(self) -> str:
        """All messages' text."""
        return "\n".join(m["content"] for m in self.body["messages"])

    @property
    def answer(self) -> str:
        """The student's answer, cut out of the `clair` template."""
        after = self.text.partition("\n\n{student_solution}: ")[2]
        return after.partition("\n\n-----------------\n\nLet's first think")[0]


Reply = web.StreamResponse | str | dict[str, Any]
Script = Callable[[Asked], Reply | Awaitable[Reply]]


@dataclass
class Endpoint:
    """A running server: where it is, and what it was asked."""

    base_url: str = ""
    asked: list[Asked] = field(default_factory=list)

    def count(self) -> int:
        """Requests so far."""
        return len(self.asked)


def completion(content: str | None, **fields: Any) -> dict[str, Any]:
    """A chat completion with `content`; `finish_reason` and `message` fields may be given."""
    message = {"role": "assistant", "content": content, **fields.pop("message", {})}
    choice = {"index": 0, "message": message, "finish_reason": fields.pop("finish_reason", "stop")}
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    return {"id": "c", "object": "chat.completion", "created": 0, "model": "scripted",
            "choices": [choice], "usage": usage, **fields}  # fmt: skip


def revised(text: str, reasoning: str = "It needed a little more.") -> str:
    """A reply in the paper's format."""
    return f"{{teacher_reasoning}}: {reasoning}\n\n{{corrected_student_solution}}:\n{text}"


def improve(asked: Asked) -> Reply:
    """The plain script: the answer with a word added."""
    return completion(revised(f"{asked.answer} Indeed."))


@contextmanager
def serving(script: Script = improve, *, port: int = 0) -> Iterator[Endpoint]:
    """Serve `script` on 127.0.0.1 until the block ends."""
    endpoint, started, stop = Endpoint(), threading.Event(), asyncio.Event()
    seen: dict[bytes, int] = {}
    loop = asyncio.new_event_loop()

    async def handle(request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        asked = Asked(json.loads(raw), raw, seen.get(raw, 0), dict(request.headers), request)
        seen[raw] = asked.time + 1
        endpoint.asked.append(asked)
        reply = script(asked)
        if not isinstance(reply, str | dict | web.StreamResponse):
            reply = await reply
        if isinstance(reply, web.StreamResponse):
            return reply
        data = reply if isinstance(reply, str) else json.dumps(reply)
        return web.Response(text=data, content_type="application/json")

    async def serve() -> None:
        app = web.Application(client_max_size=1 << 27)
        app.router.add_post("/v1/chat/completions", handle)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        endpoint.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        started.set()
        await stop.wait()
        await runner.cleanup()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0)

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert started.wait(10)
    try:
        yield endpoint
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()


def refuse(status: int, **fields: Any) -> web.Response:
    """An error reply; `error` is its OpenAI-shaped object, `headers` its headers."""
    error = {"message": "no", "type": "test", "code": None, **fields.pop("error", {})}
    return web.json_response({"error": error}, status=status, **fields)
