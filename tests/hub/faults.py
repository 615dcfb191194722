"""What is to go wrong, and the log of what was asked."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass
class Asked:
    """One request as it arrived.

    `kind` is one of the names in `tests.hub.routes.ROUTES`, "" for an address that is none of them;
    `file` is the path inside the repository where there is one; `status` is 0 when the
    connection was closed instead of an answer.
    """

    kind: str
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    repo: str
    file: str
    range: str
    status: int = 0


@dataclass
class Fault:
    """What happens to some requests of a kind; see `Hub.fault`."""

    kind: str
    file: str = ""
    status: int = 0
    message: str = "scripted"
    headers: Mapping[str, str] = field(default_factory=dict)
    drop: int | None = None
    reset: bool = False
    lost: bool = False
    delay: float = 0.0
    before: Callable[[], object] = lambda: None
    skip: int = 0
    times: float = 1

    def meets(self, asked: Asked) -> bool:
        """Whether this request has it: counts down `skip`, then `times`."""
        if (
            asked.kind != self.kind
            or self.file not in {"", asked.file, asked.repo}
            or self.times < 1
        ):
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.times -= 1
        return True


ALWAYS = math.inf
