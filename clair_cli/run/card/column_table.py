"""The table of a card that says what each column of the data holds."""

from clair_cli.records import METRICS
from clair_cli.run.card.markdown import code, table
from clair_cli.run.record import Run

METRIC_MEANINGS = {
    "levenshtein": "edits, in characters, from the original answer to its revision",
    "similarity": "1 - `levenshtein` / length of the longer of the two",
    "jaccard": "share that the two have of the words that either has",
    "kept": "share of the original answer's words that the revision keeps in order",
    "length_ratio": "length of the revision / length of the original answer",
    "first_change": "characters before the first difference",
}
"""Each metric as `clair_cli.contrast.metrics` defines it, in a phrase."""

FURTHER = {
    "thinking": "what the reviser thought before it replied",
    "flag": "the bound that the revision breaks, empty where it breaks none",
    "worsened_rationale": "the reasoning of the one who worsened the answer",
}
"""Columns that some options add."""

_MESSAGES = "list of messages (`role`, `content`)"
SIDES = {
    "improve": {"chosen": "the revision", "rejected": "the original answer"},
    "worsen": {"chosen": "the original answer", "rejected": "the worsened version"},
}


def columns_section(run: Run) -> str:
    """What each column holds, in the format that was written."""
    rows = [*_own(run), *_about(run.form), *_kept(run)]
    cells = [(code(name), kind, meaning) for name, kind, meaning in rows]
    return f"## Columns\n\n{table(('column', 'type', 'content'), cells)}"


def _own(run: Run) -> list[tuple[str, str, str]]:
    """The columns that are peculiar to a format."""
    sides = SIDES[run.template.direction]
    identity = ("id", "string", "the row's id in the input, else a hash of its content")
    prompt = "the conversation up to the last user turn"
    match run.form:
        case "unpaired":
            return [
                ("id", "string", f"{identity[2]}; both rows of a pair have it"),
                ("prompt", _MESSAGES, prompt),
                ("completion", _MESSAGES, "an answer"),
                ("label", "boolean", f"true: {sides['chosen']}; false: {sides['rejected']}"),
            ]
        case "clair":
            whole = "the whole conversation, ending with"
            return [
                ("prompt", "string", prompt),
                *((side, _MESSAGES, f"{whole} {what}") for side, what in sides.items()),
                ("rational", "string", "the reviser's reasoning"),
            ]
        case "ranked":
            kind = "list of lists of messages"
            what = "the improved answer, the original one, the worsened one, in this order"
            return [identity, ("prompt", _MESSAGES, prompt), ("completions", kind, what)]
        case "standard":
            return [
                identity,
                ("prompt", "string", f"{prompt}; several turns are named"),
                *((side, "string", what) for side, what in sides.items()),
            ]
        case _:
            return [
                identity,
                ("prompt", _MESSAGES, prompt),
                *((side, _MESSAGES, what) for side, what in sides.items()),
            ]


def _about(form: str) -> list[tuple[str, str, str]]:
    """The columns about a pair, which trainers ignore."""
    if form == "clair":
        return []
    whole = {"levenshtein", "first_change"}
    kinds = {name: "integer" if name in whole else "number" for name in METRICS}
    return [
        ("rationale", "string", "the reviser's reasoning"),
        ("model", "string", "the model that revised, as the endpoint named it"),
        *((name, kinds[name], METRIC_MEANINGS[name]) for name in METRICS),
    ]


def _kept(run: Run) -> list[tuple[str, str, str]]:
    kept = [(name, "as in the input", "kept from the input") for name in run.kept]
    return kept + [(name, "string", FURTHER[name]) for name in run.further]
