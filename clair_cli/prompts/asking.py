"""Row -> Request, and what to say after a reply that cannot be used."""

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from clair_cli.prompts.structured import response_format
from clair_cli.prompts.template import Template
from clair_cli.records import Problem, Request, Row

ADVICE = {
    "no_markers": "it had neither of the two identifiers as a heading; put each on a line alone",
    "no_revision": "the heading of the revised answer was missing; put it on a line alone",
    "no_reasoning": "the reasoning was missing; give it first, under its heading",
    "ambiguous": "its headings could be read in more than one way; use each exactly once",
    "malformed": "its structure was broken",
    "truncated": "it was cut off at the length limit; keep the reasoning short",
    "empty": "the revised answer was empty",
    "unchanged": "the answer came back unchanged; improve at least one thing in it",
    "refused": "it was a refusal; revise the answer as far as you can",
    "marker_left": "an identifier stood inside the revised answer; use them as headings only",
    "alludes": "the revised answer spoke of itself as a revision; it must read as an original",
    "echo": "the revised answer repeated the instruction; give the answer alone",
}
"""What to say after an unusable reply, by reason code. Part of the next request's key: a change
here asks again for every row that fails a check."""

JSON_ADVICE = {
    "no_markers": "it was not the JSON object that was asked for; reply with that object alone",
    "no_revision": "the JSON object lacked the key of the revised answer; give both keys",
    "no_reasoning": "the reasoning was missing; give it first, under its key",
    "ambiguous": "it held more than one JSON object; reply with exactly one",
    "malformed": "the JSON was broken; escape quotes and line breaks inside its strings",
    "marker_left": "an identifier stood inside the revised answer; use them as keys only",
}
"""The same for templates that ask for JSON, where it differs."""

WORSEN_ADVICE = {
    "unchanged": "the answer came back unchanged; put exactly one error into it",
    "refused": "it was a refusal; the error is wanted, and the answer is kept as the worse one",
    "alludes": "the answer hinted at its error; it must read like an honest answer",
}
"""The same for templates that worsen, where it differs."""


class Asker:
    """Makes the requests for rows: the `ask` of the engine.

    Args:
        template: What to ask with; where it is structured, so are the bodies.
        parameters: Further fields of every body: `model`, `temperature`, ...
        occurrence: How often the same body was asked before in this run.
    """

    def __init__(
        self,
        template: Template,
        parameters: Mapping[str, Any],
        occurrence: Callable[[bytes], int],
    ) -> None:
        self._template = template
        self._parameters = dict(parameters)
        if template.structured:
            self._parameters["response_format"] = response_format(template.markers)
        if "response_format" in self._parameters:
            self._parameters["response_format"] = _in_order(self._parameters["response_format"])
        self._occurrence = occurrence
        self._advice = _advice(template)

    def __call__(self, row: Row, last: Request | None, problem: Problem | None) -> Request:
        """The first request for a row, or the one after a reply with a problem."""
        if last is None or problem is None:
            first = Request.of(self._body(row, ""))
            return _at(first, self._occurrence(first.digest), 1)
        again = Request.of(self._body(row, self._note(problem)))
        return _at(again, last.occurrence, last.attempt + 1)

    def _body(self, row: Row, note: str) -> dict[str, Any]:
        return {**self._parameters, "messages": self._template.render(row, note)}

    def _note(self, problem: Problem) -> str:
        advice = self._advice.get(problem.reason, problem.detail)
        return f"[Note on your last reply: {advice}.]"


def _in_order(schema: Any) -> orjson.Fragment:
    """A schema whose keys a body leaves in their order, which a model writes its texts in."""
    return orjson.Fragment(orjson.dumps(schema))


def _advice(template: Template) -> Mapping[str, str]:
    advice = dict(ADVICE)
    if template.reply == "json":
        advice |= JSON_ADVICE
    if template.direction == "worsen":
        advice |= WORSEN_ADVICE
    return advice


def _at(request: Request, occurrence: int, attempt: int) -> Request:
    return Request(request.body, occurrence, attempt, request.digest)
