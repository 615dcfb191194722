"""What is cut off the two texts of a reply once it is split; nothing inside them changes."""

import re

from clair_cli.replies.fences import begins_fenced, unwrap
from clair_cli.replies.marker_names import Names

_RULE = r"[ \t]*(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,}|={3,}[ \t]*)"
_LEADING_RULE = re.compile(rf"{_RULE}\r?(?:\n|\Z)")
_TRAILING_RULE = re.compile(rf"(?:\A|\n[ \t]*\r?\n){_RULE}\Z")
_LONGEST_RULE = 200
_LEADING_BLANKS = re.compile(r"(?:[ \t]*\r?\n)+")
_GREETING = re.compile(
    r"\W*+(?:sure|certainly|of course|okay|ok|absolutely|here(?:'s| is| are)?|great|yes|hello|hi"
    r"|thanks?|thank you|below)\b[^\n]{0,200}\Z|[^\n]{0,120}[:：]\Z",
    re.IGNORECASE,
)


def clean_revision(text: str, response: str) -> str:
    """The revised answer without the wrapping of the reply.

    Off go blank lines before it and white space after it, a rule at either end and a fence around
    all of it, unless the response begins or ends so itself.
    """
    text = _without_rules(text, response)
    if not begins_fenced(response):
        unwrapped = unwrap(text)
        text = unwrapped if unwrapped is text else _without_rules(unwrapped, response)
    return text


def clean_rationale(text: str, names: Names) -> str:
    """The reasoning without rules at its ends, and with marker identifiers as plain words."""
    return names.in_words(_without_rules(unwrap(text.strip()), "")).strip()


def is_small_talk(text: str) -> bool:
    """Whether `text` is blank or a line of greeting, so that no reasoning is lost with it."""
    rest = _without_rules(text, "").strip()
    return not rest or ("\n" not in rest and _GREETING.match(rest) is not None)


def _without_rules(text: str, response: str) -> str:
    """Without one rule at each end: what `response` has there, or what draws on, is content."""
    text = _trimmed(text)
    rule = _LEADING_RULE.match(text)
    if rule and text.strip()[:3] != response.strip()[:3]:
        rest = text[rule.end() :]
        if rest.lstrip()[:1] != text.lstrip()[:1]:
            text = _trimmed(rest)
    tail = text[-_LONGEST_RULE:]
    rule = _TRAILING_RULE.search(tail)
    if rule and text[-3:] != response.strip()[-3:]:
        text = _trimmed(text[: len(text) - len(tail) + rule.start()])
    return text


def _trimmed(text: str) -> str:
    """Without blank lines at the start and white space at the end; indentation stays."""
    blanks = _LEADING_BLANKS.match(text)
    return text[blanks.end() if blanks else 0 :].rstrip()
