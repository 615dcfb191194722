"""Small requests to one endpoint: each is an answer, or a verdict on why there is none."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import orjson

from clair_cli.endpoint.address import Address
from clair_cli.endpoint.client import CONNECT_WITHIN
from clair_cli.endpoint.http import EXCHANGE_ERRORS, Http
from clair_cli.endpoint.verdicts import Verdict, judge
from clair_cli.records import Completion, Request
from clair_cli.replies.completion import read_completion

QUESTION = "Count from 1 to 20, in digits with spaces between them."
LISTED_WITHIN = 10.0
"""Seconds for the list of models, which nothing depends on."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What one request brought.

    Attributes:
        completion: The answer, None for none.
        verdict: What follows from there being none.
        headers: The reply's headers, with lower-case names; none where nothing came.
        seconds: From sending to the last byte.
        at: When it came, in seconds on a monotonic clock.
    """

    completion: Completion | None
    verdict: Verdict | None
    headers: Mapping[str, str] = field(repr=False)
    seconds: float
    at: float


class Probe:
    """Asks one endpoint; an asynchronous context manager.

    Args:
        address: Where it is.
        model: The model that every request names.
        timeout: Seconds for one request.
    """

    def __init__(self, address: Address, model: str, timeout: float) -> None:
        self._address = address
        self._model = model
        self._timeout = timeout
        self.sent = 0

    async def __aenter__(self) -> Self:
        await self._address.check()
        self._http = Http([self._address])
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.close()

    async def chat(self, question: str = QUESTION, **fields: Any) -> Reply:
        """Ask `question` in a request with further `fields`; it raises nothing for what comes."""
        messages = [{"role": "user", "content": question}]
        request = Request.of({"model": self._model, "messages": messages, **fields})
        began = time.monotonic()
        status, headers, body = await self._exchange(request)
        completion = read_completion(body) if status == 200 else None
        verdict = None if completion else judge(status, headers, body, now=time.time())
        now = time.monotonic()
        return Reply(completion, verdict, headers, now - began, now)

    async def models(self) -> list[str] | Verdict | None:
        """The models' names, None where none are listed, or why the endpoint is out of reach."""
        within = min(self._timeout, LISTED_WITHIN)
        self.sent += 1
        try:
            status, _, body = await self._http.get(
                0, "models", within=within, connect=CONNECT_WITHIN
            )
        except TimeoutError:
            return None
        except EXCHANGE_ERRORS as exc:
            return judge(exc)
        return _names(self._address.without_secrets(body)) if status == 200 else None

    async def _exchange(self, request: Request) -> tuple[int | Exception, Mapping[str, str], bytes]:
        self.sent += 1
        try:
            status, headers, body = await self._http.post(
                0, request.body, within=self._timeout, connect=CONNECT_WITHIN
            )
        except EXCHANGE_ERRORS as exc:
            return exc, {}, b""
        return status, headers, self._address.without_secrets(body)


def _names(body: bytes) -> list[str] | None:
    """The `id` of each model in a list as OpenAI gives it, or in a bare one."""
    try:
        reply = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    models = reply.get("data") if isinstance(reply, dict) else reply
    if not isinstance(models, list):
        return None
    names = [model.get("id") for model in models if isinstance(model, dict)]
    return [name for name in names if isinstance(name, str)]
