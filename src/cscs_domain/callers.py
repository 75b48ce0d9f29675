"""Who asks, and what they may. Source: DESIGN section 9."""

from __future__ import annotations

import attrs

from cscs_domain._text import label, shown
from cscs_domain.errors import PermissionDeniedError


@attrs.frozen(kw_only=True)
class Caller:
    """Somebody whose token was believed.

    `subject` never changes, `username` is for people, `roles` are those of the realm and of all
    its clients together.
    """

    subject: str
    username: str
    roles: frozenset[str] = frozenset()

    def has(self, role: str) -> bool:
        """Whether the caller has been given this role; case matters."""
        return role in self.roles

    def __str__(self) -> str:
        return label(self.username)


@attrs.frozen(kw_only=True)
class AccessPolicy:
    """Which role it takes to be answered at all, and which to look into everything.

    Without a required role everybody with a good token is answered; without an operator role
    nobody is an operator.
    """

    required_role: str | None = None
    operator_role: str | None = None

    def admit(self, caller: Caller) -> None:
        """Raise `PermissionDeniedError` for a caller without the required role."""
        role = self.required_role
        if role is not None and not caller.has(role):
            raise PermissionDeniedError(
                "The token lacks the role that this service asks for.", _needed(role)
            )

    def is_operator(self, caller: Caller) -> bool:
        """Whether the caller may write, debug and see everybody's usage."""
        return self.operator_role is not None and caller.has(self.operator_role)

    def demand_operator(self, caller: Caller) -> None:
        """Raise `PermissionDeniedError` for a caller who is no operator."""
        if self.is_operator(caller):
            return
        if self.operator_role is None:
            raise PermissionDeniedError(
                "This is for operators, and no role is configured that makes somebody one.",
                "Set auth.operator_role (CSCS_AUTH__OPERATOR_ROLE) on the server to such a role.",
            )
        raise PermissionDeniedError(
            "This is for operators, and the token lacks their role.", _needed(self.operator_role)
        )


def _needed(role: str) -> str:
    return f"The token needs the role {shown(role)}, of the realm or of one of its clients."
