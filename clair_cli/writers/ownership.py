"""Which data files beside a run are its own: what was not written by clair is never touched.

run.json names them. Between the first that gets its name and run.json, a note in the side directory
does; so a run that was killed there leaves none behind that nobody knows.
"""

from collections.abc import Sequence
from pathlib import Path

import orjson

from clair_cli.records import UsageError
from clair_cli.writers.atomic_files import telling_os_errors, write_whole
from clair_cli.writers.layout import Layout


def own_names(paths: Layout) -> list[str]:
    """The names of the data files that earlier runs wrote to this output; some may be gone."""
    if paths.data is None or not paths.side.is_dir():
        return []
    names = {paths.data.name, *_listed(paths.run), *_listed(paths.publishing)}
    return sorted(name for name in names if paths.split_and_kind(name))


def check_not_foreign(paths: Layout, splits: Sequence[str], kind: str) -> None:
    """See that no file would be written over that is not the run's own.

    Raises:
        UsageError: One would be.
    """
    if paths.folder is None or not paths.folder.is_dir():
        return
    own, written = own_names(paths), {(split, kind) for split in splits}
    for name in sorted(each.name for each in paths.folder.iterdir()):
        if paths.split_and_kind(name) in written and name not in own:
            raise UsageError(
                f"{paths.folder / name}: exists and was not written by clair; name another output "
                "with -o"
            )


def announce(paths: Layout, names: Sequence[str]) -> None:
    """Note on disk that data files of these names are about to appear.

    Raises:
        UsageError: It cannot be written.
    """
    write_whole(paths.publishing, orjson.dumps({"files": sorted({*own_names(paths), *names})}))


def settle(paths: Layout, record: bytes) -> None:
    """Write run.json, which names the data files from now on.

    Raises:
        UsageError: It cannot be written.
    """
    write_whole(paths.run, record)
    with telling_os_errors():
        paths.publishing.unlink(missing_ok=True)


def _listed(path: Path) -> list[str]:
    try:
        record = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return []
    names = record.get("files") if isinstance(record, dict) else None
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
