"""Waldur's records of usage in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, starmap
from types import MappingProxyType
from typing import Final, TypeAlias
from uuid import UUID

from cscs_domain.errors import (
    InputError,
    MonthClosedError,
    UpstreamServiceError,
    UsageRefusedError,
    WrongMonthError,
)
from cscs_domain.ports import Clock, WaldurUsage
from cscs_domain.storage.states import ResourceState
from cscs_domain.usage.metered_resources import (
    MeteredResource,
    MeteredResources,
    OfferingChoice,
    terminated,
)
from cscs_domain.usage.months import Month
from cscs_domain.usage.submissions import (
    RecordedMonth,
    RecordedUsage,
    TotalsEntry,
    UsersEntry,
    UsersResult,
)
from cscs_fakes.waldur_usage_book import FakeUsageBook

_SERVICE: Final = "Waldur"
_NO_SLUGS: Final[Mapping[str, UUID]] = MappingProxyType({})

Entry: TypeAlias = TotalsEntry | UsersEntry


class FakeWaldurUsage:
    """Usage as a server of version 8.1 keeps it, in UTC; one of version 5.8 if `keeps_dates` is
    False.

    `is_staff` may change every past month; another token only `open_months`. `accounts` are the
    usernames that Waldur has accounts of. `slugs` names offerings; without it the slug of an
    offering is the `cluster` of its resources. `calls` are all entries that came in, refused ones
    too. Change everything at any time.
    """

    def __init__(
        self,
        resources: Iterable[MeteredResource] = (),
        *,
        clock: Clock,
        keeps_dates: bool = True,
        is_staff: bool = True,
        accounts: Iterable[str] = (),
        slugs: Mapping[str, UUID] = _NO_SLUGS,
    ) -> None:
        self.keeps_dates = keeps_dates
        self.is_staff = is_staff
        self.accounts = set(accounts)
        self.open_months: set[tuple[UUID, Month]] = set()
        self.calls: list[Entry] = []
        self._clock = clock
        self._slugs = dict(slugs)
        self._resources: dict[UUID, MeteredResource] = {}
        self._book = FakeUsageBook()
        self._refusals: dict[tuple[UUID, type[Entry]], Exception] = {}
        self._user_refusals: dict[str, str] = {}
        self._failure: Exception | None = None
        self._failures_left: int | None = None
        self.add(*resources)

    # --- the other side

    def add(self, *resources: MeteredResource) -> None:
        """Add resources, or put them in the place of those with the same uuid."""
        self._resources |= {resource.uuid: resource for resource in resources}

    def record(self, resource: UUID, month: Month) -> RecordedUsage:
        """What is recorded."""
        return self._book.seen(resource, month)

    def set_record(self, resource: UUID, month: Month, usage: RecordedUsage) -> None:
        """Replace what is recorded; its `doubt` tells of a record that cannot be read."""
        self._book.put(resource, month, usage)

    def linked(self, resource: UUID, month: Month, component: str) -> frozenset[str]:
        """The users whose rows are linked to an account."""
        return self._book.linked(resource, month, component)

    def fail_with(self, error: Exception | None, times: int | None = None) -> None:
        """Let the next calls fail, so many `times` or until it is called with None."""
        self._failure, self._failures_left = error, times

    def refuse(self, resource: UUID, error: Exception, *, of: type[Entry] = TotalsEntry) -> None:
        """Let entries of this kind about this resource fail from now on."""
        self._refusals[resource, of] = error

    def refuse_user(self, username: str, reason: str) -> None:
        """Let the figures of this user be refused from now on."""
        self._user_refusals[username] = reason

    # --- the port

    async def resources(self, offerings: OfferingChoice) -> MeteredResources:
        """The resources of these offerings, in the order in which they were added."""
        self._may_fail()
        chosen = self._chosen(offerings)
        live = [each for each in self._resources.values() if _is_live(each)]
        found = tuple(each for each in live if each.offering in chosen)
        gone = Counter(
            each.offering
            for each in self._resources.values()
            if not _is_live(each) and each.offering in chosen
        )
        problems = chain.from_iterable(starmap(terminated, sorted(gone.items())))
        return MeteredResources(
            resources=found, keeps_dates=self.keeps_dates, problems=tuple(problems)
        )

    async def recorded(self, month: Month, resources: Sequence[MeteredResource]) -> RecordedMonth:
        """What is recorded for these resources; those without anything are absent."""
        self._may_fail()
        found = {each.uuid: self._book.seen(each.uuid, month) for each in resources}
        return {uuid: usage for uuid, usage in found.items() if usage.totals or usage.doubt}

    async def submit_totals(self, entry: TotalsEntry) -> None:
        """Set the totals, in the month that the entry's moment belongs to."""
        self._begin(entry)
        month = self._booked_month(entry)
        self._refuse_totals(entry, month)
        self._book.store_totals(entry.resource, month, entry.amounts)
        if month != entry.month:
            reason = (
                f"usage of resource {entry.resource} for {entry.month} was booked into {month}."
                " Its current month may hold this figure now; report that month again for this"
                " account and let it fall (--allow-decrease)."
            )
            raise WrongMonthError(_SERVICE, reason, retryable=False)

    async def submit_users(self, entry: UsersEntry) -> UsersResult:
        """Set the users' parts, each for itself."""
        self._begin(entry)
        if not entry.amounts:
            return UsersResult()
        if entry.component not in self._book.seen(entry.resource, entry.month).totals:
            reason = f"{entry.month} has no total of {entry.component}"
            raise UsageRefusedError(entry.resource, reason)
        refused = {name: why for name in entry.amounts if (why := self._refusal_of(name))}
        taken = [name for name in entry.amounts if name not in refused]
        place = (entry.resource, entry.month, entry.component)
        for name in taken:
            is_linked = name in self.accounts
            self._book.store_user(place, name, entry.amounts[name], is_linked=is_linked)
        if taken and self.keeps_dates:  # as of 8.1
            self._book.fill_total(place)
        return UsersResult(refused=refused, unlinked=frozenset(taken) - self.accounts)

    async def ping(self) -> None:
        """Nothing stands in the way but a failure that was asked for."""
        self._may_fail()

    # --- rules

    def _may_fail(self) -> None:
        if self._failure is None or self._failures_left == 0:
            return
        if self._failures_left is not None:
            self._failures_left -= 1
        raise self._failure

    def _begin(self, entry: Entry) -> None:
        self._may_fail()
        self.calls.append(entry)
        if error := self._refusals.get((entry.resource, type(entry))):
            raise error

    def _chosen(self, offerings: OfferingChoice) -> set[UUID]:
        if offerings.slugs and not self.keeps_dates:
            raise _unusable("is too old to know offerings by slug; name their uuids")
        all_of_them = self._resources.values()
        known = self._slugs or {each.cluster: each.offering for each in all_of_them}
        uuids = {*known.values(), *(each.offering for each in all_of_them)}
        unknown = [*(offerings.slugs - known.keys()), *(offerings.uuids - uuids)]
        if unknown:
            names = ", ".join(sorted(map(str, unknown)))
            raise _unusable(f"shows no offering {names}")
        return {*offerings.uuids, *(known[slug] for slug in offerings.slugs)}

    def _booked_month(self, entry: TotalsEntry) -> Month:
        return Month.of(entry.moment if self.keeps_dates else self._clock.now())

    def _refuse_totals(self, entry: TotalsEntry, month: Month) -> None:
        """The checks in Waldur's order."""
        if self.keeps_dates and entry.moment > self._clock.now():
            raise _refused(entry, "date: Cannot submit usage for future dates.")
        resource = self._resources.get(entry.resource)
        if resource is None:
            raise _refused(entry, f"resource: Object with uuid={entry.resource} does not exist.")
        if not resource.is_reportable:
            raise _refused(entry, "resource: Resource is not in valid state.")
        known = resource.components
        unknown = sorted(entry.amounts.keys() - known) if known is not None else ()
        if unknown:
            raise _refused(entry, f"These components are invalid: {', '.join(unknown)}.")
        is_past = month < Month.of(self._clock.now())
        if is_past and not self.is_staff and (entry.resource, month) not in self.open_months:
            raise MonthClosedError(entry.resource, "date: the month is closed for providers")

    def _refusal_of(self, username: str) -> str:
        if not username.strip():
            return "username: This field may not be blank."
        return self._user_refusals.get(username, "")


def _is_live(resource: MeteredResource) -> bool:
    return resource.state is not ResourceState.TERMINATED


def _refused(entry: TotalsEntry, reason: str) -> InputError:
    return UsageRefusedError(entry.resource, reason)


def _unusable(reason: str) -> UpstreamServiceError:
    return UpstreamServiceError(_SERVICE, reason, retryable=False)


_: type[WaldurUsage] = FakeWaldurUsage
