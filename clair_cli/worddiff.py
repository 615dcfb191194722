"""Two texts -> the words that stayed, went and came."""

import difflib
import re
from collections.abc import Iterator
from typing import Literal, TypeAlias

Change: TypeAlias = Literal["same", "gone", "new"]

_TOKEN = re.compile(r"\s+|\w+|[^\w\s]")


def word_diff(old: str, new: str) -> Iterator[tuple[Change, str]]:
    """Stretches of text in reading order.

    The `same` and `gone` ones together are `old`, the `same` and `new` ones are `new`.
    """
    before, after = _TOKEN.findall(old), _TOKEN.findall(new)
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for kind, i, j, k, n in matcher.get_opcodes():
        if kind == "equal":
            yield "same", "".join(before[i:j])
            continue
        if i < j:
            yield "gone", "".join(before[i:j])
        if k < n:
            yield "new", "".join(after[k:n])
