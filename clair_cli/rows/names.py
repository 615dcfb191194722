"""What an input is called: whether a name is an address, and what of it may be shown."""

import os
import re
from urllib.parse import urlsplit

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*(?:::[A-Za-z][A-Za-z0-9+.-]*)*://")


def is_url(name: str) -> bool:
    """Whether `name` is an address rather than a path."""
    return bool(_URL.match(name))


def is_web(name: str) -> bool:
    """Whether `name` is an address on the web."""
    return name.startswith(("http://", "https://"))


def public(name: str) -> str:
    """The name without what a URL may hold of secrets: user, password, and a signed query."""
    if not is_url(name):
        return name
    scheme, rest = name.split("://", 1)
    rest = rest.split("?", 1)[0].split("#", 1)[0] if is_web(name) else rest
    place, slash, path = rest.partition("/")
    return f"{scheme}://{place.rpartition('@')[2]}{slash}{path}"


def path_of(name: str) -> str:
    """The path in a URL, or the name itself; only on the web does a query follow it."""
    if not is_url(name):
        return name
    return urlsplit(name).path if is_web(name) else name.split("://", 1)[1]


def printable(name: str) -> str:
    """A file's name as text: bytes that are no UTF-8 are written out."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")
