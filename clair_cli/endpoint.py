"""Requests to an OpenAI-compatible endpoint over HTTP, retried as `verdicts.judge` says.

`httpx` runs over the `httpx-aiohttp` transport: its own connection pool costs quadratic time in
the number of requests in flight.
"""

import asyncio
import ipaddress
import random
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type

from clair_cli import __version__
from clair_cli.completions import read_completion
from clair_cli.limits import Gate
from clair_cli.records import (
    Completion,
    EndpointError,
    Observer,
    Problem,
    Request,
    Retried,
    RowError,
    UsageError,
)
from clair_cli.verdicts import GiveUp, ReplyTooLarge, Retry, Verdict, judge

REPLY_LIMIT = 32 * 1024 * 1024
"""Bytes of a reply's body past which it is refused."""

FIRST_WAIT = 1.0
LONGEST_WAIT = 60.0
UNREACHED_FOR = 5.0
"""Seconds that an unreachable host is tried for before the first answer of a run."""
CONNECT_WITHIN = 4.0
"""Seconds for one connection, before the first answer; with the above, ten in all."""
CONNECT_LATER = 30.0
NO_ANSWERS = 5
"""Replies to one request that say 200 and hold no answer before it is given up: each may cost."""
FIRST_NO_ANSWERS = 3
"""The same while the endpoint has not answered anything: it may be no LLM's at all."""

_EXCHANGE_ERRORS = (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, OSError, ReplyTooLarge)


@dataclass(frozen=True, slots=True)
class Address:
    """Where requests go, and what authorises them.

    Attributes:
        base_url: As users give it, e.g. `https://api.openai.com/v1`.
        key: The API key, "" for none. Never shown: not in a repr, an error or a log.
        headers: Further headers for every request. Never shown either.
        insecure: Whether they may go over plain http to a public address.
    """

    base_url: str
    key: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    insecure: bool = False

    @property
    def url(self) -> str:
        """The full address of the chat-completions route."""
        return f"{self.base_url.rstrip('/').removesuffix('/chat/completions')}/chat/completions"

    def without_secrets(self, body: bytes) -> bytes:
        """An endpoint's words with the key and the headers' values blotted out."""
        for secret in (self.key, *self.headers.values()):
            if len(secret) >= 4:
                body = body.replace(secret.encode(), b"[secret]")
        return body

    @property
    def shown(self) -> str:
        """The base URL without anything that could be a secret: for messages and run.json."""
        parts = urlsplit(self.base_url)
        host = parts.hostname or ""
        return f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}{parts.path}"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds.

    Attributes:
        timeout: For one attempt, from sending to the reply's last byte, even if bytes trickle.
        give_up_after: For all attempts to get one reply, pauses included.
    """

    timeout: float = 600.0
    give_up_after: float = 600.0


class _TryAgain(Exception):  # noqa: N818 - carries a verdict between attempts
    def __init__(self, verdict: Retry) -> None:
        super().__init__(verdict.detail)
        self.verdict = verdict


class Endpoint:
    """One endpoint; an asynchronous context manager whose `complete` answers requests."""

    def __init__(self, address: Address, patience: Patience, gate: Gate, observe: Observer) -> None:
        self._address = address
        self._patience = patience
        self._gate = gate
        self._observe = observe
        self._url = httpx.URL(address.url)
        self._reached = False
        self._answered_at = 0.0

    async def __aenter__(self) -> Self:
        await _check_address(self._address)
        self._client = _client(self._address)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._client.aclose()

    async def complete(self, request: Request) -> Completion:
        """The endpoint's answer, however many attempts it takes.

        Raises:
            RowError: This request cannot be answered.
            EndpointError: No request can.
            Stopped: The gate was closed while this one waited.
        """
        began = time.monotonic()
        try:
            return await self._attempt(request)
        except _TryAgain as failed:
            return await self._again(request, failed, began)

    async def _again(self, request: Request, failed: _TryAgain, began: float) -> Completion:
        """The attempts after a failed first one, which counts as tenacity's first."""
        failures = [failed]

        async def attempt() -> Completion:
            if failures:
                raise failures.pop()
            return await self._attempt(request)

        retrying = AsyncRetrying(
            retry=retry_if_exception_type(_TryAgain),
            wait=_wait,
            stop=lambda state: self._is_over(state, began),
            sleep=self._gate.pause,
            before_sleep=self._tell,
            reraise=True,
        )
        try:
            return await retrying(attempt)
        except _TryAgain as last:
            raise self._given_up(last.verdict, began) from None

    async def _attempt(self, request: Request) -> Completion:
        async with self._gate.slot():
            headers: Mapping[str, str] = {}
            body = b""
            try:
                status, headers, body = await self._exchange(request.body)
            except _EXCHANGE_ERRORS as exc:
                outcome: int | Exception = exc
            else:
                self._reached = True
                outcome = status
                completion = read_completion(body) if status == 200 else None
                if completion is not None:
                    self._answered_at = time.monotonic()
                    return completion
            raise self._consequence(
                judge(outcome, headers, self._address.without_secrets(body), now=time.time())
            )

    def _consequence(self, verdict: Verdict) -> _TryAgain | RowError | EndpointError:
        """What to raise, while the slot is still held: after an end, no other request goes."""
        if isinstance(verdict, Retry):
            return _TryAgain(verdict)
        if isinstance(verdict, GiveUp):
            self._answered_at = time.monotonic()
            return RowError(verdict.problem)
        error = EndpointError(f"{self._address.shown}: {verdict.sentence}")
        self._gate.close(error)
        return error

    async def _exchange(self, body: bytes) -> tuple[int, Mapping[str, str], bytes]:
        connect = CONNECT_LATER if self._reached else CONNECT_WITHIN
        async with asyncio.timeout(self._patience.timeout):
            async with self._client.stream(
                "POST",
                self._url,
                content=body,
                timeout=httpx.Timeout(None, connect=connect),
            ) as response:
                chunks, size = [], 0
                async for chunk in response.aiter_bytes():
                    size += len(chunk)
                    if size > REPLY_LIMIT:
                        raise ReplyTooLarge(f"the reply is larger than {REPLY_LIMIT >> 20} MB")
                    chunks.append(chunk)
                return response.status_code, response.headers, b"".join(chunks)

    def _is_over(self, state: RetryCallState, began: float) -> bool:
        """Whether the next attempt would come too late."""
        verdict = _verdict_of(state)
        limit = self._patience.give_up_after
        no_answers = NO_ANSWERS if self._answered_at else FIRST_NO_ANSWERS
        if verdict.reason == "not_an_answer" and state.attempt_number >= no_answers:
            return True
        if verdict.connecting and not self._reached:
            limit = min(limit, UNREACHED_FOR)
        return time.monotonic() - began + state.upcoming_sleep > limit

    def _given_up(self, verdict: Retry, began: float) -> RowError | EndpointError:
        """One row's trouble where others were answered meanwhile; else the endpoint's."""
        if self._answered_at >= began:
            return RowError(Problem("endpoint_error", verdict.detail))
        seconds = round(time.monotonic() - began)
        if verdict.after is not None and verdict.after > self._patience.give_up_after:
            return EndpointError(
                f"{self._address.shown}: asks to wait {verdict.after:.0f} s ({verdict.detail}), "
                "longer than --give-up-after; run the same command again then"
            )
        name = self._address.shown
        if verdict.connecting and not self._reached:
            return EndpointError(
                f"{name}: cannot be reached ({verdict.detail}); check --base-url and that the "
                "server runs"
            )
        if verdict.reason == "not_an_answer":
            return EndpointError(
                f"{name}: replies, but not as a chat-completions endpoint ({verdict.detail}); "
                "check --base-url"
            )
        return EndpointError(
            f"{name}: no answer for {seconds} s ({verdict.detail}); run the same command again "
            "when it is back, or raise --give-up-after"
        )

    def _tell(self, state: RetryCallState) -> None:
        self._observe(Retried(_verdict_of(state).reason, state.upcoming_sleep))


