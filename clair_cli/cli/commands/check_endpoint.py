"""`clair check-endpoint`: its options. What they mean is put together in `checked`."""

from typing import Annotated

import typer

from clair_cli.cli.config_file import ConfigFile


def check_endpoint(
    model: Annotated[
        str,
        typer.Option(
            "-m", "--model", help="The model to ask.", show_envvar=False, show_default=False
        ),
    ] = "",
    base_url: Annotated[
        list[str] | None,
        typer.Option(
            metavar="URL",
            allow_from_autoenv=False,
            help="The endpoint (default: OPENAI_BASE_URL, else OpenAI's). Repeatable.",
            show_default=False,
        ),
    ] = None,
    api_key_env: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="The variable that holds the API key.", show_envvar=False
        ),
    ] = "OPENAI_API_KEY",
    header: Annotated[
        list[str] | None,
        typer.Option(
            metavar="'NAME: VALUE'",
            allow_from_autoenv=False,
            help="A further header; ${VAR} in it is read from the environment. Repeatable.",
        ),
    ] = None,
    insecure_http: Annotated[
        bool,
        typer.Option(
            "--insecure-http",
            help="Let a key go over plain http to a public address.",
            show_envvar=False,
        ),
    ] = False,
    timeout: Annotated[
        float,
        typer.Option(
            min=0.1, metavar="SECONDS", help="For one request, to its last byte.", show_envvar=False
        ),
    ] = 60.0,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json",
            envvar="CLAIR_JSON",
            help="Print JSON instead of a table.",
            rich_help_panel="Output",
            show_envvar=False,
        ),
    ] = False,
    config_file: ConfigFile = None,
) -> None:
    """Check an endpoint with a few small requests, before a run.

    No row's data is sent. It lists the models, then finds out latency, the parameters that are
    taken, rate limits, whether structured output works, and a --concurrency to begin with.
    """
    from clair_cli.cli.output.endpoint_check import check_all  # noqa: PLC0415 - `clair --help` stays quick
    from clair_cli.cli.settings import addresses, parameters  # noqa: PLC0415

    del config_file  # its callback has made its content the defaults
    found = addresses(
        base_url or [], api_key_env, header or [], needed=True, insecure=insecure_http
    )
    parameters(model=model, mock=False, given={}, extra=[])
    check_all(found, model, timeout, as_json=as_json)
