"""A dataset on the Hub -> the rows of one of its splits, at one commit.

`datasets` knows what a configuration and a split consist of. JSON, CSV, Parquet and Arrow files are
then read like any other URL: so every cell stays what it is, one bad line is one bad row, and no
file or row group is held whole. (`datasets` takes a text "2024-05-01" in JSON for a date and "NA"
in CSV for nothing, ends at the first bad line, and holds JSON arrays and row groups whole.) All
other kinds are read by `datasets` itself.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

import orjson

from clair_cli.records import UsageError
from clair_cli.rows.files.arrow_values import as_json
from clair_cli.rows.files.compression import PACKINGS
from clair_cli.rows.files.data_files import KINDS, DataFile, data_file_of
from clair_cli.rows.hub.repository import Repository, find_repository, no_copy, telling
from clair_cli.rows.origin import Origin
from clair_cli.rows.raw import Raw
from clair_cli.rows.remote.retrying import patiently

_OWN = ("json", "csv", "parquet", "arrow")
"""The kinds of dataset whose files we read, as `datasets` calls them."""

_UNDERSTOOD = frozenset(
    {
        *("name", "version", "data_dir", "data_files", "description", "features"),  # what it is
        *("sep", "delimiter", "field"),  # what we do as well
        *("batch_size", "chunksize", "use_threads", "block_size", "low_memory", "memory_map"),
        *("on_bad_files", "on_bad_lines", "fragment_scan_options", "engine"),  # how it is read
    }
)
"""Settings of a configuration that do not change the rows, or that we heed."""


@dataclass(frozen=True, slots=True)
class HubSplit:
    """One split of a dataset on the Hub.

    Attributes:
        origin: The dataset.
        files: What it consists of, where these are files to be read like others.
        stream: Reads its rows, where only `datasets` can; it raises UsageError.
        total_rows: How many rows it has, None where its card does not say.
    """

    origin: Origin
    files: Sequence[DataFile] = ()
    stream: Callable[[], Iterator[Raw]] = lambda: iter(())
    total_rows: int | None = None


def find_split(name: str, split: str, config: str, revision: str) -> HubSplit:
    """One split of the Hub dataset `name`.

    Where `HF_HUB_OFFLINE` is set, it is that of its downloaded copy.

    Raises:
        UsageError: There is no such dataset, revision, configuration or split, it may not be read,
            or its card wants it read in a way that we do not know.
    """
    repository = find_repository(name, revision)
    builder = _builder(repository, config)
    chosen = _chosen(repository.name, builder, split)
    origin, total = repository.origin(), _total_rows(builder, chosen)
    kind = type(builder).__module__.rpartition(".")[2]
    if kind not in _OWN:
        return HubSplit(origin, (), lambda: _streamed(repository, builder, chosen), total)
    _check_settings(repository.name, builder.config)
    names = (str(name) for name in builder.config.data_files[chosen])
    files = [_data_file(repository, name, kind, builder.config) for name in names]
    return HubSplit(origin, files, total_rows=total)


def _builder(repository: Repository, config: str) -> Any:
    """What `datasets` makes of a configuration."""
    import datasets  # noqa: PLC0415 - only for the Hub

    _hush()
    address, options = _address(repository)

    def build() -> Any:
        return datasets.load_dataset_builder(address, config or None, **options)

    # In a cache of its own `datasets` finds no old copy that it would silently take instead.
    with TemporaryDirectory() as cache, telling(repository.name, repository.commit):
        options = {**options, "cache_dir": cache}
        try:
            return patiently(build)
        except (FileNotFoundError, RuntimeError, ValueError) as exc:
            if told := _told(exc, repository, config):
                raise told from exc
            raise


def _told(error: Exception, repository: Repository, config: str) -> UsageError | None:
    """What the library's error means; None where it does not tell."""
    if isinstance(error, FileNotFoundError):
        return no_copy(repository.name) if repository.is_copy else None
    if isinstance(error, RuntimeError):  # what it raises for scripts alone
        return UsageError(
            f"{repository.name}: is made by a script, which is not run; "
            "try --revision refs/convert/parquet"
        )
    return _config_error(repository, config)


