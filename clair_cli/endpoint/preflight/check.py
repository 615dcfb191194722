"""One endpoint, checked with small requests before a run: what it takes, how fast, how many."""

import asyncio
import difflib
import time
from typing import Any

import orjson

from clair_cli.endpoint.address import Address
from clair_cli.endpoint.preflight.advice import (
    STEPS,
    from_limits,
    from_ramp,
    limits_of,
    may_go_on,
    step_of,
)
from clair_cli.endpoint.preflight.capabilities import Answer, Findings, Listing, Support
from clair_cli.endpoint.preflight.probe import Probe, Reply
from clair_cli.endpoint.verdicts import Adapt, End, GiveUp, Retry, Verdict
from clair_cli.records import EndpointError

__all__ = ["MOST_REQUESTS", "Findings", "check"]

ATTEMPTS = 3
"""Times that the first request is sent where an endpoint is busy."""
PAUSE = 1.0
LONGEST_PAUSE = 10.0
PARAMETERS: dict[str, Any] = {
    "temperature": 0.7,
    "max_tokens": 512,
    "max_completion_tokens": 512,
    "seed": 1,
}
"""What is tried, each in a request of its own; small limits make reasoning models fail."""
KEYS = ("teacher_reasoning", "corrected_student_solution")
MISTAKE = "Correct this sentence and give your reasons: two and two makes five."
FORMAT = {
    "type": "json_schema",
    "json_schema": {
        "name": "revision",
        "strict": True,
        "schema": {
            "type": "object",
            "properties": {key: {"type": "string"} for key in KEYS},
            "required": list(KEYS),
            "additionalProperties": False,
        },
    },
}
MOST_REQUESTS = 1 + ATTEMPTS + len(PARAMETERS) + 1 + sum(STEPS)
"""Requests that one endpoint gets at most: models, the first, parameters, format, ramp."""


async def check(address: Address, model: str, within: float) -> Findings:
    """Check one endpoint, with `MOST_REQUESTS` at most and no more than `within` s for each.

    Returns:
        What was found; where the endpoint ended the check, `ended` says why.

    Raises:
        UsageError: A key would go over plain http to a public address.
    """
    findings = Findings(address.shown, model)
    async with Probe(address, model, within) as probe:
        try:
            await _check(probe, findings)
        except EndpointError as exc:
            findings.ended = f"{address.shown}: {exc}"
        findings.requests = probe.sent
    return findings


async def _check(probe: Probe, findings: Findings) -> None:
    findings.models = _listing(await probe.models(), findings.model)
    first = await _first(probe, findings)
    replies = [first]
    for name, value in PARAMETERS.items():
        replies.append(await probe.chat(**{name: value}))
        findings.parameters[name] = _support(replies[-1])
    formatted = await probe.chat(MISTAKE, response_format=FORMAT)
    findings.structured = _structured(formatted)
    findings.limits = limits_of([*replies, formatted], time.time())
    findings.suggestion = from_limits(findings.limits, _usual(replies))
    if findings.suggestion is None:
        await _ramp(probe, findings)
        findings.suggestion = from_ramp(findings.ramp)
    elif any(isinstance(reply.verdict, End) for reply in [*replies, formatted]):
        _end_with(await probe.chat())  # was it the parameter, or is it all?


def _listing(found: list[str] | Verdict | None, model: str) -> Listing:
    if isinstance(found, list):
        near = difflib.get_close_matches(model, found, n=3, cutoff=0.5) or found[:3]
        return Listing(len(found), model in found, [] if model in found else near)
    if isinstance(found, End):
        raise EndpointError(found.sentence)
    if isinstance(found, Retry) and found.trouble == "unreachable":
        raise _failure(found)
    return Listing()


async def _first(probe: Probe, findings: Findings) -> Reply:
    """The plain request, sent again where the endpoint is busy; it must be answered."""
    for attempt in range(1, ATTEMPTS + 1):
        reply = await probe.chat()
        completion, verdict = reply.completion, reply.verdict
        if completion:
            findings.answer = _answer(reply)
            return reply
        if attempt == ATTEMPTS or not _is_passing(verdict):
            break
        await asyncio.sleep(_pause(verdict))
    raise _failure(verdict, findings.models)


