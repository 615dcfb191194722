"""Dataset repositories in memory: branches of commits, each a snapshot of all files."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

ATTRIBUTES = b"*.parquet filter=lfs diff=lfs merge=lfs -text\n"


@dataclass(frozen=True)
class Blob:
    """One file's content, and whether it is kept in large file storage."""

    data: bytes
    lfs: bool = False

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @cached_property
    def oid(self) -> str:
        """What git calls it: for a large file, the hash of the pointer to it."""
        text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{self.sha256}\n"
        pointer = f"{text}size {len(self.data)}\n".encode()
        data = pointer if self.lfs else self.data
        return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()

    @property
    def etag(self) -> str:
        return self.sha256 if self.lfs else self.oid


@dataclass(frozen=True)
class Commit:
    """A snapshot: `oid` has 40 hex digits, `parent` is "" for the first."""

    oid: str
    parent: str
    message: str
    files: Mapping[str, Blob] = field(repr=False)


@dataclass
class Repo:
    """One dataset: its commits by id, and where each branch stands."""

    name: str
    private: bool = False
    gated: bool = False
    readers: set[str] = field(default_factory=set)
    heads: dict[str, str] = field(default_factory=dict)
    log: dict[str, Commit] = field(default_factory=dict)

    @property
    def owner(self) -> str:
        return self.name.partition("/")[0]

    def find(self, revision: str) -> Commit | None:
        """The commit that a branch or a commit id names."""
        return self.log.get(self.heads.get(revision, revision))

    def history(self, revision: str) -> Iterator[Commit]:
        """The commits of a branch, the newest first."""
        commit = self.find(revision)
        while commit:
            yield commit
            commit = self.log.get(commit.parent)

    def commit(self, branch: str, message: str, changes: Mapping[str, Blob | None]) -> Commit:
        """Put `changes` on a branch; None takes a file away."""
        parent = self.find(branch)
        files: dict[str, Blob] = dict(parent.files) if parent else {}
        for path, blob in changes.items():
            if blob is None:
                files.pop(path)
            else:
                files[path] = blob
        identity = repr((self.name, branch, len(self.log), message)).encode()
        oid = hashlib.sha1(identity, usedforsecurity=False).hexdigest()
        commit = Commit(oid, parent.oid if parent else "", message, files)
        self.log[oid] = commit
        self.heads[branch] = oid
        return commit
