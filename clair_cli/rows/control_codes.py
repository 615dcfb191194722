"""Characters that act instead of being seen: control codes, marks that turn a text's direction."""

import re
from collections.abc import Callable

CONTROL_CODES = (
    r"\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
)
"""What a pattern's class holds, in Python as in JavaScript; tabs and line feeds are not in it."""


def written_out(text: str, sign: Callable[[int], str], further: str = "") -> str:
    """`text` with the `sign` of its code point for each of them, and of the class `further`."""
    return re.sub(f"[{CONTROL_CODES}{further}]", lambda found: sign(ord(found[0])), text)