def _is_passing(verdict: Verdict | None) -> bool:
    """Whether the endpoint is busy: not whether it is no endpoint, away, or slower than allowed."""
    return (
        isinstance(verdict, Retry)
        and verdict.reason not in {"timeout", "not_an_answer"}
        and verdict.trouble != "unreachable"
        and (verdict.after or 0.0) <= LONGEST_PAUSE
    )


def _pause(verdict: Verdict | None) -> float:
    after = verdict.after if isinstance(verdict, Retry) else None
    return PAUSE if after is None else after


def _failure(verdict: Verdict | None, models: Listing = Listing()) -> EndpointError:  # noqa: B008  frozen
    """Why the plain request has no answer, and what to do."""
    if isinstance(verdict, End):
        listed = "; it lists " + ", ".join(models.near) if models.near else ""
        return EndpointError(verdict.sentence + listed)
    if isinstance(verdict, GiveUp):
        return EndpointError(f"a plain request is refused ({verdict.problem.detail})")
    if isinstance(verdict, Adapt):
        return EndpointError(f"a plain request is refused ({verdict.words})")
    if not isinstance(verdict, Retry):
        raise TypeError("a request without answer or verdict")
    if verdict.trouble == "unreachable":
        return EndpointError(
            f"cannot be reached ({verdict.detail}); check --base-url and that the server runs"
        )
    if verdict.reason == "not_an_answer":
        return EndpointError(
            f"replies, but not as a chat-completions endpoint ({verdict.detail}); check --base-url"
        )
    return EndpointError(f"has no answer now ({verdict.detail}); try again later")


def _answer(reply: Reply) -> Answer:
    completion = reply.completion
    if completion is None:
        raise TypeError("a reply without an answer")
    return Answer(reply.seconds, completion.model, completion.finish_reason, completion.usage)


def _usual(replies: list[Reply]) -> Answer:
    """The answer of middling latency: the first one pays for the connection and a cold start."""
    answered = sorted((r for r in replies if r.completion), key=lambda reply: reply.seconds)
    return _answer(answered[len(answered) // 2])


def _support(reply: Reply) -> Support:
    """Whether the endpoint took a request with the parameter; taken is not proven to be obeyed."""
    verdict = reply.verdict
    if isinstance(verdict, Adapt):
        how = f"sent as {verdict.replacement}" if verdict.replacement else "left out"
        return Support(False, f"clair sees it: in a run it is {how}")
    if isinstance(verdict, GiveUp):
        return Support(False, verdict.problem.detail)
    if isinstance(verdict, End):
        return Support(False, verdict.sentence)
    if isinstance(verdict, Retry):
        return Support(None, verdict.detail)
    return Support(True)


def _structured(reply: Reply) -> Support:
    if reply.completion is None:
        return _support(reply)
    try:
        value = orjson.loads(reply.completion.text)
    except orjson.JSONDecodeError:
        return Support(False, "the format is taken, but the reply is no JSON")
    if not isinstance(value, dict) or any(not isinstance(value.get(key), str) for key in KEYS):
        return Support(False, "the format is taken, but the reply is other JSON")
    return Support(True)


async def _ramp(probe: Probe, findings: Findings) -> None:
    for at_once in STEPS:
        began = time.monotonic()
        replies = await asyncio.gather(*(probe.chat() for _ in range(at_once)))
        _end_with(*replies)
        findings.ramp.append(step_of(replies, time.monotonic() - began))
        if not may_go_on(findings.ramp[-1]):
            break


def _end_with(*replies: Reply) -> None:
    """End the check where a plain request met the end of all: spent quota, a revoked key."""
    for reply in replies:
        if isinstance(reply.verdict, End):
            raise EndpointError(reply.verdict.sentence)
