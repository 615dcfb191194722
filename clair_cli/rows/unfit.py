"""What is wrong with one row of an input."""


class Unfit(Exception):  # noqa: N818 - a finding about a row, turned into a Failure
    """The row cannot be used: a reason code and a sentence for a person."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
