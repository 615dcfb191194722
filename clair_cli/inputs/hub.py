"""A dataset on the Hub -> the files of one of its splits, read as they stream in.

`datasets` finds out which files a configuration and a split consist of, at one commit; they are
then read like any other URL, so that what holds there (a dropped connection is taken up again at
its byte) holds here.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from clair_cli.inputs.origin import Origin
from clair_cli.inputs.places import KINDS, Place, place_of
from clair_cli.inputs.unpacking import PACKINGS
from clair_cli.records import UsageError

_MODULES = {"json": "json", "csv": "csv", "parquet": "parquet", "arrow": "arrow"}
"""What `datasets` calls the kinds of files that we read -> our name for them."""

_COMMIT = re.compile(r"@([0-9a-f]{40})/")


def find_files(repo: str, split: str, config: str, revision: str) -> tuple[list[Place], Origin]:
    """The files of one split of the Hub dataset `repo`, and where they are from.

    Where `HF_HUB_OFFLINE` is set, they are those of its downloaded copy.

    Raises:
        UsageError: There is no such dataset, revision, configuration or split, it may not be read,
            or its files are of a kind that we do not read.
    """
    _hush()
    hub = _Hub(repo, revision)
    builder = hub.builder(config)
    kind = _MODULES.get(type(builder).__module__.rpartition(".")[2])
    if kind is None:
        name = type(builder).__name__
        raise UsageError(f"{repo}: is a dataset of kind {name}; clair reads {', '.join(_MODULES)}")
    files = _of_split(repo, builder.config.data_files or {}, split)
    places = [_place(repo, str(file), kind, builder.config) for file in files]
    return places, hub.origin(str(files[0]) if files else "")


class _Hub:
    """One dataset repository, at one revision."""

    def __init__(self, repo: str, revision: str) -> None:
        from huggingface_hub import HfApi, constants  # noqa: PLC0415 - only for the Hub

        self._repo = repo
        self._revision = revision or None
        self._api = HfApi()
        self._offline = bool(constants.HF_HUB_OFFLINE)
        self._card = ""

    def builder(self, config: str) -> Any:
        """What `datasets` makes of a configuration."""
        import datasets  # noqa: PLC0415 - only for the Hub

        place, options = self._repo, {"revision": self._revision}
        if self._offline:
            place, options = self._downloaded(), {}
        try:
            builder = datasets.load_dataset_builder(place, config or None, **options)
        except (datasets.exceptions.DatasetsError, OSError, ValueError, RuntimeError) as exc:
            raise self._told(exc, place, config, options) from exc
        if type(builder).__module__.endswith(".cache"):
            raise UsageError(
                f"{self._repo}: the Hub cannot be reached; set HF_HUB_OFFLINE=1 to use a copy "
                "that was downloaded whole"
            )
        return builder

    def origin(self, file: str) -> Origin:
        """Where the files are from, with what the dataset's card says of them."""
        from huggingface_hub import DatasetCard  # noqa: PLC0415 - only for the Hub
        from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError  # noqa: PLC0415

        commit = _COMMIT.search(file)
        sha = commit[1] if commit else self._commit_of_copy(file)
        try:
            path = self._api.hf_hub_download(
                self._repo, "README.md", repo_type="dataset", revision=sha or self._revision
            )
            stated: Any = DatasetCard.load(path, ignore_metadata_errors=True).data
        except (HfHubHTTPError, LocalEntryNotFoundError, OSError, ValueError):
            return Origin(self._repo, sha)
        return Origin(self._repo, sha, _texts(stated.license), _texts(stated.language))

    def _commit_of_copy(self, file: str) -> str:
        """A downloaded copy stands in snapshots/COMMIT."""
        parts = Path(file).parts
        return parts[parts.index("snapshots") + 1] if "snapshots" in parts else ""

    def _downloaded(self) -> str:
        from huggingface_hub.errors import LocalEntryNotFoundError  # noqa: PLC0415

        try:
            return self._api.snapshot_download(
                self._repo, repo_type="dataset", revision=self._revision, local_files_only=True
            )
        except (LocalEntryNotFoundError, OSError, ValueError) as exc:
            raise UsageError(
                f"{self._repo}: HF_HUB_OFFLINE is set and no copy is here; fetch one with "
                f"hf download --repo-type dataset {self._repo}"
            ) from exc

    def _told(
        self, error: Exception, place: str, config: str, options: Mapping[str, Any]
    ) -> UsageError:
        """What went wrong, in one line with a cure."""
        from huggingface_hub import errors  # noqa: PLC0415 - only for the Hub

        chain = list(_causes(error))
        if any(isinstance(each, errors.GatedRepoError) for each in chain):
            return UsageError(
                f"{self._repo}: is gated; ask for access at {self._page}, and set HF_TOKEN or run "
                "hf auth login"
            )
        if any(isinstance(each, errors.RevisionNotFoundError) for each in chain):
            return UsageError(
                f"--revision {self._revision}: {self._repo} has no such revision; it has "
                f"{self._revisions()}"
            )
        if any(isinstance(each, errors.RepositoryNotFoundError) for each in chain):
            return UsageError(
                f"{self._repo}: no such file here, and no such dataset on the Hub that may be "
                "read; a private one needs HF_TOKEN or hf auth login"
            )
        configs = self._configs(place, options) if isinstance(error, ValueError) else []
        if configs and config not in configs:
            which = f"--config {config}: {self._repo} has no such configuration"
            which = which if config else f"{self._repo}: choose a configuration with --config"
            return UsageError(f"{which}; it has {', '.join(configs)}")
        return UsageError(f"{self._repo}: cannot be read ({_first_line(error)})")

    @property
    def _page(self) -> str:
        return f"{self._api.endpoint}/datasets/{self._repo}"

    def _revisions(self) -> str:
        from huggingface_hub.errors import HfHubHTTPError  # noqa: PLC0415 - only for the Hub

        try:
            refs = self._api.list_repo_refs(self._repo, repo_type="dataset")
        except (HfHubHTTPError, OSError):
            return "others"
        return ", ".join(ref.name for ref in [*refs.branches, *refs.tags][:20])

    def _configs(self, place: str, options: Mapping[str, Any]) -> list[str]:
        import datasets  # noqa: PLC0415 - only for the Hub

        try:
            return list(datasets.get_dataset_config_names(place, **options))
        except (datasets.exceptions.DatasetsError, OSError, ValueError):
            return []


