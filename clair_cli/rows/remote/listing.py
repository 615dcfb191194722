"""What a URL names when it is not one file: a directory or a glob, and the files it means."""

from dataclasses import dataclass
from typing import Any

from clair_cli.rows.names import is_web
from clair_cli.rows.remote.complaints import telling
from clair_cli.rows.remote.file_system import file_system
from clair_cli.rows.remote.retrying import LOOKING, patiently, trouble_of


@dataclass(frozen=True, slots=True)
class Listing:
    """What a URL names when it is not one file.

    Attributes:
        files: The URL of each file -> its path below the directory, or all of it for a glob.
        is_directory: Whether it is a directory.
    """

    files: dict[str, str]
    is_directory: bool


def listing(url: str) -> Listing | None:
    """The files that a glob or directory URL means; None where it is a single file.

    Raises:
        UsageError: It cannot be reached.
    """
    if is_web(url):
        return None
    with telling(url):
        system, path = file_system(url)
        return patiently(lambda: _listing(system, path), LOOKING)


def _listing(system: Any, path: str) -> Listing | None:
    if any(char in path for char in "*["):
        found = [each for each in system.glob(path) if not _is_directory(system, each)]
        return Listing({system.unstrip_protocol(each): each for each in found}, False)
    if not _is_directory(system, path):
        return None
    inside = {each: each.removeprefix(path).strip("/") for each in system.find(path)}
    seen = {each: name for each, name in inside.items() if not _is_hidden(name)}
    return Listing({system.unstrip_protocol(each): name for each, name in seen.items()}, True)


def _is_directory(system: Any, path: str) -> bool:
    """Unlike fsspec's `isdir`, it does not take a failed connection for a no."""
    try:
        return bool(system.info(path)["type"] == "directory")
    except FileNotFoundError as exc:
        if trouble_of(exc):
            raise
        return False


def _is_hidden(inside: str) -> bool:
    return any(part.startswith((".", "__")) for part in inside.split("/"))
