"""What can be wrong with a prompt and its answers that trainers do read."""

from clair_cli.looking.lint.texts import ROLES, Tell, Text, answer_text, plain_text, split_shared

LEAST_REPEATED = 12
"""Characters from which on a text prompt at the beginning of an answer is no chance."""


def check_prompt(prompt: Text, tell: Tell) -> None:
    """Tell what is wrong with a prompt."""
    if not plain_text(prompt).strip():
        tell("empty_prompt", "")
    if not isinstance(prompt, str) and prompt and prompt[-1][0] not in {"user", "tool", ""}:
        tell("prompt_end", f"it ends with {prompt[-1][0]}")


def check_answer(prompt: Text, answer: Text, column: str, tell: Tell) -> None:
    """Tell what is wrong with one answer to a prompt."""
    if not answer_text(answer).strip():
        tell("empty_side", f"in {column}")
    if _repeats(prompt, answer):
        tell("prompt_repeated", f"in {column}")
    if isinstance(answer, str) or not answer:
        return
    if not any(role == "assistant" or role not in ROLES for role, _ in answer):
        tell("no_assistant", f"in {column}")
    elif answer[-1][0] in ROLES - {"assistant"}:
        tell("last_turn", f"{column} ends with {answer[-1][0]}")


def are_identical(chosen: Text, rejected: Text) -> bool:
    """Whether two answers are the same but for the space around them."""
    return _bare(chosen) == _bare(rejected)


def _bare(text: Text) -> object:
    if isinstance(text, str):
        return text.strip()
    return [(role, content.strip()) for role, content in text]


def split(chosen: Text, rejected: Text, tell: Tell) -> tuple[Text, Text, Text] | None:
    """The prompt that a pair without one has in it, and what is left of its sides."""
    parts = split_shared(chosen, rejected)
    if not chosen or not rejected or not (parts[0] or isinstance(chosen, str)):
        tell("no_shared_prompt", "")
        return None
    if not parts[0]:
        tell("empty_prompt", "the two texts begin differently")
    return parts


def _repeats(prompt: Text, answer: Text) -> bool:
    if isinstance(answer, str):
        text = plain_text(prompt).strip()
        return len(text) >= LEAST_REPEATED and answer.lstrip().startswith(text)
    if not answer or answer[0][0] in {"assistant", ""}:
        return False
    turns = (("user", prompt),) if isinstance(prompt, str) else prompt
    return answer[0] in turns
