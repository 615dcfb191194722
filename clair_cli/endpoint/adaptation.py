"""What an endpoint does not take in a request, learnt once for the run."""

import orjson


class Adaptation:
    """Changes to the fields of every request; the store knows requests as they were asked.

    The model and the messages are never changed.
    """

    def __init__(self) -> None:
        self._changes: dict[str, str] = {}

    def apply(self, body: bytes) -> bytes:
        """`body` as the endpoint takes it."""
        if not self._changes:
            return body
        fields = orjson.loads(body)
        for parameter, replacement in self._changes.items():
            if parameter in fields:
                value = fields.pop(parameter)
                if replacement:
                    fields[replacement] = value
        return orjson.dumps(fields)  # in the order that they came in: a schema's counts

    def learn(self, parameter: str, replacement: str, sent: bytes) -> bool:
        """Change `parameter` from now on; False if the request as `sent` did not even have it."""
        if parameter in {"model", "messages"} or parameter not in orjson.loads(sent):
            return False
        self._changes.setdefault(parameter, replacement)
        return True

    def knows(self, parameter: str) -> bool:
        """Whether `parameter` is changed already."""
        return parameter in self._changes
