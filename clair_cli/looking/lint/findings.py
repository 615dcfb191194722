"""What `clair lint` can find: the rules, and where each was met first.

What TRL does with each is said of its version 1.16 and of `datasets` 5 (trl/data_utils.py and
the `_prepare_dataset` of the DPO and KTO trainers; docs/lint.md has a row for every rule).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

Level: TypeAlias = Literal["breaks", "hurts", "note"]
LEVELS: tuple[Level, ...] = ("breaks", "hurts", "note")
Tell: TypeAlias = Callable[[str, str], None]
"""Takes the code and the detail of a finding in the row at hand."""

SHOWN = 80
"""Characters of a detail: it may come from a row."""


class Position(NamedTuple):
    """Where something stands: the file, the line or row in it from 1, and the row's id or ""."""

    file: str
    line: int
    id: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that can be wrong.

    Attributes:
        level: `breaks`: training fails, or rows are dropped or turned into something else without
            a word; `hurts`: it trains, and worse than it could; `note`: to be known.
        sentence: What it does, and the cure.
        all_break: Whether it breaks training where every row has it.
    """

    level: Level
    sentence: str
    all_break: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found.

    Attributes:
        code: The rule's name.
        level: How bad it is.
        count: Rows that have it.
        share: Of all rows, from 0 to 1.
        file, line, id: The first row that has it.
        detail: What exactly stands there; "" where the sentence says all.
        sentence: What it does, and the cure.
    """

    code: str
    level: Level
    count: int
    share: float
    file: str
    line: int
    id: str
    detail: str
    sentence: str


