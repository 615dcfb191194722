"""HTTP to the replicas: `httpx` over the `httpx-aiohttp` transport, one client.

The connection pool of `httpx` itself costs quadratic time in the number of requests in flight.
A CA of one's own comes from SSL_CERT_FILE.
"""

import asyncio
import os
import ssl
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlsplit

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from clair_cli import __version__
from clair_cli.endpoint.address import Address
from clair_cli.endpoint.proxies import blame, proxy_for, refuse
from clair_cli.endpoint.verdicts import ReplyTooLarge
from clair_cli.records import UsageError

REPLY_LIMIT = 32 * 1024 * 1024
"""Bytes of a reply's body past which it is refused."""

TELLING = frozenset({b"x-ratelim", b"anthropic", b"retry-aft", b"x-should-", b"location"})
"""How the headers begin that a verdict or a pace is made from."""

EXCHANGE_ERRORS = (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, OSError, ReplyTooLarge)
"""What an exchange may end with instead of a reply."""


class _NoCookies(httpx.Cookies):
    """Stays empty: no endpoint needs cookies, and looking for them takes 6 % of a request."""

    def extract_cookies(self, response: httpx.Response) -> None:
        """Take none."""


class _Client(httpx.AsyncClient):
    """A client that keeps no cookies."""

    @property
    def cookies(self) -> httpx.Cookies:
        """None, always."""
        return _NONE

    @cookies.setter
    def cookies(self, cookies: object) -> None:
        """Ignored."""


_NONE = _NoCookies()


class _Connector(aiohttp.TCPConnector):
    """Connections without a limit of their own: the gate has one. Each is told of."""

    def __init__(self, connected: Callable[[], None], context: ssl.SSLContext) -> None:
        super().__init__(limit=0, ttl_dns_cache=300, ssl=context)
        self._connected = connected

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[aiohttp.tracing.Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - aiohttp's own signature
    ) -> aiohttp.connector.Connection:
        """A connection of the pool, or a new one."""
        connection = await super().connect(req, traces, timeout)
        self._connected()
        return connection


class Http:
    """Sends bodies to one of the replicas at `addresses`, which share key and headers.

    `connected` is called whenever there is a connection to any of them.
    """

    def __init__(
        self,
        addresses: Sequence[Address],
        connected: Callable[[], None] = lambda: None,
    ) -> None:
        self._addresses = addresses
        self._routes = [httpx.URL(address.route("chat/completions")) for address in addresses]
        self._proxies = [proxy_for(address.base_url) for address in addresses]
        context = _ssl_context()

        def session() -> aiohttp.ClientSession:
            """Connections and nothing kept between them."""
            connector = _Connector(connected, context)
            return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())

        self.client = _Client(
            transport=AiohttpTransport(client=session),
            mounts={
                _origin(address.base_url): AiohttpTransport(client=session, proxy=proxy)
                for address, proxy in zip(addresses, self._proxies, strict=True)
                if proxy
            },
            headers=_headers(addresses[0]),
        )

    async def close(self) -> None:
        """Close all connections."""
        await self.client.aclose()

    async def post(
        self, replica: int, body: bytes, *, within: float, connect: float
    ) -> tuple[int, Mapping[str, str], bytes]:
        """One exchange: status, the headers that tell something, and the whole body.

        Args:
            replica: Which of the addresses to send to.
            body: The request's JSON.
            within: Seconds for all of it, even if bytes trickle.
            connect: Seconds for the connection.

        Raises:
            Exception: One of `EXCHANGE_ERRORS`.
            EndpointError: A proxy refuses its credentials.
        """
        return await self._exchange(replica, "POST", self._routes[replica], body, within, connect)

    async def get(
        self, replica: int, route: str, *, within: float, connect: float
    ) -> tuple[int, Mapping[str, str], bytes]:
        """One exchange without a body, with a route such as `models`; else like `post`."""
        url = httpx.URL(self._addresses[replica].route(route))
        return await self._exchange(replica, "GET", url, None, within, connect)

    async def _exchange(
        self,
        replica: int,
        method: str,
        url: httpx.URL,
        body: bytes | None,
        within: float,
        connect: float,
    ) -> tuple[int, Mapping[str, str], bytes]:
        limits = httpx.Timeout(None, connect=connect)
        proxy = self._proxies[replica]
        try:
            async with (
                asyncio.timeout(within),
                self.client.stream(method, url, content=body, timeout=limits) as reply,
            ):
                whole = await _body(reply)
        except httpx.TransportError as exc:
            blame(exc, proxy)
            raise
        if proxy and reply.status_code == 407:  # a proxy's alone (RFC 9110, 15.5.8)
            refuse(407, proxy)
        return reply.status_code, _telling(reply.headers.raw), whole


def _telling(headers: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    """The headers that say something about limits, retries or a move, by lower-case names."""
    return {
        name.decode("latin-1").lower(): value.decode("latin-1")
        for name, value in headers
        if name[:9].lower() in TELLING
    }


async def _body(reply: httpx.Response) -> bytes:
    chunks, size = [], 0
    async for chunk in reply.aiter_bytes():
        size += len(chunk)
        if size > REPLY_LIMIT:
            raise ReplyTooLarge(f"the reply is larger than {REPLY_LIMIT >> 20} MB")
        chunks.append(chunk)
    return b"".join(chunks)


def _ssl_context() -> ssl.SSLContext:
    try:
        return httpx.create_ssl_context()
    except OSError as exc:  # ssl.SSLError is one
        names = ("SSL_CERT_FILE", "SSL_CERT_DIR")
        name = next((name for name in names if os.environ.get(name)), "the CA certificates")
        raise UsageError(
            f"{name}: {os.environ.get(name, '')} holds no CA certificates that can be read"
        ) from exc


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _headers(address: Address) -> dict[str, str]:
    return {
        "Accept-Encoding": "gzip",
        "Content-Type": "application/json",
        "User-Agent": f"clair/{__version__}",
        **({"Authorization": f"Bearer {address.key}"} if address.key else {}),
        **address.headers,
    }
