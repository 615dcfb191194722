"""Which endpoint answers, and what it is told of us."""

from dataclasses import dataclass
from typing import ClassVar

from clair_cli.run.options.declaring import Group, option


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressOptions(Group):
    """Where requests go, and what authorises them."""

    panel: ClassVar[str] = "Endpoint"

    model: str = option(
        "",
        "The model to ask, as the endpoint calls it.",
        short="-m",
        metavar="NAME",
        shows_default=False,
        use="outcome",
    )
    base_url: tuple[str, ...] = option(
        (),
        "The endpoint (default: OPENAI_BASE_URL, else OpenAI's). Repeat it for replicas.",
        metavar="URL",
        use="untold",
    )
    api_key_env: str = option(
        "OPENAI_API_KEY", "The variable that holds the API key.", metavar="NAME", use="untold"
    )
    header: tuple[str, ...] = option(
        (),
        "A further header; ${VAR} in it is read from the environment. Repeatable.",
        metavar="'NAME: VALUE'",
        use="untold",
    )
    insecure_http: bool = option(False, "Let a key go over plain http to a public address.")


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointOptions(AddressOptions):
    """The same for a job, which the offline endpoint can answer as well."""

    mock: bool = option(
        False, "Use the offline endpoint: no key, no network, no bill.", use="outcome"
    )
