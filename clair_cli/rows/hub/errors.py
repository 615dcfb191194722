"""What the Hub's client complains of: one kind for each cause, and its words for a person."""

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from clair_cli.rows.remote.retrying import causes

if TYPE_CHECKING:
    from huggingface_hub.errors import HfHubHTTPError

LOGIN = "set HF_TOKEN or run hf auth login"
Kind: TypeAlias = Literal[
    "revision", "gated", "repository", "token", "access", "unknown", "moved", "busy", "refused",
    "offline", "unreachable", "name", "package", "file", "other",
]  # fmt: skip
_BY_STATUS: dict[int, Kind] = {
    401: "token",
    402: "access",
    403: "access",
    404: "unknown",
    412: "moved",
    429: "busy",
}
_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Complaint:
    """An error of the Hub's client.

    Attributes:
        kind: What is the matter.
        words: What was said, on one line, cut, and without the token.
    """

    kind: Kind
    words: str


def complaint_of(error: BaseException) -> Complaint:
    """What `error` complains of, or whatever of the Hub's errors it was raised from."""
    from huggingface_hub import errors  # noqa: PLC0415 - only for the Hub

    chain = list(causes(error))
    for each in chain:
        if isinstance(each, errors.HfHubHTTPError):
            return Complaint(_kind_of_answer(each), _words_of_answer(each))
    for each in chain:
        if kind := _kind(each):
            named = f"{type(each).__name__}: " if kind == "unreachable" else ""
            return Complaint(kind, _line(f"{named}{each}"))
    return Complaint("other", _line(str(error) or type(error).__name__))


def _kind(error: BaseException) -> Kind | None:
    from huggingface_hub import errors  # noqa: PLC0415 - only for the Hub

    if isinstance(error, OSError) and error.filename:
        return "file"
    kinds: list[tuple[type[BaseException] | tuple[type[BaseException], ...], Kind]] = [
        (errors.OfflineModeIsEnabled, "offline"),
        ((errors.HTTPError, ConnectionError, TimeoutError), "unreachable"),
        (errors.HFValidationError, "name"),
        (ImportError, "package"),
    ]
    return next((kind for types, kind in kinds if isinstance(error, types)), None)


def _kind_of_answer(error: "HfHubHTTPError") -> Kind:
    from huggingface_hub import errors  # noqa: PLC0415 - only for the Hub

    status = error.response.status_code
    if isinstance(error, errors.RevisionNotFoundError):
        return "revision"
    if isinstance(error, errors.GatedRepoError):
        return "gated"
    if isinstance(error, errors.RepositoryNotFoundError):
        return "repository"
    return "busy" if status >= 500 else _BY_STATUS.get(status, "refused")


def _words_of_answer(error: "HfHubHTTPError") -> str:
    status, said = error.response.status_code, _line(error.server_message or "")
    return f"HTTP {status}: {said}" if said else f"HTTP {status}"


def _line(text: str) -> str:
    from huggingface_hub import get_token  # noqa: PLC0415 - only for the Hub

    token = None
    with suppress(OSError, ValueError):  # its file cannot be read: then it was not sent either
        token = get_token()
    line = " ".join((text.replace(token, "[secret]") if token else text).split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"
