"""The dataset card: the README.md that stands beside the pairs.

It depends on input, template and replies alone, like the pairs; dates and durations stand in
run.json. Texts of rows, templates, replies and names are shown in it and never run.
"""

import json
from collections.abc import Mapping, Sequence

from clair_cli import __version__
from clair_cli.prompts.rendering import transcript
from clair_cli.run.card.column_table import METRIC_MEANINGS, columns_section
from clair_cli.run.card.front_matter import front_matter
from clair_cli.run.card.markdown import ELLIPSIS, code, escaped, fenced, one_line, shortened, table
from clair_cli.run.card.training import (
    citation_section,
    licence_section,
    limits_section,
    training_section,
)
from clair_cli.run.record import Run
from clair_cli.run.tally import SAMPLE_LENGTH, Tally

__all__ = ["card"]

DIRECTIONS = {
    "improve": "The answer is `rejected`, its minimal revision is `chosen`.",
    "worsen": "The answer is `chosen`, a minimally worsened version of it is `rejected`.",
}
ALSO = """
Each answer was also revised in the other direction, which gives it a place between a better and a
worse one."""
REHEARSAL = """
> **A rehearsal.** The offline endpoint is a rule-based copy editor and no language model. These
> revisions show that a job works; they teach a model nothing.
"""


def card(
    run: Run,
    tally: Tally,
    digest: str,
    files: Mapping[str, Sequence[str]],
    rows: Mapping[str, int],
) -> bytes:
    """The dataset card (README.md).

    Args:
        run: What ran.
        tally: What came of it.
        digest: SHA-256 of the pairs, in hex.
        files: The names of the data files of each split.
        rows: The number of rows of each split.
    """
    name = f"Revision pairs from {one_line(run.source)}"
    sections = [
        _introduction(run),
        _contents(run, tally, rows),
        _making(run, tally),
        _contrast(tally),
        _sample(run, tally),
        columns_section(run),
        training_section(run, files),
        limits_section(run),
        licence_section(run),
        citation_section(),
    ]
    body = "\n\n".join(section for section in sections if section)
    text = f"{front_matter(run, name, digest, files, rows)}\n{body}\n"
    return text.encode("utf-8", "backslashreplace")


def _introduction(run: Run) -> str:
    return f"""\
# Revision pairs from {code(run.source)}

Preference data: answers from {_origin(run)}, each beside a version of it by {_reviser(run)}.
{DIRECTIONS[run.template.direction]}{ALSO if run.also else ""}
The two differ in little but quality, which is what a model is to learn from them. The method is
CLAIR, Contrastive Learning from AI Revisions ([arXiv 2408.06266](https://arxiv.org/abs/2408.06266)).
{REHEARSAL if run.is_rehearsal else ""}""".rstrip()


def _origin(run: Run) -> str:
    if not run.source_dataset:
        return code(run.source)
    at = f" (commit {code(run.source_commit)})" if run.source_commit else ""
    return f"the dataset {code(run.source_dataset)}{at}"


def _reviser(run: Run) -> str:
    return "the offline endpoint of clair" if run.is_rehearsal else code(run.model)


def _contents(run: Run, tally: Tally, rows: Mapping[str, int]) -> str:
    each = " (two a pair)" if run.form == "unpaired" else ""
    lines = [
        ("rows read", f"{tally.read:,}"),
        ("pairs", f"{tally.pairs:,}"),
        *((f"rows in {code(split)}{each}", f"{count:,}") for split, count in rows.items()),
        ("failures", f"{tally.failed:,}"),
        *((f"failures: {code(why)}", f"{n:,}") for why, n in sorted(tally.failures.items())),
    ]
    return f"## Contents\n\n{table(('', 'number'), lines)}"


def _making(run: Run, tally: Tally) -> str:
    template = run.template
    return "\n\n".join([
        f"## How it was made\n\nWith clair {__version__}:",
        fenced(run.command, "sh"),
        table(("", ""), _facts(run, tally)),
        f"The template {code(template.name)}, in full:",
        fenced(template.text, "toml"),
        *([f"Also asked was {code(run.also.name)}:", fenced(run.also.text, "toml")]
          if run.also else []),
    ])  # fmt: skip


def _facts(run: Run, tally: Tally) -> list[tuple[str, str]]:
    parameters = {name: value for name, value in run.parameters.items() if name != "model"}
    usage = tally.usage
    return [
        ("model asked for", code(run.model)),
        *([("model that replied", _replying(tally))] if any(tally.models) else []),
        ("parameters", code(_json(parameters)) if parameters else "the endpoint's defaults"),
        ("template", code(run.template.name)),
        *([("revised for", escaped(run.template.aspect))] if run.template.aspect else []),
        *([("reply", "JSON, by `response_format`")] if run.template.structured else []),
        ("template from", escaped(run.template.source) or "not stated"),
        ("template licence", escaped(run.template.licence) or "not stated"),
        ("format", code(run.form)),
        ("prompt tokens", f"{usage.prompt_tokens:,}"),
        ("completion tokens", f"{usage.completion_tokens:,}"),
        *([("cost", _cost(run, tally))] if run.price and not run.is_rehearsal else []),
    ]


def _replying(tally: Tally) -> str:
    """The models as the endpoint named them, which may be more than are kept."""
    names = [code(model) for model in sorted(tally.models) if model]
    others = ["others"] if tally.models.total() < tally.pairs else []
    return ", ".join([*names, *others])


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _cost(run: Run, tally: Tally) -> str:
    """What all replies cost that the pairs and failures are made from."""
    if run.price is None:
        return ""
    price, spent = run.price, run.price.of(tally.usage)
    return (
        f"{spent:,.4f} USD at {price.prompt.normalize():f} and {price.completion.normalize():f} USD"
        f" for a million tokens in and out, {price.source}"
    )


def _contrast(tally: Tally) -> str:
    if not tally.pairs:
        return ""
    rows = [
        (code(name), *map(_number, (tally.means[name], *tally.quantiles[name].values())), meaning)
        for name, meaning in METRIC_MEANINGS.items()
    ]
    head = ("metric", "mean", "10 %", "median", "90 %", "what it is")
    return f"## Contrast\n\nHow far the two sides are apart.\n\n{table(head, rows)}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _sample(run: Run, tally: Tally) -> str:
    """One pair, its answer first and the version of it after."""
    pair = tally.sample
    if pair is None:
        return ""
    sides = [("Rejected", pair.rejected), ("Chosen", pair.chosen)]
    if run.template.direction == "worsen":
        sides.reverse()
    texts = [("Prompt", transcript(pair.prompt)), *sides, ("Rationale", pair.rationale)]
    shown = [f"{label}:\n\n{fenced(shortened(text, SAMPLE_LENGTH))}" for label, text in texts]
    if any(len(text) > SAMPLE_LENGTH for _, text in texts):
        shown.append(f"A text that ends with {ELLIPSIS} here is longer: it is cut after "
                     f"{SAMPLE_LENGTH:,} characters.")  # fmt: skip
    return "\n\n".join(["## A pair", *shown])
