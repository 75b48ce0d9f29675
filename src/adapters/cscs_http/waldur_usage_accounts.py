"""Which account of an offering a username belongs to. Source: Waldur contract, section 8."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final
from uuid import UUID

from cscs_http.errors import UnexpectedStatusError
from cscs_http.service import Service
from cscs_http.waldur_lists import Deadline
from cscs_http.waldur_usage_lists import ACCOUNTS, Row, read_all, selection, uuid_of

_MEMBERS: Final = selection("uuid", "username", "state", "offering_uuid")
_NOT_SHOWN: Final = frozenset({403, 404})
_USABLE: Final = (None, "OK")
"""Old servers send no state. No set: what a server sends need not be hashable."""


class OfferingAccounts:
    """URLs of accounts by username, read once an offering."""

    def __init__(self, service: Service, *, read_limit: float) -> None:
        self._service = service
        self._read_limit = read_limit
        self._known: dict[UUID, Mapping[str, str]] = {}
        self._reading = asyncio.Lock()

    async def urls(self, offering: UUID | None) -> Mapping[str, str]:
        """The accounts that usage can be linked to; none where Waldur does not show any.

        Raises `UpstreamServiceError`.
        """
        if offering is None:
            return {}
        async with self._reading:
            if offering not in self._known:
                self._known[offering] = await self._read(offering)
            return self._known[offering]

    async def _read(self, offering: UUID) -> Mapping[str, str]:
        params = (("offering_uuid", offering.hex), *_MEMBERS)
        deadline = Deadline.within(self._read_limit)
        try:
            rows = await read_all(self._service, ACCOUNTS, params, deadline)
        except UnexpectedStatusError as error:
            if error.status in _NOT_SHOWN:
                return {}
            raise
        usable = [row for row in rows if _is_usable(row, offering)]
        ambiguous = _repeated(usable)
        # Never a URL that was received: behind a proxy it can name another host.
        base = self._service.connection.url + ACCOUNTS
        return {
            str(row["username"]): f"{base}{uuid.hex}/"
            for row in usable
            if row["username"] not in ambiguous and (uuid := uuid_of(row))
        }


def _is_usable(row: Row, offering: UUID) -> bool:
    name, state = row.get("username"), row.get("state")
    is_ours = uuid_of(row, "offering_uuid") == offering
    return isinstance(name, str) and bool(name) and is_ours and state in _USABLE


def _repeated(rows: Iterable[Row]) -> set[object]:
    return {name for name, count in Counter(row["username"] for row in rows).items() if count > 1}
