"""The datasets that are trained on, and what stands in their files, read without `datasets`."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import zstandard

Rows = list[dict[str, Any]]

KINDS = {"jsonl": "jsonl", "gz": "jsonl.gz", "zst": "jsonl.zst", "parquet": "parquet"}
TRAINABLE = ("conversational", "standard", "unpaired")
SPLIT = {
    *("standard-jsonl", "standard-zst", "conversational-gz"),
    *("conversational-parquet", "unpaired-gz", "unpaired-parquet"),
}
"""Those with a test split: of each kind of file and of each format some have one, some have none.

Their files are as small as can be; those that are not packed are in shards.
"""


@dataclass(frozen=True)
class Made:
    """One dataset, called FORMAT-KIND, that `clair revise` wrote."""

    name: str
    out: Path

    @property
    def hub_name(self) -> str:
        """Its name on the Hub it was pushed to."""
        return f"user/{self.name}"

    @property
    def form(self) -> str:
        return self.name.partition("-")[0]

    @property
    def files(self) -> list[str]:
        """The names of its data files."""
        return sorted(path.name for split in ("train", "test") for path in self.parts(split))

    def parts(self, split: str) -> list[Path]:
        return sorted(self.out.glob(f"{split}*"))

    def rows(self, split: str) -> Rows:
        return [row for path in self.parts(split) for row in read_file(path)]


def options_of(name: str) -> list[str]:
    """What `clair revise` is told to write the dataset called `name`."""
    form, _, kind = name.partition("-")
    options = ["--format", form, "--file-type", KINDS[kind]]
    if name in SPLIT:
        options += ["--shard-size", "3kB", "--split-test", "0.25"]
    return options


def names() -> list[str]:
    """All that train."""
    return [f"{form}-{kind}" for form in TRAINABLE for kind in KINDS]


def read_file(path: Path) -> Rows:
    return list(_read(path))


def _read(path: Path) -> Iterator[dict[str, Any]]:
    if path.suffix == ".parquet":
        return iter(pq.read_table(path).to_pylist())
    return (json.loads(line) for line in _unpacked(path).split(b"\n") if line)


def _unpacked(path: Path) -> bytes:
    data = path.read_bytes()
    if path.suffix == ".zst":
        reader = zstandard.ZstdDecompressor().stream_reader(data, read_across_frames=True)
        return reader.read()
    return gzip.decompress(data) if path.suffix == ".gz" else data
