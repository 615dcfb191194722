"""Bare clients to compare with: the same bodies, the same ceiling, nothing kept or parsed.

Run as `python -m bench.loops CLIENT BASE_URL BODIES CEILING`; prints the seconds it took. CLIENT
is `transport` (httpx over httpx-aiohttp), `httpx` (its own connection pool) or `openai`.
"""

import asyncio
import sys
import time
from pathlib import Path

import httpx
import orjson

HEADERS = {"Content-Type": "application/json", "Authorization": "Bearer bench"}


async def with_httpx(url: str, bodies: list[bytes], ceiling: int, *, aiohttp: bool) -> None:
    transport = None
    if aiohttp:
        from httpx_aiohttp import AiohttpTransport

        transport = AiohttpTransport(limits=httpx.Limits(max_connections=ceiling))
    limits = httpx.Limits(max_connections=ceiling, max_keepalive_connections=ceiling)
    timeout = httpx.Timeout(600)
    async with httpx.AsyncClient(transport=transport, limits=limits, timeout=timeout) as client:

        async def post(body: bytes) -> None:
            reply = await client.post(f"{url}/chat/completions", content=body, headers=HEADERS)
            reply.raise_for_status()
            reply.json()

        await each(post, bodies, ceiling)


async def with_openai(url: str, bodies: list[bytes], ceiling: int) -> None:
    import openai

    async with openai.AsyncOpenAI(base_url=url, api_key="bench", max_retries=0) as client:

        async def post(body: bytes) -> None:
            fields = orjson.loads(body)
            await client.chat.completions.create(**fields)

        await each(post, bodies, ceiling)


async def each(post, bodies: list[bytes], ceiling: int) -> None:  # type: ignore[no-untyped-def]
    """`gather` over all with a semaphore: what one writes without a tool."""
    slots = asyncio.Semaphore(ceiling)

    async def one(body: bytes) -> None:
        async with slots:
            await post(body)

    await asyncio.gather(*map(one, bodies))


def main() -> None:
    client, url, file, ceiling = sys.argv[1:]
    bodies = Path(file).read_bytes().splitlines()
    began = time.perf_counter()
    if client == "openai":
        asyncio.run(with_openai(url, bodies, int(ceiling)))
    else:
        asyncio.run(with_httpx(url, bodies, int(ceiling), aiohttp=client == "transport"))
    print(f"{time.perf_counter() - began:.4f}")


if __name__ == "__main__":
    main()
