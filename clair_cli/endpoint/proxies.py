"""The proxy that the environment names for an endpoint, and what it means when that fails."""

import urllib.request
from urllib.parse import urlsplit

import aiohttp
import httpx

from clair_cli.records import EndpointError, UsageError


class ProxyError(aiohttp.ClientConnectorError):
    """The proxy is out of reach or lets nothing through: no connection was made.

    It is built from one sentence alone, so that the proxy's credentials cannot be part of it.
    """

    def __init__(self, sentence: str) -> None:
        OSError.__init__(self, sentence)
        self._sentence = sentence

    def __str__(self) -> str:
        return self._sentence


def proxy_for(url: str) -> httpx.Proxy | None:
    """The proxy that HTTPS_PROXY or HTTP_PROXY names for `url`, unless NO_PROXY excepts its host.

    Raises:
        UsageError: It is no http or https address.
    """
    parts = urlsplit(url)
    named = urllib.request.getproxies().get(parts.scheme)
    if not named or urllib.request.proxy_bypass(parts.netloc.rpartition("@")[2]):
        return None
    try:
        proxy = httpx.Proxy(named if "://" in named else f"http://{named}")
        usable = proxy.url.scheme in {"http", "https"} and bool(proxy.url.host)
    except (ValueError, httpx.InvalidURL):
        usable = False
    if not usable:
        variable = f"{parts.scheme.upper()}_PROXY"
        raise UsageError(f"{variable}: is not an http or https address, like http://proxy:3128")
    return proxy


def blame(exc: httpx.TransportError, proxy: httpx.Proxy | None) -> None:
    """Say so where the proxy and not the endpoint is at fault.

    Raises:
        ProxyError: It is out of reach, or does not reach the endpoint.
        EndpointError: It refuses its credentials.
    """
    cause = exc.__cause__
    if proxy and isinstance(cause, aiohttp.ClientProxyConnectionError):
        why = cause.os_error.strerror or type(cause.os_error).__name__
        raise ProxyError(f"the proxy {proxy.url} cannot be reached: {why}") from None
    if proxy and isinstance(cause, aiohttp.ClientHttpProxyError):
        if cause.status in {401, 407}:
            refuse(cause.status, proxy)
        sentence = f"the proxy {proxy.url} does not connect to this host: HTTP {cause.status}"
        raise ProxyError(sentence) from None


def refuse(status: int, proxy: httpx.Proxy) -> None:
    """Say that the proxy wants other credentials.

    Raises:
        EndpointError: Always.
    """
    raise EndpointError(
        f"the proxy {proxy.url} refuses its credentials (HTTP {status}); set them in the variable "
        "that names it, like http://user:password@proxy:3128"
    ) from None
