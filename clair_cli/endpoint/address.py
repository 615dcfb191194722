"""Where requests go, and what authorises them."""

import asyncio
import ipaddress
import os
import re
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from clair_cli.records import UsageError

OPENAI = "https://api.openai.com/v1"

NO_ENDPOINT = (
    "no endpoint: set OPENAI_API_KEY for OpenAI, or --base-url (or OPENAI_BASE_URL) for another "
    "endpoint, with OPENAI_API_KEY if it wants a key; --mock works without either"
)
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


def addresses(
    base_urls: Sequence[str],
    key_name: str,
    headers: Sequence[str],
    *,
    insecure: bool,
) -> list[Address]:
    """Where to send requests: one address a replica.

    Args:
        base_urls: As the user gives them; empty for OPENAI_BASE_URL, else OpenAI's own.
        key_name: The variable that holds the key.
        headers: Further headers, each `NAME: VALUE` with ${VAR} for the environment's.
        insecure: Whether they may go over plain http to a public address.

    Raises:
        UsageError: Neither a key nor a base URL is set, or a value cannot be sent.
    """
    urls = [*base_urls] or os.environ.get("OPENAI_BASE_URL", "").split()
    key = os.environ.get(key_name, "").strip()
    if key_name != "OPENAI_API_KEY" and not key:
        raise UsageError(f"--api-key-env {key_name}: the variable is not set")
    if not urls and not key:
        raise UsageError(NO_ENDPOINT)
    if not _is_sendable(key):
        raise UsageError(f"{key_name}: holds characters that no key has; set it again")
    sent = dict(_header(each) for each in headers)
    for url in urls:
        _check_url(url)
    return [Address(url, key, sent, insecure) for url in urls or [OPENAI]]


def _check_url(url: str) -> None:
    if "#" in url or any(char.isspace() for char in url):
        raise UsageError(f"--base-url {url!r}: holds a # or a blank; give the plain address")
    if "@" in url:
        raise UsageError("--base-url holds credentials; give them by OPENAI_API_KEY or --header")
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:  # a bad port or IPv6 address
        usable = False
    if not usable:
        raise UsageError(f"--base-url {url!r} is not an http or https address, like {OPENAI}")


def _header(text: str) -> tuple[str, str]:
    name, found, value = text.partition(":")
    name = name.strip()
    if not found or not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
        raise UsageError("--header: write 'NAME: VALUE', such as 'api-key: ${AZURE_KEY}'")
    value = re.sub(r"\$\{(\w+)\}", lambda match: _variable(match[1], name), value).strip()
    if not _is_sendable(value):
        raise UsageError(f"--header {name}: holds characters that no header may have")
    return name, value


def _variable(variable: str, header: str) -> str:
    value = os.environ.get(variable, "").strip()
    if not value:
        raise UsageError(f"--header {header}: the variable {variable} is not set")
    return value


def _is_sendable(value: str) -> bool:
    return value.isascii() and (value.isprintable() or not value)


async def _is_private(host: str) -> bool:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return True  # nothing will be sent to a host without an address
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    return all(a.is_loopback or a.is_private or a.is_link_local for a in addresses)
