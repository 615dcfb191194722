"""`clair mock`: serve the offline endpoint."""

import contextlib
import os
import re
import signal
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import asyncio

    from clair_cli.mock import Manners, Outage

_FAULT_HELP = (
    "Share of requests that meet a fault; repeatable. Error replies: 429 (with Retry-After), "
    "429-ms, 429-bare (without), quota, 500, 503, 529, html, html-200, error-200. Connections: "
    "reset, reset-body, hang, trickle, wrong-length. Replies: cut, empty-choices, null-content, "
    "huge. Answers: list-content, no-usage, unparseable, duplicate-marker, over-edit."
)


def _option(panel: str, *names: str, **settings: Any) -> Any:
    """An option on a panel of the help."""
    return typer.Option(*names, rich_help_panel=panel, show_envvar=False, **settings)


_FAULTS, _LIMITS, _MODEL = "Faults", "Limits", "Model"


def mock(  # noqa: PLR0913, PLR0917 - one parameter an option is how typer wants it
    port: Annotated[
        int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.", show_envvar=False)
    ] = 8010,
    latency: Annotated[
        float,
        typer.Option(min=0, max=3600, help="Mean seconds before a reply.", show_envvar=False),
    ] = 0.0,
    seed: Annotated[int, typer.Option(help="Seed of latency and faults.", show_envvar=False)] = 0,
    fault: Annotated[
        list[str] | None, _option(_FAULTS, metavar="NAME=SHARE", help=_FAULT_HELP)
    ] = None,
    error_rate: Annotated[
        float,
        _option(
            _FAULTS,
            min=0,
            max=1,
            metavar="SHARE",
            help="Share of requests that first meet 429, 429-ms, 500 or 503, in equal parts.",
        ),
    ] = 0.0,
    hang: Annotated[
        float,
        _option(
            _FAULTS, min=0, max=86400, metavar="SECONDS", help="How long hang and trickle last."
        ),
    ] = 60.0,
    outage: Annotated[
        str,
        _option(
            _FAULTS,
            metavar="AFTER:SECONDS[:refuse]",
            help="From the AFTER-th request on, answer 503 for SECONDS; with :refuse, refuse "
            "connections.",
            show_default=False,
        ),
    ] = "",
    rpm: Annotated[
        int | None,
        _option(_LIMITS, min=1, metavar="N", help="Requests a minute.", allow_from_autoenv=False),
    ] = None,
    tpm: Annotated[
        int | None,
        _option(_LIMITS, min=1, metavar="N", help="Tokens a minute.", allow_from_autoenv=False),
    ] = None,
    key_env: Annotated[
        str,
        _option(
            _LIMITS,
            metavar="NAME",
            help="Ask for the API key that this variable holds.",
            show_default=False,
        ),
    ] = "",
    no_max_tokens: Annotated[
        bool,
        _option(_MODEL, "--no-max-tokens", help="Refuse max_tokens: want max_completion_tokens."),
    ] = False,
    no_temperature: Annotated[
        bool, _option(_MODEL, "--no-temperature", help="Refuse any temperature but 1.")
    ] = False,
    no_structured: Annotated[
        bool, _option(_MODEL, "--no-structured", help="Refuse response_format.")
    ] = False,
) -> int:
    """Serve the offline endpoint: a rule-based copy editor behind the OpenAI API.

    It is not a language model. It makes small, real edits, so that data jobs can be rehearsed
    without a key, a network or a bill. When it ends, it says how many requests met which fault.
    """
    import asyncio  # noqa: PLC0415 - `clair --help` stays quick

    from clair_cli.mock import Manners  # noqa: PLC0415

    manners = _checked(
        lambda: Manners(
            latency=latency,
            error_rate=error_rate,
            seed=seed,
            faults=_faults(fault or []),
            hang=hang,
            outage=_outage(outage),
            rpm=rpm,
            tpm=tpm,
            max_tokens=not no_max_tokens,
            temperature=not no_temperature,
            structured=not no_structured,
            key=_key(key_env),
        )
    )
    return asyncio.run(_serve(manners, port))


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
