"""What was found -> the page, as text in parts.

Two ways lead into the page, and neither runs anything: what is told about the run goes through
jinja2 with autoescape, and what rows say goes as base64 into elements that browsers do not run.
The page's own style and script are allowed by their hashes alone.
"""

import base64
import hashlib
import re
from collections.abc import Iterator, Sequence
from importlib import resources
from typing import Any

import jinja2

from clair_cli import __version__
from clair_cli.looking.report import run_facts
from clair_cli.looking.report.artifacts import Artifacts
from clair_cli.looking.report.embedded_pairs import EmbeddedPairs
from clair_cli.looking.report.failures import Reason
from clair_cli.looking.report.human_numbers import duration, number
from clair_cli.looking.report.timeline import Timeline, in_words
from clair_cli.rows.control_codes import written_out
from clair_cli.rows.pairs import PairReader

MARK = "<!-- clair report -->"
"""How a page of ours is known, so that nothing else is written over."""

SCRIPTS = (
    *("dom", "pairs", "selection", "format", "filters", "diff", "histogram", "scatter", "list"),
    *("detail", "search", "theme", "main"),
)
"""The modules in `js/`, each after those that it imports from."""

_IMPORT = re.compile(r'^import (\{[^}]*\}) from "\./(\w+)\.js";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|const|class) (\w+))", re.MULTILINE)


def render(
    found: Artifacts,
    pairs: EmbeddedPairs,
    reading: PairReader,
    reasons: Sequence[Reason],
    times: Timeline | None,
    limit: int | None,
) -> Iterator[str]:
    """The page, part by part."""
    medians = {name: each.median for name, each in pairs.metrics.items()} if pairs.total else {}
    return _environment().get_template("page.html").generate(
        mark=MARK,
        version=__version__,
        style=(style := _file("page.css")),
        style_hash=_hash(style),
        script=(script := _script()),
        script_hash=_hash(script),
        found=found,
        pairs=pairs,
        subtitle=run_facts.subtitle(found.record),
        tiles=run_facts.tiles(found.record, pairs.total, medians),
        facts=run_facts.facts(found.record),
        template_text=run_facts.template_text(found.record),
        whole_record=run_facts.whole(found.record),
        reasons=reasons,
        failed=sum(each.count for each in reasons),
        times=times,
        spoken=in_words(times) if times else "",
        graphs=_graphs(times) if times else (),
        reading=reading,
        limit=limit if limit is not None and pairs.total >= limit else None,
    )  # fmt: skip


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_file),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: written_out(value, _sign) if type(value) is str else value,
    )
    environment.filters.update(number=number, duration=duration)
    return environment


def _sign(code: int) -> str:
    """The picture that Unicode has for a control code of ASCII, else the number in brackets."""
    if code == 0x7F:
        return "␡"
    return chr(0x2400 + code) if code < 0x20 else f"⟦U+{code:04X}⟧"


def _graphs(times: Timeline) -> list[dict[str, Any]]:
    """What is drawn over time: a title, a unit, and one or two values a bin."""
    bins = times.bins
    graphs = [
        _graph("Requests", "a second", [b.requests_a_second for b in bins]),
        _graph("Tokens", "a second", [b.tokens_a_second for b in bins]),
    ]
    if times.latency:
        late = [b.p90 for b in bins]
        graphs.append(_graph("Latency", "seconds", [b.median for b in bins], late))
    if bins[-1].cost:
        graphs.append(_graph("Cost", "US dollars in all", [b.cost for b in bins]))
    return graphs


def _graph(
    title: str, unit: str, values: Sequence[float | None], upper: Sequence[float | None] = ()
) -> dict[str, Any]:
    highest = max((each for each in (*values, *upper) if each is not None), default=0)
    return {
        "title": title,
        "unit": unit,
        "highest": highest,
        "bars": _heights(values, highest),
        "upper": _heights(upper, highest),
    }


def _heights(values: Sequence[float | None], highest: float) -> list[float]:
    """Percent of the graph's height."""
    return [round(100 * (each or 0) / highest, 2) if highest else 0.0 for each in values]


def _script() -> str:
    """All modules as one script, in which nothing is global.

    A page that is one file cannot import: each module becomes a function that returns its exports.
    """
    modules = "".join(_module(name, _file(f"js/{name}.js")) for name in SCRIPTS)
    return f'"use strict";\n{{\nconst modules = {{}};\n{modules}}}\n'


def _module(name: str, source: str) -> str:
    def taken(found: re.Match[str]) -> str:
        return f"const {found[1].replace(' as ', ': ')} = modules.{found[2]};"

    given = ", ".join(_EXPORT.findall(source))
    body = _EXPORT.sub("", _IMPORT.sub(taken, source))
    return f"modules.{name} = (() => {{\n{body}return {{ {given} }};\n}})();\n"


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _file(name: str) -> str:
    return resources.files("clair_cli.looking.report").joinpath(name).read_text(encoding="utf-8")
