"""What ends a push: an error of the Hub's client -> one line with a cure."""

from clair_cli.records import EndpointError, RunError, UsageError
from clair_cli.rows.hub.errors import Kind, complaint_of

LOGIN = "set HF_TOKEN or run `hf auth login`"
_NOT_ALLOWED = (
    "{repo}: the token may not write there ({words}); use one with write access, of a user who may"
)
_UNKNOWN = "{repo}: the Hub does not know it ({words}); check the name and --revision"
_SENTENCES: dict[Kind, str] = {
    "gated": "{repo}: is gated ({words}); ask its owner for access",
    "token": f"the Hub refused the token ({{words}}); {LOGIN} with a valid one",
    "access": _NOT_ALLOWED,
    "repository": _UNKNOWN,
    "revision": _UNKNOWN,
    "unknown": _UNKNOWN,
    "refused": "{repo}: the Hub refused it ({words})",
    "other": "{repo}: the Hub did not take it ({words})",
}


def refusal(error: Exception, repo: str) -> RunError:
    """What follows from an error that another attempt would not mend."""
    found = complaint_of(error)
    if found.kind == "offline":
        return UsageError("HF_HUB_OFFLINE is set, so nothing can be pushed; unset it")
    if found.kind == "file" and isinstance(error, OSError):
        return UsageError(f"{error.filename}: cannot be read ({error.strerror})")
    sentence = _SENTENCES.get(found.kind, _SENTENCES["other"])
    return EndpointError(sentence.format(repo=repo, words=found.words))


def in_transit(error: BaseException) -> str:
    """What went wrong in an attempt that is followed by another."""
    found = complaint_of(error)
    return f"the branch has moved on ({found.words})" if found.kind == "moved" else found.words
