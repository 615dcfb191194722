"""A finished run, or any preference dataset -> one HTML page that needs no network.

The pairs are read once. What the page shows of all of them at a time (the metrics) is kept as
numbers, 4 bytes each; their texts go through compressed chunks to a spool on disk, and from there
into the page.
"""

import contextlib
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from clair_cli.contrast.metrics import contrast
from clair_cli.looking.report.artifacts import Artifacts, find_artifacts
from clair_cli.looking.report.embedded_pairs import EmbeddedPairs, Spool
from clair_cli.looking.report.failures import reasons
from clair_cli.looking.report.page import MARK, render
from clair_cli.looking.report.run_facts import price_of
from clair_cli.looking.report.timeline import Timeline, replies, timeline
from clair_cli.records import Contrast, Pair, UsageError
from clair_cli.rows.pairs import PairReader
from clair_cli.writers.atomic_files import telling_os_errors, whole_file

__all__ = ["write_report"]


def write_report(
    out: str, target: Path, *, split: str = "", limit: int | None = None, store: Path | None = None
) -> int:
    """Write the page of the run or dataset `out` to `target`; returns the number of its pairs.

    Args:
        out: What `clair revise` wrote, or any input that holds preference pairs.
        target: The page; replaced only where it is a report already.
        split: Which split, for an input that is no run.
        limit: Read only so many pairs.
        store: The run's store, where it is not at its default place.

    Raises:
        UsageError: There is nothing to report on, or the page cannot be written there.
    """
    _check(target)
    found = find_artifacts(out, split, store)
    with contextlib.ExitStack() as stack:
        with telling_os_errors():
            spool = stack.enter_context(tempfile.TemporaryFile(dir=target.absolute().parent))
        pairs = EmbeddedPairs(Spool(spool), worsens=found.worsens)
        reading = PairReader(_backwards if found.worsens else contrast)
        for pair, source in islice(_pairs(found, reading), limit):
            pairs.add(pair, source)
        pairs.close()
        if not pairs.total and not found.is_run:
            raise UsageError(f"{out}: holds no pairs")
        page = render(found, pairs, reading, reasons(found.failures), _timeline(found), limit)
        _write(page, target)
    return pairs.total


def _backwards(rejected: str, chosen: str) -> Contrast:
    """The contrast where the revision is the rejected side."""
    return contrast(chosen, rejected)


def _pairs(found: Artifacts, reading: PairReader) -> Iterator[tuple[Pair, str]]:
    yield from reading.placed(found.rows)
    if reading.problems and not reading.pairs:
        raise UsageError(f"{reading.problems[0]}; name a preference dataset")


def _timeline(found: Artifacts) -> Timeline | None:
    if found.store is None:
        return None
    return timeline(replies(found.store), price_of(found.record))


def _check(target: Path) -> None:
    if target.is_dir():
        raise UsageError(f"-o {target}: is a directory; name a file, such as report.html")
    if not target.absolute().parent.is_dir():
        raise UsageError(f"-o {target}: there is no such directory; make it first")
    if target.exists() and not _is_report(target):
        raise UsageError(f"-o {target}: exists and is no report of clair's; name another file")


def _is_report(target: Path) -> bool:
    with telling_os_errors(), target.open("rb") as file:
        return MARK.encode() in file.read(200)


def _write(page: Iterator[str], target: Path) -> None:
    with whole_file(target) as file:
        for part in page:
            file.write(part.encode())
