"""The names of a template's markers in a text: where they stand, and how they betray themselves."""

import re
from collections.abc import Iterator, Sequence

_JOINTS = r"(?:\\{0,4}[ _\-]){0,3}"
_UNDERSCORED = r"\\{0,4}_"


class Names:
    """The markers of a template.

    Attributes:
        reasoning, revision: Their names, squeezed: what JSON keys are compared with.
    """

    def __init__(self, reasoning: Sequence[str], revision: Sequence[str]) -> None:
        self.reasoning = tuple(map(squeezed, reasoning))
        self.revision = tuple(map(squeezed, revision))
        self._any = re.compile(
            f"(?P<reasoning>{_pattern(reasoning)})|(?P<revision>{_pattern(revision)})",
            re.IGNORECASE,
        )
        names = [*reasoning, *revision]
        self._first_words = {_words(name)[0].lower() for name in names}
        self._hints = {*self._first_words, "student", "task"}
        self._identifiers = _identifiers(names)
        self._traces = _traces(names, self._first_words)
        self.key = re.compile(rf'"[ \t]*(?:{_pattern(names)})[ \t]*"\s*:', re.IGNORECASE)

    def occurrences(self, text: str) -> Iterator[re.Match[str]]:
        """Every marker name in `text`, in order, with a group that tells which section's it is.

        They are found by their first words: a pattern that ignores case is slow to search by.
        """
        lowered = text.lower()
        if len(lowered) != len(text):  # some capitals grow; offsets would not fit
            yield from self._any.finditer(text)
            return
        starts = sorted({at for word in self._first_words for at in _places(word, lowered)})
        yield from filter(None, (self._any.match(text, at) for at in starts))

    def in_words(self, text: str) -> str:
        """`text` with its marker identifiers as plain words: no braces, no underscores."""
        if not self._hinted(text):
            return text
        return self._identifiers.sub(lambda m: _as_words(m[1] or m[2]), text)

    def traces(self, text: str) -> set[str]:
        """What in `text` comes from the form of a reply: markers, in whatever form, or a task.

        Each is squeezed, so that the traces of a response can be taken from those of its revision.
        """
        if not self._hinted(text):
            return set()
        return {squeezed(match[0]) for match in self._traces.finditer(text)}

    def _hinted(self, text: str) -> bool:
        """Whether `text` could hold a name: a quick look before the slow patterns."""
        lowered = text.lower()
        return any(hint in lowered for hint in self._hints)


def squeezed(name: str) -> str:
    """A name's letters and digits alone, in lower case: what tells two names apart."""
    return re.sub(r"[\W_]", "", name).lower()


def _identifiers(names: Sequence[str]) -> re.Pattern[str]:
    """Names in braces, or joined by underscores: what a rationale says in words instead."""
    known = f"{_pattern(names)}|student{_UNDERSCORED}solution|task"
    joined = _pattern([name for name in names if len(_words(name)) > 1], _UNDERSCORED)
    return re.compile(
        rf"(?:\\{{0,4}}\{{){{1,3}}[ \t]*({known})[ \t]*(?:\\{{0,4}}\}}){{1,3}}"
        + (rf"|(?<!\w)({joined})(?!\w)" if joined else "(?P<none>(?!))()"),
        re.IGNORECASE,
    )


def _traces(names: Sequence[str], first_words: set[str]) -> re.Pattern[str]:
    """Names of two words or more in any form, lone words in braces, tags, and headed fields."""
    longer = [name for name in names if len(_words(name)) > 1]
    kinds = [
        rf"(?:{_pattern(longer, _JOINTS)})(?:_\w+)?" if longer else "(?!)",
        rf"\{{[ \t]*(?:{_pattern(names)})[ \t]*\}}",
        rf"[<{{\[]\\{{0,4}}/[ \t]*(?:{'|'.join(map(re.escape, sorted(first_words)))}|student)",
        rf"student{_UNDERSCORED}solution",
        r"^[^\w\n]{0,12}student solution[^\w\n]{0,6}[:：]",
        r"^[^\w\n]{0,12}\{task\}[^\w\n]{0,6}[:：]",
    ]
    return re.compile("|".join(kinds), re.IGNORECASE | re.MULTILINE)


def _pattern(names: Sequence[str], joint: str = _JOINTS) -> str:
    """A regular expression for any of `names`, its words joined by `joint`."""
    each = [joint.join(map(re.escape, _words(name))) for name in names]
    return "|".join(rf"(?<![^\W_]){name}(?![^\W_])" for name in each)


def _words(name: str) -> list[str]:
    return re.findall(r"[^\W_]+", name)


def _as_words(name: str) -> str:
    return re.sub(r"[\\_\-\s]+", " ", name)


def _places(word: str, text: str) -> Iterator[int]:
    at = text.find(word)
    while at >= 0:
        yield at
        at = text.find(word, at + len(word))
