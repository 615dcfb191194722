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
        own = _digest((task, good, bad))
        if own in self._rows:
            return "duplicate"
        self._rows.add(own)
        other = _digest((task, bad, good))
        return "contradiction" if other != own and other in self._rows else ""

    def labelled(self, prompt: TrlText, completion: TrlText, *, label: bool) -> str:
        """`duplicate`, `contradiction` or "" for an answer with a label."""
        keys = _flat(prompt), _flat(completion)
        own = _digest((*keys, str(label)))
        if own in self._rows:
            return "duplicate"
        self._rows.add(own)
        return "contradiction" if _digest((*keys, str(not label))) in self._rows else ""

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
