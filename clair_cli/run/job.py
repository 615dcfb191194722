"""What a run is asked to do: inputs, options, and what these name, loaded and checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from clair_cli.endpoint.address import Address, addresses
from clair_cli.endpoint.prices import Price, price_of
from clair_cli.mock import MODEL
from clair_cli.prompts.parameters import parameters
from clair_cli.prompts.shipped import load_template
from clair_cli.prompts.template import Template
from clair_cli.rows.columns import Columns
from clair_cli.run.options.output import FileOptions
from clair_cli.run.options.revising import ReviseOptions
from clair_cli.run.options.rows import ColumnOptions
from clair_cli.run.preconditions import card_id, check_kept_columns
from clair_cli.writers.file_plan import Plan, size_in_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What a run is asked to do.

    Attributes:
        names: The inputs: paths, globs, directories, URLs, a Hub dataset, or `-`.
        options: What is set.
        template: What is asked with, as the run uses it: its aspect, direction and form.
        also: A template of the other direction that is asked as well.
        parameters: The fields of every request besides its messages.
        columns: Where the prompt and the answer stand in a row.
        plan: What files the pairs become.
        licence: The licence of the pairs as an id of the Hub; "" where nobody said.
        languages: The languages of the texts, as codes.
        price: What tokens cost; None where nobody knows.
        addresses: Where requests go; empty where none is sent over a network.
    """

    names: tuple[str, ...]
    options: ReviseOptions
    template: Template
    also: Template | None
    parameters: dict[str, Any]
    columns: Columns
    plan: Plan
    licence: str = ""
    languages: tuple[str, ...] = ()
    price: Price | None = None
    addresses: tuple[Address, ...] = ()

    @classmethod
    def of(cls, names: Sequence[str], options: ReviseOptions) -> Self:
        """The job that `options` ask for.

        Raises:
            UsageError: An option's value cannot be used, or two do not go together.
        """
        asked, endpoint, money = options.request, options.endpoint, options.money
        also = options.contrast.also
        job = cls.with_templates(
            names,
            options,
            load_template(asked.prompt),
            load_template(also) if also else None,
            parameters(
                endpoint.model or (MODEL if endpoint.mock else ""),
                {
                    "temperature": asked.temperature,
                    "max_tokens": asked.max_tokens,
                    "seed": asked.seed,
                },
                asked.param,
                structured=asked.structured,
            ),
        )
        price = price_of(
            endpoint.model, money.price_in, money.price_out, is_needed=money.max_cost is not None
        )
        return replace(job, price=price, addresses=_addresses(options))

    @classmethod
    def with_templates(
        cls,
        names: Sequence[str],
        options: ReviseOptions,
        template: Template,
        also: Template | None,
        parameters: Mapping[str, Any],
    ) -> Self:
        """The job that asks with these templates and fields; it sends nothing, and knows no price.

        Raises:
            UsageError: An option's value cannot be used, or two do not go together.
        """
        asked, output = options.request, options.output
        return cls(
            names=tuple(names),
            options=options,
            template=template.bound(
                aspect=asked.aspect, direction=asked.direction, structured=asked.structured
            ),
            also=also.bound(structured=asked.structured) if also else None,
            parameters=dict(parameters),
            columns=_columns(options.columns),
            plan=plan_of(options.files, asked.seed or 0),
            licence=card_id("--license", output.license) if output.license else "",
            languages=tuple(dict.fromkeys(card_id("--language", each) for each in output.language)),
        )

    @property
    def is_ranked(self) -> bool:
        """Whether the two directions of a row become one ranking."""
        return self.options.files.format == "ranked"


def plan_of(files: FileOptions, seed: int) -> Plan:
    """What files `files` ask for; `seed` draws the test split.

    Raises:
        UsageError: The size of a shard is none.
    """
    size = size_in_bytes(files.shard_size)
    return Plan(files.file_type or "", size, files.split_test, seed)


def _columns(chosen: ColumnOptions) -> Columns:
    check_kept_columns(chosen.keep_columns)
    return Columns(
        chosen.prompt_column,
        chosen.response_column,
        chosen.id_column,
        chosen.revise or "",
        chosen.keep_columns,
    )


def _addresses(options: ReviseOptions) -> tuple[Address, ...]:
    endpoint = options.endpoint
    if endpoint.mock or options.trust.offline or options.money.dry_run:
        return ()
    return tuple(
        addresses(
            endpoint.base_url,
            endpoint.api_key_env,
            endpoint.header,
            insecure=endpoint.insecure_http,
        )
    )
