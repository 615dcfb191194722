"""What the endpoint says when it does not answer: error objects in OpenAI's shape."""

from collections.abc import Mapping


def error(
    message: str,
    *,
    kind: str = "invalid_request_error",
    param: str | None = None,
    code: str | None = None,
) -> dict[str, object]:
    """Return an error object in OpenAI's shape."""
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


class Refusal(Exception):  # noqa: N818  a refusal is what the client is given
    """The request is turned away.

    Attributes:
        status: The status to send.
        body: The error object to send.
        headers: Headers to send with it.
        counted: What the endpoint's own count calls it.
    """

    def __init__(
        self,
        message: str,
        param: str | None = None,
        *,
        code: str | None = None,
        kind: str = "invalid_request_error",
        status: int = 400,
        headers: Mapping[str, str] | None = None,
        counted: str = "refused",
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = error(message, kind=kind, param=param, code=code)
        self.headers = dict(headers or {})
        self.counted = counted
