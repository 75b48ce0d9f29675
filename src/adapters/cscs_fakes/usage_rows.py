"""Invented usage in the warehouse's own form, for any account, path or resource and any time.

Equal arguments make equal rows, whatever else is asked about at the same time. Amounts have up to
four decimal places, and the amounts of a period are exactly the sum of those of its days. Source:
DWDI contract, section 4.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from hashlib import blake2b
from typing import Final
from uuid import UUID

import attrs

from cscs_domain.usage.metering import WarehouseProfile
from cscs_domain.usage.months import Month, Period
from cscs_fakes.waldur_row_names import login

CLUSTERS: Final = ("daint", "eiger")

_PEOPLE: Final = 997
"""How many people there are; some work for several accounts."""
_WORD: Final = (1 << 64) - 1
_TOTAL_FIELDS: Final = {
    WarehouseProfile.V1: "accountNodeHours",
    WarehouseProfile.V2: "totalNodeHours",
}
_MOST_A_DAY: Final = 2_000_000
"""The most that a figure grows on an average day, in its smallest unit."""


def make_compute_rows(
    accounts: Sequence[str],
    period: Period,
    *,
    users: int = 5,
    seed: int = 0,
    profile: WarehouseProfile = WarehouseProfile.V1,
    clusters: Collection[str] = CLUSTERS,
) -> list[dict[str, object]]:
    """One row for each account: its total, and what its users have, in node-hours.

    A month has one row for each user; days have one for each user and day, with its `usageDate`.
    Each user works on one of `CLUSTERS`; usage on others than `clusters` is left out. One account
    in four has usage of nobody in particular, on the first cluster.
    """
    total_field = _TOTAL_FIELDS[profile]
    spans = _spans(period)
    return [
        {"account": account, total_field: _number(total), "users": rows}
        for account in accounts
        for total, rows in [
            _account(account, spans, _people(account, users, seed, clusters), seed, clusters)
        ]
    ]


def make_storage_rows(
    paths: Sequence[str], period: Period, *, seed: int = 0
) -> list[dict[str, object]]:
    """One row for each path: what it held when the period ended, in bytes and inodes."""
    end = _spans(period)[-1].end
    return [
        {
            "path": path,
            "spaceUsed": _Meter.of("bytes", path, seed).read(end) * 1_000,
            "inodesUsed": _Meter.of("inodes", path, seed).read(end) // 1_000,
        }
        for path in paths
    ]


def make_inference_rows(
    uuids: Sequence[str], period: Period, *, seed: int = 0
) -> list[dict[str, object]]:
    """One row for each Waldur resource: what its use in the period cost."""
    spans = _spans(period)
    whole = _Span(spans[0].begin, spans[-1].end)
    return [
        {
            "waldurResourceUuid": UUID(uuid).hex,
            "totalCost": _number(_Meter.of("cost", UUID(uuid).hex, seed).growth(whole)),
        }
        for uuid in uuids
    ]


def users_of(account: str, *, users: int = 5, seed: int = 0) -> list[str]:
    """Who works for an account in invented rows. Raises `ValueError` for more than there are."""
    if users > _PEOPLE:
        raise ValueError(f"{users} users: there are only {_PEOPLE}")
    first = _mixed(_key("people", account, seed)) % _PEOPLE
    return [login((first + 7 * number) % _PEOPLE) for number in range(users)]


def cluster_of(account: str, user: str, *, seed: int = 0) -> str:
    """Where a user of an account works: mostly on the first of `CLUSTERS`."""
    return CLUSTERS[_mixed(_key("cluster", f"{account}/{user}", seed)) % 4 == 0]


@attrs.frozen
class _Span:
    """Days by their ordinals, the end excluded; `day` is the date of a single one."""

    begin: int
    end: int
    day: date | None = None


def _spans(period: Period) -> list[_Span]:
    if isinstance(period, Month):
        return [_Span(period.first_day.toordinal(), period.last_day.toordinal() + 1)]
    return list(_single_days(period.first, period.last))


def _single_days(first: date, last: date) -> Iterator[_Span]:
    for step in range((last - first).days + 1):
        day = first + timedelta(days=step)
        yield _Span(day.toordinal(), day.toordinal() + 1, day)


@attrs.frozen
class _Meter:
    """A counter that never runs backwards, so that periods add up however they are cut."""

    key: int
    pace: int

    @classmethod
    def of(cls, what: str, whose: str, seed: int) -> _Meter:
        """The same one for the same arguments; one in ten stands still."""
        key = _key(what, whose, seed)
        pace = _mixed(key)
        return cls(key, 0 if pace % 10 == 0 else 1 + pace % _MOST_A_DAY)

    def read(self, day: int) -> int:
        """The reading at the beginning of a day."""
        return day * self.pace + (_mixed(self.key + day) % self.pace if self.pace else 0)

    def growth(self, span: _Span) -> int:
        """What a span of days adds."""
        return self.read(span.end) - self.read(span.begin)


def _people(
    account: str, users: int, seed: int, clusters: Collection[str]
) -> list[tuple[str, str, _Meter]]:
    """Who works for an account on these clusters, where, and their meters."""
    found = []
    for user in users_of(account, users=users, seed=seed):
        place = cluster_of(account, user, seed=seed)
        if place in clusters:
            found.append((user, place, _Meter.of("node-hours", f"{account}/{user}", seed)))
    return found


def _account(
    account: str,
    spans: Sequence[_Span],
    people: Sequence[tuple[str, str, _Meter]],
    seed: int,
    clusters: Collection[str],
) -> tuple[int, list[dict[str, object]]]:
    total = _of_nobody(account, spans, seed) if CLUSTERS[0] in clusters else 0
    rows = []
    for user, place, meter in people:
        for span in spans:
            amount = meter.growth(span)
            total += amount
            rows.append(_user_row(user, place, span, amount))
    return total, rows


def _of_nobody(account: str, spans: Sequence[_Span], seed: int) -> int:
    meter = _Meter.of("nobody", account, seed)
    return sum(map(meter.growth, spans)) if meter.key % 4 == 0 else 0


def _user_row(user: str, cluster: str, span: _Span, amount: int) -> dict[str, object]:
    row: dict[str, object] = {"username": user, "cluster": cluster, "nodeHours": _number(amount)}
    return row if span.day is None else {**row, "usageDate": span.day.isoformat()}


def _number(units: int) -> Decimal | int:
    """Ten-thousandths as the number that JSON would hold."""
    whole, rest = divmod(units, 10_000)
    return Decimal(units).scaleb(-4).normalize() if rest else whole


def _key(what: str, whose: str, seed: int) -> int:
    text = f"{what}\0{whose}\0{seed}".encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big")


def _mixed(number: int) -> int:
    """A number of 64 bits that looks like no other's: splitmix64's last step."""
    number = (number * 0x9E3779B97F4A7C15) & _WORD
    number = ((number ^ (number >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
    number = ((number ^ (number >> 27)) * 0x94D049BB133111EB) & _WORD
    return number ^ (number >> 31)
