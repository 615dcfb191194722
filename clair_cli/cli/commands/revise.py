"""`clair revise`: the options of the main job. What they mean is put together in `job`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from clair_cli.cli.config_file import ConfigFile


class Form(StrEnum):
    """The formats of `--format`."""

    CONVERSATIONAL = "conversational"
    STANDARD = "standard"
    UNPAIRED = "unpaired"
    CLAIR = "clair"
    RANKED = "ranked"


class FileType(StrEnum):
    """The files of `--file-type`."""

    JSONL = "jsonl"
    JSONL_GZ = "jsonl.gz"
    JSONL_ZST = "jsonl.zst"
    PARQUET = "parquet"


class Way(StrEnum):
    """The values of `--direction`."""

    IMPROVE = "improve"
    WORSEN = "worsen"


class Side(StrEnum):
    """The answers of a preference row."""

    CHOSEN = "chosen"
    REJECTED = "rejected"


class Metric(StrEnum):
    """The metrics of `--best-by`."""

    SIMILARITY = "similarity"
    KEPT = "kept"
    LEVENSHTEIN = "levenshtein"


def _option(panel: str, *names: str, **settings: Any) -> Any:
    """An option on a panel of the help; that `CLAIR_*` variables work is said once, not here."""
    return typer.Option(*names, rich_help_panel=panel, show_envvar=False, **settings)


_INPUT, _REQUEST, _COLUMNS, _SPEED = "Input", "Request", "Columns", "Speed"
_ENDPOINT, _SIZE, _TRUST, _OUTPUT = "Endpoint", "Size and money", "Trust", "Output"
_STEER = "Contrast"


def revise(  # noqa: PLR0913, PLR0917 - one parameter an option is how typer wants it
    source: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT...",
            help="Files, globs, directories, URLs, a Hub dataset (user/name), or - for stdin.",
            envvar=[],
        ),
    ],
    output: Annotated[
        str,
        _option(
            _OUTPUT,
            "-o",
            "--output",
            metavar="OUT",
            help="A directory, a file (.jsonl, .jsonl.gz, .jsonl.zst, .parquet) or - for stdout "
            "(default: INPUT's name with .clair).",
            show_default=False,
        ),
    ] = "",
    model: Annotated[
        str, _option(_ENDPOINT, "-m", "--model", help="The model that revises.", show_default=False)
    ] = "",
    base_url: Annotated[
        list[str] | None,
        _option(
            _ENDPOINT,
            metavar="URL",
            allow_from_autoenv=False,
            help="The endpoint (default: OPENAI_BASE_URL, else OpenAI's). Repeat it for replicas.",
            show_default=False,
        ),
    ] = None,
    api_key_env: Annotated[
        str,
        _option(_ENDPOINT, metavar="NAME", help="The variable that holds the API key."),
    ] = "OPENAI_API_KEY",
    header: Annotated[
        list[str] | None,
        _option(
            _ENDPOINT,
            metavar="'NAME: VALUE'",
            allow_from_autoenv=False,
            help="A further header; ${VAR} in it is read from the environment. Repeatable.",
        ),
    ] = None,
    insecure_http: Annotated[
        bool,
        _option(
            _ENDPOINT, "--insecure-http", help="Let a key go over plain http to a public address."
        ),
    ] = False,
    mock: Annotated[
        bool,
        _option(_ENDPOINT, "--mock", help="Use the offline endpoint: no key, no network, no bill."),
    ] = False,
    prompt: Annotated[
        str,
        _option(_REQUEST, metavar="NAME|FILE", help="The prompt template; see clair prompts."),
    ] = "clair",
    aspect: Annotated[
        str,
        _option(
            _REQUEST,
            metavar="TEXT",
            help="What to revise for, where the template asks: --prompt aspect.",
            show_default=False,
        ),
    ] = "",
    direction: Annotated[
        Way | None,
        _option(
            _REQUEST, help="Whether the revision is chosen or rejected (default: the template's)."
        ),
    ] = None,
    structured: Annotated[
        bool,
        _option(
            _REQUEST, "--structured", help="Ask for JSON by response_format, where it is supported."
        ),
    ] = False,
    temperature: Annotated[
        float | None,
        _option(_REQUEST, min=0, metavar="T", help="Sampling temperature (the paper: 0.7)."),
    ] = None,
    max_tokens: Annotated[
        int | None,
        _option(_REQUEST, min=1, metavar="N", help="Most tokens of a reply (the paper: 4096)."),
    ] = None,
    seed: Annotated[
        int | None,
        _option(
            _REQUEST,
            metavar="N",
            help="Seed of the model's sampling, of --sample and of --split-test.",
        ),
    ] = None,
    param: Annotated[
        list[str] | None,
        _option(
            _REQUEST,
            metavar="KEY=JSON",
            allow_from_autoenv=False,
            help="A further field of the request, such as top_p=0.9. Repeatable.",
        ),
    ] = None,
    prompt_column: Annotated[
        str,
        _option(_COLUMNS, metavar="PATH", help="Column of the prompt, dotted.", show_default=False),
    ] = "",
    response_column: Annotated[
        str,
        _option(_COLUMNS, metavar="PATH", help="Column of the answer, dotted.", show_default=False),
    ] = "",
    id_column: Annotated[
        str,
        _option(
            _COLUMNS,
            metavar="PATH",
            help="Column of the row's id (default: id, else a hash).",
            show_default=False,
        ),
    ] = "",
    revise_side: Annotated[
        Side | None,
        _option(
            _COLUMNS,
            "--revise",
            envvar="CLAIR_REVISE",
            help="The answer of a preference row to revise (default: rejected).",
        ),
    ] = None,
    keep_columns: Annotated[
        str,
        _option(
            _COLUMNS,
            metavar="A,B",
            help="Columns of the input that pairs keep.",
            show_default=False,
        ),
    ] = "",
    split: Annotated[
        str,
        _option(
            _INPUT,
            metavar="NAME[FROM:TO]",
            help="Split of a Hub dataset or a directory, and which of its rows.",
            show_default=False,
        ),
    ] = "",
    config: Annotated[
        str,
        _option(_INPUT, metavar="NAME", help="Configuration of a Hub dataset.", show_default=False),
    ] = "",
    revision: Annotated[
        str,
        _option(
            _INPUT,
            metavar="REV",
            help="Branch, tag or commit of a Hub dataset.",
            show_default=False,
        ),
    ] = "",
    skip: Annotated[
        int, _option(_INPUT, min=0, metavar="ROWS", help="Leave out the first rows.")
    ] = 0,
    sample: Annotated[
        int | None,
        _option(_INPUT, min=1, metavar="ROWS", help="Draw so many rows at random, by --seed."),
    ] = None,
    concurrency: Annotated[
        int,
        _option(_SPEED, "-c", "--concurrency", min=1, metavar="N", help="Most requests in flight."),
    ] = 64,
    rpm: Annotated[
        float | None, _option(_SPEED, min=0.01, metavar="N", help="Most requests a minute.")
    ] = None,
    tpm: Annotated[
        float | None, _option(_SPEED, min=1, metavar="N", help="Most tokens a minute.")
    ] = None,
    timeout: Annotated[
        float,
        _option(
            _SPEED, min=0.1, metavar="SECONDS", help="For one request, from first to last byte."
        ),
    ] = 600.0,
    limit: Annotated[
        int | None, _option(_INPUT, min=1, help="Read only so many rows.", metavar="ROWS")
    ] = None,
    dry_run: Annotated[
        bool, _option(_SIZE, "--dry-run", help="Send nothing: count rows, tokens and price.")
    ] = False,
    max_requests: Annotated[
        int | None, _option(_SIZE, min=1, metavar="N", help="Most requests to send in this run.")
    ] = None,
    max_cost: Annotated[
        float | None, _option(_SIZE, min=0, metavar="USD", help="Most to spend in this run.")
    ] = None,
    price_in: Annotated[
        float | None,
        _option(_SIZE, min=0, metavar="USD", help="Price of a million prompt tokens."),
    ] = None,
    price_out: Annotated[
        float | None,
        _option(_SIZE, min=0, metavar="USD", help="Price of a million completion tokens."),
    ] = None,
    attempts: Annotated[
        int, _option(_TRUST, min=1, metavar="N", help="Replies asked for one row before it fails.")
    ] = 3,
    give_up_after: Annotated[
        float, _option(_TRUST, min=0, metavar="SECONDS", help="For retries of one request.")
    ] = 600.0,
    max_fail_rate: Annotated[
        float,
        _option(
            _TRUST,
            min=0,
            max=1,
            metavar="SHARE",
            help="Share of failed rows that still exits with 0.",
        ),
    ] = 0.0,
    min_similarity: Annotated[
        float | None,
        _option(_STEER, min=0, max=1, metavar="SHARE", help="Least similarity of the two answers."),
    ] = None,
    min_kept: Annotated[
        float | None,
        _option(_STEER, min=0, max=1, metavar="SHARE", help="Least share of words kept in order."),
    ] = None,
    max_levenshtein: Annotated[
        int | None, _option(_STEER, min=1, metavar="N", help="Most edited characters.")
    ] = None,
    max_length_ratio: Annotated[
        float | None,
        _option(
            _STEER, min=0, metavar="RATIO", help="Most length of a revision over its answer's."
        ),
    ] = None,
    min_length_ratio: Annotated[
        float | None,
        _option(
            _STEER, min=0, metavar="RATIO", help="Least length of a revision over its answer's."
        ),
    ] = None,
    keep_best: Annotated[
        bool,
        _option(
            _STEER,
            "--keep-best",
            help="Keep and flag the closest reply where none is within the bounds.",
        ),
    ] = False,
    samples: Annotated[
        int,
        _option(_STEER, "-n", "--samples", min=1, metavar="N", help="Revisions of each answer."),
    ] = 1,
    best_by: Annotated[
        Metric | None, _option(_STEER, help="Keep the most minimal of them (default: all).")
    ] = None,
    also: Annotated[
        str,
        _option(
            _STEER,
            metavar="NAME|FILE",
            help="A template of the other direction, asked as well: --also worsen.",
            show_default=False,
        ),
    ] = "",
    keep_thinking: Annotated[
        bool,
        _option(
            _STEER,
            "--keep-thinking",
            help="Keep a reasoning model's thinking in a column thinking.",
        ),
    ] = False,
    offline: Annotated[
        bool, _option(_TRUST, "--offline", help="Send nothing: use stored replies alone.")
    ] = False,
    fresh: Annotated[
        bool,
        _option(_TRUST, "--fresh", help="Put the stored replies aside and ask for all again."),
    ] = False,
    store: Annotated[
        Path | None,
        _option(_TRUST, metavar="FILE", help="The store of replies (default: in OUT/.clair)."),
    ] = None,
    form: Annotated[
        Form, _option(_OUTPUT, "--format", envvar="CLAIR_FORMAT", help="Shape of the pairs.")
    ] = Form.CONVERSATIONAL,
    licence: Annotated[
        str,
        _option(
            _OUTPUT,
            "--license",
            envvar="CLAIR_LICENSE",
            metavar="ID",
            help="Licence of the pairs for the card, such as cc-by-4.0.",
            show_default=False,
        ),
    ] = "",
    language: Annotated[
        list[str] | None,
        _option(
            _OUTPUT,
            metavar="CODE",
            allow_from_autoenv=False,
            help="Language of the texts for the card, such as en. Repeatable.",
        ),
    ] = None,
    file_type: Annotated[
        FileType | None,
        _option(_OUTPUT, help="Files of a directory (default: jsonl)."),
    ] = None,
    shard_size: Annotated[
        str,
        _option(
            _OUTPUT,
            metavar="SIZE",
            help="A directory's file that reaches it is followed by another.",
        ),
    ] = "500MB",
    split_test: Annotated[
        float,
        _option(
            _OUTPUT,
            metavar="SHARE",
            min=0,
            help="Share of pairs that become a test split, by a hash of id and --seed.",
        ),
    ] = 0.0,
    push: Annotated[
        str,
        _option(
            _OUTPUT,
            metavar="USER/NAME",
            help="Publish the run on the Hub when every row has its pair; see clair push.",
            show_default=False,
        ),
    ] = "",
    private: Annotated[
        bool, _option(_OUTPUT, "--private", help="With --push: make the dataset private.")
    ] = False,
    quiet: Annotated[bool, _option(_OUTPUT, "--quiet", "-q", help="Print errors alone.")] = False,
    summary: Annotated[
        Path | None, _option(_OUTPUT, metavar="FILE", help="Write what ran as JSON.")
    ] = None,
    config_file: ConfigFile = None,
) -> int:
    """Revise every answer in INPUT, and write chosen/rejected pairs with rationales.

    Run the same command again after any interruption: it asks only for what is missing. Every
    option can also come from a CLAIR_NAME variable or from clair.toml.
    """
    from clair_cli.cli.job import run_job  # noqa: PLC0415
    from clair_cli.cli.settings import (  # noqa: PLC0415
        addresses,
        column_names,
        parameters,
        prices,
        publishing,
        size_in_bytes,
    )
    from clair_cli.cli.wanted import Job, Spending  # noqa: PLC0415
    from clair_cli.contrast.bounds import Bounds  # noqa: PLC0415
    from clair_cli.endpoint.retrying import Patience  # noqa: PLC0415
    from clair_cli.prompts.shipped import load_template  # noqa: PLC0415
    from clair_cli.rows.columns import Columns  # noqa: PLC0415
    from clair_cli.rows.picking import Picking  # noqa: PLC0415
    from clair_cli.run.command_line import card_ids  # noqa: PLC0415 - `clair --help` stays quick
    from clair_cli.run.recipe import Inputs, Recipe  # noqa: PLC0415
    from clair_cli.run.steering import Steering  # noqa: PLC0415
    from clair_cli.writers.plan import Plan  # noqa: PLC0415

    del config_file  # its callback has made its content the defaults
    template = load_template(prompt).bound(
        aspect=aspect,
        direction=direction.value if direction else None,
        structured=structured,
    )
    recipe = Recipe(
        inputs=Inputs(source, split, config, revision),
        columns=Columns(
            prompt_column,
            response_column,
            id_column,
            revise_side.value if revise_side else "",
            column_names(keep_columns),
        ),
        picking=Picking(skip, sample, seed or 0, limit),
        template=template,
        parameters=parameters(
            model=model,
            mock=mock,
            given={"temperature": temperature, "max_tokens": max_tokens, "seed": seed},
            structured=structured,
            extra=param or [],
        ),
        attempts=attempts,
        mock=mock,
        store=store,
        steering=Steering(
            Bounds(min_similarity, max_length_ratio, min_length_ratio, max_levenshtein, min_kept),
            keep_best,
            samples,
            best_by.value if best_by else "",
            load_template(also).bound(structured=structured) if also else None,
            keep_thinking,
        ),
    )
    job = Job(
        recipe=recipe,
        output=output,
        addresses=addresses(
            base_url or [],
            api_key_env,
            header or [],
            needed=not (mock or offline or dry_run),
            insecure=insecure_http,
        ),
        offline=offline,
        fresh=fresh,
        concurrency=concurrency,
        rpm=rpm,
        tpm=tpm,
        dry_run=dry_run,
        spending=Spending(max_requests, max_cost, prices(model, price_in, price_out, max_cost)),
        patience=Patience(timeout, give_up_after),
        max_fail_rate=max_fail_rate,
        form=form.value,
        plan=Plan(
            file_type.value if file_type else "",
            size_in_bytes(shard_size, "--shard-size"),
            split_test,
            seed or 0,
        ),
        quiet=quiet,
        summary=summary,
        licence="".join(card_ids("--license", [licence] if licence else [])),
        languages=card_ids("--language", language or []),
        publishing=publishing(push, private=private),
    )
    return run_job(job)
