"""Completion -> Pair, or the Problem that keeps it from being one: parse, check, measure."""

from dataclasses import dataclass, field, replace

from clair_cli.contrast.bounds import Bounds
from clair_cli.contrast.checks import check, is_refusal
from clair_cli.contrast.metrics import contrast
from clair_cli.records import Completion, Direction, Pair, Problem, Revision, Row
from clair_cli.replies.headings import Grammar
from clair_cli.replies.sections import parse
from clair_cli.replies.thinking import drop_thinking, thinking_in

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


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads replies to one template: the `read` of the engine.

    Attributes:
        grammar: How the template wants the reply's sections headed.
        direction: `improve` makes the revision `chosen`, `worsen` makes it `rejected`.
        bounds: How far the revision may be from the answer.
        name: What pairs add to the row's id.
        is_flagging: Whether pairs get a column `flag`: the bound that they break, "" for none.
        keeps_thinking: Whether pairs get a column `thinking`: what a reasoning model thought.
    """

    grammar: Grammar
    direction: Direction
    bounds: Bounds = field(default_factory=Bounds)
    name: str = ""
    is_flagging: bool = False
    keeps_thinking: bool = False

    def __call__(self, row: Row, completion: Completion) -> Pair | Problem:
        """The pair of `row`'s response and the revision in `completion`."""
        revision = self._revision(row, completion)
        if isinstance(revision, Problem):
            return revision
        problem = check(row, revision.text)
        return problem or self._bounded(self._pair(row, revision, completion))

    def _revision(self, row: Row, completion: Completion) -> Revision | Problem:
        if completion.refusal or completion.finish_reason.lower() in REFUSING:
            return Problem("refused", completion.refusal or "the endpoint's filter stopped it")
        if completion.finish_reason.lower() in CUT:
            return Problem("truncated", "the reply was cut at the token limit; see --max-tokens")
        found = parse(completion.text, self.grammar, row.response)
        if isinstance(found, Problem) and _declines(completion.text):
            return Problem("refused", "the model declined to revise the answer")
        return found

    def _pair(self, row: Row, revision: Revision, completion: Completion) -> Pair:
        improved = self.direction == "improve"
        extra = dict(row.extra)
        if self.keeps_thinking:
            extra["thinking"] = completion.thinking or thinking_in(completion.text)
        if self.is_flagging:
            extra["flag"] = ""
        return Pair(
            id=row.id + self.name,
            prompt=row.prompt,
            chosen=revision.text if improved else row.response,
            rejected=row.response if improved else revision.text,
            rationale=revision.rationale,
            model=completion.model,
            contrast=contrast(row.response, revision.text),
            extra=extra,
            row=row.id,
        )

    def _bounded(self, pair: Pair) -> Pair | Problem:
        problem = self.bounds.problem(pair.contrast)
        if problem is None:
            return pair
        if self.is_flagging:
            pair = replace(pair, extra={**pair.extra, "flag": problem.reason})
        return replace(problem, candidate=pair)


def _declines(text: str) -> bool:
    answer = drop_thinking(text)
    return isinstance(answer, str) and is_refusal(answer)
