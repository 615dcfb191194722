"""Whoever looks on while a job runs: a terminal, a notebook, or nobody."""

import contextlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from clair_cli.records import RunError
from clair_cli.run.progress import Total
from clair_cli.run.tally import Tally


@dataclass(frozen=True, slots=True)
class Running:
    """A job that is under way.

    Attributes:
        tally: Its counts, which go on.
        total: What is known beforehand of how much there is.
        in_flight: How many requests are in flight.
        stop: Reads no more and asks no more; what is in flight is answered and stored.
    """

    tally: Tally
    total: Total
    in_flight: Callable[[], int]
    stop: Callable[[RunError], None]


class Watcher(Protocol):
    """Looks on while a job runs."""

    def say(self, sentence: str) -> None:
        """Take a sentence for a person."""

    def watching(self, running: Running) -> AbstractAsyncContextManager[None]:
        """Entered while rows are under way, in the task that reads them.

        Raises:
            RunError: It ended the run, and dropped what was in flight.
        """


class Nobody:
    """A watcher who takes no notice."""

    def say(self, sentence: str) -> None:
        """Say nothing."""

    def watching(self, running: Running) -> AbstractAsyncContextManager[None]:  # noqa: ARG002 - a Watcher's
        """Watch nothing."""
        return contextlib.nullcontext()
