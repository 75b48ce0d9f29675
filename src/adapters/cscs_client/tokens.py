"""Tokens as users of the client give them: a text, or a function that fetches one when needed.

A function is asked with every request, so a token that is renewed in a file or by another program
is taken up at once. No error and no repr has a token in it, nor a part of one.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Final, TypeAlias

import attrs

from cscs_domain._text import label
from cscs_domain.errors import InvalidValueError, UpstreamServiceError
from cscs_http.answer import Answer
from cscs_http.connection import Reveal
from cscs_http.credentials import Credentials
from cscs_http.quoted_secrets import quotes

Secret: TypeAlias = str | Callable[[], str]

# What fits into a header. The HTTP library would quote anything else in its error.
_TOKEN: Final = re.compile(r"[\x21-\x7e]{1,16384}")


def token_reveal(what: str, secret: Secret) -> Reveal:
    """A function that gives the token without blanks around it, such as a file's last line end.

    Raises `InvalidValueError` (the function: when it is called) for what cannot be a token.
    """
    if not isinstance(secret, str):
        return lambda: _checked(what, revealed(what, secret))
    token = _checked(what, secret)
    return lambda: token


def revealed(what: str, secret: Secret) -> str:
    """The text as it is; what a function gives without blanks around it.

    A function that fails is an `UpstreamServiceError`: the same one may succeed later.
    """
    if isinstance(secret, str):
        return secret
    given = _called(secret)
    if isinstance(given, Exception):
        # Raised here and not where it was caught, so that it does not carry along an error of
        # somebody's function, which may quote the secret.
        reason = f"the function that gives it failed ({_kind(given)})"
        raise UpstreamServiceError(what, reason)
    if not isinstance(given, str):
        raise InvalidValueError(what, "(not shown)", "is no text")
    return given.strip()


def _called(function: Callable[[], str]) -> object:
    """What the function gives, or the error that it raises."""
    try:
        return function()
    except Exception as error:  # noqa: BLE001  # it is somebody else's
        return error


def _kind(error: Exception) -> str:
    """What can be told of an error without its text."""
    number = error.errno if isinstance(error, OSError) else None
    name = label(type(error).__name__)
    return f"{name}: {os.strerror(number)}" if isinstance(number, int) else name


def _checked(what: str, text: str) -> str:
    token = text.strip()
    if not _TOKEN.fullmatch(token):
        raise InvalidValueError(what, "(not shown)", "is blank, too long, or no plain ASCII")
    return token


@attrs.frozen
class SecretToken:
    """A token that somebody has, behind the scheme that its service wants (`Bearer`, `Token`)."""

    _scheme: str
    _reveal: Reveal = attrs.field(repr=False)
    _advice: str

    async def header(self) -> str:
        """The token as it is now."""
        return f"{self._scheme} {self._reveal()}"

    async def refused(self, header: str, answer: Answer) -> bool:
        """Whether the token has changed since."""
        del answer
        return await self.header() != header

    def advice(self, said: str) -> str:
        """What to do, besides what the service itself says."""
        del said
        return self._advice


@attrs.define
class WatchedCredentials:
    """Credentials that know what they gave out, so that no error text repeats it."""

    _credentials: Credentials = attrs.field(repr=False)
    _last: str = attrs.field(default="", init=False, repr=False)

    async def header(self) -> str:
        """As the credentials say."""
        self._last = await self._credentials.header()
        return self._last

    async def refused(self, header: str, answer: Answer) -> bool:
        """As the credentials say."""
        return await self._credentials.refused(header, answer)

    def advice(self, said: str) -> str:
        """As the credentials say."""
        return self._credentials.advice(said)

    def quoted_in(self, text: str) -> bool:
        """Whether a text has a telling part of the last token in it."""
        return quotes(self._last.rpartition(" ")[2], text)


_: tuple[type[Credentials], ...] = (SecretToken, WatchedCredentials)