def _address(repository: Repository) -> tuple[str, dict[str, str]]:
    if repository.is_copy:
        return repository.base, {}
    return repository.name, {"revision": repository.commit}


def _config_error(repository: Repository, config: str) -> UsageError | None:
    """The choices, where `config` is none of them."""
    import datasets  # noqa: PLC0415 - only for the Hub

    address, options = _address(repository)
    configs = patiently(lambda: datasets.get_dataset_config_names(address, **options))
    default = patiently(lambda: datasets.get_dataset_default_config_name(address, **options))
    if config in configs or (not config and default):
        return None
    name = repository.name
    if config:
        which = f"--config {config}: {name} has no such configuration"
    else:
        which = f"{name}: choose a configuration with --config"
    return UsageError(f"{which}; it has {', '.join(configs)}")


def _chosen(name: str, builder: Any, split: str) -> str:
    """The name of the split, which need not be said where there is one alone."""
    splits = [str(each) for each in builder.config.data_files or ()]
    choices = ", ".join(splits) or "none"
    if split and split not in splits:
        raise UsageError(f"--split {split}: {name} has no such split; it has {choices}")
    if not split and len(splits) != 1:
        raise UsageError(f"{name}: choose a split with --split; it has {choices}")
    return split or splits[0]


def _total_rows(builder: Any, split: str) -> int | None:
    """What the card says of a split; None for nothing, and for none: some cards say 0."""
    stated = (builder.info.splits or {}).get(split)
    return (stated.num_examples or None) if stated else None


def _check_settings(name: str, config: Any) -> None:
    """Rows read otherwise than their owner says would be wrong ones."""
    plain = type(config)()
    odd = [
        key
        for key, value in vars(config).items()
        if key not in _UNDERSTOOD and value != getattr(plain, key, value)
    ]
    if odd:
        raise UsageError(
            f"{name}: its card wants it read with {', '.join(odd)}, which clair does not do; "
            "load it with datasets and write it with to_parquet"
        )


def _data_file(repository: Repository, file: str, kind: str, config: Any) -> DataFile:
    """One file, read as the dataset's configuration says."""
    found = data_file_of(file)
    path = PurePosixPath(file)
    shown = repository.shown(file)
    ending = path.with_suffix("").suffix if path.suffix.lower() in PACKINGS else path.suffix
    if ending.lower() not in KINDS:
        raise UsageError(f"{shown}: is packed or named in a way that clair cannot read")
    separator = str(getattr(config, "sep", "") or "") if kind == "csv" else ""
    key = str(getattr(config, "field", None) or "") if kind == "json" else ""
    return DataFile(
        file,
        "json" if key else found.kind,
        found.packing,
        separator="" if separator == "," and found.kind == "tsv" else separator,
        key=key,
        shown=shown,
    )


def _streamed(repository: Repository, builder: Any, split: str) -> Iterator[Raw]:
    """The rows as `datasets` reads them, numbered from 1; images and the like stay files."""
    with telling(repository.name, repository.commit):
        dataset = patiently(lambda: builder.as_streaming_dataset(split=split))
        if dataset.features:  # without them nothing is decoded
            dataset = dataset.decode(enable=False)
        for number, row in enumerate(dataset, start=1):
            cells = as_json(row)
            size = len(orjson.dumps(cells, default=str))
            yield Raw(repository.name, number, cells, size)


def _hush() -> None:
    """Let its bars and notes not stand between ours, and let it not count uses elsewhere."""
    import datasets  # noqa: PLC0415 - only for the Hub

    datasets.disable_progress_bars()
    datasets.logging.set_verbosity(logging.CRITICAL)
    datasets.config.HF_UPDATE_DOWNLOAD_COUNTS = False
