"""What files the pairs are to become."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Self

from clair_cli.records import UsageError
from clair_cli.writers.layout import SPLITS, Layout

SHARD_SIZE = 500_000_000


@dataclass(frozen=True, slots=True)
class Plan:
    """What files the pairs are to become.

    Attributes:
        kind: What files: one of `layout.KINDS`; "" leaves it to the output's name.
        shard_size: Bytes past which a directory's file is followed by another.
        test_share: The share of pairs that become the test split, from 0 to below 1.
        seed: Another seed puts other pairs there.
    """

    kind: str = ""
    shard_size: int = SHARD_SIZE
    test_share: float = 0.0
    seed: int = 0

    def fitting(self, paths: Layout) -> Self:
        """This plan for the output at `paths`, with its kind.

        Raises:
            UsageError: That output cannot be such.
        """
        if not 0 <= self.test_share < 1:
            raise UsageError(f"--split-test {self.test_share}: give a share from 0 to below 1")
        if paths.folder is None and self.test_share:
            raise UsageError("--split-test: stdout takes one split; name a directory with -o")
        kind = paths.kind or self.kind or "jsonl"
        if paths.folder is None and kind != "jsonl":
            raise UsageError(f"--file-type {kind}: stdout takes jsonl alone; name a file with -o")
        if self.kind not in {"", kind}:
            raise UsageError(
                f"--file-type {self.kind}: -o {paths.file} is a .{kind} file; leave one of them out"
            )
        return replace(self, kind=kind)

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits that are written."""
        return SPLITS if self.test_share else SPLITS[:1]

    def split_of(self, row_id: str) -> str:
        """The split of the pair with this id, whatever other pairs there are.

        It is told by a hash of its own: rows that a hash of the same words had drawn for a sample
        would otherwise all fall on one side.
        """
        if not self.test_share:
            return "train"
        words = f"split-test\n{self.seed}\n{row_id}".encode(errors="surrogatepass")
        lot = int.from_bytes(hashlib.sha256(words).digest()[:8], "big")
        return "test" if lot < self.test_share * 2**64 else "train"


@dataclass(frozen=True, slots=True)
class Written:
    """What a run wrote.

    Attributes:
        files: The names of the data files, by split, in order; none for stdout.
        rows: The records in them, by split.
        digest: SHA-256 of the pairs, in hex.
    """

    files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rows: Mapping[str, int] = field(default_factory=dict)
    digest: str = ""

    @property
    def names(self) -> list[str]:
        """All data files."""
        return [name for names in self.files.values() for name in names]


def size_in_bytes(text: str) -> int:
    """The bytes that a size such as 500MB, 1.5GiB or 4096 means.

    Raises:
        UsageError: It is none.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(I?)B?", text.strip().upper())
    size = (
        int(Decimal(found[1]) * (1024 if found[3] else 1000) ** " KMGT".index(found[2] or " "))
        if found
        else 0
    )
    if size < 1:
        raise UsageError(f"--shard-size {text}: write a size such as 500MB or 1GB")
    return size
