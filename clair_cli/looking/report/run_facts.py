"""run.json -> what the page says of it. What is missing there is left out here."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from clair_cli.endpoint.prices import Price, listed_price
from clair_cli.looking.report.human_numbers import duration, number, short

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure at the head of the page."""

    name: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of what ran; `code` where it is to be read by the letter."""

    name: str
    value: str
    code: bool = False


def part(record: Record, *names: str) -> Any:
    """What stands at a path in the record; None where nothing does."""
    value: Any = record
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def tiles(record: Record, pairs: int, medians: Mapping[str, float]) -> list[Tile]:
    """The figures at the head of the page."""
    rows, failed = part(record, "counts", "rows"), part(record, "counts", "failures")
    found = [
        Tile("Rows read", number(rows)),
        Tile("Pairs", number(pairs), _share(pairs, rows)),
        Tile("Failures", number(failed), _share(failed, rows)),
        Tile("Similarity", _median(medians, "similarity"), "median"),
        Tile("Length ratio", _median(medians, "length_ratio"), "median"),
        _tokens(record),
        Tile("Cost", _dollars(part(record, "cost", "usd_paid")), "paid in the last run"),
        Tile("Time", duration(part(record, "seconds")), "of the last run"),
    ]
    return [tile for tile in found if tile.value]


def facts(record: Record) -> list[Fact]:
    """What ran, line by line."""
    text = _text(record)
    parameters = part(record, "parameters")
    found = [
        Fact("Command", text("command"), code=True),
        Fact("Input", text("input")),
        Fact("Model", text("parameters", "model"), code=True),
        Fact("Parameters", _settings(parameters, but=("model",)), code=True),
        Fact("Template", text("template", "name"), code=True),
        Fact("Direction", text("template", "direction")),
        Fact("Format", text("format")),
        Fact("Endpoint", _endpoints(record), code=True),
        Fact("Options", _settings(part(record, "options")), code=True),
        Fact("Started", text("started")),
        Fact("Finished", text("finished")),
        Fact("Replies", _replies(record)),
        Fact("Retries", _retries(record)),
        Fact("Adapted", _adapted(record)),
        Fact("Version", _version(record)),
    ]
    return [fact for fact in found if fact.value]


def template_text(record: Record) -> str:
    """The template's own text."""
    return _text(record)("template", "text")


def whole(record: Record) -> str:
    """run.json as it stands, without the template's text, which has its own place."""
    if not record:
        return ""
    template = {k: v for k, v in (part(record, "template") or {}).items() if k != "text"}
    return orjson.dumps({**record, "template": template}, option=orjson.OPT_INDENT_2).decode()


def subtitle(record: Record) -> str:
    """One line under the title."""
    text = _text(record)
    parts = [text("parameters", "model"), text("template", "name"), text("finished")]
    return " · ".join(each for each in parts if each)


def price_of(record: Record) -> Price | None:
    """What a token of this run cost: as run.json says, else as the table does."""
    given = [part(record, "cost", f"usd_per_million_{way}") for way in ("prompt", "completion")]
    if any(isinstance(each, int | float) for each in given):
        try:
            prompt, completion = (Decimal(str(each or 0)) for each in given)
            return Price(prompt, completion)
        except InvalidOperation:
            return None
    model = part(record, "parameters", "model")
    if part(record, "cost") is None or not isinstance(model, str):
        return None
    return listed_price(model)


def _text(record: Record) -> Callable[..., str]:
    def text(*names: str) -> str:
        value = part(record, *names)
        return value if isinstance(value, str) else ""

    return text


def _share(some: object, all_of: object) -> str:
    if not isinstance(some, int) or not isinstance(all_of, int) or not all_of:
        return ""
    return f"{100 * some / all_of:.1f} % of rows"


def _median(medians: Mapping[str, float], name: str) -> str:
    return f"{medians[name]:.2f}" if name in medians else ""


def _tokens(record: Record) -> Tile:
    counts = [part(record, "counts", "tokens", kind) for kind in ("prompt", "completion")]
    known = [each for each in counts if isinstance(each, int)]
    if len(known) < 2 or not sum(known):
        return Tile("Tokens", "")
    prompt, completion = known
    return Tile("Tokens", short(sum(known)), f"{short(prompt)} in, {short(completion)} out")


def _dollars(value: object) -> str:
    return f"${value:,.2f}" if isinstance(value, int | float) else ""


def _settings(values: object, but: Sequence[str] = ()) -> str:
    """What is set, as name=value."""
    if not isinstance(values, Mapping):
        return ""
    return "  ".join(
        f"{name}={json.dumps(value, ensure_ascii=False, sort_keys=True)}"
        for name, value in values.items()
        if name not in but and value not in (None, "", [], {}, 0, False)
    )


def _endpoints(record: Record) -> str:
    replicas = part(record, "replicas")
    if not isinstance(replicas, list):
        return ""
    return "  ".join(str(part(each, "endpoint")) for each in replicas if part(each, "endpoint"))


def _replies(record: Record) -> str:
    paid, stored = (part(record, "counts", f"replies_{way}") for way in ("paid", "from_store"))
    if not isinstance(paid, int) or not isinstance(stored, int):
        return ""
    return f"{paid:,} paid in the last run, {stored:,} from the store"


def _retries(record: Record) -> str:
    reasons = part(record, "counts", "retries_by_reason")
    if not isinstance(reasons, Mapping):
        return ""
    return ", ".join(f"{reason} {number(count)}" for reason, count in reasons.items())


def _adapted(record: Record) -> str:
    adapted = part(record, "counts", "adapted")
    return "; ".join(map(str, adapted)) if isinstance(adapted, list) else ""


def _version(record: Record) -> str:
    names = {"clair": "clair", "python": "Python"}
    known = {shown: _text(record)(name) for name, shown in names.items()}
    return ", ".join(f"{name} {version}" for name, version in known.items() if version)
