"""Where TRL cuts a row, measured in characters or in the tokens of a model.

TRL 1.16 joins prompt and answer, keeps the first `max_length` tokens (`keep_start`, 1,024 by
default), and drops a row whose prompt alone has as many.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from clair_cli.looking.lint.texts import TrlText, plain_text, shared_start
from clair_cli.records import Problem, UsageError

DEFAULT_TOKENS = 1024
"""`max_length` of TRL's DPOConfig and KTOConfig."""
ABOUT = 4 * DEFAULT_TOKENS
"""Characters that are about as many tokens of English text."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A prompt with each of its answers behind it.

    Attributes:
        prompt: How much of each of `whole` is the prompt.
        whole: Prompt and answer, for each answer.
        merged: Whether the prompt alone ends in another way than with an answer behind it.
    """

    prompt: int
    whole: tuple[Sequence[object], ...]
    merged: bool = False

    @property
    def answers(self) -> tuple[int, ...]:
        """How much of each is the answer."""
        return tuple(len(whole) - self.prompt for whole in self.whole)


class Ruler(Protocol):
    """What lengths are measured by."""

    unit: str

    def measure(self, prompt: TrlText, answers: Sequence[TrlText]) -> Measured | Problem:
        """Lay the rule on a row; a Problem where that cannot be done."""


class Characters:
    """Characters of the contents alone: no chat template, no special tokens."""

    unit = "characters"

    def measure(self, prompt: TrlText, answers: Sequence[TrlText]) -> Measured:
        """See `Ruler`."""
        before = plain_text(prompt)
        return Measured(len(before), tuple(before + plain_text(each) for each in answers))


class Tokens:
    """Tokens as TRL makes them: the chat template over messages, an end token behind text.

    Raises:
        UsageError: `transformers` is not installed, or there is no such tokenizer.
    """

    unit = "tokens"

    def __init__(self, name: str) -> None:
        self._tokenizer = _load(name)
        self._end = str(self._tokenizer.eos_token or "")

    def measure(self, prompt: TrlText, answers: Sequence[TrlText]) -> Measured | Problem:
        """See `Ruler`."""
        try:
            alone = self._ids(prompt, generation=True)
            whole = tuple(self._ids(_joined(prompt, each, self._end)) for each in answers)
        except Exception as exc:  # noqa: BLE001 - templates raise whatever their authors chose
            return Problem("template_refuses", " ".join(str(exc).split()))
        shared = min((shared_start(alone, ids) for ids in whole), default=len(alone))
        return Measured(shared, whole, shared < len(alone))

    def _ids(self, text: TrlText, *, generation: bool = False) -> list[int]:
        if isinstance(text, str):
            return list(self._tokenizer(text=text)["input_ids"])
        messages = [{"role": role, "content": content} for role, content in text]
        rendered = self._tokenizer.apply_chat_template(
            messages, tokenize=True, return_dict=True, add_generation_prompt=generation
        )
        return list(rendered["input_ids"])


def cut(measured: Measured, max_length: int | None, unit: str) -> str:
    """What becomes of a row where it is cut: a code, or ""."""
    longest = max(map(len, measured.whole), default=0)
    if max_length is None:
        return "may_be_cut" if unit == "characters" and longest > ABOUT else ""
    if measured.prompt >= max_length:
        return "prompt_too_long"
    kept = [whole[:max_length] for whole in measured.whole]
    if len(kept) == 2 and kept[0] == kept[1] and measured.whole[0] != measured.whole[1]:
        return "collapses"
    return "cut" if longest > max_length else ""


def _load(name: str) -> Any:
    try:
        from transformers import AutoTokenizer  # noqa: PLC0415 - heavy, and not ours to require
    except ImportError as exc:
        raise UsageError("--tokenizer needs transformers; pip install transformers") from exc
    try:
        return AutoTokenizer.from_pretrained(name)
    except Exception as exc:  # a boundary: the library raises OSError, ValueError, KeyError, ...
        words = " ".join(str(exc).split())[:200]
        raise UsageError(
            f"--tokenizer {name}: cannot be loaded ({words}); name a directory or a Hub model"
        ) from exc


def _joined(prompt: TrlText, answer: TrlText, end: str) -> TrlText:
    if isinstance(prompt, str) and isinstance(answer, str):
        return prompt + (answer if answer.endswith(end) else answer + end)
    return (*_turns(prompt, "user"), *_turns(answer, "assistant"))


def _turns(text: TrlText, role: str) -> tuple[tuple[str, str], ...]:
    return ((role, text),) if isinstance(text, str) else text
