"""Callers' tokens in memory: each is whatever text a test likes."""

from __future__ import annotations

from collections.abc import Mapping

from cscs_domain.callers import Caller
from cscs_domain.errors import AuthenticationError, UpstreamServiceError
from cscs_domain.ports import TokenVerifier


class FakeTokenVerifier:
    """Believes these tokens and no others; change them at any time.

    `checked` counts the tokens that were asked about, `closed` says whether it was let go.
    """

    def __init__(self, callers: Mapping[str, Caller] | None = None) -> None:
        self._callers = dict(callers or {})
        self._failure: UpstreamServiceError | None = None
        self.checked = 0
        self.closed = False

    def believe(self, token: str, caller: Caller) -> None:
        """Let a token be this caller's from now on."""
        self._callers[token] = caller

    def forget(self, token: str) -> None:
        """Believe a token no more, known or not."""
        self._callers.pop(token, None)

    def fail_with(self, error: UpstreamServiceError) -> None:
        """Let every check fail from now on, as if the keys could not be had."""
        self._failure = error

    def recover(self) -> None:
        """Let checks succeed again."""
        self._failure = None

    async def verify(self, token: str) -> Caller:
        """Look the token up."""
        self.checked += 1
        if self._failure:
            raise self._failure
        if token not in self._callers:
            raise AuthenticationError("The token is not known here.")
        return self._callers[token]

    async def warm_up(self) -> None:
        """Fail if checks are to fail."""
        if self._failure:
            raise self._failure

    async def close(self) -> None:
        """Take note of it."""
        self.closed = True


_: type[TokenVerifier] = FakeTokenVerifier
