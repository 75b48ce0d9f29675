"""Which records Waldur is known to have, so that users' parts find theirs without asking again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from cscs_domain.usage.months import Month
from cscs_domain.usage.submissions import RecordedMonth, RecordedUsage
from cscs_http.waldur_usage_records import UsageRecord, UserPart, total_of


class RecordBook:
    """Records by resource, of the month that was looked at last."""

    def __init__(self) -> None:
        self._month: Month | None = None
        self._records: dict[UUID, list[UsageRecord]] = {}

    def learn(self, month: Month, resource: UUID, records: Iterable[UsageRecord]) -> None:
        """These are all records of a resource in a month, the oldest first."""
        if month != self._month:
            self._month, self._records = month, {}
        self._records[resource] = list(records)

    def learn_all(
        self, month: Month, resources: Iterable[UUID], records: Iterable[UsageRecord]
    ) -> None:
        """These are all records of these resources in a month."""
        mine: dict[UUID, list[UsageRecord]] = {uuid: [] for uuid in resources}
        for record in records:
            if record.resource in mine:
                mine[record.resource].append(record)
        for uuid, found in mine.items():
            self.learn(month, uuid, found)

    def forget(self, resource: UUID) -> None:
        """What is known of a resource has turned out to be wrong."""
        self._records.pop(resource, None)

    def records(self, month: Month, resource: UUID) -> Sequence[UsageRecord] | None:
        """The records of a resource in a month, the oldest first. None if nobody has looked."""
        return self._records.get(resource) if month == self._month else None


def recorded_month(
    records: Iterable[UsageRecord], parts: Iterable[UserPart], doubts: Mapping[UUID, str]
) -> RecordedMonth:
    """The sums of several records of one component, by resource."""
    totals: dict[UUID, dict[str, list[Decimal]]] = {uuid: {} for uuid in doubts}
    users: dict[UUID, dict[str, dict[str, list[Decimal]]]] = {}
    for record in records:
        of_resource = totals.setdefault(record.resource, {})
        of_resource.setdefault(record.component, []).append(record.amount)
    for part in parts:
        of_users = users.setdefault(part.record.resource, {}).setdefault(part.record.component, {})
        of_users.setdefault(part.username, []).append(part.amount)
    return {
        uuid: RecordedUsage(
            totals=_sums(mine),
            users={name: _sums(of_users) for name, of_users in users.get(uuid, {}).items()},
            doubt=doubts.get(uuid, ""),
        )
        for uuid, mine in totals.items()
    }


def _sums(amounts: Mapping[str, Iterable[Decimal]]) -> dict[str, Decimal]:
    return {name: total_of(each) for name, each in amounts.items()}
