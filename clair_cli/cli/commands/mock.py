"""`clair mock`: serve the offline endpoint."""

import contextlib
import os
import re
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import typer

from clair_cli.cli.signature import command
from clair_cli.run.options.declaring import Group, option

if TYPE_CHECKING:
    import asyncio

    from clair_cli.mock import Manners, Outage

_FAULT_HELP = (
    "Share of requests that meet a fault; repeatable. Error replies: 429 (with Retry-After), "
    "429-ms, 429-bare (without), quota, 500, 503, 529, html, html-200, error-200. Connections: "
    "reset, reset-body, hang, trickle, wrong-length. Replies: cut, empty-choices, null-content, "
    "huge. Answers: list-content, no-usage, unparseable, duplicate-marker, over-edit."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingOptions(Group):
    """Where it listens, and how fast it answers."""

    panel: ClassVar[str] = ""

    port: int = option(8010, "Port on 127.0.0.1; 0 takes a free one.", metavar="PORT")
    latency: float = option(
        0.0, "Mean seconds before a reply.", metavar="SECONDS", least=0, most=3600
    )
    seed: int = option(0, "Seed of latency and faults.", metavar="N")


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultOptions(Group):
    """What goes wrong, and how often."""

    panel: ClassVar[str] = "Faults"

    fault: tuple[str, ...] = option((), _FAULT_HELP, metavar="NAME=SHARE")
    error_rate: float = option(
        0.0,
        "Share of requests that first meet 429, 429-ms, 500 or 503, in equal parts.",
        metavar="SHARE",
        least=0,
        most=1,
    )
    hang: float = option(
        60.0, "How long hang and trickle last.", metavar="SECONDS", least=0, most=86400
    )
    outage: str = option(
        "",
        "From the AFTER-th request on, answer 503 for SECONDS; with :refuse, refuse connections.",
        metavar="AFTER:SECONDS[:refuse]",
        shows_default=False,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitOptions(Group):
    """Whom it answers, and how often."""

    panel: ClassVar[str] = "Limits"

    rpm: int | None = option(None, "Requests a minute.", metavar="N", least=1)
    tpm: int | None = option(None, "Tokens a minute.", metavar="N", least=1)
    key_env: str = option(
        "",
        "Ask for the API key that this variable holds.",
        metavar="NAME",
        shows_default=False,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenOptions(Group):
    """Which fields of a request it takes."""

    panel: ClassVar[str] = "Model"

    max_tokens: bool = option(True, "Take max_tokens, or want max_completion_tokens.")
    temperature: bool = option(True, "Take any temperature, or 1 alone.")
    structured: bool = option(True, "Take response_format, or refuse it.")


@command()
def mock(
    serving: ServingOptions, faults: FaultOptions, limits: LimitOptions, taken: TakenOptions
) -> int:
    """Serve the offline endpoint: a rule-based copy editor behind the OpenAI API.

    It is not a language model. It makes small, real edits, so that data jobs can be rehearsed
    without a key, a network or a bill. When it ends, it says how many requests met which fault.
    """
    import asyncio  # noqa: PLC0415 - `clair --help` stays quick

    from clair_cli.mock import Manners  # noqa: PLC0415

    manners = _checked(
        lambda: Manners(
            latency=serving.latency,
            error_rate=faults.error_rate,
            seed=serving.seed,
            faults=_faults(faults.fault),
            hang=faults.hang,
            outage=_outage(faults.outage),
            rpm=limits.rpm,
            tpm=limits.tpm,
            max_tokens=taken.max_tokens,
            temperature=taken.temperature,
            structured=taken.structured,
            key=_key(limits.key_env),
        )
    )
    return asyncio.run(_serve(manners, serving.port))


async def _serve(manners: "Manners", port: int) -> int:
    """Serve until a signal comes; the exit code that belongs to it."""
    import asyncio  # noqa: PLC0415 - `clair --help` stays quick

    from clair_cli.mock import MockServer  # noqa: PLC0415
    from clair_cli.records import UsageError  # noqa: PLC0415

    loop = asyncio.get_running_loop()
    ended: asyncio.Future[int] = loop.create_future()
    server = MockServer(manners, port=port)
    async with contextlib.AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(server)
        except (OSError, OverflowError) as exc:
            raise UsageError(
                f"--port {port}: cannot listen there ({exc}); take another, or 0 for a free one"
            ) from exc
        for sign in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(sign, _end, ended, 128 + sign)
        typer.echo(f"serving {server.base_url} (Ctrl-C ends it)", err=True)
        code = await ended
    typer.echo(_told(server.counts), err=True)
    return code


def _end(ended: "asyncio.Future[int]", code: int) -> None:
    if not ended.done():
        ended.set_result(code)


def _told(counts: Mapping[str, int]) -> str:
    """What the endpoint did, in one line: what is most frequent comes first."""
    ordered = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    return " ".join([f"requests={sum(counts.values())}", *(f"{k}={v}" for k, v in ordered)])


def _checked(make: "Callable[[], Manners]") -> "Manners":
    """The manners that `make` makes.

    Raises:
        UsageError: They cannot be; it names the option.
    """
    from clair_cli.records import UsageError  # noqa: PLC0415 - `clair --help` stays quick

    try:
        return make()
    except ValueError as exc:
        attribute, _, rest = str(exc).partition(" ")
        option = "fault" if attribute == "faults" else attribute.replace("_", "-")
        raise UsageError(f"--{option} {rest}") from exc


def _faults(given: Sequence[str]) -> dict[str, float]:
    """The shares in `--fault NAME=SHARE`."""
    from clair_cli.records import UsageError  # noqa: PLC0415 - `clair --help` stays quick

    shares: dict[str, float] = {}
    for text in given:
        name, _, share = text.partition("=")
        if name in shares:
            raise UsageError(f"--fault {name} is given twice; give each fault one share")
        try:
            shares[name] = float(share)
        except ValueError as exc:
            raise UsageError(
                f"--fault {text}: write NAME=SHARE with a share from 0 to 1, such as 429=0.1"
            ) from exc
    return shares


def _outage(text: str) -> "Outage | None":
    """The outage in `--outage AFTER:SECONDS[:refuse]`."""
    from clair_cli.mock import Outage  # noqa: PLC0415 - `clair --help` stays quick
    from clair_cli.records import UsageError  # noqa: PLC0415

    if not text:
        return None
    found = re.fullmatch(r"(\d{1,12}):(\d{1,9}(?:\.\d*)?)(:refuse)?", text)
    if found is None:
        raise UsageError(f"--outage {text}: write AFTER:SECONDS, such as 500:3, or 500:3:refuse")
    return Outage(int(found[1]), float(found[2]), refuses=bool(found[3]))


def _key(name: str) -> str:
    """The key to ask for, from the variable called `name`."""
    from clair_cli.records import UsageError  # noqa: PLC0415 - `clair --help` stays quick

    if not name:
        return ""
    key = os.environ.get(name, "").strip()
    if not key:
        raise UsageError(f"--key-env {name}: the variable is not set; export it with the key")
    return key
