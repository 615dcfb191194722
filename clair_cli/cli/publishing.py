"""`--push`: what a run that ended well does last."""

from collections.abc import Callable
from dataclasses import dataclass

from clair_cli.records import UsageError
from clair_cli.writers.layout import Layout


@dataclass(frozen=True, slots=True)
class Publishing:
    """Where a run is to be published.

    Attributes:
        repo: `user/name` on the Hub.
        private: Whether it must be private.
    """

    repo: str
    private: bool

    def check(self, paths: Layout) -> None:
        """See, before anything is paid for, that it can be tried.

        Raises:
            UsageError: The output is no directory, the name is none, or there is no token.
        """
        if paths.card is None:
            raise UsageError("--push: wants a directory; name one with -o")
        from clair_cli.publish.push import check  # noqa: PLC0415 - the others stay quick

        check(self.repo)

    def publish(self, paths: Layout, say: Callable[[str], None]) -> None:
        """Push the run.

        Raises:
            UsageError: See `publish.push`.
            EndpointError: The Hub refused, or could not be reached.
        """
        from clair_cli.publish.push import push  # noqa: PLC0415 - the others stay quick

        address = push(paths.side.parent, self.repo, private=self.private, say=say)
        say(f"published: {address}")
