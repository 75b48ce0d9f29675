"""Invented usage for fake adapters: accounts, what they used, and the Waldur that sold it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta, tzinfo
from functools import cached_property
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

import attrs

from cscs_domain.ports import Clock
from cscs_domain.usage.metered_resources import MeteredResource
from cscs_domain.usage.metering import UsageKind
from cscs_domain.usage.months import Days, Month, Period, months_between
from cscs_domain.usage.usage_reporting import UsageJob
from cscs_fakes.usage_rows import (
    make_compute_rows,
    make_inference_rows,
    make_storage_rows,
    users_of,
)
from cscs_fakes.usage_warehouse import FakeUsageWarehouse
from cscs_fakes.waldur_usage import FakeWaldurUsage

_ACCOUNTS: Final = 12
_MONTHS_BACK: Final = 24
_DAYS_BACK: Final = 31
_UNKNOWN_LINK: Final = 9
"""One user in so many has no account in Waldur."""


@attrs.define(eq=False, slots=False)
class InventedUsage:
    """What fake adapters hold for a job at a moment; made when it is asked for."""

    job: UsageJob
    now: datetime
    zone: tzinfo

    def warehouse(self) -> FakeUsageWarehouse:
        """Usage of this month and the two years before, and of single days of the last month."""
        fake = FakeUsageWarehouse()
        for period in self._periods():
            fake.put(self.job.metering.kind, period, self._rows(period))
        return fake

    def waldur(self, clock: Clock) -> FakeWaldurUsage:
        """A Waldur that has sold the resources, and has no usage of them yet."""
        users = {user for name in self._accounts for user in users_of(name)}
        known = [user for place, user in enumerate(sorted(users), 1) if place % _UNKNOWN_LINK]
        return FakeWaldurUsage(
            self._resources, clock=clock, accounts=known, slugs=dict(self._slugs)
        )

    def _periods(self) -> Iterator[Period]:
        current = Month.of(self.now, self.zone)
        yield from months_between(current.plus(-_MONTHS_BACK), current)
        if self.job.metering.kind is not UsageKind.INFERENCE:
            today = self.now.astimezone(self.zone).date()
            yield from (_day(today - timedelta(days=back)) for back in range(_DAYS_BACK))

    def _rows(self, period: Period) -> list[dict[str, object]]:
        metering = self.job.metering
        match metering.kind:
            case UsageKind.COMPUTE:
                return make_compute_rows(self._accounts, period, profile=metering.profile)
            case UsageKind.STORAGE:
                paths = [metering.storage_paths.get(name, name) for name in self._accounts]
                return make_storage_rows(paths, period)
            case UsageKind.INFERENCE:
                return make_inference_rows([str(each.uuid) for each in self._resources], period)

    @cached_property
    def _accounts(self) -> list[str]:
        """Backend ids: g001 and so on, for storage the configured ones or paths."""
        metering = self.job.metering
        names = [f"g{number:03d}" for number in range(1, _ACCOUNTS + 1)]
        if metering.kind is not UsageKind.STORAGE:
            return names
        return list(metering.storage_paths) or [f"/store/{name}" for name in names]

    @cached_property
    def _slugs(self) -> Mapping[str, UUID]:
        return {slug: _uuid("offering", slug) for slug in sorted(self.job.offerings.slugs)}

    @cached_property
    def _resources(self) -> list[MeteredResource]:
        """The accounts, dealt out to the offerings by turns."""
        offerings = [*self._slugs.values(), *sorted(self.job.offerings.uuids)]
        names = frozenset(component.name for component in self.job.metering.components)
        return [
            MeteredResource(
                uuid=_uuid("resource", account),
                backend_id=account,
                offering=offerings[place % len(offerings)],
                name=account.rpartition("/")[2],
                components=names,
            )
            for place, account in enumerate(self._accounts)
        ]


def _day(day: date) -> Days:
    return Days(day, day)


def _uuid(what: str, name: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"invented {what} {name}")
