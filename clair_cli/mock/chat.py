"""A chat-completion body in, a chat-completion object out: the protocol without the HTTP."""

from collections.abc import Sequence

import orjson

from clair_cli.mock.copyeditor import Edited, edit
from clair_cli.mock.student import answer_in

MODEL = "clair-offline-copyeditor"

_WHO = "I am clair's offline copy editor, a set of rules and not a language model."
_PLAIN = (
    "Hello! This is the offline endpoint of clair: a rule-based copy editor, not a language "
    "model. It mends the small slips in a student's answer when it is sent a revision request "
    "of clair, and can answer nothing else."
)
_FIRST_CREATED = 1_735_689_600
_CREATED_SPAN = 365 * 24 * 3600


class Refusal(Exception):  # noqa: N818  a refusal is what the client is given
    """The request cannot be answered; `body` is the error object to send with a 400."""

    def __init__(self, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.body = error(message, param=param)


def error(
    message: str,
    *,
    kind: str = "invalid_request_error",
    param: str | None = None,
    code: str | None = None,
) -> dict[str, object]:
    """Return an error object in OpenAI's shape."""
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def tokens(text: str) -> int:
    """Estimate the tokens of a text: a quarter of its UTF-8 bytes, rounded up."""
    return -(-len(text.encode()) // 4)


def completion(body: bytes, digest: bytes) -> dict[str, object]:
    """Answer one request; equal bodies get equal answers.

    Args:
        body: The request body as it came.
        digest: The body's SHA-256, from which `id` and `created` are made.

    Raises:
        Refusal: The body is not a request that can be answered.
    """
    asked = _parsed(body)
    turns = _turns(asked)
    content = reply_to([text for role, text in turns if role == "user"])
    content, finish = _cut(content, _limit(asked))
    message = {"role": "assistant", "content": content, "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish}
    return {
        "id": f"chatcmpl-{digest.hex()[:29]}",
        "object": "chat.completion",
        "created": _FIRST_CREATED + int.from_bytes(digest[:8]) % _CREATED_SPAN,
        "model": asked.get("model") or MODEL,
        "choices": [choice],
        "usage": _usage(sum(tokens(text) for _, text in turns), tokens(content)),
    }


def reply_to(turns: Sequence[str]) -> str:
    """Return the reply to a conversation, given what the user said in it, oldest first."""
    answer = answer_in(turns)
    if answer is None:
        return _PLAIN
    edited = edit(answer)
    return (
        f"{{teacher_reasoning}}:\n{_rationale(edited)}\n\n"
        f"{{corrected_student_solution}}:\n{edited.text}"
    )


def _rationale(edited: Edited) -> str:
    if not edited.notes:
        return f"{_WHO} No rule found anything to mend, so the answer stays as it was."
    return f"{_WHO} Edits: {'; '.join(edited.notes)}."


def _parsed(body: bytes) -> dict[str, object]:
    try:
        asked = orjson.loads(body)
    except orjson.JSONDecodeError as problem:
        raise Refusal(f"The body is not valid JSON: {problem}") from problem
    if not isinstance(asked, dict):
        raise Refusal("The body is not a JSON object.")
    if asked.get("stream"):
        raise Refusal("Streaming is not offered: leave out 'stream' or set it to false.", "stream")
    if asked.get("n") not in {None, 1}:
        raise Refusal("One choice is offered for each request: leave out 'n' or set it to 1.", "n")
    if not isinstance(asked.get("model"), str | None):
        raise Refusal("'model' must be a string.", "model")
    return asked


def _turns(asked: dict[str, object]) -> list[tuple[str, str]]:
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


def _limit(asked: dict[str, object]) -> int | None:
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


def _usage(asked: int, answered: int) -> dict[str, int]:
    return {
        "prompt_tokens": asked,
        "completion_tokens": answered,
        "total_tokens": asked + answered,
    }
