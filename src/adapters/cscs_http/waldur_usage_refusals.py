"""What it means that Waldur does not take usage. Source: Waldur contract, sections 1, 7 and 8."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from cscs_domain.errors import CscsError, MonthClosedError, UsageRefusedError
from cscs_http.errors import UnexpectedStatusError

ABSENT: Final = 404
NOT_ALLOWED: Final = 405
INVALID: Final = 400

_REFUSED: Final = frozenset({INVALID, 403, ABSENT})
_BACKFILLING: Final = "backfilling past billing periods"


def refusal(resource: UUID, error: UnexpectedStatusError) -> CscsError:
    """A refusal of this resource's usage, if Waldur says so, else the error as it is."""
    if error.status not in _REFUSED or not is_of_waldur(error):
        return error
    if error.status == INVALID and _BACKFILLING in error.said:
        return MonthClosedError(resource, error.said)
    return UsageRefusedError(resource, error.said)


def is_of_waldur(error: UnexpectedStatusError) -> bool:
    """Whether Waldur itself has looked at the data: a page of HTML comes from a proxy, or says
    that this version has no such action, and an answer that says nothing may be anybody's.
    """
    return error.is_json and bool(error.said)
