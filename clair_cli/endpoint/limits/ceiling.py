"""How many requests one endpoint bears in flight: additive increase, multiplicative decrease."""

START = 512
"""Requests in flight to begin with, where the user's ceiling allows them."""
SHARE = 0.02
"""Of the user's ceiling, by which a cut one grows in each round."""
ROUND = 8
"""Answers that a mean latency is taken over at least."""


class Ceiling:
    """An adaptive ceiling on requests in flight, never above `most`.

    It doubles in each round until the first overload. An overload halves it, once for all that was
    admitted before: a request from before the cut does not cut again. Then it grows by 2 % of
    `most` a round (by one at least). While the mean latency is over twice the best, it stays.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.value = float(min(most, START))
        self._was_cut = False
        self._cut_after = -1
        self._best = float("inf")
        self._sum = 0.0
        self._count = 0
        self._round = max(ROUND, self.value)
        self._may_grow = True

    def __int__(self) -> int:
        return max(1, int(self.value))

    def answered(self, latency: float) -> None:
        """An answer came after `latency` seconds."""
        self._sum += latency
        self._count += 1
        if self._count >= self._round:
            mean = self._sum / self._count
            self._best = min(self._best, mean)
            self._may_grow = mean <= 2 * self._best
            self._sum, self._count, self._round = 0.0, 0, max(ROUND, self.value)
        if self._may_grow:
            step = max(1.0, self.most * SHARE) / self.value if self._was_cut else 1.0
            self.value = min(float(self.most), self.value + step)

    def overloaded(self, serial: int, admitted: int) -> None:
        """The request number `serial` met an overload, when `admitted` had been admitted."""
        if serial <= self._cut_after:
            return
        self.value = max(1.0, self.value / 2)
        self._was_cut = True
        self._cut_after = admitted
