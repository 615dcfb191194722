"""The offline endpoint: OpenAI's chat completions over HTTP, answered by the copy editor."""

import asyncio
import hashlib
from types import TracebackType
from typing import Self

import orjson
from aiohttp import web

from clair_cli.mock.chat import MODEL, Refusal, completion, error
from clair_cli.mock.manners import FAULTS, Fate, Manners

__all__ = ["MODEL", "Manners", "MockServer", "make_app"]

BODY_LIMIT = 64 * 1024 * 1024
BACKLOG = 4096
CREATED = 1_735_689_600
_JSON = "application/json"


class _Endpoint:
    """The handlers of one application, with what chance has dealt to its requests so far."""

    def __init__(self, manners: Manners) -> None:
        self._fate = Fate(manners)

    async def chat(self, request: web.Request) -> web.Response:
        """Answer `POST /v1/chat/completions`."""
        if request.method != "POST":
            return _wrong_method(request, "POST")
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return _failed(413, error(f"The body is larger than {BODY_LIMIT} bytes."))
        digest = hashlib.sha256(body).digest()
        draw = self._fate.decide(digest)
        if draw.latency:
            await asyncio.sleep(draw.latency)
        if draw.fault is not None:
            return _fault(draw.fault, digest)
        return _answer(body, digest)

    async def models(self, request: web.Request) -> web.Response:
        """Answer `GET /v1/models`."""
        if request.method not in {"GET", "HEAD"}:
            return _wrong_method(request, "GET")
        model = {"id": MODEL, "object": "model", "created": CREATED, "owned_by": "clair"}
        return _json({"object": "list", "data": [model]})

    async def health(self, request: web.Request) -> web.Response:
        """Answer `GET /health`."""
        if request.method not in {"GET", "HEAD"}:
            return _wrong_method(request, "GET")
        return _json({"status": "ok"})

    async def unknown(self, request: web.Request) -> web.Response:
        """Answer every path that is none of ours."""
        message = f"Unknown path: {request.method} {request.path[:200]}"
        return _failed(404, error(message, code="unknown_url"))


def make_app(manners: Manners = Manners()) -> web.Application:  # noqa: B008  frozen
    """Build the application, to be served by any aiohttp runner."""
    endpoint = _Endpoint(manners)
    app = web.Application(client_max_size=BODY_LIMIT)
    # Wrong methods and paths are handled here: aiohttp's own answers are not JSON, and a
    # middleware that turned them into it would cost every good request.
    app.router.add_route("*", "/v1/chat/completions", endpoint.chat)
    app.router.add_route("*", "/v1/models", endpoint.models)
    app.router.add_route("*", "/health", endpoint.health)
    app.router.add_route("*", "/{path:.*}", endpoint.unknown)
    return app


class MockServer:
    """Serves the endpoint inside `async with`, on the event loop that enters it.

    Attributes:
        base_url: What a client is given, such as `http://127.0.0.1:40001/v1`; set on entering.
    """

    base_url: str

    def __init__(
        self,
        manners: Manners = Manners(),  # noqa: B008  frozen
        *,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self._app = make_app(manners)
        self._host = host
        self._port = port

    async def __aenter__(self) -> Self:
        """Listen.

        Raises:
            OSError: The address cannot be listened on, for one because it is taken.
        """
        self._runner = web.AppRunner(self._app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port, backlog=BACKLOG).start()
        except OSError:
            await self._runner.cleanup()
            raise
        host = f"[{self._host}]" if ":" in self._host else self._host
        self.base_url = f"http://{host}:{self._runner.addresses[0][1]}/v1"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop listening and end what is still being served."""
        await self._runner.cleanup()


def _answer(body: bytes, digest: bytes) -> web.Response:
    try:
        reply = completion(body, digest)
    except Refusal as refusal:
        return _failed(400, refusal.body)
    headers = {"x-request-id": f"req_{digest.hex()[:32]}"}
    return web.Response(body=orjson.dumps(reply), content_type=_JSON, headers=headers)


def _fault(name: str, digest: bytes) -> web.Response:
    fault = FAULTS[name]
    headers = {"x-request-id": f"req_{digest.hex()[:32]}", **dict(fault.headers)}
    body = error(fault.message, kind=fault.kind, code=name)
    return _json(body, status=fault.status, headers=headers)


def _wrong_method(request: web.Request, allowed: str) -> web.Response:
    message = f"{request.method} is not allowed here: use {allowed}."
    return _failed(405, error(message, code="method_not_allowed"), {"allow": allowed})


def _failed(
    status: int, body: dict[str, object], headers: dict[str, str] | None = None
) -> web.Response:
    return _json(body, status=status, headers=headers)


def _json(
    value: object, *, status: int = 200, headers: dict[str, str] | None = None
) -> web.Response:
    body = orjson.dumps(value)
    named = {"x-request-id": f"req_{hashlib.sha256(body).hexdigest()[:32]}", **(headers or {})}
    return web.Response(body=body, status=status, content_type=_JSON, headers=named)
