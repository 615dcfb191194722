"""What a check of an endpoint found: plain values, shown as a table or as JSON."""

from dataclasses import dataclass, field

from clair_cli.records import Usage


@dataclass(frozen=True, slots=True)
class Listing:
    """The models that the endpoint lists.

    Attributes:
        count: How many; None where it has no such list.
        has_model: Whether the model asked for is among them; None likewise.
        near: Names like the one asked for, where that is missing.
    """

    count: int | None = None
    has_model: bool | None = None
    near: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the first request brought, after `latency` seconds."""

    latency: float
    model: str
    finish_reason: str
    usage: Usage


@dataclass(frozen=True, slots=True)
class Support:
    """Whether something is supported (None: it cannot be told), and a word about it."""

    works: bool | None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Limit:
    """One rate limit as the endpoint's headers tell it.

    Attributes:
        limit: The most that a full period admits, in requests or tokens.
        remaining: What is left of it, None where it does not say.
        reset: Seconds until all of it is there again, None likewise.
        per_minute: What it comes to a minute.
    """

    limit: float
    remaining: float | None
    reset: float | None
    per_minute: float


@dataclass(frozen=True, slots=True)
class Step:
    """So many requests sent at once: how many were answered, how fast."""

    at_once: int
    answered: int
    latency: float
    per_second: float


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A value for `--concurrency`, and where it is from."""

    concurrency: int
    why: str


@dataclass(slots=True)
class Findings:
    """All that is known of one endpoint; what could not be checked keeps its default.

    Attributes:
        endpoint: Its base URL, without anything secret.
        ended: The sentence with which the endpoint ended the check, "" for none.
        requests: Requests that were sent to it.
    """

    endpoint: str
    model: str
    ended: str = ""
    models: Listing = field(default_factory=Listing)
    answer: Answer | None = None
    parameters: dict[str, Support] = field(default_factory=dict)
    structured: Support | None = None
    limits: dict[str, Limit] = field(default_factory=dict)
    ramp: list[Step] = field(default_factory=list)
    suggestion: Suggestion | None = None
    requests: int = 0
