"""Where requests go, and what authorises them."""

import asyncio
import ipaddress
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from clair_cli.records import UsageError

SHORTEST_SECRET = 4
"""Characters from which on a header's value is blotted out of what an endpoint says."""


@dataclass(frozen=True, slots=True)
class Address:
    """One replica of an endpoint.

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

    def route(self, name: str) -> str:
        """The full address of a route below the base, such as `chat/completions` or `models`."""
        base, mark, query = self.base_url.partition("?")
        base = base.rstrip("/").removesuffix("/chat/completions")
        return f"{base}/{name}{mark}{query}"

    def without_secrets(self, body: bytes) -> bytes:
        """An endpoint's words with the key and the headers' values blotted out."""
        for secret in (self.key, *self.headers.values()):
            if len(secret) >= SHORTEST_SECRET:
                body = body.replace(secret.encode(), b"[secret]")
        return body

    @property
    def shown(self) -> str:
        """The base URL without anything that could be a secret: for messages and run.json."""
        parts = urlsplit(self.base_url)
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
        return f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}{parts.path}"

    async def check(self) -> None:
        """Refuse to give a key away.

        Raises:
            UsageError: A key or header would go over plain http to a public address.
        """
        parts = urlsplit(self.base_url)
        exposed = bool(self.key or self.headers) and parts.scheme == "http" and not self.insecure
        if exposed and not await _is_private(parts.hostname or ""):
            raise UsageError(
                f"a key would go over plain http to {parts.hostname}; use https, unset the key, "
                "or allow it with --insecure-http"
            )


async def _is_private(host: str) -> bool:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return True  # nothing will be sent to a host without an address
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    return all(a.is_loopback or a.is_private or a.is_link_local for a in addresses)
