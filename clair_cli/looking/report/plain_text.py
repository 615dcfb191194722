"""Text of others, as a page's prose shows it: every control code and bidirectional mark visible."""

import re

_HIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_PICTURES = 0x2400
"""Where Unicode has a picture for each control code of ASCII."""


def plain(text: str) -> str:
    """`text` with its hidden characters shown: a picture, or the number in brackets."""
    return _HIDDEN.sub(lambda found: _shown(ord(found[0])), text)


def clipped(text: str, most: int) -> str:
    """At most so many characters of `text`."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _shown(code: int) -> str:
    if code == 0x7F:
        return "␡"
    return chr(_PICTURES + code) if code < 0x20 else f"⟦U+{code:04X}⟧"
