"""Pair -> the records of each format. The names of TRL's columns begin here.

The formats are those of TRL's documentation, "Dataset formats and types".
"""

from collections.abc import Callable
from typing import Any, TypeAlias

from clair_cli.prompts.rendering import transcript
from clair_cli.records import METRICS, Contrast, Message, Pair

Format: TypeAlias = Callable[[Pair], list[dict[str, Any]]]
"""The records that a pair becomes, in the order they are written in."""


def conversational(pair: Pair) -> list[dict[str, Any]]:
    """TRL's conversational preference format with an explicit prompt: three message lists."""
    return [
        {
            "id": pair.id,
            "prompt": pair.prompt,
            "chosen": [_answer(pair.chosen)],
            "rejected": [_answer(pair.rejected)],
            **_further(pair),
        }
    ]


def standard(pair: Pair) -> list[dict[str, Any]]:
    """TRL's standard preference format: three strings; a longer prompt is written out in turns."""
    return [
        {
            "id": pair.id,
            "prompt": transcript(pair.prompt),
            "chosen": pair.chosen,
            "rejected": pair.rejected,
            **_further(pair),
        }
    ]


def unpaired(pair: Pair) -> list[dict[str, Any]]:
    """TRL's conversational unpaired preference format: each answer by itself, with a label."""
    return [
        {
            "id": pair.id,
            "prompt": pair.prompt,
            "completion": [_answer(text)],
            "label": label,
            **_further(pair),
        }
        for text, label in ((pair.chosen, True), (pair.rejected, False))
    ]


def clair(pair: Pair) -> list[dict[str, Any]]:
    """The shape in which the method's authors published ultrafeedback_clair_32k.

    A string prompt beside whole conversations: TRL 0.29 and later fail on it.
    """
    return [
        {
            "prompt": transcript(pair.prompt),
            "chosen": [*pair.prompt, _answer(pair.chosen)],
            "rejected": [*pair.prompt, _answer(pair.rejected)],
            "rational": pair.rationale,
        }
    ]


def ranked(pair: Pair) -> list[dict[str, Any]]:
    """One row of all answers to a prompt, from the best to the worst."""
    return [
        {
            "id": pair.id,
            "prompt": pair.prompt,
            "completions": [[_answer(t)] for t in (pair.chosen, *pair.between, pair.rejected)],
            **_further(pair),
        }
    ]


FORMATS: dict[str, Format] = {
    "conversational": conversational,
    "standard": standard,
    "unpaired": unpaired,
    "clair": clair,
    "ranked": ranked,
}

EXAMPLE = Pair(
    "a", [{"role": "user", "content": "a"}], "b", "c", "d", "e", Contrast(1, 0.5, 0.5, 0.5, 0.5, 1)
)
"""A pair with something in every column: what a format makes of it shows the columns' types."""


def _answer(text: str) -> Message:
    return {"role": "assistant", "content": text}


def _further(pair: Pair) -> dict[str, Any]:
    metrics = {name: getattr(pair.contrast, name) for name in METRICS}
    return {"rationale": pair.rationale, "model": pair.model, **metrics, **pair.extra}
