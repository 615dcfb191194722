"""What no editor may touch: code, formulas, tables, markup, addresses."""

import re
from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

BLOCK = "\x00"
"""Stands for a whole line while the rest is edited."""

INLINE = "\x01"
"""Stands for a span within a line while the rest is edited."""

_CLOSERS = {
    "$$": "$$",
    "\\[": "\\]",
    "\\begin{": "\\end{",
    "<!--": "-->",
    "<code": "</code>",
    "<pre": "</pre>",
    "<script": "</script>",
    "<style": "</style>",
}
_OPENER = re.compile(
    r"[ \t>]*(?:(?:[-*+]|\d{1,3}[.)])[ \t]+)?"
    r"(`{3,}|~{3,}|" + "|".join(map(re.escape, _CLOSERS)) + ")"
)
_OPENING = ("```", "~~~", *_CLOSERS)

_CODE_ENDS = (";", "{", "}", "},", "];", ");\r", ";\r", "{\r", "}\r")
_CODE = re.compile(
    r"""
      (?:\ {4}|\ {0,3}\t)(?![ \t]*(?:[-*+•]|\d{1,3}[.)])\s)    # indented, and no list item
    | [ ]{0,3}[|]                                              # a row of a table
    | [^\s,]++(?:,[^\s,]++){2,}+\s*$                           # comma-separated values
    | [ ]{0,3}(?:
        (?:from\ [\w.]+\ )?import\ [\w{*]
      | (?:async\ )?(?:def|class|fn|func|function)\ \w+[^\n]*[:{]\s*$
      | (?:const|let|var)\ \w+\s*[=:]
      | (?:for|while|if|elif|else|try|except|with)\b[^\n]*:\s*$
      | (?:return|print|printf|console\.log|System\.out\.\w+)\b\s*[(]
      | [A-Za-z_][\w.]*(?:\[[^\]\n]*\])?\ ?[-+*/|]?=\ ?\S
      | [A-Za-z_][\w.]*[(][^\n]*[)]\s*$
      | \#include\b|\#!|//|/\*|>>>\ |\$\ \S|@\w+\s*$
      | (?:SELECT|INSERT|UPDATE|CREATE|DELETE)\ [^\n]*\b(?:FROM|INTO|SET|TABLE)\b
      | (?:sudo|pip3?|npm|npx|yarn|docker|git|cd|curl|apt|apt-get|brew|kubectl)\ \S
      )
    """,
    re.VERBOSE,
)

# Every branch begins with a plain character, which lets the search skip to the next of them.
_SPAN = re.compile(
    r"`(?<!``)(`*+)[^\n]*?[^`\n]`\1(?!`)"
    r"|\$\$[^$\n]++\$\$"
    r"|\$(?![\s$])[^$\n]*+(?<!\s)\$(?!\d)"
    r"|\\\((?:(?!\\\()[^\n])*?\\\)"
    r"|\\\[(?:(?!\\\[)[^\n])*?\\\]"
    r"|\\[a-zA-Z]++(?:\{[^{}\n]*\})*+"
    r"|\{\{[^{}\n]*\}\}"
    r"|\{%[^%\n]*%\}"
    r"|\{[^{}\s]*\}"
    r"|<[a-zA-Z/!][^<>\n]*>"
    r"|\]\([^()\s]*\)"
    r"|\x01"
)
_SPAN_SIGNS = ("`", "$", "\\", "<", "{", "](", INLINE)

_ADDRESS = re.compile(
    r"\x01"
    r"|(?:https?|ftp)://[^\s<>\"“”]*[^\s<>\"“”.,;:!?)\]'*_]"
    r"|www\.[^\s<>\"“”]*[^\s<>\"“”.,;:!?)\]'*_]"
    r"|(?<![\w.+-])[\w.+-]{1,64}@\w[\w.-]*\w"
)
_ADDRESS_SIGNS = ("://", "www.", "@")


class Masked(NamedTuple):
    """A text whose protected parts are replaced by one mark each, and those parts by layer."""

    text: str
    layers: tuple[tuple[str, tuple[str, ...]], ...]


def protect(text: str) -> Masked:
    """Hide what must not be touched. `reveal` of the result is the text again."""
    layers = []
    text, lines = _hide_lines(text)
    layers.append((BLOCK, lines))
    for signs, pattern in ((_SPAN_SIGNS, _SPAN), (_ADDRESS_SIGNS, _ADDRESS)):
        if _has_one(signs, text):
            text, spans = _hide_spans(pattern, text)
            layers.append((INLINE, spans))
    return Masked(text, tuple(layers))


def _has_one(signs: Sequence[str], text: str) -> bool:
    for sign in signs:  # noqa: SIM110  twice as fast as any(), and every text comes here
        if sign in text:
            return True
    return False


def reveal(masked: Masked) -> str:
    """Put the hidden parts back; the marks must all be there still, in their order."""
    text = masked.text
    for mark, parts in reversed(masked.layers):
        if parts:
            text = _fill(text.split(mark), parts)
    return text


def _fill(pieces: Sequence[str], parts: Sequence[str]) -> str:
    return "".join(chain.from_iterable(zip(pieces, parts, strict=False))) + pieces[-1]


def _hide_spans(pattern: re.Pattern[str], text: str) -> tuple[str, tuple[str, ...]]:
    parts: list[str] = []

    def hide(found: re.Match[str]) -> str:
        parts.append(found[0])
        return INLINE

    return pattern.sub(hide, text), tuple(parts)


def _hide_lines(text: str) -> tuple[str, tuple[str, ...]]:
    lines = text.split("\n")
    fenced = _has_one(_OPENING, text)
    # A row of two cells looks like any phrase with a pipe, but for the rule below the head.
    pipes = 1 if "-|-" in text or "- | -" in text else 2
    hidden: list[str] = []
    closer = ""
    for at, line in enumerate(lines):
        if closer:
            closer = "" if closer in line else closer
        else:
            closer = _closer(line) if fenced else ""
            if not closer and not _is_code(line) and line.count(" | ") < pipes:
                continue
        hidden.append(line)
        lines[at] = BLOCK
    return ("\n".join(lines), tuple(hidden)) if hidden else (text, ())


def _closer(line: str) -> str:
    """What ends the block that this line opens; empty where it opens none."""
    opener = _OPENER.match(line)
    if opener is None:
        return ""
    closer = _CLOSERS.get(opener[1], opener[1])
    return "" if closer in line[opener.end() :] else closer


def _is_code(line: str) -> bool:
    return line.endswith(_CODE_ENDS) or BLOCK in line or _CODE.match(line) is not None
