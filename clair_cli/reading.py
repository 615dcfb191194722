"""Completion -> Pair, or the Problem that keeps it from being one: parse, check, measure."""

from clair_cli.contrast import check, contrast, is_refusal
from clair_cli.records import Completion, Direction, Pair, Problem, Revision, Row
from clair_cli.revision import Grammar, drop_thinking, parse

CUT = frozenset(
    {
        *("length", "max_tokens", "model_length", "model_context_window_exceeded"),
        *("insufficient_system_resource", "error", "abort", "aborted"),
    }
)
REFUSING = frozenset(
    {"content_filter", "safety", "recitation", "blocklist", "prohibited_content", "spii"}
)
"""Finish reasons in lower case: OpenAI's, and those that Mistral, DeepSeek, Gemini, Anthropic and
vLLM let through."""


class Reader:
    """Reads replies to one template: the `read` of the engine.

    Args:
        grammar: How the template wants the reply's sections headed.
        direction: `improve` makes the revision `chosen`, `worsen` makes it `rejected`.
    """

    def __init__(self, grammar: Grammar, direction: Direction) -> None:
        self._grammar = grammar
        self._direction = direction

    def __call__(self, row: Row, completion: Completion) -> Pair | Problem:
        """The pair of `row`'s response and the revision in `completion`."""
        revision = self._revision(row, completion)
        if isinstance(revision, Problem):
            return revision
        problem = check(row, revision.text)
        return problem or self._pair(row, revision, completion.model)

    def _revision(self, row: Row, completion: Completion) -> Revision | Problem:
        if completion.refusal or completion.finish_reason.lower() in REFUSING:
            return Problem("refused", completion.refusal or "the endpoint's filter stopped it")
        if completion.finish_reason.lower() in CUT:
            return Problem("truncated", "the reply was cut at the token limit; see --max-tokens")
        found = parse(completion.text, self._grammar, row.response)
        if isinstance(found, Problem) and _declines(completion.text):
            return Problem("refused", "the model declined to revise the answer")
        return found

    def _pair(self, row: Row, revision: Revision, model: str) -> Pair:
        improved = self._direction == "improve"
        return Pair(
            id=row.id,
            prompt=row.prompt,
            chosen=revision.text if improved else row.response,
            rejected=row.response if improved else revision.text,
            rationale=revision.rationale,
            model=model,
            contrast=contrast(row.response, revision.text),
            extra=row.extra,
        )


def _declines(text: str) -> bool:
    answer = drop_thinking(text)
    return isinstance(answer, str) and is_refusal(answer)
