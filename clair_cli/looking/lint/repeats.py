"""Rows and ids that stand there twice: sets of eight-byte digests, and no text."""

from collections.abc import Iterable
from hashlib import blake2b

from clair_cli.looking.lint.texts import TrlText


class Repeats:
    """What was seen so far: some 150 MB for a million rows with ids."""

    def __init__(self) -> None:
        self._rows: set[int] = set()
        self._ids: set[int] = set()

    def pair(self, prompt: TrlText, chosen: TrlText, rejected: TrlText) -> str:
        """`duplicate`, `contradiction` or "" for a pair."""
        task, good, bad = _flat(prompt), _flat(chosen), _flat(rejected)
        return self._met((task, good, bad), (task, bad, good))

    def labelled(self, prompt: TrlText, completion: TrlText, *, label: bool) -> str:
        """`duplicate`, `contradiction` or "" for an answer with a label."""
        keys = _flat(prompt), _flat(completion)
        return self._met((*keys, str(label)), (*keys, str(not label)))

    def _met(self, row: Iterable[str], opposite: Iterable[str]) -> str:
        own, other = _digest(row), _digest(opposite)
        if own in self._rows:
            return "duplicate"
        self._rows.add(own)
        return "contradiction" if other != own and other in self._rows else ""

    def has_id(self, row_id: str, label: object) -> bool:
        """Whether the id was there before; both answers of an unpaired pair may have the same."""
        digest = _digest((row_id, str(label)))
        known = digest in self._ids
        self._ids.add(digest)
        return known


def _flat(text: TrlText) -> str:
    if isinstance(text, str):
        return text
    return "\x1e".join(f"{role}\x1f{content}" for role, content in text)


def _digest(parts: Iterable[str]) -> int:
    data = "\x1d".join(parts).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(data, digest_size=8).digest())
