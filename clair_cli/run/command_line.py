"""The command line that makes the same pairs again, as the card and run.json tell it.

It is composed from the options that shape the result alone: no address, no header, nothing about
speed or money. It may be published, so it names no folder of whoever ran it and no key in a URL.
"""

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from clair_cli.prompts.shipped import load_template, template_names
from clair_cli.prompts.template import Template
from clair_cli.records import UsageError
from clair_cli.run.recipe import Recipe, public_name

UNSAID = {"attempts": 3, "skip": 0, "samples": 1, "split_test": 0}
"""Options whose default is a value."""
NAMED_PARAMETERS = ("temperature", "max_tokens", "seed")
INPUT_OPTIONS = (
    *("split", "config", "revision", "skip", "sample", "limit"),
    *("prompt_column", "response_column", "id_column", "revise", "keep_columns"),
)
STEERING_OPTIONS = (
    *("min_similarity", "max_length_ratio", "min_length_ratio", "max_levenshtein", "min_kept"),
    *("keep_best", "samples", "best_by", "also", "keep_thinking"),
)
OUTPUT_OPTIONS = ("attempts", "split_test", "license", "language")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+_-]{0,63}")


def command_line(
    recipe: Recipe, form: str, licence: str, languages: Sequence[str], test_share: float
) -> str:
    """`clair revise` with its input, and every option that is not at its default."""
    parameters = recipe.parameters
    card = {"license": licence, "language": list(languages)}
    options = recipe.options() | {"split_test": test_share} | card
    extra = sorted(parameters.keys() - {"model", *NAMED_PARAMETERS})
    parts = [
        *("clair", "revise", *map(_argument, recipe.inputs.names)),
        *_given(INPUT_OPTIONS, options),
        *(["--mock"] if recipe.mock else []),
        *("-m", str(parameters.get("model", ""))),
        *("--prompt", *_prompt(recipe.template)),
        *_given(NAMED_PARAMETERS, parameters),
        *(part for name in extra for part in _parameter(name, parameters[name])),
        *_given(STEERING_OPTIONS, options),
        *("--format", form),
        *_given(OUTPUT_OPTIONS, options),
    ]
    return shlex.join(parts)


def card_ids(option: str, values: Sequence[str]) -> tuple[str, ...]:
    """The values of `--license` or `--language`, in the Hub's small letters.

    Raises:
        UsageError: One cannot be an id of the Hub.
    """
    for value in values:
        if not _ID.fullmatch(value):
            raise UsageError(f"{option} {value!r}: write an id of the Hub, such as mit or en")
    return tuple(dict.fromkeys(value.lower() for value in values))


def _argument(name: str) -> str:
    """An input's name that is not taken for an option."""
    public = public_name(name)
    return f"./{public}" if public.startswith("-") and public != "-" else public


def _prompt(template: Template) -> list[str]:
    """What `--prompt` has to say, a name of ours or a file's; and how the run uses it."""
    is_ours = template.name in template_names()
    is_shipped = is_ours and load_template(template.name).text == template.text
    return [
        template.name if is_shipped else f"{template.name}.toml",
        *(["--aspect", template.aspect] if template.aspect else []),
        *(
            ["--direction", template.direction]
            if template.direction != template.stated_direction
            else []
        ),
        *(["--structured"] if template.structured else []),
    ]


def _given(names: Sequence[str], values: Mapping[str, Any]) -> list[str]:
    parts: list[str] = []
    for name in names:
        value = values.get(name)
        if value is None or value in ("", []) or value == UNSAID.get(name):
            continue
        parts += _option(name, value)
    return parts


def _option(name: str, value: Any) -> list[str]:
    flag = f"--{name.replace('_', '-')}"
    if value is True:
        return [flag]
    if name == "language":
        return [part for each in value for part in (flag, str(each))]
    return [flag, ",".join(value) if isinstance(value, list) else str(value)]


def _parameter(name: str, value: Any) -> tuple[str, str]:
    return "--param", f"{name}={json.dumps(value, sort_keys=True, ensure_ascii=False)}"
