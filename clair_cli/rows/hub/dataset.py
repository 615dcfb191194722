"""A dataset on the Hub -> the files of one of its splits, read as they stream in.

`datasets` finds out which files a configuration and a split consist of, at one commit; they are
then read like any other URL, so that what holds there (a dropped connection is taken up again at
its byte) holds here.
"""

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from clair_cli.records import UsageError
from clair_cli.rows.files.compression import PACKINGS
from clair_cli.rows.files.locations import KINDS, Place, place_of
from clair_cli.rows.hub.repository import Repository, find_repository, no_copy, telling
from clair_cli.rows.origin import Origin
from clair_cli.rows.remote.retrying import patiently

_READ = ("json", "csv", "parquet", "arrow")
"""The kinds of dataset that we read, as `datasets` calls them."""

_UNDERSTOOD = frozenset(
    {
        *("name", "version", "data_dir", "data_files", "description", "features"),  # what it is
        *("sep", "delimiter", "field"),  # what we do as well
        *("batch_size", "chunksize", "use_threads", "block_size", "low_memory", "memory_map"),
        *("on_bad_files", "on_bad_lines", "fragment_scan_options", "engine"),  # how it is read
    }
)
"""Settings of a configuration that do not change the rows, or that we heed."""


def find_files(name: str, split: str, config: str, revision: str) -> tuple[list[Place], Origin]:
    """The files of one split of the Hub dataset `name`, and where they are from.

    Where `HF_HUB_OFFLINE` is set, they are those of its downloaded copy.

    Raises:
        UsageError: There is no such dataset, revision, configuration or split, it may not be read,
            or its files are of a kind that we do not read.
    """
    repository = find_repository(name, revision)
    builder = _builder(repository, config)
    kind = type(builder).__module__.rpartition(".")[2]
    if kind not in _READ:
        raise UsageError(
            f"{name}: is a dataset of kind {kind}; clair reads {', '.join(_READ)}; convert it, or "
            f"name files of these kinds in it as hf://datasets/{name}/PATH"
        )
    _check_settings(name, builder.config)
    files = _of_split(name, builder.config.data_files or {}, split)
    places = [_place(repository, str(file), kind, builder.config) for file in files]
    return places, repository.origin()


def _builder(repository: Repository, config: str) -> Any:
    """What `datasets` makes of a configuration."""
    import datasets  # noqa: PLC0415 - only for the Hub

    _hush()
    place, options = _address(repository)

    def build() -> Any:
        return datasets.load_dataset_builder(place, config or None, **options)

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

    place, options = _address(repository)
    configs = patiently(lambda: datasets.get_dataset_config_names(place, **options))
    if config in configs or (not config and _default(repository)):
        return None
    name = repository.name
    if config:
        which = f"--config {config}: {name} has no such configuration"
    else:
        which = f"{name}: choose a configuration with --config"
    return UsageError(f"{which}; it has {', '.join(configs)}")


def _default(repository: Repository) -> object:
    """The configuration that is taken when none is named; None if there is no such one."""
    import datasets  # noqa: PLC0415 - only for the Hub

    place, options = _address(repository)
    return patiently(lambda: datasets.get_dataset_default_config_name(place, **options))


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


def _of_split(name: str, files: Mapping[Any, Sequence[Any]], split: str) -> Sequence[Any]:
    by_name = {str(each): paths for each, paths in files.items()}
    choices = ", ".join(by_name) or "none"
    if split and split not in by_name:
        raise UsageError(f"--split {split}: {name} has no such split; it has {choices}")
    if not split and len(by_name) != 1:
        raise UsageError(f"{name}: choose a split with --split; it has {choices}")
    return by_name[split or next(iter(by_name))]


def _place(repository: Repository, file: str, kind: str, config: Any) -> Place:
    """One file, read as the dataset's configuration says."""
    found = place_of(file)
    path = PurePosixPath(file)
    shown = repository.shown(file)
    ending = path.with_suffix("").suffix if path.suffix.lower() in PACKINGS else path.suffix
    if ending.lower() not in KINDS:
        raise UsageError(f"{shown}: is packed or named in a way that clair cannot read")
    separator = str(getattr(config, "sep", "") or "") if kind == "csv" else ""
    key = str(getattr(config, "field", None) or "") if kind == "json" else ""
    return Place(
        file,
        "json" if key else found.kind,
        found.packing,
        separator="" if separator == "," and found.kind == "tsv" else separator,
        key=key,
        shown=shown,
    )


def _hush() -> None:
    """Let its bars and notes not stand between ours, and let it not count uses elsewhere."""
    import datasets  # noqa: PLC0415 - only for the Hub

    datasets.disable_progress_bars()
    datasets.logging.set_verbosity_error()
    datasets.config.HF_UPDATE_DOWNLOAD_COUNTS = False
