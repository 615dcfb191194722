"""What the Hub's client complains of -> one line with a cure."""

from itertools import islice
from typing import TYPE_CHECKING

from clair_cli.rows.remote.retrying import causes

if TYPE_CHECKING:
    from huggingface_hub.errors import HfHubHTTPError

_LOGIN = "set HF_TOKEN or run hf auth login"
_SHOWN = 200


def said(error: BaseException, name: str, revision: str) -> str:
    """One line for `error`, or for whatever of the Hub's errors it was raised from.

    Args:
        error: What the client, or something above it, has raised.
        name: The dataset, as the user called it.
        revision: The branch, tag or commit that was asked for; "" for none.
    """
    for each in causes(error):
        if words := _words(each, name, revision):
            return words
    if isinstance(error, ImportError):
        return f"{name}: needs another package ({one_line(error)})"
    return (
        f"{name}: cannot be made out ({one_line(error)}); name files of it as "
        f"hf://datasets/{name}/PATH"
    )


def one_line(error: BaseException) -> str:
    """The first words of an error, on one line."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _words(error: BaseException, name: str, revision: str) -> str:
    from huggingface_hub import errors  # noqa: PLC0415 - only for the Hub

    if isinstance(error, errors.HfHubHTTPError):
        return _answer(error, name, revision)
    if isinstance(error, errors.HTTPError):
        return _unreachable(name, error)
    if isinstance(error, errors.HFValidationError):
        return f"{name}: no such file here, and no name of a dataset ({one_line(error)})"
    return ""


def _answer(error: "HfHubHTTPError", name: str, revision: str) -> str:
    from huggingface_hub import errors  # noqa: PLC0415 - only for the Hub

    if isinstance(error, errors.RevisionNotFoundError):
        return f"{name}: has no revision {revision}; it has {_revisions(name)}"
    if isinstance(error, errors.GatedRepoError):
        return _gated(name)
    if isinstance(error, errors.RepositoryNotFoundError):
        return (
            f"{name}: no such file here, and no such dataset on the Hub that may be read; "
            f"check the name; for a private one, {_LOGIN}"
        )
    return _refused(name, error.response.status_code, error.server_message or "")


def _gated(name: str) -> str:
    from huggingface_hub import constants, get_token  # noqa: PLC0415 - only for the Hub

    page = f"{constants.ENDPOINT}/datasets/{name}"
    if get_token():
        return f"{name}: is gated, and the user of your token has no access; ask for it at {page}"
    return f"{name}: is gated; ask for access at {page}, then {_LOGIN}"


def _refused(name: str, status: int, message: str) -> str:
    words = " ".join(message.split())[:_SHOWN]
    what = f"HTTP {status}: {words}" if words else f"HTTP {status}"
    if status == 401:
        return f"{name}: the Hub refused the token ({what}); {_LOGIN} with a valid one"
    if status == 403:
        return f"{name}: the Hub refused access ({what}); {_LOGIN} as a user who may read it"
    if status == 429 or status >= 500:
        return f"{name}: the Hub is out of order or busy ({what}); run the command again later"
    return f"{name}: the Hub refused ({what})"


def _unreachable(name: str, error: BaseException) -> str:
    from huggingface_hub import constants  # noqa: PLC0415 - only for the Hub

    return (
        f"{name}: no such file here, and the Hub at {constants.ENDPOINT} cannot be reached "
        f"({one_line(error)}); check the network, or set HF_HUB_OFFLINE=1 to use a downloaded copy"
    )


def _revisions(name: str) -> str:
    from huggingface_hub import HfApi  # noqa: PLC0415 - only for the Hub
    from huggingface_hub.errors import HTTPError  # noqa: PLC0415

    try:
        refs = HfApi().list_repo_refs(name, repo_type="dataset")
    except (HTTPError, OSError):
        return "others"
    return ", ".join(ref.name for ref in islice([*refs.branches, *refs.tags], 20))
