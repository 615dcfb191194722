"""Where an input is from, as far as it says."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_LONGEST = 100


@dataclass(frozen=True, slots=True)
class Origin:
    """The dataset on the Hub that an input is.

    Attributes:
        repo: Its id, `user/name`.
        commit: Its commit, 40 hex digits; "" where it cannot be known.
        licences: What its card states: the Hub's ids.
        languages: What its card states: language codes.
    """

    repo: str
    commit: str = ""
    licences: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()

    @classmethod
    def stated(cls, repo: str, commit: str, card: Mapping[str, object]) -> "Origin":
        """With what the YAML of the dataset's card says; anything may stand in it."""
        return cls(repo, commit, _texts(card.get("license")), _texts(card.get("language")))


def _texts(value: object) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_each(value if isinstance(value, list) else [value])))


def _each(values: list[object]) -> Iterator[str]:
    for value in values:
        # YAML 1.1 reads a bare `no`, the code of Norwegian, as false.
        text = "no" if value is False else value
        if isinstance(text, str) and text.strip() and len(text) < _LONGEST and text.isprintable():
            yield text.strip()
