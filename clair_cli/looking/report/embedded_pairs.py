"""Pairs -> the data of them that the page embeds: numbers for all, texts in compressed chunks.

A chunk is the base64 of the gzip of a JSON array of pairs. It can stand in any element: none of
its characters means anything in HTML. The page inflates it when one of its pairs is looked at.
"""

import base64
import gzip
import sys
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import IO, Any

import orjson

from clair_cli.contrast.word_diff import word_diff
from clair_cli.looking.report.metric_summaries import empty_summaries, ratio_axis
from clair_cli.records import METRICS, Pair
from clair_cli.writers.atomic_files import telling_os_errors

CHUNK_PAIRS = 64
CHUNK_BYTES = 128 * 1024
"""JSON of one chunk, about: small enough to be inflated while somebody scrolls."""
LEVEL = 6
_PLACES = {"same": 0, "gone": 1, "new": 2}


def packed(data: bytes) -> str:
    """The base64 of the gzip of `data`; the same text for the same data."""
    return base64.b64encode(gzip.compress(data, LEVEL, mtime=0)).decode("ascii")


@dataclass(frozen=True, slots=True)
class Spool:
    """Lines of text on disk, to be read once all are written."""

    file: IO[bytes]

    def add(self, line: str) -> None:
        """Append one line."""
        with telling_os_errors():
            self.file.write(line.encode("ascii") + b"\n")

    def __iter__(self) -> Iterator[str]:
        self.file.seek(0)
        for line in self.file:
            yield line.decode("ascii").rstrip("\n")


class EmbeddedPairs:
    """Takes pairs; afterwards, it is what the page holds of them.

    Attributes:
        chunks: Their texts, packed; a line each.
        columns: The value of each metric for each pair.
        metrics: The summary of each.
        total: How many pairs there are.
    """

    def __init__(self, chunks: Spool, *, worsens: bool) -> None:
        self.chunks = chunks
        self.columns = {name: array("f") for name in METRICS}
        self.metrics = empty_summaries()
        self.total = 0
        self._worsens = worsens
        self._files: dict[str, int] = {}
        self._file_of = array("f")
        self._starts: list[int] = []
        self._texts: list[bytes] = []
        self._size = 0

    @property
    def files(self) -> list[str]:
        """The names of the files that the pairs came from, in order."""
        return [PurePath(name).name for name in self._files]

    def add(self, pair: Pair, source: str) -> None:
        """Take one pair, which came from the file `source`."""
        for name, column in self.columns.items():
            column.append(getattr(pair.contrast, name))
            self.metrics[name].values.add(getattr(pair.contrast, name))
        self._file_of.append(self._files.setdefault(source, len(self._files)))
        data = _json(_shown(pair))
        if self._texts and self._size + len(data) > CHUNK_BYTES:
            self._pack()
        if not self._texts:
            self._starts.append(self.total)
        self._texts.append(data)
        self._size += len(data)
        self.total += 1
        if len(self._texts) == CHUNK_PAIRS:
            self._pack()

    def close(self) -> None:
        """Pack what is left."""
        if self._texts:
            self._pack()

    @property
    def about(self) -> str:
        """What the page needs to know of the chunks and columns, packed."""
        about = {
            "total": self.total,
            "starts": self._starts,
            "metrics": list(self.columns),
            "histograms": [each.histogram for each in self.metrics.values()],
            "ratios": ratio_axis(self.metrics["length_ratio"].values),
            "files": self.files,
            "worsens": self._worsens,
        }
        return packed(_json(about))

    @property
    def numbers(self) -> str:
        """All columns one after the other, then the number of the file: float32, packed."""
        every = [*self.columns.values(), self._file_of]
        return packed(b"".join(_little(column) for column in every))

    def _pack(self) -> None:
        self.chunks.add(packed(b"[" + b",".join(self._texts) + b"]"))
        self._texts, self._size = [], 0


def _little(column: "array[float]") -> bytes:
    if sys.byteorder == "big":
        column = array("f", column)
        column.byteswap()
    return column.tobytes()


def _shown(pair: Pair) -> dict[str, Any]:
    return {
        "id": pair.id,
        "prompt": [[turn["role"], turn["content"]] for turn in pair.prompt],
        "chosen": pair.chosen,
        "rejected": pair.rejected,
        "diff": _lengths(pair.rejected, pair.chosen),
        "between": list(pair.between),
        "rationale": pair.rationale,
        "model": pair.model,
        "extra": dict(pair.extra),
    }


def _lengths(old: str, new: str) -> list[int]:
    """How much stays, goes and comes, and again, from the beginning to the end of both texts.

    In UTF-16 units, as JavaScript counts.
    """
    lengths: list[int] = []
    for kind, text in word_diff(old, new):
        if kind == "same" or not lengths:
            lengths += [0, 0, 0]
        lengths[_PLACES[kind] - 3] = len(text.encode("utf-16-le", "surrogatepass")) // 2
    return lengths


def _json(value: object) -> bytes:
    try:
        return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:  # half a surrogate pair, which a .json file can hold
        return orjson.dumps(_mended(value))


def _mended(value: Any) -> Any:
    if isinstance(value, dict):
        return {_mended(key): _mended(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_mended(each) for each in value]
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
