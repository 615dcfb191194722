"""A file on a web server: one request while the connection holds, the next from where it broke.

Bytes are taken as they are sent: what a server packs on the way (`Content-Encoding`) is unpacked
like a packed file, for a byte's position means nothing else (RFC 9110, section 14).
"""

import re
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator

TIMEOUT = httpx.Timeout(30, connect=10)
"""Seconds without a byte until a connection counts as dropped."""

_CHUNK = 1 << 17
_WHOLE = re.compile(r"bytes (?:\d+-\d+|\*)/(\d+)")


class ChangedError(Exception):
    """The file is not the one that was begun with."""


class WebFile:
    """The file at an http or https URL; `resuming.RemoteFile` says what the members mean."""

    def __init__(self, url: str) -> None:
        self.size: int | None = None
        self.seeks = False
        self._url = url
        self._version: str | None = None
        self._client = httpx.Client(
            follow_redirects=True, timeout=TIMEOUT, headers={"Accept-Encoding": "identity"}
        )

    def open_at(self, position: int) -> "_Body":
        """The bytes from `position` on; what is before it is read over where it must be.

        Raises:
            httpx.HTTPError: The server cannot be reached, or answers with an error.
            ChangedError: The file has changed.
        """
        headers = {"Range": f"bytes={position}-"}
        response = self._client.send(
            self._client.build_request("GET", self._url, headers=headers), stream=True
        )
        body = _Body(response)
        try:
            if response.status_code != 416:  # nothing there: an empty file, or its end
                response.raise_for_status()
            self._learn(response)
            if response.status_code == 200:
                body.skip(position)
        except BaseException:
            body.close()
            raise
        return body

    def close(self) -> None:
        """Let go of all connections."""
        self._client.close()

    def _learn(self, response: httpx.Response) -> None:
        size = _size(response)
        version = response.headers.get("etag") or response.headers.get("last-modified")
        if self._version is not None and (version, size) != (self._version, self.size):
            raise ChangedError("it has changed while it was read")
        self._version, self.size = version, size
        self.seeks = response.status_code in {206, 416}


class _Body:
    """The body of a response, in pieces of any size."""

    def __init__(self, response: httpx.Response) -> None:
        self._response = response
        empty = response.status_code == 416
        self._chunks: Iterator[bytes] = iter(()) if empty else response.iter_raw()
        self._left = memoryview(b"")

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes; none at the end."""
        while not self._left:
            chunk = next(self._chunks, None)
            if chunk is None:
                return b""
            self._left = memoryview(chunk)
        data, self._left = self._left[:size], self._left[size:]
        return bytes(data)

    def skip(self, size: int) -> None:
        """Read over so many bytes."""
        while size > 0 and (data := self.read(min(size, _CHUNK))):
            size -= len(data)

    def go_to(self, _position: int) -> bool:
        """Never: the server sends what was asked for."""
        return False

    def close(self) -> None:
        """Let go of the connection."""
        self._response.close()


def _size(response: httpx.Response) -> int | None:
    headers: Any = response.headers
    if response.status_code == 200:
        return int(headers["content-length"]) if "content-length" in headers else None
    whole = _WHOLE.match(headers.get("content-range", ""))
    return int(whole[1]) if whole else 0 if response.status_code == 416 else None
