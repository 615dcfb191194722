"""A check of endpoints put together: the findings as a table or as JSON on stdout."""

import asyncio
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict

import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from clair_cli.cli.printing.terminal import console, one_line
from clair_cli.endpoint.address import Address
from clair_cli.endpoint.preflight.capabilities import Answer, Findings, Limit, Listing, Support
from clair_cli.endpoint.preflight.check import MOST_REQUESTS, check
from clair_cli.records import EndpointError, Usage

Line = tuple[str, str]


def check_all(addresses: Sequence[Address], model: str, within: float, *, as_json: bool) -> None:
    """Check every address, with `within` seconds for each request; print what was found.

    Raises:
        EndpointError: One of them ended its check.
    """
    each = "" if len(addresses) == 1 else " to each endpoint"
    console().print(
        f"sending at most {MOST_REQUESTS} small requests{each}, without any row's data",
        soft_wrap=True,
    )
    found = asyncio.run(_check_all(addresses, model, within))
    if as_json:
        sys.stdout.buffer.write(_json(found))
    else:
        _print(found)
    ended = [findings.ended for findings in found if findings.ended]
    if ended:
        raise EndpointError("; ".join(ended))


async def _check_all(addresses: Sequence[Address], model: str, within: float) -> list[Findings]:
    """One after the other: together they would disturb each other's measurements."""
    return [await check(address, model, within) for address in addresses]


def _json(found: Sequence[Findings]) -> bytes:
    total = sum(each.suggestion.concurrency for each in found if each.suggestion)
    record = {"endpoints": [asdict(each) for each in found], "concurrency": total or None}
    return orjson.dumps(record, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _print(found: Sequence[Findings]) -> None:
    screen = Console(highlight=False, markup=False, emoji=False)
    for findings in found:
        if findings.answer is None and findings.models.count is None:
            continue  # nothing is known; the error says why
        table = Table.grid(padding=(0, 2))
        for name, value in _lines(findings):
            table.add_row(Text(name, style="dim"), Text(one_line(value)))
        screen.print(table)
        screen.print()


def _lines(findings: Findings) -> Iterator[Line]:
    yield "endpoint", findings.endpoint
    yield "models", _models(findings.models, findings.model)
    if findings.answer:
        yield from _answer(findings.answer)
        yield from _capabilities(findings)
        yield from _speed(findings)
    yield "requests sent", str(findings.requests)


def _answer(answer: Answer) -> Iterator[Line]:
    yield "model", answer.model or "not named in the reply"
    yield "latency", f"{answer.latency:.2f} s for the first small request"
    yield "finish reason", answer.finish_reason or "none given"
    yield "usage", _usage(answer.usage)


def _usage(usage: Usage) -> str:
    if not usage.total:
        return "not counted by the endpoint"
    reasoning = f" ({usage.reasoning_tokens:,} reasoning)" if usage.reasoning_tokens else ""
    return f"{usage.prompt_tokens:,} prompt, {usage.completion_tokens:,} completion{reasoning}"


def _capabilities(findings: Findings) -> Iterator[Line]:
    for name, support in findings.parameters.items():
        yield name, _support(support)
    yield "structured", _support(findings.structured or Support(None))
    yield from _limits(findings.limits)


def _speed(findings: Findings) -> Iterator[Line]:
    for step in findings.ramp:
        yield (
            f"{step.at_once} at once",
            f"{step.answered} answered, {step.latency:.2f} s each, {step.per_second:.1f} a second",
        )
    if findings.suggestion:
        suggestion = findings.suggestion
        yield "suggested", f"--concurrency {suggestion.concurrency} ({suggestion.why})"


def _models(listing: Listing, model: str) -> str:
    if listing.count is None:
        return "not listed by the endpoint"
    if listing.has_model:
        return f"{listing.count:,} listed, {model} among them"
    near = f" (such as {', '.join(listing.near)})" if listing.near else ""
    return f"{listing.count:,} listed{near}, {model} not among them"


def _support(support: Support) -> str:
    words = {True: "yes", False: "no", None: "not known"}[support.works]
    return f"{words}: {support.detail}" if support.detail else words


def _limits(limits: dict[str, Limit]) -> Iterator[Line]:
    if not limits:
        yield "rate limits", "none in the headers"
    for kind, limit in limits.items():
        left = "" if limit.remaining is None else f", {limit.remaining:,.0f} left"
        reset = "" if limit.reset is None else f", all back in {limit.reset:,.1f} s"
        rate = "" if limit.per_minute == limit.limit else f" ({limit.per_minute:,.1f} a minute)"
        yield f"{kind} limit", f"{limit.limit:,.0f}{rate}{left}{reset}"