RULES: Mapping[str, Rule] = {
    "unreadable": Rule(
        "breaks", "the row is no JSON object, and the file cannot be loaded; mend or drop the line"
    ),
    "no_columns": Rule(
        "breaks",
        "the columns are none that DPO or KTO takes; "
        "name them prompt, chosen and rejected, or prompt, completion and label",
    ),
    "mixed_kinds": Rule(
        "breaks",
        "columns of pairs and of labelled answers are mixed, and trainers take the wrong ones; "
        "make two datasets of it",
    ),
    "types_change": Rule(
        "breaks",
        "the column gets another type, or first appears, after the part of the data by which the "
        "types are decided, so loading fails; give it one type, or null, from the first row on",
    ),
    "null_cell": Rule(
        "breaks", "a cell that the trainer reads is null or missing; fill it or drop the row"
    ),
    "cell_type": Rule(
        "breaks",
        "a cell is neither text nor a list of messages with a role and a content; convert it",
    ),
    "string_prompt": Rule(
        "breaks",
        "the prompt is text and the answers are message lists, which TRL since 0.29 cannot join; "
        "make the prompt a list of messages, and each answer its last turn alone",
    ),
    "mixed_forms": Rule(
        "breaks",
        "text and message lists are mixed, in a row or between rows; use one of the two throughout",
    ),
    "empty_messages": Rule("breaks", "a list of messages is empty; fill it or drop the row"),
    "bad_role": Rule(
        "breaks",
        "a message has no role that chat templates know, so they fail, drop it or print it as it "
        "is; use system, user, assistant and tool",
    ),
    "content_not_text": Rule(
        "breaks",
        "the content of a message is no text, and templates of text models print its source or "
        "nothing; make it a string",
    ),
    "no_assistant": Rule(
        "breaks",
        "an answer has no assistant turn, so the model learns to speak as the user; "
        "give the turn the role assistant",
    ),
    "prompt_repeated": Rule(
        "breaks",
        "the answers begin with the prompt, so the model sees it twice and learns to write it; "
        "take it out of the answers, or leave out the prompt column",
    ),
    "no_shared_prompt": Rule(
        "breaks",
        "there is no prompt column, and the two sides share no turn to take as the prompt; "
        "add a prompt column",
    ),
    "label_type": Rule(
        "breaks",
        "the label is not true or false: text and null fail, and every number but 0 counts as "
        "true; make it a boolean",
    ),
    "messages_column": Rule(
        "breaks",
        "a column called messages has another form than the answers, and TRL decides by either how "
        "to read the row; rename or drop it",
    ),
    "vision": Rule(
        "breaks",
        "a column called image or images makes it a vision dataset, which text models refuse; "
        "rename or drop it for a text model",
    ),
    "template_columns": Rule(
        "breaks",
        "tools must be null, a list or JSON text, and chat_template_kwargs an object in every "
        "row; mend or drop the column",
    ),
    "template_refuses": Rule(
        "breaks",
        "the tokenizer or its chat template refuses the row; mend the row, or choose the "
        "tokenizer of a chat model",
    ),
    "prompt_too_long": Rule(
        "breaks",
        "the prompt alone fills --max-length, and TRL drops the row without a word; "
        "raise max_length or drop the row",
    ),
    "collapses": Rule(
        "breaks",
        "the sides become identical where TRL cuts them, so their difference is lost; "
        "raise max_length or drop the row",
    ),
    "identical": Rule(
        "hurts", "the two sides are the same text and teach nothing; drop the row", all_break=True
    ),
    "empty_side": Rule(
        "hurts", "an answer is blank, so silence is what is taught; drop the row", all_break=True
    ),
    "empty_prompt": Rule("hurts", "the prompt is blank; fill it or drop the row"),
    "last_turn": Rule(
        "hurts",
        "an answer does not end with the assistant's turn, so what follows it is learned as well; "
        "cut the answer there",
    ),
    "prompt_end": Rule(
        "hurts",
        "the prompt does not end with a user's turn, and the answer follows as a second turn; "
        "move what comes after the user's turn into the answers",
    ),
    "implicit_strings": Rule(
        "hurts",
        "there is no prompt column, and what both texts begin with, their answers' first words "
        "too, is taken for the prompt; add a prompt column",
    ),
    "label_in_pairs": Rule(
        "hurts",
        "KTO takes a label column beside pairs for the label of both sides (DPO ignores it); "
        "rename or drop it",
    ),
    "reserved_column": Rule(
        "hurts",
        "the column has a name that the trainer keeps for log-probabilities; rename or drop it",
    ),
    "one_label": Rule(
        "hurts", "all labels are the same, so nothing is contrasted; add rows with the other label"
    ),
    "label_imbalance": Rule(
        "hurts", "the labels are out of balance for KTO's weights; set the weight named here"
    ),
    "contradiction": Rule(
        "hurts",
        "the same prompt and answers stand elsewhere with the opposite preference; keep one",
    ),
    "duplicate": Rule("hurts", "the same row stands there twice or more; drop the copies"),
    "marker_left": Rule(
        "hurts",
        "a marker or special token of a reply is left in the text; take it out or drop the row",
    ),
    "thinking_left": Rule(
        "hurts", "the chosen side alone holds a model's thinking; take it out or drop the row"
    ),
    "cut_off": Rule(
        "hurts", "the chosen side ends inside a code block; complete it or drop the row"
    ),
    "alludes": Rule(
        "hurts",
        "an answer speaks of itself as a revision, which the model learns; revise or drop the row",
    ),
    "echo": Rule("hurts", "the chosen side repeats the prompt; revise or drop the row"),
    "length_bias": Rule(
        "hurts",
        "one side is mostly the longer one, and length is what is learned first; drop or revise "
        "the most uneven rows",
    ),
    "mixed_types": Rule(
        "hurts",
        "a column has values of several types, which older versions of `datasets` refuse and "
        "newer ones load as JSON; give it one type",
    ),
    "refused": Rule("note", "the chosen side is a refusal and the rejected one is not"),
    "implicit_prompt": Rule(
        "note", "there is no prompt column: TRL takes the turns that both sides begin with"
    ),
    "cut": Rule("note", "the row is longer than --max-length: TRL keeps its beginning"),
    "may_be_cut": Rule(
        "note",
        "the row is longer than about 1,024 tokens, where TRL cuts by default; check with "
        "--tokenizer, or set max_length",
    ),
    "boundary": Rule(
        "note",
        "the prompt's last tokens merge with the answer's first, and TRL counts them as answer",
    ),
    "repeated_id": Rule("note", "the id stands there twice or more"),
}


@dataclass(slots=True)
class _Met:
    count: int
    first: Position
    detail: str


class Findings:
    """What was met so far: a count and the first place of each rule, whatever the rows' number."""

    def __init__(self) -> None:
        self._met: dict[str, _Met] = {}

    def add(self, code: str, at: Position, detail: str = "", *, count: int = 1) -> None:
        """Note `count` rows that break the rule `code`; `at` and `detail` are the first's."""
        met = self._met.get(code)
        if met is None:
            self._met[code] = _Met(count, at, detail[:SHOWN])
        else:
            met.count += count

    def within(self, at: Position) -> Tell:
        """Takes what is found in the row at `at`, in which each rule counts once."""
        told: set[str] = set()

        def tell(code: str, detail: str) -> None:
            if code not in told:
                told.add(code)
                self.add(code, at, detail)

        return tell

    def listed(self, rows: int) -> tuple[Finding, ...]:
        """The findings among so many rows, the worst first, else in the order of the rules."""
        return tuple(sorted(self._listed(rows), key=lambda each: LEVELS.index(each.level)))

    def _listed(self, rows: int) -> Iterator[Finding]:
        for code, rule in RULES.items():
            met = self._met.get(code)
            if met is not None:
                level = "breaks" if rule.all_break and met.count >= rows else rule.level
                share = round(met.count / rows, 6) if rows else 1.0
                yield Finding(code, level, met.count, share, *met.first, met.detail, rule.sentence)
