"""What stands in `Authorization`, and what to do when a service does not believe it."""

from __future__ import annotations

from typing import Protocol

import attrs

from cscs_http.answer import Answer
from cscs_http.connection import Reveal


class Credentials(Protocol):
    """Says who we are."""

    async def header(self) -> str:
        """The value of `Authorization`. Raises `UpstreamServiceError` if it cannot be had."""

    async def refused(self, header: str, answer: Answer) -> bool:
        """Take note that this header got a 401; say whether another one is there to try."""

    def advice(self, said: str) -> str:
        """What an operator can do about a 401 that says this."""


@attrs.frozen
class WaldurToken:
    """A token that somebody configured. Its file may have changed since it was last used."""

    _reveal: Reveal = attrs.field(repr=False)

    async def header(self) -> str:
        """The token as it is now."""
        return f"Token {self._reveal()}"

    async def refused(self, header: str, answer: Answer) -> bool:
        """Whether the token has changed since."""
        del answer
        return await self.header() != header

    def advice(self, said: str) -> str:
        """Tells an expired token, which a lifetime in Waldur makes, from a wrong one."""
        if "expired" in said:
            return (
                "the token has expired: unset the token lifetime of the service account in Waldur,"
                " then configure its new token"
            )
        return (
            "check the token (waldur_api.access_token, in the site agent's file waldur_api_token):"
            " Waldur does not know it (any more)"
        )
