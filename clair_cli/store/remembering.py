"""The store around an endpoint: what was paid for is asked once."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from clair_cli.records import Answered, Completion, Observer, Problem, Request, RowError
from clair_cli.store.database import Store

Complete: TypeAlias = Callable[[Request], Awaitable[Completion]]


class Remembering:
    """A `complete` around another: asks the store first, and stores before it answers."""

    def __init__(self, store: Store, complete: Complete, observe: Observer) -> None:
        self._store = store
        self._complete = complete
        self._observe = observe

    async def __call__(self, request: Request) -> Completion:
        """The reply from the store, else from the endpoint by way of the store."""
        stored = self._store.get(request)
        if stored is not None:
            self._observe(Answered(stored.usage, paid=False))
            return stored
        completion = await self._complete(request)
        await self._store.put(request, completion.raw, completion.seconds)
        self._observe(Answered(completion.usage, paid=True))
        return completion


async def never_asks(request: Request) -> Completion:
    """The `complete` of `--offline` and export: what the store does not have is a failure."""
    raise RowError(
        Problem(
            "offline", f"no stored reply for attempt {request.attempt}, and none may be asked for"
        )
    )
