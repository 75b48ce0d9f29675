"""Which records Waldur is known to have, so that users' parts find theirs without asking again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from cscs_domain.usage.metered_resources import MeteredResource
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
        self, month: Month, resources: Iterable[MeteredResource], records: Iterable[UsageRecord]
    ) -> None:
        """These are all records of these resources in a month."""
        mine: dict[UUID, list[UsageRecord]] = {resource.uuid: [] for resource in resources}
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


def recorded_month(records: Iterable[UsageRecord], parts: Iterable[UserPart]) -> RecordedMonth:
    """The sums of several records of one component, by resource."""
    totals: dict[UUID, dict[str, list[UsageRecord]]] = {}
    users: dict[UUID, dict[str, dict[str, list[UserPart]]]] = {}
    for record in records:
        totals.setdefault(record.resource, {}).setdefault(record.component, []).append(record)
    for part in parts:
        of_resource = users.setdefault(part.record.resource, {})
        of_component = of_resource.setdefault(part.record.component, {})
        of_component.setdefault(part.username, []).append(part)
    return {
        resource: RecordedUsage(
            totals={name: total_of(each.amount for each in found) for name, found in mine.items()},
            users={
                name: {
                    user: total_of(part.amount for part in of_user)
                    for user, of_user in all_.items()
                }
                for name, all_ in users.get(resource, {}).items()
            },
        )
        for resource, mine in totals.items()
    }
