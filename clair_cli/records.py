"""The words of the project: what flows from a source to the pairs on disk, and the two errors.

ClairError
├── RowError   this row cannot go on; the run can
└── RunError   nothing later can succeed: the run ends
    ├── UsageError     code 2: wrong options, unusable input or template
    ├── EndpointError  code 4: key, quota, model, unreachable
    ├── BudgetSpent    code 5: a budget ended it, to be continued
    └── Stopped        code 130 or 143: asked to end, to be continued
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Literal, TypeAlias

import orjson

Message: TypeAlias = dict[str, str]
"""One chat message: `role` and `content`, both strings."""

Direction: TypeAlias = Literal["improve", "worsen"]


class ClairError(Exception):
    """Whatever `clair` expects to go wrong. The message is one line for the user."""


class RowError(ClairError):
    """One row cannot go on. `problem` says why; other rows are not concerned."""

    def __init__(self, problem: "Problem") -> None:
        super().__init__(problem.detail)
        self.problem = problem


class RunError(ClairError):
    """Nothing later can succeed, so the run ends with `exit_code`."""

    exit_code: ClassVar[int] = 1


class UsageError(RunError):
    """Wrong options, or an input or template that cannot be used."""

    exit_code = 2


class EndpointError(RunError):
    """The endpoint ended the run: key, quota, model, or it cannot be reached."""

    exit_code = 4


class BudgetSpent(RunError):  # noqa: N818 - not a fault: the user set it
    """A budget ended the run; with a bigger one, the same command goes on."""

    exit_code = 5


class Stopped(RunError):  # noqa: N818 - not a fault: somebody asked for it
    """The run was asked to end before this row was; running again goes on from here."""

    exit_code = 130


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something is not a pair: a reason code and a sentence for a person.

    `candidate` is the pair that it would be but for that, where there is one.
    """

    reason: str
    detail: str
    candidate: "Pair | None" = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Row:
    """One input.

    Attributes:
        id: The input's own id as a string, else a hash of prompt and response (16 hex digits).
        prompt: Chat messages up to and including the last user turn; never empty.
        response: The student's answer; never blank.
        line: Where it stands in its file, counted from 1.
        size: Bytes that the row took in its source: what read-ahead is bounded by.
        original: The row as it was read, for a failure's record.
        file: The file of the input that it stands in.
        extra: The columns that the pair is to keep, by name.
    """

    id: str
    prompt: list[Message]
    response: str
    line: int
    size: int
    original: Mapping[str, Any] = field(repr=False)
    file: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Request:
    """One chat-completion body to be sent, and what identifies its answer.

    Attributes:
        body: Canonical JSON (sorted keys, but for a schema's; UTF-8): exactly these bytes are sent
            and hashed.
        occurrence: How many rows before this one asked the same first body, from 0.
        attempt: Which reply for the row this asks for, from 1.
        digest: SHA-256 of `body`, 32 bytes.
    """

    body: bytes = field(repr=False)
    occurrence: int
    attempt: int
    digest: bytes

    @classmethod
    def of(cls, body: Mapping[str, Any], *, occurrence: int = 0, attempt: int = 1) -> "Request":
        """The request for a chat-completion `body`."""
        data = orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
        return cls(data, occurrence, attempt, hashlib.sha256(data).digest())


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one reply, or the sum over many; 0 where the endpoint did not say."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    reasoning_tokens: int = 0

    @property
    def total(self) -> int:
        """Prompt and completion together; reasoning is part of the completion."""
        return self.prompt_tokens + self.completion_tokens

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.reasoning_tokens + other.reasoning_tokens,
        )


@dataclass(frozen=True, slots=True)
class Completion:
    """What came back for a request.

    Attributes:
        text: The message's content, "" when there was none.
        thinking: The reasoning field beside it (`reasoning` or `reasoning_content`), "" if none.
        refusal: The endpoint's own words when it refused, "" otherwise.
        finish_reason: As the endpoint gave it, "" if it gave none.
        model: The model that the endpoint says it used, "" if it did not say.
        usage: The tokens that the endpoint counted.
        raw: The reply's body, byte for byte.
        seconds: What the HTTP attempt took that answered, from sending to the last byte; 0 where
            nobody measured it.
    """

    text: str
    thinking: str
    refusal: str
    finish_reason: str
    model: str
    usage: Usage
    raw: bytes = field(repr=False)
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Revision:
    """What parsing found in a completion: the revised text, and why it was revised so."""

    text: str
    rationale: str


@dataclass(frozen=True, slots=True)
class Contrast:
    """How far a revision is from the response; `clair_cli.contrast.metrics` defines each metric."""

    levenshtein: int
    similarity: float
    jaccard: float
    kept: float
    length_ratio: float
    first_change: int


METRICS = tuple(each.name for each in fields(Contrast))
"""The names of the metrics, in the order they are written in."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A preference pair: both answers to one prompt, and what sets them apart.

    `between` holds further answers, each better than the next, that are worse than `chosen` and
    better than `rejected`. `row` is the id of the row, of which the pair's own may be an extension.
    `extra` holds further columns by name: those kept from the row, and those of some options.
    """

    id: str
    prompt: list[Message]
    chosen: str
    rejected: str
    rationale: str
    model: str
    contrast: Contrast
    extra: Mapping[str, Any] = field(default_factory=dict)
    between: tuple[str, ...] = ()
    row: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """A row that got no pair.

    Attributes:
        id: The row's id, "" where the row was too broken to have one.
        line: Where the row stands in its file, counted from 1.
        reason: A reason code (docs/reasons.md lists them).
        detail: One sentence for a person.
        attempts: Replies that were asked for; 0 when the input itself was at fault.
        original: The row as it was read; the line's text where it was not an object.
        size: Bytes that the row took in its source.
        file: The file of the input that the row stands in.
    """

    id: str
    line: int
    reason: str
    detail: str
    attempts: int
    original: Mapping[str, Any] | str = field(repr=False)
    size: int = 0
    file: str = ""


# What happens in a run, as told to whoever listens.


@dataclass(frozen=True, slots=True)
class RowRead:
    """A row, usable or not, was taken from the source, where it had `size` bytes.

    `outcomes` is how many pairs and failures will come of it.
    """

    size: int
    outcomes: int = 1


@dataclass(frozen=True, slots=True)
class Answered:
    """A reply is at hand; `paid` tells whether the endpoint gave it just now."""

    usage: Usage
    paid: bool


@dataclass(frozen=True, slots=True)
class Retried:
    """An attempt over HTTP failed and will be made again after `wait` seconds."""

    reason: str
    wait: float


@dataclass(frozen=True, slots=True)
class AskedAgain:
    """A reply had a problem, and another one is asked for."""

    reason: str


@dataclass(frozen=True, slots=True)
class Adapted:
    """The requests of this run are sent in another way from now on; `sentence` tells how."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Emitted:
    """A row's journey ended, and its outcome was handed on in input order."""

    outcome: Pair | Failure


Event: TypeAlias = RowRead | Answered | Retried | AskedAgain | Adapted | Emitted
Observer: TypeAlias = Callable[[Event], None]
