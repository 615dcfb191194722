"""One branch of a dataset on the Hub, as a push finds and changes it."""

import hashlib
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import orjson

from clair_cli import __version__
from clair_cli.publish.contents import RECORD, data_files, public_record
from clair_cli.publish.refusals import LOGIN, refusal
from clair_cli.records import ClairError, EndpointError, UsageError
from clair_cli.rows.remote.retrying import trouble_of

if TYPE_CHECKING:
    from huggingface_hub import DatasetInfo
    from huggingface_hub.hf_api import RepoFile

KIND = "dataset"
LARGEST_RECORD = 10_000_000
"""Bytes of a run.json that is read from the Hub; ours are much smaller."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look at the dataset found.

    Attributes:
        commit: The id of the commit that was looked at.
        files: Those at the top, and run.json, by name.
        ours: The data files that the last push put there.
    """

    commit: str | None
    files: Mapping[str, "RepoFile"]
    ours: tuple[str, ...]


class HubBranch:
    """One branch of a dataset.

    Each method raises a `RunError` with a cure, or what the Hub's client raised where another
    attempt may do better.

    Attributes:
        answered: Whether the Hub has answered yet.
    """

    def __init__(self, repo: str, revision: str, *, timeout: float) -> None:
        from huggingface_hub import HfApi, get_token  # noqa: PLC0415 - `clair --help` stays quick

        self.repo, self.revision, self.timeout = repo, revision, timeout
        self.answered = False
        token = _checked(self._ask(get_token))
        self.answered = False  # reading a file was no answer
        self._api = HfApi(token=token, library_name="clair", library_version=__version__)

    @property
    def endpoint(self) -> str:
        """The Hub's address."""
        return str(self._api.endpoint)

    def look(self, *, private: bool) -> Seen:
        """See what is there; the dataset and the branch are made where they are missing."""
        commit = self._head(self._dataset(private=private))
        files = self._ask(lambda: self._files(commit))
        return Seen(commit, files, self._ours(commit, files.get(RECORD)))

    def commit(
        self, seen: Seen, run: Path, upload: tuple[str, ...], delete: tuple[str, ...], message: str
    ) -> None:
        """Put files of `run` on top of what was seen, and take others away, in one commit.

        The Hub refuses it when the branch has moved on since the look.
        """
        from huggingface_hub import CommitOperationAdd, CommitOperationDelete  # noqa: PLC0415

        self._ask(
            lambda: self._api.create_commit(
                self.repo,
                [
                    *(CommitOperationAdd(name, _content(run, name)) for name in upload),
                    *(CommitOperationDelete(name, is_folder=False) for name in delete),
                ],
                commit_message=message,
                repo_type=KIND,
                revision=self.revision or None,
                parent_commit=seen.commit,
            )
        )

    def _dataset(self, *, private: bool) -> "DatasetInfo":
        info = self._ask(lambda: self._info(""))
        if info is None:
            self._ask(lambda: self._create(private=private))
            info = self._ask(lambda: self._info(""))
        if info is None:
            raise EndpointError(f"{self.repo}: exists, but the token may not see it; use another")
        if private and not info.private:
            raise UsageError(
                f"{self.repo}: is public already, so --private cannot be kept; make it private "
                f"at {self.endpoint}/datasets/{self.repo}/settings, or push to another name"
            )
        return info

    def _create(self, *, private: bool) -> None:
        """Make it; without `private`, the Hub's default for the owner decides who may see it."""
        self._api.create_repo(self.repo, repo_type=KIND, private=private or None, exist_ok=True)

    def _head(self, info: "DatasetInfo") -> str | None:
        if not self.revision:
            return info.sha
        found = self._ask(lambda: self._info(self.revision))
        if found is None:
            self._ask(lambda: self._branch(info.sha))
            return info.sha
        return found.sha

    def _branch(self, start: str | None) -> None:
        self._api.create_branch(
            self.repo, branch=self.revision, revision=start, repo_type=KIND, exist_ok=True
        )

    def _info(self, revision: str) -> "DatasetInfo | None":
        """The dataset at a branch ("" for the main one), None where either is missing."""
        from huggingface_hub.errors import (  # noqa: PLC0415
            GatedRepoError,
            RepositoryNotFoundError,
            RevisionNotFoundError,
        )

        try:
            return self._api.dataset_info(
                self.repo, revision=revision or None, timeout=self.timeout
            )
        except GatedRepoError:
            raise
        except (RepositoryNotFoundError, RevisionNotFoundError):
            return None

    def _files(self, commit: str | None) -> dict[str, "RepoFile"]:
        from huggingface_hub.hf_api import RepoFile  # noqa: PLC0415

        found = [
            *self._api.list_repo_tree(self.repo, repo_type=KIND, revision=commit),
            *self._api.get_paths_info(self.repo, [RECORD], repo_type=KIND, revision=commit),
        ]
        return {each.path: each for each in found if isinstance(each, RepoFile)}

    def _ours(self, commit: str | None, file: "RepoFile | None") -> tuple[str, ...]:
        """The data files that the run.json over there names."""
        if file is None or file.size > LARGEST_RECORD:
            return ()
        try:
            record: Any = orjson.loads(self._ask(lambda: self._read(commit)))
        except orjson.JSONDecodeError:
            return ()
        return data_files(record) if isinstance(record, dict) else ()

    def _read(self, commit: str | None) -> bytes:
        with tempfile.TemporaryDirectory() as directory:
            file = self._api.hf_hub_download(
                self.repo, RECORD, repo_type=KIND, revision=commit, cache_dir=directory
            )
            return Path(file).read_bytes()

    def _ask(self, call: Callable[[], T]) -> T:
        """Make a call of the Hub's client, whose errors become ours."""
        from huggingface_hub import get_session  # noqa: PLC0415

        get_session().timeout = self.timeout  # its own is endless; trouble makes it a new session
        try:
            result = call()
        except ClairError:
            raise
        except Exception as exc:
            # It raises httpx's errors, its own and the system's, and whatever an answer that was
            # cut or is of another server leads it to.
            trouble = trouble_of(exc)
            if trouble is None:
                raise refusal(exc, self.repo) from exc
            self.answered |= trouble.answered
            raise
        self.answered = True
        return result


def is_same(file: Path, remote: "RepoFile | None") -> bool:
    """Whether the Hub's file has the content of ours.

    The Hub tells the SHA-256 of a large file, and of others what git calls them: the SHA-1 of a
    header with the size, and the content.
    """
    if remote is None or remote.size != file.stat().st_size:
        return False
    if remote.lfs:
        wanted, state = remote.lfs.sha256, hashlib.sha256()
    else:
        wanted = remote.blob_id
        state = hashlib.sha1(b"blob %d\0" % remote.size, usedforsecurity=False)
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: state).hexdigest() == wanted


def _checked(token: str | None) -> str:
    if not token:
        raise UsageError(f"there is no token for the Hub; {LOGIN}")
    if not (token.isascii() and token.isprintable() and " " not in token):
        raise UsageError(f"what stands in place of the Hub's token is none; {LOGIN}")
    return token


def _content(run: Path, name: str) -> Path | bytes:
    return public_record(run) if name == RECORD else run / name
