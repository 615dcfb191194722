"""Bare clients to compare with: the same bodies, the same ceiling, nothing kept or parsed.

Run as `python -m bench.loops CLIENT BASE_URL BODIES CEILING`; prints the seconds it took. CLIENT
is `transport` (httpx over httpx-aiohttp), `httpx` (its own connection pool), `openai` or `raw`.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
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

    once = {"max_retries": 0, "timeout": 600}  # its own five seconds to connect are too few at 512
    async with openai.AsyncOpenAI(base_url=url, api_key="bench", **once) as client:

        async def post(body: bytes) -> None:
            fields = orjson.loads(body)
            await client.chat.completions.create(**fields)

        await each(post, bodies, ceiling)


async def raw(url: str, bodies: list[bytes], ceiling: int) -> None:
    """As many plain sockets, next to no client: what the endpoint itself can do."""
    parts = httpx.URL(url)
    left = iter(bodies)

    async def one() -> None:
        reader, writer = await asyncio.open_connection(parts.host, parts.port)
        for body in left:
            head = f"POST /v1/chat/completions HTTP/1.1\r\ncontent-length: {len(body)}\r\n\r\n"
            writer.write(head.encode() + body)
            answer = await reader.readuntil(b"\r\n\r\n")
            length = int(answer.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
            await reader.readexactly(length)
        writer.close()

    await asyncio.gather(*(one() for _ in range(ceiling)))


async def each(post: Callable[[bytes], Awaitable[None]], bodies: list[bytes], ceiling: int) -> None:
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
    if client == "raw":
        asyncio.run(raw(url, bodies, int(ceiling)))
    elif client == "openai":
        asyncio.run(with_openai(url, bodies, int(ceiling)))
    else:
        asyncio.run(with_httpx(url, bodies, int(ceiling), aiohttp=client == "transport"))
    print(f"{time.perf_counter() - began:.4f}")


if __name__ == "__main__":
    main()
