"""Usage in Waldur over HTTP. Source: Waldur contract, sections 7, 8, 10 and 11.

Requests are repeated like reads (`Service`): amounts are totals, so that it does no harm to send
them again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TypeVar

from cscs_domain._text import label
from cscs_domain.errors import UsageRefusedError
from cscs_domain.ports import WaldurUsage
from cscs_domain.usage.metered_resources import MeteredResource, MeteredResources, OfferingChoice
from cscs_domain.usage.months import Month
from cscs_domain.usage.submissions import RecordedMonth, TotalsEntry, UsersEntry, UsersResult
from cscs_http.errors import NoAnswerError, UnusableAnswerError
from cscs_http.service import Service
from cscs_http.waldur_lists import Deadline
from cscs_http.waldur_query import RESOURCES, UUIDS_ONLY
from cscs_http.waldur_usage_accounts import OfferingAccounts
from cscs_http.waldur_usage_book import RecordBook, recorded_month
from cscs_http.waldur_usage_records import Found, UsageRecord, UserPart, read_parts, read_records
from cscs_http.waldur_usage_resources import read_metered
from cscs_http.waldur_usage_scopes import scope_of, scopes
from cscs_http.waldur_usage_spreading import Spread, spread
from cscs_http.waldur_usage_totals import differences, set_totals, why_different
from cscs_http.waldur_usage_users import Target, UserSubmitter, items_of

_T = TypeVar("_T")


class HttpWaldurUsage:
    """Usage on a Waldur server; the URL of `service` is its API's.

    A list that is not read after `read_limit` seconds is an error, and so is a `ping` that is not
    answered after `ping_limit`. Records of the month that was read or written last, and accounts,
    are remembered, so let one adapter do one run.
    """

    def __init__(
        self, service: Service, *, read_limit: float = 300.0, ping_limit: float = 10.0
    ) -> None:
        self._service = service
        self._ping_limit = ping_limit
        self._read_limit = read_limit
        self._book = RecordBook()
        self._accounts = OfferingAccounts(service, read_limit=read_limit)
        self._users = UserSubmitter(service)

    async def resources(self, offerings: OfferingChoice) -> MeteredResources:
        """The live resources, with the component types of their offerings."""
        return await read_metered(self._service, offerings, self._deadline())

    async def recorded(self, month: Month, resources: Sequence[MeteredResource]) -> RecordedMonth:
        """What is recorded, in two lists an offering."""
        records = Found[UsageRecord]()
        parts = Found[UserPart]()
        deadline = self._deadline()
        for scope in scopes(resources):
            of_scope = await read_records(self._service, scope, month, deadline)
            records.add(of_scope)
            parts.add(await read_parts(self._service, scope, month, of_scope.rows, deadline))
        doubts = {**parts.doubts, **records.doubts}
        clear = {resource.uuid for resource in resources} - doubts.keys()
        self._book.learn_all(month, clear, records.rows)
        for uuid in doubts:
            self._book.forget(uuid)
        return recorded_month(records.rows, parts.rows, doubts)

    async def submit_totals(self, entry: TotalsEntry) -> None:
        """Set the totals, and read the month back."""
        await set_totals(self._service, entry)
        self._book.forget(entry.resource)
        service = self._service.connection.service
        differing = differences(service, entry, await self._read_records(entry))
        if differing:
            scope = scope_of(entry.resource)
            everywhere = await read_records(self._service, scope, None, self._deadline())
            raise why_different(service, entry, differing, everywhere.rows)

    async def submit_users(self, entry: UsersEntry) -> UsersResult:
        """Set users' figures in the record of the component.

        Where a change of plan has made several, each figure is spread over them, and only what
        changes is sent. A total of nothing gets no users: Waldur would fill it.
        """
        if not entry.amounts:
            return UsersResult()
        records = await self._records_of(entry)
        wanted = await self._spread(entry, records)
        refused = dict(wanted.refused)
        urls = await self._accounts.urls(records[-1].offering)
        try:
            for record, amounts in wanted.parts.items():
                target = Target(entry.resource, record)
                refused |= await self._users.submit(target, items_of(amounts, urls))
        except UsageRefusedError:
            self._book.forget(entry.resource)  # the record may be gone
            raise
        unlinked = frozenset(entry.amounts) - refused.keys() - urls.keys()
        return UsersResult(refused=refused, unlinked=unlinked)

    async def ping(self) -> None:
        """Read the uuid of one resource."""
        try:
            async with asyncio.timeout(self._ping_limit):
                answer = await self._service.get(RESOURCES, (("page_size", "1"), *UUIDS_ONLY))
        except TimeoutError:
            reason = f"GET {RESOURCES} was not answered within {self._ping_limit:g} s"
            raise NoAnswerError(self._service.connection.service, reason) from None
        if not isinstance(answer.json(), list):
            raise answer.unusable("answered with no list: is this the API of Waldur?")

    async def _records_of(self, entry: UsersEntry) -> list[UsageRecord]:
        """The records of the component, the oldest first."""
        known = self._book.records(entry.month, entry.resource) or ()
        found = [record for record in known if record.component == entry.component]
        if not found:
            known = await self._read_records(entry)
            found = [record for record in known if record.component == entry.component]
        if not found:
            reason = f"{entry.month} has no total of {label(entry.component)} to attach users to"
            raise UsageRefusedError(entry.resource, reason)
        return found

    async def _spread(self, entry: UsersEntry, records: Sequence[UsageRecord]) -> Spread:
        """What to send to which record."""
        if len(records) == 1:
            return Spread(parts={records[0].uuid: entry.amounts})
        scope, deadline = scope_of(entry.resource), self._deadline()
        found = await read_parts(self._service, scope, entry.month, records, deadline)
        return spread(entry.amounts, records, self._undoubted(entry, found))

    async def _read_records(self, entry: TotalsEntry | UsersEntry) -> Sequence[UsageRecord]:
        scope = scope_of(entry.resource)
        found = await read_records(self._service, scope, entry.month, self._deadline())
        records = self._undoubted(entry, found)
        self._book.learn(entry.month, entry.resource, records)
        return records

    def _undoubted(self, entry: TotalsEntry | UsersEntry, found: Found[_T]) -> list[_T]:
        for doubt in found.doubts.values():
            reason = f"resource {entry.resource} in {entry.month}: {doubt}"
            raise UnusableAnswerError(self._service.connection.service, reason, retryable=False)
        return found.rows

    def _deadline(self) -> Deadline:
        return Deadline.within(self._read_limit)


_: type[WaldurUsage] = HttpWaldurUsage
