"""A chat-completion body in, a chat-completion object out: the protocol without the HTTP."""

from collections.abc import Mapping
from typing import NamedTuple

import orjson

from clair_cli.mock.errors import Refusal
from clair_cli.mock.replies import written
from clair_cli.mock.reply_form import Wishes, wishes_in
from clair_cli.mock.structured import Shape, shape_of
from clair_cli.mock.student import has_note, request_in

MODEL = "clair-offline-copyeditor"

_TELLING = ("system", "developer")
_FIRST_CREATED = 1_735_689_600
_CREATED_SPAN = 365 * 24 * 3600


class Asked(NamedTuple):
    """A request that can be answered.

    Attributes:
        fields: The body's fields as they came.
        turns: Role and text of each message.
        limit: Most tokens of the reply, None for any number.
        answer: The student's answer that is to be revised, None where there is none.
        wishes: What the words around it want the reply to be.
        shape: The object that the reply must be, None for text.
    """

    fields: Mapping[str, object]
    turns: list[tuple[str, str]]
    limit: int | None
    answer: str | None
    wishes: Wishes
    shape: Shape | None

    @property
    def noted(self) -> bool:
        """Whether the request ends with a note on the last reply."""
        return has_note([text for role, text in self.turns if role == "user"])

    @property
    def prompt_tokens(self) -> int:
        """An estimate of what all messages have in tokens."""
        return sum(tokens(text) for _, text in self.turns)


class Answer(NamedTuple):
    """A chat-completion object, and how many tokens its text has."""

    reply: dict[str, object]
    tokens: int


def tokens(text: str) -> int:
    """Estimate the tokens of a text: a quarter of its UTF-8 bytes, rounded up."""
    return -(-len(text.encode()) // 4)


def read(body: bytes) -> Asked:
    """Read a request's body.

    Raises:
        Refusal: The body is not a request that can be answered.
    """
    fields = _parsed(body)
    turns = _turns(fields)
    found = request_in([text for role, text in turns if role == "user"])
    shape = shape_of(fields)
    if found is None:
        return Asked(fields, turns, _limit(fields), None, Wishes(), shape)
    told = [text for role, text in turns if role in _TELLING]
    wishes = wishes_in("\n\n".join([*told, found.around]))
    return Asked(fields, turns, _limit(fields), found.answer, wishes, _named(shape, wishes))


def completion(asked: Asked, digest: bytes, slip: str | None = None) -> Answer:
    """Answer one request; equal bodies get equal answers.

    Args:
        asked: The request.
        digest: Its body's SHA-256, from which `id` and `created` are made.
        slip: One of `faults.SLIPS` that the answer has, if any.
    """
    content, finish = _cut(written(asked.answer, slip, asked.shape, asked.wishes), asked.limit)
    said: object = _parts(content) if slip == "list-content" else content
    message = {"role": "assistant", "content": said, "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish}
    reply: dict[str, object] = {
        "id": f"chatcmpl-{digest.hex()[:29]}",
        "object": "chat.completion",
        "created": _FIRST_CREATED + int.from_bytes(digest[:8]) % _CREATED_SPAN,
        "model": MODEL,  # whoever was asked for: nobody shall take this for a model's work
        "choices": [choice],
    }
    spent = tokens(content)
    if slip != "no-usage":
        reply["usage"] = _usage(asked.prompt_tokens, spent)
    return Answer(reply, spent)


def _named(shape: Shape | None, wishes: Wishes) -> Shape | None:
    """The object that the reply must be, by the request's words where no schema says more."""
    if shape is None and not wishes.json:
        return None
    properties = shape.properties if shape else {}
    return Shape(properties, (wishes.reasoning, wishes.revision))


def _parsed(body: bytes) -> dict[str, object]:
    try:
        asked = orjson.loads(body)
    except orjson.JSONDecodeError as problem:
        raise Refusal(f"The body is not valid JSON: {problem}") from problem
    if not isinstance(asked, dict):
        raise Refusal("The body is not a JSON object.")
    if asked.get("stream"):
        raise Refusal("Streaming is not offered: leave out 'stream' or set it to false.", "stream")
    if asked.get("n") not in (None, 1):
        raise Refusal("One choice is offered for each request: leave out 'n' or set it to 1.", "n")
    if not isinstance(asked.get("model"), str | None):
        raise Refusal("'model' must be a string.", "model")
    return asked


def _turns(asked: Mapping[str, object]) -> list[tuple[str, str]]:
    messages = asked.get("messages")
    if not isinstance(messages, list) or not messages:
        raise Refusal("'messages' must be a list of at least one message.", "messages")
    return [_turn(message, f"messages[{at}]") for at, message in enumerate(messages)]


def _turn(message: object, where: str) -> tuple[str, str]:
    if not isinstance(message, dict) or not isinstance(message.get("role"), str):
        raise Refusal("A message must be an object with a 'role' and a 'content'.", where)
    content = message.get("content")
    if isinstance(content, list):
        content = "".join(_part(part, where) for part in content)
    if not isinstance(content, str | None):
        raise Refusal("'content' must be a string or a list of text parts.", where)
    return message["role"], content or ""


def _part(part: object, where: str) -> str:
    text = part.get("text") if isinstance(part, dict) and part.get("type") == "text" else None
    if not isinstance(text, str):
        raise Refusal("Only text parts are understood.", where)
    return text


def _limit(asked: Mapping[str, object]) -> int | None:
    for name in ("max_completion_tokens", "max_tokens"):
        limit = asked.get(name)
        if limit is None:
            continue
        if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
            raise Refusal(f"'{name}' must be a whole number, 1 or more.", name)
        return limit
    return None


def _cut(content: str, limit: int | None) -> tuple[str, str]:
    if limit is None or tokens(content) <= limit:
        return content, "stop"
    return content.encode()[: 4 * limit].decode(errors="ignore"), "length"


def _parts(content: str) -> list[dict[str, str]]:
    half = len(content) // 2
    return [{"type": "text", "text": text} for text in (content[:half], content[half:])]


def _usage(asked: int, answered: int) -> dict[str, int]:
    return {
        "prompt_tokens": asked,
        "completion_tokens": answered,
        "total_tokens": asked + answered,
    }
