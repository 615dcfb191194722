"""Request -> Completion over HTTP: the one place that decides, with `limits`, about retries."""

import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type

from clair_cli.endpoint.adaptation import Adaptation
from clair_cli.endpoint.address import Address
from clair_cli.endpoint.budget import Budget
from clair_cli.endpoint.http import EXCHANGE_ERRORS, Http
from clair_cli.endpoint.limits.gate import Gate
from clair_cli.endpoint.limits.lane import Admission
from clair_cli.endpoint.retrying import Patience, TryAgain, verdict_of, wait
from clair_cli.endpoint.verdicts import Adapt, GiveUp, Retry, Verdict, judge
from clair_cli.records import (
    Adapted,
    Completion,
    EndpointError,
    Observer,
    Problem,
    Request,
    Retried,
    RowError,
)
from clair_cli.replies.completion import read_completion

__all__ = ["Address", "Endpoint", "Patience"]

UNREACHED_FOR = 5.0
"""Seconds that an unreachable host is tried for before the first answer of a run."""
CONNECT_WITHIN = 4.0
"""Seconds for one connection, before the first answer; with the above, ten in all."""
CONNECT_LATER = 30.0
NO_ANSWERS = 5
"""Replies to one request that say 200 and hold no answer before it is given up: each may cost."""
FIRST_NO_ANSWERS = 3
"""The same while the endpoint has not answered anything: it may be no LLM's at all."""
BYTES_A_TOKEN = 4
FIRST_GUESS = 500.0
"""Tokens of a completion, before the first one has come."""


