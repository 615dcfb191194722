"""`clair mock`: serve the offline endpoint."""

from typing import Annotated

import typer


def mock(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.")] = 8010,
    latency: Annotated[
        float, typer.Option(min=0, max=3600, help="Mean seconds before a reply.")
    ] = 0.0,
    error_rate: Annotated[
        float, typer.Option(min=0, max=1, help="Share of requests that first meet a fault.")
    ] = 0.0,
    seed: Annotated[int, typer.Option(help="Seed of latency and faults.")] = 0,
) -> None:
    """Serve the offline endpoint: a rule-based copy editor behind the OpenAI API.

    It is not a language model. It makes small, real edits, so that data jobs can be rehearsed
    without a key, a network or a bill.
    """
    import asyncio  # noqa: PLC0415 - `clair --help` stays quick

    from clair_cli.mock.server import Manners, MockServer  # noqa: PLC0415

    async def serve() -> None:
        async with MockServer(Manners(latency, error_rate, seed), port=port) as server:
            typer.echo(f"serving {server.base_url} (Ctrl-C ends it)", err=True)
            await asyncio.Event().wait()

    asyncio.run(serve())
