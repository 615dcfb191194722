"""Faults in how a reply is sent: connections that break, stall or lie, and replies gone wrong."""

import asyncio
import socket
import struct
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import orjson
from aiohttp import web

from clair_cli.mock.errors import error
from clair_cli.mock.faults import ERRORS

HUGE = 33 * 1024 * 1024
"""Bytes of a huge body, a little more than what a careful client reads."""

_CHUNK = 64 * 1024
_MISSING = 1000
_GLANCE = 0.1
_JSON = "application/json"
_PAGE = (
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
    "<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>an injected fault</center>\r\n"
    "</body>\r\n</html>\r\n"
)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request on its connection.

    Attributes:
        request: The request.
        headers: What every reply to it is to be sent with.
        hang: Seconds to hang or to trickle.
        answer: Makes the answer that the request would get from a calm endpoint.
    """

    request: web.Request
    headers: Mapping[str, str]
    hang: float
    answer: Callable[[], dict[str, object]]

    def raw(self) -> bytes:
        """Return the calm endpoint's answer as it would be sent."""
        return orjson.dumps(self.answer())

    @property
    def gone(self) -> bool:
        """Whether the client has closed the connection."""
        return self.request.transport is None or self.request.transport.is_closing()

    def reply(self, body: bytes, status: int = 200, content_type: str = _JSON) -> web.Response:
        """Make a whole reply."""
        return web.Response(
            body=body, status=status, content_type=content_type, headers=self.headers
        )

    async def begin(self, length: int | None = None) -> web.StreamResponse:
        """Send the headers of a reply; without a length its body goes in chunks."""
        response = web.StreamResponse(headers=self.headers)
        response.content_type = _JSON
        response.content_length = length
        if length is None:
            response.enable_chunked_encoding()
        await response.prepare(self.request)
        return response


async def commit(fault: str, exchange: Exchange) -> web.StreamResponse:
    """Commit a fault of `faults.ONCE`, and return what is left to be sent or was sent."""
    if fault in ERRORS:
        return _error(fault, exchange)
    try:
        return await _WIRE[fault](exchange)
    except ConnectionError:  # the client is gone, which is what some faults are for
        return web.Response()


def reset(request: web.Request) -> web.Response:
    """Reset the connection (RST) without another byte; what is returned goes nowhere."""
    transport = request.transport
    if transport is not None:
        sock = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response()


def _error(fault: str, exchange: Exchange) -> web.Response:
    said = ERRORS[fault]
    body = orjson.dumps(error(said.message, kind=said.kind, code=said.code))
    response = exchange.reply(body, said.status)
    response.headers.update(said.headers)
    return response


async def _reset(exchange: Exchange) -> web.StreamResponse:
    return reset(exchange.request)


async def _reset_body(exchange: Exchange) -> web.StreamResponse:
    raw = exchange.raw()
    response = await exchange.begin(len(raw))
    await response.write(raw[: len(raw) // 2])
    await asyncio.sleep(_GLANCE / 2)  # a reset overtakes what has not been read
    reset(exchange.request)
    return response


async def _hang(exchange: Exchange) -> web.StreamResponse:
    until = time.monotonic() + exchange.hang
    while not exchange.gone and (left := until - time.monotonic()) > 0:  # noqa: ASYNC110
        await asyncio.sleep(min(left, _GLANCE))  # aiohttp tells of a lost client only when asked
    return web.Response() if exchange.gone else exchange.reply(exchange.raw())


async def _trickle(exchange: Exchange) -> web.StreamResponse:
    raw = exchange.raw()
    response = await exchange.begin(len(raw))
    sent, until = 0, time.monotonic() + exchange.hang
    while (left := until - time.monotonic()) > 0 and sent < len(raw) - 1 and not exchange.gone:
        await response.write(raw[sent : sent + 1])
        sent += 1
        await asyncio.sleep(min(left, exchange.hang / 10, 1.0))
    await response.write(raw[sent:])
    return response


async def _cut(exchange: Exchange) -> web.StreamResponse:
    raw = exchange.raw()
    return exchange.reply(raw[: len(raw) * 2 // 3])


async def _wrong_length(exchange: Exchange) -> web.StreamResponse:
    raw = exchange.raw()
    response = await exchange.begin(len(raw) + _MISSING)
    await response.write(raw)
    response.force_close()
    return response


async def _html(exchange: Exchange) -> web.StreamResponse:
    return exchange.reply(_PAGE.encode(), 502, "text/html")


async def _html_200(exchange: Exchange) -> web.StreamResponse:
    return exchange.reply(_PAGE.encode(), 200, "text/html")


async def _error_200(exchange: Exchange) -> web.StreamResponse:
    said = {"message": "Provider returned error (injected fault).", "code": 502}
    return exchange.reply(orjson.dumps({"error": said}))


async def _empty_choices(exchange: Exchange) -> web.StreamResponse:
    return exchange.reply(orjson.dumps({**exchange.answer(), "choices": []}))


async def _null_content(exchange: Exchange) -> web.StreamResponse:
    message = {"role": "assistant", "content": None, "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    return exchange.reply(orjson.dumps({**exchange.answer(), "choices": [choice]}))


async def _huge(exchange: Exchange) -> web.StreamResponse:
    """Send an answer that is whole and valid, and padded inside with blanks."""
    head, tail = exchange.raw()[:-1], b"}"
    response = await exchange.begin()
    await response.write(head)
    blanks = b" " * _CHUNK
    for _ in range(HUGE // _CHUNK):
        await response.write(blanks)
    await response.write(tail)
    return response


_WIRE: Mapping[str, Callable[[Exchange], Awaitable[web.StreamResponse]]] = MappingProxyType(
    {
        "reset": _reset,
        "reset-body": _reset_body,
        "hang": _hang,
        "trickle": _trickle,
        "cut": _cut,
        "html": _html,
        "html-200": _html_200,
        "error-200": _error_200,
        "empty-choices": _empty_choices,
        "null-content": _null_content,
        "huge": _huge,
        "wrong-length": _wrong_length,
    }
)
