"""Any text -> Markdown that shows it, and does nothing else: no markup, no HTML, no control code.

Rules are those of CommonMark 0.31 with the tables of GitHub's dialect, as the Hub renders cards.
"""

import re
from collections.abc import Sequence

from clair_cli.rows.control_codes import written_out

ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
_UNSAFE = r"\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff"
"""Line ends that only some know, what files begin with, no characters, and halves of some."""
_MARKUP = re.compile(r"[\\`*\[\]<>|~&$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
"""What may begin or end markup in the middle of a line."""


def visible(text: str) -> str:
    """`text` with what would not be seen written out; tabs and line feeds stay."""
    text = text.replace("\r\n", "\n")
    return written_out(text, "\\u{:04x}".format, _UNSAFE)


def one_line(text: str) -> str:
    """`text` on one line, with nothing that is not seen."""
    return visible(" ".join(text.split()))


def escaped(text: str) -> str:
    """`text` for the middle of a line or a table's cell, as text.

    Character references mean the same to every dialect, in a table and out of it.
    """
    return _MARKUP.sub(lambda match: f"&#{ord(match[0])};", one_line(text))


def code(text: str) -> str:
    """`text` as code within a line; where a backtick, pipe or backslash forbids it, as text."""
    line = one_line(text)
    return f"`{line}`" if line and not re.search(r"[`|\\]", line) else escaped(line)


def fenced(text: str, language: str = "text") -> str:
    """`text` as a block of code, word for word: its fence is longer than any within."""
    shown = visible(text)
    longest = max((len(run) for run in re.findall("`+", shown)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{shown.removesuffix(chr(10))}\n{fence}"


def shortened(text: str, most: int) -> str:
    """`text`, cut to `most` characters and an ellipsis where it is longer."""
    return text if len(text) <= most else f"{text[:most].rstrip()}{ELLIPSIS}"


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A table whose cells are Markdown already."""
    rule = tuple("---" for _ in head)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))
