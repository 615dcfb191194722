"""The command line that makes the same pairs again, as the card and run.json tell it.

It is composed from the options that decide what is written: no address, no header, nothing about
speed or money. It may be published, so it names no folder of whoever ran it and no key in a URL.
"""

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from clair_cli.prompts.shipped import load_template, template_names
from clair_cli.prompts.template import Template
from clair_cli.run.job import Job
from clair_cli.run.options.declaring import Group, Option, options_of
from clair_cli.run.recipe import public_name


def command_line(job: Job) -> str:
    """`clair revise` with its input, and every option that is not at its default."""
    asked = job.options.request
    said: dict[str, Any] = {
        "prompt": _template_word(job.template),
        "also": _template_word(job.also) if job.also else "",
        "direction": asked.direction if asked.direction != job.template.stated_direction else None,
        "license": job.licence,
        "language": job.languages,
    }
    parts = ["clair", "revise", *map(_argument, job.names)]
    for group in job.options:
        parts += _words(group, said)
    return shlex.join(parts)


def _words(group: Group, said: Mapping[str, Any]) -> Iterator[str]:
    for each in options_of(group):
        value = said.get(each.name, getattr(group, each.name))
        is_told = each.declared.is_stated or value != each.default
        if each.declared.use == "outcome" and is_told and value is not None:
            yield from _typed(each, value)


def _typed(option: Option, value: Any) -> Iterator[str]:
    flag = option.declared.short or option.flag
    if option.is_repeated:
        for each in value:
            yield from (flag, str(each))
    elif option.type is bool:
        yield flag
    elif option.is_several:
        yield from (flag, option.declared.separator.join(value))
    else:
        yield from (flag, str(value))


def _argument(name: str) -> str:
    """An input's name that is not taken for an option."""
    public = public_name(name)
    return f"./{public}" if public.startswith("-") and public != "-" else public


def _template_word(template: Template) -> str:
    """What `--prompt` has to say: a name of ours, or a file's."""
    is_ours = template.name in template_names()
    is_shipped = is_ours and load_template(template.name).text == template.text
    return template.name if is_shipped else f"{template.name}.toml"