class Endpoint:
    """One endpoint in one or more replicas; an asynchronous context manager.

    Args:
        addresses: The replicas, as many as `gate` has lanes and in their order.
        patience: How long to wait.
        gate: When a request may go, and to which replica.
        budget: What may be spent.
        observe: Is told of retries and adaptations.
    """

    def __init__(
        self,
        addresses: Sequence[Address],
        patience: Patience,
        gate: Gate,
        budget: Budget,
        observe: Observer,
    ) -> None:
        self._addresses = addresses
        self._patience = patience
        self._gate = gate
        self._budget = budget
        self._observe = observe
        self._adaptation = Adaptation()
        self._completion_tokens = FIRST_GUESS
        self._reached = False
        self._answered_at = 0.0

    async def __aenter__(self) -> Self:
        for address in self._addresses:
            await address.check()
        self._http = Http(self._addresses, self._on_connection)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.close()

    def _on_connection(self) -> None:
        """The host takes connections, even if its first reply is minutes away."""
        self._reached = True

    async def complete(self, request: Request) -> Completion:
        """The endpoint's answer, however many attempts it takes.

        Raises:
            RowError: This request cannot be answered.
            EndpointError: No request can.
            BudgetSpent, Stopped: The gate was closed while this one waited.
        """
        began = time.monotonic()
        try:
            return await self._attempt(request)
        except TryAgain as failed:
            return await self._again(request, failed, began)

    async def _again(self, request: Request, failed: TryAgain, began: float) -> Completion:
        """The attempts after a failed first one, which counts as tenacity's first."""
        failures = [failed]

        async def attempt() -> Completion:
            if failures:
                raise failures.pop()
            return await self._attempt(request)

        retrying = AsyncRetrying(
            retry=retry_if_exception_type(TryAgain),
            wait=wait,
            stop=lambda state: self._is_over(state, began),
            sleep=self._gate.pause,
            before_sleep=self._tell,
            reraise=True,
        )
        try:
            return await retrying(attempt)
        except TryAgain as last:
            raise self._given_up(last.verdict, began) from None

    async def _attempt(self, request: Request) -> Completion:
        tokens = len(request.body) / BYTES_A_TOKEN + self._completion_tokens
        if not self._gate.bears(tokens):
            detail = f"needs about {tokens:,.0f} tokens, more than --tpm admits in a minute"
            raise RowError(Problem("over_tpm", detail))
        async with self._gate.slot(tokens) as admission:
            self._budget.sending(self._gate.in_flight)
            sent = self._adaptation.apply(request.body)
            headers: Mapping[str, str] = {}
            body = b""
            began = time.monotonic()
            try:
                status, headers, body = await self._post(admission, sent)
            except EXCHANGE_ERRORS as exc:
                outcome: int | Exception = exc
            else:
                outcome = status
                seconds = time.monotonic() - began
                completion = read_completion(body, seconds) if status == 200 else None
                if completion is not None:
                    self._on_answer(admission, headers, completion)
                    return completion
            address = self._addresses[admission.lane.number]
            verdict = judge(outcome, headers, address.without_secrets(body), now=time.time())
            self._on_trouble(admission, headers, verdict)
            raise self._consequence(verdict, address, sent)

    async def _post(
        self, admission: Admission, sent: bytes
    ) -> tuple[int, Mapping[str, str], bytes]:
        connect = CONNECT_LATER if self._reached else CONNECT_WITHIN
        within = self._patience.timeout
        return await self._http.post(admission.lane.number, sent, within=within, connect=connect)

    def _on_answer(
        self, admission: Admission, headers: Mapping[str, str], completion: Completion
    ) -> None:
        usage = completion.usage
        self._answered_at = time.monotonic()
        self._budget.answered(usage)
        self._gate.on_answer(admission, headers, usage.total)
        if usage.completion_tokens:
            self._completion_tokens += 0.05 * (usage.completion_tokens - self._completion_tokens)

    def _on_trouble(
        self, admission: Admission, headers: Mapping[str, str], verdict: Verdict
    ) -> None:
        """Tell the gate what a failed exchange says of the replica."""
        trouble = verdict.trouble if isinstance(verdict, Retry) else "none"
        after = verdict.after if isinstance(verdict, Retry) else None
        if trouble == "overload":
            self._gate.on_overload(admission, headers, after)
        elif trouble != "none":
            self._gate.on_failure(admission, at_once=trouble == "unreachable")

    def _consequence(
        self, verdict: Verdict, address: Address, sent: bytes
    ) -> TryAgain | RowError | EndpointError:
        """What to raise, while the slot is still held: after an end, no other request goes."""
        if isinstance(verdict, Adapt):
            verdict = self._adapt(verdict, sent)
        if isinstance(verdict, Retry):
            return TryAgain(verdict)
        if isinstance(verdict, GiveUp):
            self._answered_at = time.monotonic()
            return RowError(verdict.problem)
        error = EndpointError(f"{address.shown}: {verdict.sentence}")
        self._gate.close(error)
        return error

    def _adapt(self, verdict: Adapt, sent: bytes) -> Retry | GiveUp:
        """Leave out or rename what the endpoint does not take, once for the run, and say so."""
        parameter, known = verdict.parameter, self._adaptation.knows(verdict.parameter)
        if not self._adaptation.learn(parameter, verdict.replacement, sent):
            return GiveUp(Problem("rejected_request", verdict.words))
        if not known:
            how = f"sent as {verdict.replacement}" if verdict.replacement else "left out"
            self._observe(Adapted(f"the endpoint does not take {parameter}: it is {how}"))
        return Retry("adapted", verdict.words, after=0.0)

    def _is_over(self, state: RetryCallState, began: float) -> bool:
        """Whether the next attempt would come too late."""
        verdict = verdict_of(state)
        limit = self._patience.give_up_after
        no_answers = NO_ANSWERS if self._answered_at else FIRST_NO_ANSWERS
        if verdict.reason == "not_an_answer" and state.attempt_number >= no_answers:
            return True
        if verdict.trouble == "unreachable" and not self._reached:
            limit = min(limit, UNREACHED_FOR)
        if verdict.trouble == "overload" and (verdict.after or 0) <= limit:
            # A quota that others get through is no row's fault.
            return time.monotonic() - max(began, self._answered_at) > limit
        return time.monotonic() - began + state.upcoming_sleep > limit

    def _given_up(self, verdict: Retry, began: float) -> RowError | EndpointError:
        """One row's trouble where others were answered meanwhile; else the endpoint's."""
        if self._answered_at >= began:
            return RowError(Problem("endpoint_error", verdict.detail))
        name = ", ".join(address.shown for address in self._addresses)
        error = EndpointError(f"{name}: {self._last_words(verdict, began)}")
        self._gate.close(error)
        return error

    def _last_words(self, verdict: Retry, began: float) -> str:
        if verdict.trouble == "unreachable" and not self._reached:
            return (
                f"cannot be reached ({verdict.detail}); check --base-url and that the server runs"
            )
        if verdict.reason == "not_an_answer":
            return (
                f"replies, but not as a chat-completions endpoint ({verdict.detail}); "
                "check --base-url"
            )
        if verdict.after is not None and verdict.after > self._patience.give_up_after:
            return (
                f"asks to wait {verdict.after:.0f} s ({verdict.detail}), longer than "
                "--give-up-after; run the same command again then"
            )
        return (
            f"no answer for {time.monotonic() - began:.0f} s ({verdict.detail}); run the same "
            "command again when it is back, or raise --give-up-after"
        )

    def _tell(self, state: RetryCallState) -> None:
        self._observe(Retried(verdict_of(state).reason, state.upcoming_sleep))
