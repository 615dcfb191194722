"""A template tried out on a sample row and a sample reply, as `clair prompts check` tells it."""

import textwrap
from collections.abc import Iterator
from dataclasses import replace

import orjson

from clair_cli.prompts.template import Template
from clair_cli.records import Completion, Message, Pair, Problem, Row, Usage, UsageError
from clair_cli.replies.headings import Grammar
from clair_cli.run.tasks.revise import Reader

ASPECT = "factual accuracy"
BEGINNING = (
    'A **placeholder** is filled in later. In "Dear {{ name }}" the name is one, and so is '
    "{% if vip %}sir{% endif %}.\n\n```python\nf\"{user['id']} has {{braces}}\"\n```\n\n"
)
RIGHT = f"{BEGINNING}The text around a placeholder stays as it is."
WRONG = f"{BEGINNING}The text around a placeholder is changed as well."
SAMPLE = Row(
    id="sample",
    prompt=[
        {"role": "system", "content": "Answer in {language}, in two sentences at most."},
        {"role": "user", "content": "What is templating?"},
        {"role": "assistant", "content": "Filling in a text, as {# this #} one."},
        {"role": "user", "content": "And what is a {{ placeholder }}?"},
    ],
    response=WRONG,
    line=1,
    size=0,
    original={},
)
"""Several turns, a system message, and every kind of brace that a careless template would run."""
REASONING = "The last sentence tells: only the placeholder changes, not the text around it."


def check_template(template: Template, aspect: str = "") -> str:
    """Try `template` out, and tell what it does, as text for a person.

    Raises:
        UsageError: It has a fault; names the file, and the cure.
    """
    if template.wants_aspect:
        aspect = aspect or ASPECT
    template = template.bound(aspect=aspect)
    row, edited = SAMPLE, RIGHT
    if template.direction == "worsen":
        row, edited = replace(SAMPLE, response=RIGHT), WRONG
    messages = template.render(row)
    _check_names(template)
    reply = _sample_reply(template, edited)
    pair = _read(template, row, reply)
    return "\n".join([*_told(template, messages), "", *_told_pair(template, reply, pair), ""])


def _check_names(template: Template) -> None:
    """See that the model is told what to call the two parts of its reply."""
    bare = replace(SAMPLE, prompt=[{"role": "user", "content": "-"}], response="-")
    messages = template.render(bare)
    said = "\n".join(message["content"] for message in messages).lower()
    for part in ("reasoning", "revision"):
        names = getattr(template.markers, part)
        if not any(name.lower() in said for name in names):
            raise UsageError(
                f"{template.path}: the template never names its marker {names[0]!r}; tell the "
                f"model to begin the {part} with it"
            )


def _sample_reply(template: Template, edited: str) -> str:
    reasoning, revision = template.markers.reasoning[0], template.markers.revision[0]
    if template.reply == "json":
        return orjson.dumps({reasoning: REASONING, revision: edited}).decode()
    return f"{{{reasoning}}}:\n{REASONING}\n\n{{{revision}}}:\n{edited}"


def _read(template: Template, row: Row, reply: str) -> Pair:
    """The pair that a run would make of `reply`."""
    grammar = Grammar(template.markers.reasoning, template.markers.revision)
    completion = Completion(reply, "", "", "stop", "sample", Usage(), b"")
    read = Reader(grammar, template.direction)(row, completion)
    if isinstance(read, Pair) and {read.chosen, read.rejected} == {RIGHT, WRONG}:
        return read
    why = f" ({read.detail})" if isinstance(read, Problem) else ""
    raise UsageError(
        f"{template.path}: the template has markers by which no reply can be split{why}; take two "
        "names that no answer holds, such as teacher_reasoning and corrected_student_solution"
    )


def _told(template: Template, messages: list[Message]) -> Iterator[str]:
    about = [
        ("template", template.path),
        ("what", template.description),
        ("use", template.use),
        ("source", template.source),
        ("licence", template.licence),
        ("direction", template.direction),
        ("aspect", template.aspect),
    ]
    for name, value in about:
        if value or name != "aspect":
            yield _field(name, value or "not stated")
    for message in messages:
        yield f"\n{message['role']} message, as it would be sent:\n"
        yield _indented(message["content"])
    yield from _notes(template, messages)


def _notes(template: Template, messages: list[Message]) -> Iterator[str]:
    """What is no fault, and still seldom meant."""
    said = "\n".join(message["content"] for message in messages)
    if not template.shows_prompt:
        yield "\nNote: it does not show {{ prompt }}, so the model cannot know what was asked."
    if RIGHT not in said and WRONG not in said:
        yield "\nNote: it alters the answer before it is sent, so the model cannot copy it exactly."


def _told_pair(template: Template, reply: str, pair: Pair) -> Iterator[str]:
    chosen, rejected = "the revision", "the answer as it was"
    if template.direction == "worsen":
        chosen, rejected = rejected, chosen
    yield "A sample reply:\n"
    yield _indented(reply)
    yield "\nThe pair that is made of it:\n"
    yield _field("chosen", f"{chosen}, ending “{_end(pair.chosen)}”")
    yield _field("rejected", f"{rejected}, ending “{_end(pair.rejected)}”")
    yield _field("rationale", pair.rationale)


def _field(name: str, value: str) -> str:
    return textwrap.fill(
        " ".join(value.split()), 96, initial_indent=f"{name:<11}", subsequent_indent=" " * 11
    )


def _indented(text: str) -> str:
    return textwrap.indent(text, "    ")


def _end(text: str) -> str:
    return text[text.rstrip().rfind("\n") + 1 :]