def _verdict_of(state: RetryCallState) -> Retry:
    exc = state.outcome.exception() if state.outcome else None
    if not isinstance(exc, _TryAgain):
        raise TypeError("a retry without a verdict")
    return exc.verdict


def _wait(state: RetryCallState) -> float:
    """Exponential backoff with full jitter over bands that do not overlap; Retry-After is a floor.

    The first wait is drawn from 0 to 1 s, the n-th from 1.15 * 2^(n-2) to 2^(n-1) s, up to 60 s:
    each wait is longer than the last, and those of many rows are spread.
    """
    number = state.attempt_number
    longest = min(FIRST_WAIT * 2.0 ** (number - 1), LONGEST_WAIT)
    shortest = 0.0 if number == 1 else 0.575 * longest
    wait = random.uniform(shortest, longest)  # noqa: S311 - not for secrets
    after = _verdict_of(state).after
    if after is None:
        return wait
    return after + min(wait, 0.1 * after + 0.1)


def _client(address: Address) -> httpx.AsyncClient:
    headers = {
        "Accept-Encoding": "gzip",
        "Content-Type": "application/json",
        "User-Agent": f"clair/{__version__}",
        **({"Authorization": f"Bearer {address.key}"} if address.key else {}),
        **address.headers,
    }
    return httpx.AsyncClient(transport=AiohttpTransport(client=_session), headers=headers)


def _session() -> aiohttp.ClientSession:
    """Connections without a limit of their own (the gate has one), and without cookies."""
    connector = aiohttp.TCPConnector(limit=0, ttl_dns_cache=300, ssl=httpx.create_ssl_context())
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())


async def _check_address(address: Address) -> None:
    """Refuse addresses that no request could go to, or that would give the key away.

    Raises:
        UsageError: No http(s) URL, credentials inside it, or a key over plain http in public.
    """
    parts = urlsplit(address.base_url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UsageError(
            f"--base-url {address.shown!r} is not an http or https address, "
            "like https://api.openai.com/v1"
        )
    if parts.username or parts.password:
        raise UsageError("--base-url holds credentials; give them by OPENAI_API_KEY or --header")
    has_secret = bool(address.key or address.headers)
    exposed = has_secret and parts.scheme == "http" and not address.insecure
    if exposed and not await _is_private(parts.hostname):
        raise UsageError(
            f"a key would go over plain http to {parts.hostname}; use https, unset the key, or "
            "allow it with --insecure-http"
        )


async def _is_private(host: str) -> bool:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return True  # nothing will be sent to a host without an address
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    return all(a.is_loopback or a.is_private or a.is_link_local for a in addresses)
