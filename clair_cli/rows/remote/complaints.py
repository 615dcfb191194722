"""What libraries say while a URL is read -> one line with a cure."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from clair_cli.records import UsageError
from clair_cli.rows.files.compression import DAMAGE
from clair_cli.rows.names import public


@contextmanager
def telling(url: str) -> Iterator[None]:
    """Turn what libraries say while `url` is read into one line with a cure."""
    try:
        yield
    except (UsageError, *DAMAGE):
        raise
    except Exception as exc:
        # Each file system of fsspec has errors of its own, and many are no OSError.
        raise UsageError(f"{public(url)}: {_said(exc)}") from exc


def _said(error: Exception) -> str:
    """What went wrong, with a cure where there is one."""
    if isinstance(error, FileNotFoundError) or _status(error) in {404, 410}:
        return "is not there; mend the address"
    if isinstance(error, PermissionError) or _status(error) in {401, 403}:
        return f"may not be read ({_first_line(error)}); set the credentials that it needs"
    if isinstance(error, ImportError):
        return f"needs another package ({_first_line(error)})"
    return f"cannot be read ({_first_line(error)})"


def _status(error: Exception) -> int:
    return error.response.status_code if isinstance(error, httpx.HTTPStatusError) else 0


def _first_line(error: Exception) -> str:
    if status := _status(error):
        return f"the server says {status}"
    lines = (line.strip() for line in str(error).splitlines())
    return next(filter(None, lines), type(error).__name__)
