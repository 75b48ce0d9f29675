"""Tokens, and who stands behind them. Source: Waldur contract, section 1, and sample `auth`."""

from __future__ import annotations

from enum import StrEnum
from hashlib import sha1
from typing import Final

import attrs

from cscs_fakes.emulators.waldur.answers import Refusal

AGENT_TOKEN: Final = "a9e27c41b35d60f8a9e27c41b35d60f8a9e27c41"  # noqa: S105  # opens an emulator
"""40 hex digits: the token of the service account `svc-agent`, which does not expire by itself."""
STAFF_TOKEN: Final = "57aff0d86e219cb457aff0d86e219cb457aff0d8"  # noqa: S105  # as above
"""The token of an administrator of the portal."""
CONSUMER_TOKEN: Final = "a11ce53c90b7e84da11ce53c90b7e84da11ce53c"  # noqa: S105  # as above
"""The token of `alice`, who may order for every customer."""


class Role(StrEnum):
    """What somebody may do."""

    AGENT = "agent"
    STAFF = "staff"
    CONSUMER = "consumer"


@attrs.frozen(kw_only=True)
class Caller:
    """A user of the portal; `number` is the id by which usage records name their author."""

    role: Role
    username: str
    full_name: str
    uuid: str
    number: int

    @property
    def is_staff(self) -> bool:
        """Whether this is an administrator."""
        return self.role is Role.STAFF

    @property
    def is_provider(self) -> bool:
        """Whether this user manages what providers offer."""
        return self.role is not Role.CONSUMER

    @property
    def is_consumer(self) -> bool:
        """Whether this user orders things."""
        return self.role is not Role.AGENT


ADMIN: Final = Caller(
    role=Role.STAFF,
    username="admin",
    full_name="Site Administrator",
    uuid="0c16b1e5b7ea5c8d9f40d8a4b8a0f6e3",
    number=1,
)
AGENT: Final = Caller(
    role=Role.AGENT,
    username="svc-agent",
    full_name="Storage Agent",
    uuid="cdef6203306b56fe8b8fd882d282830a",
    number=2,
)
ALICE: Final = Caller(
    role=Role.CONSUMER,
    username="alice",
    full_name="Alice Adams",
    uuid="8c3bc48ffdf95ac2b678276e9b2f310f",
    number=3,
)
_CALLERS: Final = {caller.role: caller for caller in (ADMIN, AGENT, ALICE)}


class Tokens:
    """Which tokens are good, and which were."""

    def __init__(self) -> None:
        self._good = {AGENT_TOKEN: AGENT, STAFF_TOKEN: ADMIN, CONSUMER_TOKEN: ALICE}
        self._expired: set[str] = set()
        self._issued = 0

    def issue(self, role: Role, token: str | None = None) -> str:
        """A token, a new one unless it is given; one that had expired is good again."""
        self._issued += 1
        made = token or sha1(f"token {self._issued}".encode(), usedforsecurity=False).hexdigest()
        self._good[made] = _CALLERS[role]
        self._expired.discard(made)
        return made

    def expire(self, token: str) -> None:
        """Let a token be too old."""
        self._expired.add(token)

    def revoke(self, token: str) -> None:
        """Forget a token."""
        self._good.pop(token, None)

    def caller(self, header: str) -> Caller:
        """Who sends this Authorization header. Refuses with 401."""
        scheme, *words = header.split() or [""]
        if scheme.lower() != "token":
            raise _unknown("Authentication credentials were not provided.")
        if not words:
            raise _unknown("Invalid token. No credentials provided.")
        if len(words) > 1:
            raise _unknown("Invalid token. Token string should not contain spaces.")
        return self._owner(words[0])

    def _owner(self, token: str) -> Caller:
        if token not in self._good:
            raise _unknown("Invalid token.")
        if token in self._expired:
            raise _unknown("Token has expired.")
        return self._good[token]


def _unknown(sentence: str) -> Refusal:
    return Refusal(401, {"detail": sentence}, {"www-authenticate": "Token"})
