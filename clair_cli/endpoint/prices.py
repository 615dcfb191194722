"""What a model's tokens cost: the user's own figures, else the table of `genai-prices`."""

from dataclasses import dataclass
from decimal import Decimal

from clair_cli.records import Usage, UsageError

MILLION = 1_000_000
_SAMPLE = 1000
"""Tokens that a price is read off at: some models cost more a token in very long requests."""


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens, in and out; `source` says who says so."""

    prompt: Decimal
    completion: Decimal
    source: str = "as given by whoever ran it"

    def of(self, usage: Usage) -> Decimal:
        """What so many tokens cost, in US dollars."""
        spent = usage.prompt_tokens * self.prompt + usage.completion_tokens * self.completion
        return spent / MILLION

    def as_dict(self) -> dict[str, float]:
        """The price for run.json."""
        return {
            "usd_per_million_prompt": float(self.prompt),
            "usd_per_million_completion": float(self.completion),
        }


def listed_price(model: str) -> Price | None:
    """The price of a model in the table; None where the table does not know it."""
    import genai_prices  # noqa: PLC0415 - a large table that few runs need

    usage = genai_prices.Usage(input_tokens=_SAMPLE, output_tokens=_SAMPLE)
    try:
        found = genai_prices.calc_price(usage, model_ref=model)
    except LookupError:
        return None
    scale = MILLION // _SAMPLE
    return Price(
        found.input_price * scale, found.output_price * scale, "as the table of genai-prices has it"
    )


def price_of(
    model: str, prompt: float | None, completion: float | None, *, is_needed: bool
) -> Price | None:
    """What tokens cost, None where nobody knows.

    Raises:
        UsageError: One of the two prices is missing, or a budget needs a price that is not known.
    """
    if (prompt is None) != (completion is None):
        raise UsageError("--price-in and --price-out go together: give both")
    if prompt is not None and completion is not None:
        price: Price | None = Price(Decimal(str(prompt)), Decimal(str(completion)))
    else:
        price = listed_price(model) if model else None
    if is_needed and price is None:
        raise UsageError(
            f"--max-cost: the price of {model or 'the model'} is not known; give it with "
            "--price-in and --price-out"
        )
    return price
