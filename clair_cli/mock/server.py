"""The offline endpoint: OpenAI's chat completions over HTTP, answered by the copy editor."""

import asyncio
import contextlib
import hashlib
from collections import Counter
from collections.abc import Mapping
from functools import partial
from types import TracebackType
from typing import Self

import orjson
from aiohttp import web

from clair_cli.mock.chat import MODEL, Asked, completion, read
from clair_cli.mock.errors import Refusal, error
from clair_cli.mock.guard import Guard
from clair_cli.mock.manners import Fate, Manners
from clair_cli.mock.outage import Downtime
from clair_cli.mock.ratelimit import RateLimit
from clair_cli.mock.wire import Exchange, commit, reset

__all__ = ["MODEL", "Manners", "MockServer", "make_app"]

BODY_LIMIT = 64 * 1024 * 1024
BACKLOG = 4096
CREATED = 1_735_689_600
_JSON = "application/json"


class _Endpoint:
    """The handlers of one application, with what chance has dealt to its requests so far."""

    def __init__(self, manners: Manners) -> None:
        self.counts: Counter[str] = Counter()
        self.downtime = Downtime(manners.outage)
        self._manners = manners
        self._fate = Fate(manners)
        self._guard = Guard(manners)
        self._limit = RateLimit(manners.rpm, manners.tpm)

    async def chat(self, request: web.Request) -> web.StreamResponse:
        """Answer `POST /v1/chat/completions`."""
        if request.method != "POST":
            return _wrong_method(request, "POST")
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return _failed(413, error(f"The body is larger than {BODY_LIMIT} bytes."))
        if self.downtime.strikes():
            return self._down(request)
        digest = hashlib.sha256(body).digest()
        try:
            asked = self._admitted(request, body)
        except Refusal as refusal:
            return self._refused(refusal)
        return await self._served(request, asked, digest)

    async def models(self, request: web.Request) -> web.Response:
        """Answer `GET /v1/models`."""
        if request.method not in {"GET", "HEAD"}:
            return _wrong_method(request, "GET")
        try:
            self._guard.check_key(request.headers)
        except Refusal as refusal:
            return self._refused(refusal)
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

    def _admitted(self, request: web.Request, body: bytes) -> Asked:
        """Read a request that may be answered.

        Raises:
            Refusal: It may not.
        """
        self._guard.check_key(request.headers)
        asked = read(body)
        self._guard.check_fields(asked)
        if self._limit.limited:
            self._limit.admit(asked.prompt_tokens + (asked.limit or 0))
        return asked

    async def _served(
        self, request: web.Request, asked: Asked, digest: bytes
    ) -> web.StreamResponse:
        draw = self._fate.decide(digest)
        if draw.latency:
            await asyncio.sleep(draw.latency)
        headers = {"x-request-id": f"req_{digest.hex()[:32]}"}
        if self._limit.limited:
            headers |= self._limit.headers()
        slip = self._slip(asked, digest)
        if draw.fault is None:
            self.counts[slip or "answered"] += 1
            raw = orjson.dumps(self._answer(asked, digest, slip))
            return web.Response(body=raw, content_type=_JSON, headers=headers)
        self.counts[draw.fault] += 1
        answer = partial(self._answer, asked, digest, slip)
        return await commit(draw.fault, Exchange(request, headers, self._manners.hang, answer))

    def _answer(self, asked: Asked, digest: bytes, slip: str | None) -> dict[str, object]:
        reply, spent = completion(asked, digest, slip)
        if (
            self._limit.limited and asked.limit is None
        ):  # else the most that it could be was taken before
            self._limit.charge(spent)
        return reply

    def _slip(self, asked: Asked, digest: bytes) -> str | None:
        if not self._manners.faults:
            return None
        answer = digest if asked.answer is None else asked.answer.encode()
        return self._manners.slip(answer, again=asked.noted)

    def _down(self, request: web.Request) -> web.Response:
        self.counts["outage"] += 1
        outage = self._manners.outage
        if outage is not None and outage.refuses:
            return reset(request)
        return _failed(503, error("The endpoint is down (injected outage).", kind="server_error"))

    def _refused(self, refusal: Refusal) -> web.Response:
        self.counts[refusal.counted] += 1
        headers = {**self._limit.headers(), **refusal.headers}
        return _failed(refusal.status, refusal.body, headers)


def make_app(manners: Manners = Manners()) -> web.Application:  # noqa: B008  frozen
    """Build the application, to be served by any aiohttp runner.

    In an outage that refuses, it resets connections: to refuse them is the server's part.
    """
    return _app(_Endpoint(manners))


def _app(endpoint: _Endpoint) -> web.Application:
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
        self._outage = manners.outage
        self._endpoint = _Endpoint(manners)
        self._host = host
        self._port = port

    @property
    def counts(self) -> Mapping[str, int]:
        """How many chat requests were `answered`, and how many met what else, by its name.

        Besides the names of faults: `outage`, `rate-limited`, `wrong-key`, and `refused` for
        requests that are wrong in themselves.
        """
        return self._endpoint.counts

    async def __aenter__(self) -> Self:
        """Listen.

        Raises:
            OSError: The address cannot be listened on, for one because it is taken.
        """
        self._runner = web.AppRunner(_app(self._endpoint), access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        try:
            self._site = await self._listen()
        except OSError:
            await self._runner.cleanup()
            raise
        host = f"[{self._host}]" if ":" in self._host else self._host
        self._port = self._runner.addresses[0][1]
        self.base_url = f"http://{host}:{self._port}/v1"
        self._watch = asyncio.create_task(self._refuse_in_the_outage())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop listening and end what is still being served."""
        self._watch.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._watch
        await self._runner.cleanup()

    async def _listen(self) -> web.TCPSite:
        site = web.TCPSite(self._runner, self._host, self._port, backlog=BACKLOG)
        await site.start()
        return site

    async def _refuse_in_the_outage(self) -> None:
        """Take the socket away for as long as the outage lasts, where it refuses."""
        if self._outage is None or not self._outage.refuses:
            return
        await self._endpoint.downtime.begun.wait()
        await self._site.stop()
        await asyncio.sleep(self._outage.seconds)
        await self._listen()


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
