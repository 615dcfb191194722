"""The names on a command line that looks at finished data -> its rows."""

from pathlib import Path

from clair_cli.rows.files.data_files import splits_of
from clair_cli.rows.files.saved_dataset import is_saved
from clair_cli.rows.input import Input, find_input, is_hub_id, of_files


def find_dataset(name: str, split: str, config: str, revision: str) -> Input:
    """The dataset `name`; without a `split`, all splits of a directory, train first.

    `config` and `revision` are for datasets on the Hub, and passed over by others.

    Raises:
        UsageError: There is nothing of that name, or it is not clear what is meant.
    """
    if is_hub_id(name, split, config, revision):
        return find_input([name], split=split, config=config, revision=revision)
    if not split and Path(name).is_dir() and not is_saved(Path(name)):
        return of_files([place for part in splits_of(name).values() for place in part], name)
    return find_input([name], split=split)
