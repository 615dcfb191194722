"""A dataset repository on the Hub, at one commit: where its files are, what its card states.

Everything is read at the commit that the revision named when we first looked, so that a dataset
that changes meanwhile is not mixed.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from clair_cli.records import UsageError
from clair_cli.rows.hub.errors import LOGIN, Kind, complaint_of
from clair_cli.rows.origin import Origin
from clair_cli.rows.remote.retrying import LOOKING, patiently

HF = "hf://datasets/"
_SENTENCES: dict[Kind, str] = {
    "revision": "has no revision {revision}; it has {revisions}",
    "gated": "is gated; ask for access at {hub}/datasets/{name}, then " + LOGIN,
    "repository": "no such file here, and no such dataset on the Hub that may be read; check the "
    "name; for a private one, " + LOGIN,
    "token": "the Hub refused the token ({words}); " + LOGIN + " with a valid one",
    "access": "the Hub refused access ({words}); " + LOGIN + " as a user who may read it",
    "busy": "the Hub is out of order or busy ({words}); run the command again later",
    **dict.fromkeys(("refused", "unknown", "moved"), "the Hub refused ({words})"),
    "unreachable": "no such file here, and the Hub at {hub} cannot be reached ({words}); check the "
    "network, or set HF_HUB_OFFLINE=1 to use a downloaded copy",
    "name": "no such file here, and no name of a dataset ({words})",
    "package": "needs another package ({words})",
    "other": "cannot be made out ({words}); name files of it as hf://datasets/{name}/PATH",
}
_GATED_STILL = (
    "is gated, and the user of your token has no access; ask for it at {hub}/datasets/{name}"
)


@dataclass(frozen=True, slots=True)
class Repository:
    """One dataset repository, at one commit.

    Attributes:
        name: `user/name`.
        commit: 40 hex digits.
        base: Where its files are: a URL, or the directory of the downloaded copy.
    """

    name: str
    commit: str
    base: str

    @property
    def is_copy(self) -> bool:
        """Whether it is read from a downloaded copy."""
        return not self.base.startswith(HF)

    def shown(self, file: str) -> str:
        """What to call one of its files in messages."""
        return f"{self.name}/{file.removeprefix(self.base).lstrip('/')}"

    def origin(self) -> Origin:
        """Where its files are from, with what its card states."""
        return Origin.stated(self.name, self.commit, self._card())

    def _card(self) -> Mapping[str, object]:
        from huggingface_hub import metadata_load  # noqa: PLC0415 - only for the Hub

        try:
            return metadata_load(self._readme()) or {}
        except Exception:  # noqa: BLE001 - a missing or odd card must not cost the rows
            return {}

    def _readme(self) -> Path:
        from huggingface_hub import hf_hub_download  # noqa: PLC0415 - only for the Hub

        if self.is_copy:
            return Path(self.base) / "README.md"
        download = partial(hf_hub_download, repo_type="dataset", revision=self.commit)
        return Path(patiently(lambda: download(self.name, "README.md")))


def find_repository(name: str, revision: str = "") -> Repository:
    """The dataset repository `name` at a branch, tag or commit ("" for its main branch).

    Where `HF_HUB_OFFLINE` is set, it is the downloaded copy.

    Raises:
        UsageError: There is no such dataset or revision, it may not be read, or the Hub cannot be
            reached.
    """
    from huggingface_hub import HfApi, constants  # noqa: PLC0415 - only for the Hub

    hush()
    if constants.HF_HUB_OFFLINE:
        return _copy(name, revision)
    api = HfApi()

    def look() -> tuple[str, str]:
        info = api.dataset_info(name, revision=revision or None, timeout=LOOKING.timeout)
        if info.gated:
            api.auth_check(info.id, repo_type="dataset")
        return info.id, info.sha or ""

    with telling(name, revision):
        # An old name leads to the dataset, but it is the new one that has files.
        new_name, commit = patiently(look, LOOKING)
    return Repository(new_name, commit, f"{HF}{new_name}@{commit}")


def parse_url(url: str) -> tuple[str, str, str]:
    """The repository, the revision and the path inside of `hf://datasets/...`.

    Raises:
        UsageError: It is not written like one.
    """
    from huggingface_hub import parse_hf_uri  # noqa: PLC0415 - only for the Hub
    from huggingface_hub.errors import HfUriError  # noqa: PLC0415

    try:
        found = parse_hf_uri(url)
    except HfUriError as exc:
        raise UsageError(f"{url}: write hf://datasets/USER/NAME@REVISION/PATH ({exc.msg})") from exc
    return found.id, found.revision or "", found.path_in_repo


@contextmanager
def telling(name: str, revision: str) -> Iterator[None]:
    """Turn what the Hub's client says into one line with a cure."""
    try:
        yield
    except UsageError:
        raise
    except Exception as exc:
        # The client raises httpx's errors, its own, and whatever an answer leads it to.
        raise UsageError(f"{name}: {_sentence(exc, name, revision)}") from exc


def _sentence(error: Exception, name: str, revision: str) -> str:
    from huggingface_hub import constants, get_token  # noqa: PLC0415 - only for the Hub

    found = complaint_of(error)
    sentence = _SENTENCES.get(found.kind, _SENTENCES["other"])
    if found.kind == "gated" and get_token():
        sentence = _GATED_STILL
    return sentence.format(
        name=name,
        words=found.words,
        revision=revision,
        hub=constants.ENDPOINT,
        revisions=_revisions(name) if found.kind == "revision" else "",
    )


def _revisions(name: str) -> str:
    from huggingface_hub import HfApi  # noqa: PLC0415 - only for the Hub
    from huggingface_hub.errors import HTTPError  # noqa: PLC0415

    try:
        refs = HfApi().list_repo_refs(name, repo_type="dataset")
    except (HTTPError, OSError):
        return "others"
    return ", ".join(ref.name for ref in islice([*refs.branches, *refs.tags], 20))


def hush() -> None:
    """Let the client's bars and notes not stand between ours; they may show signed addresses."""
    from huggingface_hub.utils import disable_progress_bars, logging  # noqa: PLC0415

    disable_progress_bars()
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # theirs to annotate


def _copy(name: str, revision: str) -> Repository:
    from huggingface_hub import snapshot_download  # noqa: PLC0415 - only for the Hub
    from huggingface_hub.errors import LocalEntryNotFoundError  # noqa: PLC0415

    asked: dict[str, Any] = {"repo_type": "dataset", "revision": revision or None}
    try:
        path = snapshot_download(name, local_files_only=True, **asked)
    except (LocalEntryNotFoundError, OSError, ValueError) as exc:
        raise no_copy(name, revision) from exc
    return Repository(name, Path(path).name, path)


def no_copy(name: str, revision: str = "") -> UsageError:
    """Nothing was downloaded, or not all."""
    option = f" --revision {revision}" if revision else ""
    return UsageError(
        f"{name}: no such file here, and no whole copy of such a dataset; HF_HUB_OFFLINE is set: "
        f"unset it, or fetch a copy with hf download --repo-type dataset {name}{option}"
    )
