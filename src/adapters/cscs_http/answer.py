"""What a service answered, whole and within bounds."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from cscs_http.errors import UnusableAnswerError
from cscs_json.waldur_decoding import MalformedPageError, decode_json


@attrs.frozen(kw_only=True)
class Answer:
    """Names of headers are in lower case. `place` is the request for people: method and path."""

    service: str
    place: str
    status: int
    headers: Mapping[str, str]
    body: bytes = attrs.field(repr=False)

    def json_bytes(self) -> bytes:
        """The body, if it claims to be JSON. A log-in or proxy page does not, whatever its status.

        Raises `UnusableAnswerError`.
        """
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "application/json" or kind.endswith("+json"):
            return self.body
        said = "HTML (a log-in or proxy page?)" if "html" in kind else "something that is no JSON"
        raise self.unusable(f"answered {self.status} with {said}")

    def json(self) -> object:
        """The body decoded, fractions as `Decimal`. Raises `UnusableAnswerError`."""
        try:
            return decode_json(self.json_bytes())
        except MalformedPageError as error:
            raise self.unusable(f"answered {self.status} with a body that is {error}") from None

    def unusable(self, reason: str) -> UnusableAnswerError:
        """An error that names this request."""
        return UnusableAnswerError(self.service, f"{self.place} {reason}")
