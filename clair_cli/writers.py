"""Pair -> the training formats, atomically: a file appears whole, or not at all.

The names of TRL's columns begin here (TRL documentation, "Dataset formats and types").
"""

import contextlib
import hashlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self, TypeAlias

import orjson

from clair_cli.layout import Layout
from clair_cli.prompts import transcript
from clair_cli.records import METRICS, Failure, Pair, UsageError

Format: TypeAlias = Callable[[Pair], dict[str, Any]]

_BUFFER = 1 << 18


class StdoutClosedError(UsageError):
    """Whoever read the pairs from stdout has stopped reading."""

    exit_code = 141  # as if SIGPIPE had ended us, which is what a pipeline expects


def conversational(pair: Pair) -> dict[str, Any]:
    """TRL's conversational preference format with an explicit prompt: three message lists."""
    return {
        "id": pair.id,
        "prompt": pair.prompt,
        "chosen": [{"role": "assistant", "content": pair.chosen}],
        "rejected": [{"role": "assistant", "content": pair.rejected}],
        **_extras(pair),
    }


def standard(pair: Pair) -> dict[str, Any]:
    """TRL's standard preference format: three strings; a longer prompt is written out in turns."""
    return {
        "id": pair.id,
        "prompt": transcript(pair.prompt),
        "chosen": pair.chosen,
        "rejected": pair.rejected,
        **_extras(pair),
    }


FORMATS: dict[str, Format] = {"conversational": conversational, "standard": standard}


def _extras(pair: Pair) -> dict[str, Any]:
    metrics = {name: getattr(pair.contrast, name) for name in METRICS}
    return {"rationale": pair.rationale, "model": pair.model, **metrics}


class Output:
    """The pairs and failures of a run; a context manager.

    Both are written under temporary names in the side directory (to stdout at once where that is
    the output) and get their own by `publish`. Left without it, they leave nothing behind, and
    what stood there before stays.

    Raises:
        UsageError: A file cannot be written (no room, no permission).
        StdoutClosedError: Nobody reads stdout any more.
    """

    def __init__(self, layout: Layout, form: Format) -> None:
        self._layout = layout
        self._form = form
        self._stack = contextlib.ExitStack()
        self._hash = hashlib.sha256()

    @property
    def digest(self) -> str:
        """SHA-256 of the pairs written so far, in hex."""
        return self._hash.hexdigest()

    def __enter__(self) -> Self:
        with self._stack, telling_os_errors():
            self._layout.side.mkdir(parents=True, exist_ok=True)
            if self._layout.data is None:
                self._pairs: IO[bytes] = sys.stdout.buffer
            else:
                self._pairs = self._stack.enter_context(_temporary(self._layout.temporary))
            self._failures = self._stack.enter_context(_temporary(_part(self._layout.failures)))
            self._stack = self._stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def write(self, outcome: Pair | Failure) -> None:
        """Add one outcome."""
        with telling_os_errors():
            if isinstance(outcome, Pair):
                line = _line(self._form(outcome))
                self._hash.update(line)
                self._pairs.write(line)
            else:
                self._failures.write(_line(_failure(outcome)))

    def publish(self) -> None:
        """Give the finished files their names; each is whole on disk before it appears."""
        with telling_os_errors():
            _rename(self._failures, _part(self._layout.failures), self._layout.failures)
            if self._layout.data is None:
                self._pairs.flush()
            else:
                _rename(self._pairs, self._layout.temporary, self._layout.data)


def write_whole(path: Path, data: bytes) -> None:
    """Replace the file at `path` by `data`, atomically.

    Raises:
        UsageError: It cannot be written.
    """
    with whole_file(path) as file:
        file.write(data)


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """A file to write to, which takes the place of the one at `path` at the end, atomically.

    Raises:
        UsageError: It cannot be written.
    """
    with telling_os_errors(), _temporary(_part(path)) as file:
        yield file
        _rename(file, _part(path), path)


@contextlib.contextmanager
def telling_os_errors() -> Iterator[None]:
    """Turn what the system says about files into one line with a cure."""
    try:
        yield
    except BrokenPipeError as exc:
        raise StdoutClosedError("stdout was closed; run again to get the pairs") from exc
    except OSError as exc:
        name = exc.filename or "the output"
        raise UsageError(
            f"{name}: cannot be written ({exc.strerror}); make room or choose another -o, then "
            "run the same command again: replies are kept in the store"
        ) from exc


def _failure(failure: Failure) -> dict[str, Any]:
    return {
        "id": failure.id,
        "line": failure.line,
        "reason": failure.reason,
        "detail": failure.detail,
        "attempts": failure.attempts,
        "row": failure.original,
    }


def _line(record: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:  # a row nested deeper than orjson writes: it reads four times as deep
        record = record | {"row": repr(record.get("row"))}
        return orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)


def _part(path: Path) -> Path:
    """A temporary name that the next run uses again, so that a kill leaves nothing for good."""
    return path.with_name(f"{path.name}.part")


@contextlib.contextmanager
def _temporary(path: Path) -> Iterator[IO[bytes]]:
    """A file to write to, which is gone at the end unless it was renamed meanwhile."""
    with path.open("wb", buffering=_BUFFER) as file:
        try:
            yield file
        finally:
            with contextlib.suppress(OSError):
                file.close()
            path.unlink(missing_ok=True)


def _rename(file: IO[bytes], temporary: Path, final: Path) -> None:
    file.flush()
    os.fsync(file.fileno())
    temporary.rename(final)
    directory = os.open(final.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
