"""What is asked of a request before it is answered: a key, and no field the model cannot take."""

import hmac
from collections.abc import Callable, Mapping

from clair_cli.mock.chat import Asked
from clair_cli.mock.errors import Refusal
from clair_cli.mock.manners import Manners

_Check = Callable[[Mapping[str, object]], None]


class Guard:
    """Turns requests away, in the words of OpenAI's errors."""

    def __init__(self, manners: Manners) -> None:
        self._key = manners.key
        checks: tuple[tuple[bool, _Check], ...] = (
            (manners.max_tokens, _no_max_tokens),
            (manners.temperature, _no_temperature),
            (manners.structured, _no_structured),
        )
        self._checks = [check for taken, check in checks if not taken]

    def check_key(self, headers: Mapping[str, str]) -> None:
        """Ask for the key.

        Raises:
            Refusal: It is missing, or another one.
        """
        if not self._key:
            return
        scheme, _, given = headers.get("Authorization", "").partition(" ")
        given = given.strip() if scheme.lower() == "bearer" else ""
        if hmac.compare_digest(given.encode(errors="replace"), self._key.encode()):
            return
        words = "Incorrect API key provided." if given else "You didn't provide an API key."
        raise Refusal(words, code="invalid_api_key", status=401, counted="wrong-key")

    def check_fields(self, asked: Asked) -> None:
        """Look for what this model does not take.

        Raises:
            Refusal: There is such a field.
        """
        for check in self._checks:
            check(asked.fields)


def _no_max_tokens(fields: Mapping[str, object]) -> None:
    if fields.get("max_tokens") is not None:
        raise Refusal(
            "Unsupported parameter: 'max_tokens' is not supported with this model. "
            "Use 'max_completion_tokens' instead.",
            "max_tokens",
            code="unsupported_parameter",
        )


def _no_temperature(fields: Mapping[str, object]) -> None:
    value = fields.get("temperature")
    if value not in (None, 1):
        raise Refusal(
            f"Unsupported value: 'temperature' does not support {value} with this model. "
            "Only the default (1) value is supported.",
            "temperature",
            code="unsupported_value",
        )


def _no_structured(fields: Mapping[str, object]) -> None:
    wanted = fields.get("response_format")
    kind = wanted.get("type") if isinstance(wanted, dict) else None
    if kind in {"json_object", "json_schema"}:
        raise Refusal(
            f"Invalid parameter: 'response_format' of type '{kind}' is not supported with this "
            "model.",
            "response_format",
        )
