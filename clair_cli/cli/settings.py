"""Options and environment -> where requests go, and what they hold besides messages."""

import math
import os
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import orjson

from clair_cli.cli.publishing import Publishing
from clair_cli.endpoint.address import Address
from clair_cli.endpoint.prices import Price, listed_price
from clair_cli.mock import MODEL
from clair_cli.records import METRICS, UsageError

OPENAI = "https://api.openai.com/v1"
RESERVED = frozenset({"messages", "model", "stream", "n"})
WRITTEN = frozenset(
    {
        *("id", "prompt", "chosen", "rejected", "completion", "completions", "label", "rational"),
        *("rationale", "model", *METRICS, "thinking", "flag", "worsened_rationale"),
    }
)
"""The columns of a pair, in one format or another."""

NO_ENDPOINT = (
    "no endpoint: set OPENAI_API_KEY for OpenAI, or --base-url (or OPENAI_BASE_URL) for another "
    "endpoint, with OPENAI_API_KEY if it wants a key; --mock works without either"
)


def addresses(
    base_urls: Sequence[str],
    key_name: str,
    headers: Sequence[str],
    *,
    needed: bool,
    insecure: bool,
) -> list[Address]:
    """Where to send requests: one address a replica; without effect where none is `needed`.

    Raises:
        UsageError: Neither a key nor a base URL is set, or a value cannot be sent.
    """
    if not needed:
        return [Address("http://127.0.0.1")]
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


def parameters(
    *,
    model: str,
    mock: bool,
    given: Mapping[str, Any],
    extra: Sequence[str],
    structured: bool = False,
) -> dict[str, Any]:
    """The fields of every request besides its messages.

    Raises:
        UsageError: No model is named, or a `--param` is not KEY=JSON or is set by an option, such
            as `response_format` by `--structured`.
    """
    if not model and not mock:
        raise UsageError("no model: name one with -m, as the endpoint calls it")
    for key, value in given.items():
        if isinstance(value, float) and not math.isfinite(value):
            raise UsageError(f"--{key} {value}: is no finite number")
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            raise UsageError(f"--{key.replace('_', '-')} {value}: does not fit in 64 bits")
    named = {key: value for key, value in given.items() if value is not None}
    added = dict(_parameter(each) for each in extra)
    options = {name: name.replace("_", "-") for name in named}
    if structured:
        options["response_format"] = "structured"
    twice = sorted(options.keys() & added.keys())
    if twice:
        raise UsageError(f"--param {twice[0]}: is set by --{options[twice[0]]} as well")
    return {"model": model or MODEL, **named, **added}


def column_names(text: str) -> tuple[str, ...]:
    """The columns that `--keep-columns` names.

    Raises:
        UsageError: One is empty, is named twice, or has the name of a column that clair writes.
    """
    if not text.strip():
        return ()
    names = tuple(name.strip() for name in text.split(","))
    for name in names:
        if not name or names.count(name) > 1:
            raise UsageError(f"--keep-columns {text}: write the names with a comma between them")
        if name in WRITTEN:
            raise UsageError(f"--keep-columns {name}: clair writes a column of that name itself")
    return names


def publishing(repo: str, *, private: bool) -> Publishing | None:
    """Where the run is to be published; None for nowhere.

    Raises:
        UsageError: It is to be private, but not said where.
    """
    if private and not repo:
        raise UsageError("--private: says how to publish; say where with --push USER/NAME")
    return Publishing(repo, private) if repo else None


def size_in_bytes(text: str, option: str) -> int:
    """The bytes that a size such as 500MB, 1.5GiB or 4096 means.

    Raises:
        UsageError: It is none.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(I?)B?", text.strip().upper())
    size = (
        int(Decimal(found[1]) * (1024 if found[3] else 1000) ** " KMGT".index(found[2] or " "))
        if found
        else 0
    )
    if size < 1:
        raise UsageError(f"{option} {text}: write a size such as 500MB or 1GB")
    return size


def prices(
    model: str, prompt: float | None, completion: float | None, max_cost: float | None
) -> Price | None:
    """What tokens cost, None where nobody knows.

    Raises:
        UsageError: One of the two prices is missing, or a budget needs a price that is not known.
    """
    if (prompt is None) != (completion is None):
        raise UsageError("--price-in and --price-out go together: give both")
    if prompt is not None and completion is not None:
        price: Price | None = Price(Decimal(str(prompt)), Decimal(str(completion)))
    else:
        price = listed_price(model) if model else None
    if max_cost is not None and price is None:
        raise UsageError(
            f"--max-cost: the price of {model or 'the model'} is not known; give it with "
            "--price-in and --price-out"
        )
    return price


def _parameter(text: str) -> tuple[str, Any]:
    key, found, value = text.partition("=")
    if not found or not key:
        raise UsageError(f"--param {text}: write KEY=JSON, such as top_p=0.9")
    if key in RESERVED:
        raise UsageError(f"--param {key}: clair sets this field itself")
    try:
        return key, orjson.loads(value)  # stricter than json: no NaN, no lone surrogates
    except ValueError as exc:
        raise UsageError(
            f"--param {text}: the value is not JSON; a text needs its quotes: {key}='\"...\"'"
        ) from exc


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
