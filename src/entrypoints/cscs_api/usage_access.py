"""Who sees whose usage: operators everybody's, others their own. Source: DESIGN section 9."""

from __future__ import annotations

from typing import Final

import attrs
from starlette.types import Scope

from cscs_api.bearer import caller_of
from cscs_domain.callers import AccessPolicy, Caller
from cscs_domain.errors import PermissionDeniedError
from cscs_domain.events.directory import DirectoryQuery
from cscs_domain.ports import Directory

NOBODY_IN_PARTICULAR: Final = "local"
"""Who corrects links while tokens are not checked."""


@attrs.frozen
class UsageAccess:
    """Rules for one site; without a policy tokens are not checked, and everything is shown."""

    _policy: AccessPolicy | None
    _directory: Directory

    def is_operator(self, scope: Scope) -> bool:
        """Whether the caller may see everything."""
        return self._policy is None or self._policy.is_operator(caller_of(scope))

    def demand_operator(self, scope: Scope) -> None:
        """Raise `PermissionDeniedError` for a caller who is none."""
        if self._policy is not None:
            self._policy.demand_operator(caller_of(scope))

    def name_of(self, scope: Scope) -> str:
        """Who is remembered as having done something."""
        return NOBODY_IN_PARTICULAR if self._policy is None else caller_of(scope).username

    async def own_user(self, scope: Scope) -> str | None:
        """The caller's id in the directory; None while tokens are not checked.

        Raises `PermissionDeniedError` if the directory does not know the caller, or knows several.
        """
        if self._policy is None:
            return None
        caller = caller_of(scope)
        query = DirectoryQuery(external_ids=frozenset({caller.subject}))
        known = await self._directory.find(query)
        found = known.book.users_by_external_id(caller.subject)
        if len(found) == 1:
            return found[0].id
        raise _unknown(caller, several=bool(found))

    async def shown_user(self, scope: Scope, wanted: str | None) -> str | None:
        """Whose events are shown to a caller who asked for those of `wanted`; None is everybody's.

        Raises `PermissionDeniedError` for somebody else's.
        """
        if self.is_operator(scope):
            return wanted
        own = await self.own_user(scope)
        if wanted not in {None, own}:
            raise not_yours()
        return own


def not_yours() -> PermissionDeniedError:
    """What somebody is told who asks for more than their own usage."""
    return PermissionDeniedError(
        "Only operators see the usage of others, of projects and of allocations.",
        "Ask for your own: /usage/summary?scope=user or /usage/events, without an id.",
    )


def _unknown(caller: Caller, *, several: bool) -> PermissionDeniedError:
    how_many = "more than one user" if several else "no user"
    return PermissionDeniedError(
        f"The directory has {how_many} with the sub of this token, that of {caller}.",
        "Ask an operator to enter it as your external_id.",
    )
