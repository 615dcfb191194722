"""The groups that `clair revise` takes, in the order of its help and of the card's command line."""

from dataclasses import dataclass, field

from clair_cli.run.options.contrast import ContrastOptions
from clair_cli.run.options.declaring import Groups
from clair_cli.run.options.endpoint import EndpointOptions
from clair_cli.run.options.money import MoneyOptions
from clair_cli.run.options.output import FileOptions, OutputOptions
from clair_cli.run.options.request import RequestOptions
from clair_cli.run.options.rows import ColumnOptions, DatasetOptions, PickingOptions
from clair_cli.run.options.speed import SpeedOptions
from clair_cli.run.options.trust import TrustOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviseOptions(Groups):
    """All that can be set for `clair revise`."""

    dataset: DatasetOptions = field(default_factory=DatasetOptions)
    picking: PickingOptions = field(default_factory=PickingOptions)
    columns: ColumnOptions = field(default_factory=ColumnOptions)
    endpoint: EndpointOptions = field(default_factory=EndpointOptions)
    request: RequestOptions = field(default_factory=RequestOptions)
    contrast: ContrastOptions = field(default_factory=ContrastOptions)
    trust: TrustOptions = field(default_factory=TrustOptions)
    speed: SpeedOptions = field(default_factory=SpeedOptions)
    money: MoneyOptions = field(default_factory=MoneyOptions)
    files: FileOptions = field(default_factory=FileOptions)
    output: OutputOptions = field(default_factory=OutputOptions)
