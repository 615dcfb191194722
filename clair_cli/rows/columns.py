"""The user's choice of columns."""

from dataclasses import dataclass

from clair_cli.records import UsageError


@dataclass(frozen=True, slots=True)
class Columns:
    """The user's choice of columns, as dotted paths; "" leaves it to recognition.

    Attributes:
        prompt, response, id: Where these stand.
        revise: Which answer of a preference row is revised: `chosen` or `rejected`; "" revises the
            rejected one where a row has both.
        keep: Columns that the pair keeps.

    Raises:
        UsageError: Two of them name the answer.
    """

    prompt: str = ""
    response: str = ""
    id: str = ""
    revise: str = ""
    keep: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.revise and self.response:
            raise UsageError(
                f"--revise {self.revise}: --response-column {self.response} names the answer too; "
                "give one of them"
            )
