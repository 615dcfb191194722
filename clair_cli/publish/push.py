"""A finished run -> a dataset on the Hugging Face Hub, in one commit.

An attempt looks at what the Hub has, and commits only what differs from the run, on top of exactly
the commit it has seen. So an attempt can be made again after any trouble: when the answer to a
commit was lost, the next look finds nothing left to do.
"""

import re
import warnings
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from clair_cli import __version__
from clair_cli.publish.contents import RECORD, Contents, contents_of
from clair_cli.publish.hub_branch import HubBranch, Seen, is_same
from clair_cli.publish.refusals import in_transit
from clair_cli.records import EndpointError, UsageError
from clair_cli.rows.hub.repository import hush
from clair_cli.rows.remote.retrying import Patience, patiently, trouble_of

__all__ = ["Patience", "check", "push"]

NAME = r"[A-Za-z0-9_](?:[\w.-]{0,94}[A-Za-z0-9_])?"
REPO = re.compile(f"{NAME}/{NAME}", re.ASCII)
NEVER_IN_A_NAME = ("--", "..")
Say = Callable[[str], None]


def push(
    run: Path,
    repo: str,
    *,
    private: bool = False,
    revision: str = "",
    message: str = "",
    say: Say = lambda _: None,
    patience: Patience | None = None,
) -> str:
    """Publish a finished run as the dataset `repo`, unless it is there already.

    Data files, card and run.json go up in one commit, which also takes away the data files that
    the last push left and that the run no longer has. Nothing else of the dataset is touched.

    Args:
        run: A directory that `clair revise` wrote.
        repo: `user/name`; made if missing.
        private: Make it private; one that exists must be so already.
        revision: The branch, made if missing; "" is the main one.
        message: The commit's; "" for one that tells the number of pairs.
        say: Told what happens, a line each time.
        patience: How long trouble is borne.

    Returns:
        The dataset's address, for a person.

    Raises:
        UsageError: The run, the name or the options cannot be used, or there is no token.
        EndpointError: The Hub refused, or could not be reached.
    """
    contents = contents_of(run)
    _check_name(repo)
    patience = patience or Patience()
    hush()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the client's remarks on the Hub's remarks on the card
        hub_branch = HubBranch(repo, revision, timeout=patience.timeout)
        pushing = _Pushing(
            contents, hub_branch, message or _message(contents), say, private=private
        )
        _persist(pushing.attempt, hub_branch, say, patience)
    branch = f"/tree/{quote(revision, safe='')}" if revision else ""
    return f"{hub_branch.endpoint}/datasets/{repo}{branch}"


def check(repo: str) -> None:
    """See, without a request, that a push to `repo` can be tried.

    Raises:
        UsageError: The name is none, there is no token, or the Hub may not be asked.
    """
    _check_name(repo)
    hush()
    HubBranch(repo, "", timeout=Patience().timeout)


def _check_name(repo: str) -> None:
    if not REPO.fullmatch(repo) or any(part in repo for part in NEVER_IN_A_NAME):
        raise UsageError(f"{repo}: is no name of a dataset; it must be user/name")


class _Pushing:
    """One push, over all its attempts."""

    def __init__(
        self, contents: Contents, hub_branch: HubBranch, message: str, say: Say, *, private: bool
    ) -> None:
        self._contents, self._branch, self._message = contents, hub_branch, message
        self._say, self._private, self._sent = say, private, False

    def attempt(self) -> None:
        """Commit what the Hub does not have yet; nothing if it has all."""
        seen = self._branch.look(private=self._private)
        upload, delete = _changes(self._contents, seen)
        if not (upload or delete):
            if not self._sent:
                self._say(f"{self._branch.repo}: nothing has changed, so no commit was made")
            return
        self._say(_plan(self._contents, upload, delete))
        self._sent = True
        files = (*upload, RECORD)
        self._branch.commit(seen, self._contents.run, files, delete, self._message)


def _changes(contents: Contents, seen: Seen) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The files to upload besides run.json, and those to delete."""
    upload = (n for n in contents.compared if not is_same(contents.run / n, seen.files.get(n)))
    stale = (n for n in seen.ours if n in seen.files and n not in contents.data)
    return tuple(upload), tuple(stale)


def _plan(contents: Contents, upload: tuple[str, ...], delete: tuple[str, ...]) -> str:
    size = sum((contents.run / name).stat().st_size for name in upload)
    deleted = f", {len(delete)} to delete" if delete else ""
    return f"{len(upload)} files to upload ({size / 1e6:,.1f} MB){deleted}"


def _message(contents: Contents) -> str:
    return f"{contents.pairs:,} pairs, made with clair {__version__}"


def _persist(
    attempt: Callable[[], None], hub_branch: HubBranch, say: Say, patience: Patience
) -> None:
    """Make attempts until one succeeds, or patience ends."""

    def tell(error: BaseException, pause: float) -> None:
        say(f"{in_transit(error)}; again in {pause:.1f} s")

    try:
        patiently(attempt, patience, answered=lambda: hub_branch.answered, tell=tell)
    except Exception as exc:  # any that `trouble_of` knows to pass; all else goes on as it came
        if (trouble := trouble_of(exc)) is None:
            raise
        raise _gave_up(in_transit(exc), trouble.after, hub_branch) from exc


def _gave_up(words: str, after: float, hub_branch: HubBranch) -> EndpointError:
    if not hub_branch.answered:
        return EndpointError(
            f"{hub_branch.endpoint}: cannot be reached ({words}); check the network and HF_ENDPOINT"
        )
    asked = f", and asks to wait {after:,.0f} s" if after else ""
    return EndpointError(
        f"{hub_branch.repo}: the Hub does not take it now ({words}){asked}; push again later"
    )
