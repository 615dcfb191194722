"""A chat-completion body as it came -> a Completion, where it holds an answer.

Shapes: OpenAI's chat completion object, and what compatible servers make of it (vLLM, llama.cpp,
Ollama, OpenRouter, Groq, DeepSeek): `content` as text parts, `reasoning` beside `content`,
`usage` missing or null, a finish reason in other words.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from clair_cli.records import Completion, Usage

ENDS_WITHOUT_TEXT = frozenset(
    {"length", "content_filter", "max_tokens", "model_length", "safety", "recitation"}
)
"""Finish reasons that explain an answer without content: paid for, and final."""


def read_completion(raw: bytes, seconds: float = 0.0) -> Completion | None:
    """The answer in a reply's body, or None where the body holds none.

    `seconds` is what the reply took, 0 where nobody knows.

    None covers a body that is not JSON or cut, one with an `error`, one without choices, and null
    content that no finish reason or refusal explains. It raises nothing.
    """
    try:
        reply = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(reply, dict) or reply.get("error"):
        return None
    choice = _first_choice(reply.get("choices"))
    message = choice.get("message")
    if not isinstance(message, dict):
        return None
    return _completion(reply, choice, message, raw, seconds)


def _completion(
    reply: Mapping[str, Any],
    choice: Mapping[str, Any],
    message: Mapping[str, Any],
    raw: bytes,
    seconds: float,
) -> Completion | None:
    finish_reason = _text(choice.get("finish_reason"))
    refusal = _text(message.get("refusal"))
    text = _content(message.get("content"))
    if text is None and not refusal and finish_reason.lower() not in ENDS_WITHOUT_TEXT:
        return None
    return Completion(
        text=text or "",
        thinking=_text(message.get("reasoning_content")) or _text(message.get("reasoning")),
        refusal=refusal,
        finish_reason=finish_reason,
        model=_text(reply.get("model")),
        usage=_usage(reply.get("usage")),
        raw=raw,
        seconds=seconds,
    )


def _first_choice(choices: object) -> Mapping[str, Any]:
    if isinstance(choices, list) and choices and isinstance(choices[0], dict):
        return choices[0]
    return {}


def _content(content: object) -> str | None:
    """The message's text; a list of text parts is joined, other parts (images) carry none."""
    if isinstance(content, str):
        return content
    if not isinstance(content, Sequence) or isinstance(content, bytes):
        return None
    texts = [_part(part) for part in content]
    found = [text for text in texts if text is not None]
    return "".join(found) if found else None


def _part(part: object) -> str | None:
    if isinstance(part, str):
        return part
    if isinstance(part, dict) and part.get("type", "text") in {"text", "output_text"}:
        text = part.get("text")
        return text if isinstance(text, str) else None
    return None


def _usage(usage: object) -> Usage:
    if not isinstance(usage, dict):
        return Usage()
    details = usage.get("completion_tokens_details")
    reasoning = details.get("reasoning_tokens") if isinstance(details, dict) else None
    return Usage(
        _count(usage.get("prompt_tokens")),
        _count(usage.get("completion_tokens")),
        _count(reasoning),
    )


def _count(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
