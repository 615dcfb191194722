"""Pair -> the training formats, as files of several kinds; each appears whole, or not at all."""

from clair_cli.writers.files import StdoutClosedError, write_whole
from clair_cli.writers.formats import FORMATS, Format
from clair_cli.writers.output import Output
from clair_cli.writers.ownership import check_not_foreign, own_names, settle
from clair_cli.writers.plan import Plan, Written

__all__ = [
    "FORMATS",
    "Format",
    "Output",
    "Plan",
    "StdoutClosedError",
    "Written",
    "check_not_foreign",
    "own_names",
    "settle",
    "write_whole",
]
