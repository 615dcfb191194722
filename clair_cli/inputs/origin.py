"""Where an input is from, as far as it says."""

from dataclasses import dataclass


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
