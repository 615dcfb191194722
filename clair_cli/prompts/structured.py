"""Structured output: the `response_format` that a template's markers stand for."""

from typing import Any

from clair_cli.prompts.template import Markers


def response_format(markers: Markers) -> dict[str, Any]:
    """A strict JSON schema of two texts, by OpenAI's rules: every property is required, no other.

    The reasoning comes first: a model that writes in this order has thought before it revises.
    """
    names = [markers.reasoning[0], markers.revision[0]]
    schema = {
        "type": "object",
        "properties": {name: {"type": "string"} for name in names},
        "required": names,
        "additionalProperties": False,
    }
    described = {"name": "revision", "strict": True, "schema": schema}
    return {"type": "json_schema", "json_schema": described}
