"""Ctrl-C and SIGTERM: the first stops reading and drains, the second drops what is in flight."""

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator
from typing import ClassVar

from clair_cli.records import Stopped
from clair_cli.run.watching import Running

AGAIN = "interrupted; run the same command again to go on"


class Terminated(Stopped):
    """SIGTERM asked the run to end."""

    exit_code: ClassVar[int] = 143


@contextlib.contextmanager
def stopping(running: Running, say: Callable[[str], None]) -> Iterator[None]:
    """Let signals stop a job while the body runs, in this task.

    Raises:
        Stopped: After a second signal.
    """
    loop = asyncio.get_running_loop()
    main = asyncio.current_task()
    stopped: list[Stopped] = []

    def on_signal(error: Stopped) -> None:
        if stopped and main:
            main.cancel()
            return
        stopped.append(error)
        running.stop(error)
        say(
            f"stopping: {running.in_flight()} requests in flight are being finished; "
            "once more drops them"
        )

    loop.add_signal_handler(signal.SIGINT, on_signal, Stopped(AGAIN))
    loop.add_signal_handler(signal.SIGTERM, on_signal, Terminated(AGAIN))
    try:
        yield
    except asyncio.CancelledError:
        if not stopped:
            raise
        raise stopped[0] from None
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        loop.remove_signal_handler(signal.SIGTERM)
