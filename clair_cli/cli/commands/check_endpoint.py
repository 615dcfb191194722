"""`clair check-endpoint`: an endpoint, tried out before a run."""

from dataclasses import dataclass
from typing import ClassVar

from clair_cli.cli.signature import command
from clair_cli.run.options.declaring import Group, option
from clair_cli.run.options.endpoint import AddressOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOptions(Group):
    """How long a check waits, and how it is printed."""

    panel: ClassVar[str] = "Output"

    timeout: float = option(
        60.0, "For one request, to its last byte.", metavar="SECONDS", least=0.1
    )
    json: bool = option(False, "Print JSON instead of a table.")


@command(takes_settings=True)
def check_endpoint(endpoint: AddressOptions, checked: CheckOptions) -> None:
    """Check an endpoint with a few small requests, before a run.

    No row's data is sent. It lists the models, then finds out latency, the parameters that are
    taken, rate limits, whether structured output works, and a --concurrency to begin with.
    """
    from clair_cli.cli.printing.endpoint_check import check_all  # noqa: PLC0415 - quick help
    from clair_cli.endpoint.address import addresses  # noqa: PLC0415
    from clair_cli.prompts.parameters import parameters  # noqa: PLC0415

    found = addresses(
        endpoint.base_url,
        endpoint.api_key_env,
        endpoint.header,
        insecure=endpoint.insecure_http,
    )
    parameters(endpoint.model, {}, (), structured=False)
    check_all(found, endpoint.model, checked.timeout, as_json=checked.json)
