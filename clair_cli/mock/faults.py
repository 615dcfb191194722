"""The faults that the endpoint can commit, by name; what the plain error replies among them say."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Said:
    """An error reply: the status, words and headers that an API would use."""

    status: int
    kind: str
    message: str
    code: str | None = None
    headers: tuple[tuple[str, str], ...] = ()


_LIMITED = ("rate_limit_error", "Rate limit reached (injected fault).", "rate_limit_exceeded")

ERRORS: Mapping[str, Said] = MappingProxyType(
    {
        "429": Said(429, *_LIMITED, (("retry-after", "1"),)),
        "429-ms": Said(429, *_LIMITED, (("retry-after-ms", "250"),)),
        "429-bare": Said(429, *_LIMITED),
        "quota": Said(
            429,
            "insufficient_quota",
            "You exceeded your current quota, please check your plan and billing details "
            "(injected fault).",
            "insufficient_quota",
        ),
        "500": Said(500, "server_error", "Internal error (injected fault)."),
        "503": Said(503, "server_error", "Overloaded (injected fault)."),
        "529": Said(529, "overloaded_error", "Overloaded (injected fault)."),
    }
)
"""The faults that are an error reply and nothing else."""

WIRE = (
    "reset",
    "reset-body",
    "hang",
    "trickle",
    "cut",
    "html",
    "html-200",
    "error-200",
    "empty-choices",
    "null-content",
    "huge",
    "wrong-length",
)
"""The faults in how a reply is sent, or in the object that it should be."""

ONCE = (*ERRORS, *WIRE)
"""Faults that meet a body once: the same body sent again is answered."""

SLIPS = ("list-content", "no-usage", "unparseable", "duplicate-marker", "over-edit")
"""Odd answers. They are drawn by the student's answer, so a body always gets the same one, and a
request that ends with a note on the last reply is answered properly."""

NAMES = (*ONCE, *SLIPS)

EVEN = ("429", "429-ms", "500", "503")
"""The faults over which an error rate is spread, in equal parts."""


def drawn(
    shares: Mapping[str, float], names: Iterable[str], lot: float, *, again: bool
) -> str | None:
    """Return the fault that a lot falls on, or None.

    Args:
        shares: The share of each fault.
        names: The faults that take part, in the order in which their shares are laid out.
        lot: A number from 0 to 1, without 1.
        again: Whether the request had its turn: then only what has a share of 1 meets it.
    """
    for name in names:
        share = shares.get(name, 0.0)
        if lot < share:
            return name if share >= 1 or not again else None
        lot -= share
    return None
