"""What a run may spend: requests, and money."""

from collections.abc import Callable
from decimal import Decimal

from clair_cli.records import BudgetSpent, Usage


class Budget:
    """Counts what a run spends; when it is spent, `close` is called with a BudgetSpent.

    What is in flight then is still answered and paid: with a mean cost for each request in
    flight, the limit is kept to within the spread of single requests.

    Args:
        close: Turns later requests away.
        requests: The most attempts to send, None for no limit.
        cost: The most US dollars to spend, None for no limit; needs `cost_of`.
        cost_of: US dollars for so many tokens, None where that is not known.
    """

    def __init__(
        self,
        close: Callable[[BudgetSpent], None],
        *,
        requests: int | None = None,
        cost: Decimal | None = None,
        cost_of: Callable[[Usage], Decimal] | None = None,
    ) -> None:
        self._close = close
        self._requests, self._cost, self._cost_of = requests, cost, cost_of
        self._sent = 0
        self._answers = 0
        self.spent = Decimal(0)

    def sending(self, in_flight: int) -> None:
        """A request is about to be sent, as one of `in_flight`.

        Raises:
            BudgetSpent: It may not be.
        """
        if self._requests is not None and self._sent >= self._requests:
            raise self._end(f"--max-requests {self._requests:,} is reached")
        mean = self.spent / self._answers if self._answers else Decimal(0)
        if self._cost is not None and self.spent + mean * in_flight > self._cost:
            raise self._end(f"--max-cost {self._cost} is reached ({self.spent:.4f} $ are spent)")
        self._sent += 1

    def answered(self, usage: Usage) -> None:
        """An answer was paid for."""
        if self._cost_of:
            self._answers += 1
            self.spent += self._cost_of(usage)

    def _end(self, what: str) -> BudgetSpent:
        error = BudgetSpent(f"{what}; run the same command with a bigger budget to go on")
        self._close(error)
        return error
