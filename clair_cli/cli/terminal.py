"""What reaches the terminal: text, never a control code that a row or a reply smuggled in."""

import re

from rich.console import Console

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def console() -> Console:
    """The console on stderr; data alone goes to stdout."""
    return Console(stderr=True, highlight=False, markup=False, emoji=False)


def plain(text: str) -> str:
    """`text` with every control code and bidirectional override made visible."""
    return _CONTROL.sub(lambda m: f"\\x{ord(m[0]):02x}", text)


def one_line(text: str) -> str:
    """`text` on one line, without control codes."""
    return plain(" ".join(text.split()))
