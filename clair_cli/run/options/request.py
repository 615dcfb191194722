"""What is asked of the model, besides the row."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from clair_cli.run.options.declaring import Group, option


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestOptions(Group):
    """The prompt template, how it is used, and the other fields of a request."""

    panel: ClassVar[str] = "Request"

    prompt: str = option(
        "clair",
        "The prompt template; see clair prompts.",
        metavar="NAME|FILE",
        use="outcome",
        is_stated=True,
    )
    aspect: str = option(
        "",
        "What to revise for, where the template asks: --prompt aspect.",
        metavar="TEXT",
        shows_default=False,
        use="outcome",
    )
    direction: Literal["improve", "worsen"] | None = option(
        None,
        "Whether the revision is chosen or rejected (default: the template's).",
        use="outcome",
    )
    structured: bool = option(
        False, "Ask for JSON by response_format, where it is supported.", use="outcome"
    )
    temperature: float | None = option(
        None, "Sampling temperature (the paper: 0.7).", metavar="T", least=0, use="outcome"
    )
    max_tokens: int | None = option(
        None, "Most tokens of a reply (the paper: 4096).", metavar="N", least=1, use="outcome"
    )
    seed: int | None = option(
        None,
        "Seed of the model's sampling, of --sample and of --split-test.",
        metavar="N",
        use="outcome",
    )
    param: tuple[str, ...] = option(
        (),
        "A further field of the request, such as top_p=0.9. Repeatable.",
        metavar="KEY=JSON",
        use="outcome",
    )