def _of_split(repo: str, files: Mapping[Any, Sequence[Any]], split: str) -> Sequence[Any]:
    by_name = {str(name): paths for name, paths in files.items()}
    choices = ", ".join(by_name) or "none"
    if split and split not in by_name:
        raise UsageError(f"--split {split}: {repo} has no such split; it has {choices}")
    if not split and len(by_name) != 1:
        raise UsageError(f"{repo}: choose a split with --split; it has {choices}")
    return by_name[split or next(iter(by_name))]


def _place(repo: str, file: str, kind: str, config: Any) -> Place:
    """One file, read as the dataset's configuration says."""
    found = place_of(file)
    path = PurePosixPath(file)
    ending = path.with_suffix("").suffix if path.suffix.lower() in PACKINGS else path.suffix
    if ending.lower() not in KINDS:
        raise UsageError(f"{repo}: {path.name} is packed or named in a way that clair cannot read")
    separator = str(getattr(config, "sep", "") or "") if kind == "csv" else ""
    separator = "" if separator == "," and found.kind == "tsv" else separator
    inside = _COMMIT.split(file)[-1] if _COMMIT.search(file) else path.name
    return Place(
        file,
        found.kind,
        found.packing,
        separator=separator,
        key=str(getattr(config, "field", None) or ""),
        shown=f"{repo}/{inside}",
    )


def _hush() -> None:
    """Let the libraries' own bars and notes not stand between ours."""
    import datasets  # noqa: PLC0415 - only for the Hub
    from huggingface_hub.utils import logging  # noqa: PLC0415
    from huggingface_hub.utils.tqdm import disable_progress_bars  # noqa: PLC0415

    datasets.disable_progress_bars()
    datasets.logging.set_verbosity_error()
    disable_progress_bars()
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # theirs to annotate


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(str(each) for each in value) if isinstance(value, list) else ()


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), "") or type(error).__name__
