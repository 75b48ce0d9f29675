"""Spreading users' figures over several records of one component, as plan changes make them.

Waldur makes the users' sum the total of a record whose total is zero when it is told about a user
of it; beside other records that would count usage twice. So such records are left as they are
wherever that is possible. Source: Waldur contract, sections 7 and 8.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final, TypeAlias
from uuid import UUID

import attrs

from cscs_domain.quantities import EXACT
from cscs_http.waldur_usage_records import NOTHING, UsageRecord, UserPart, total_of

_Held: TypeAlias = Mapping[UUID, Mapping[str, Decimal]]

_SEALED: Final = (
    "a total of 0.00 among those of several plans would have to change its users, and Waldur would"
    " make their sum that total"
)


@attrs.frozen(kw_only=True)
class Spread:
    """What to send: amounts by user, by record. `refused` says by user why nothing is sent."""

    parts: Mapping[UUID, Mapping[str, Decimal]]
    refused: Mapping[str, str] = attrs.field(factory=dict)


def spread(
    amounts: Mapping[str, Decimal], records: Sequence[UsageRecord], parts: Iterable[UserPart]
) -> Spread:
    """The changes after which users have these amounts in all records together.

    `records` are those of one component, the oldest first, and `parts` what users have in them.
    The newest record with an amount above zero is the target, or the newest if there is none. It
    gets what the others do not hold. Where those hold too much, they are lowered, the newest
    first.
    """
    held: dict[UUID, dict[str, Decimal]] = {record.uuid: {} for record in records}
    for part in parts:
        held[part.record.uuid][part.username] = part.amount
    records = _in_order(records)
    changes: dict[UUID, dict[str, Decimal]] = {record.uuid: {} for record in records}
    refused: dict[str, str] = {}
    for name, wanted in amounts.items():
        changed = dict(_changes(name, wanted, records, held))
        if not all(
            _takes(record, name, changed, held, is_target=record is records[0])
            for record in records
        ):
            refused[name] = _SEALED
            continue
        for uuid, amount in changed.items():
            changes[uuid][name] = amount
    return Spread(parts={uuid: each for uuid, each in changes.items() if each}, refused=refused)


def _in_order(records: Sequence[UsageRecord]) -> list[UsageRecord]:
    """The newest first, and those with nothing after all others: the first one is the target."""
    newest_first = records[::-1]
    return sorted(newest_first, key=lambda record: record.amount <= 0)


def _changes(
    name: str, wanted: Decimal, records: Sequence[UsageRecord], held: _Held
) -> Iterator[tuple[UUID, Decimal]]:
    """The parts of a user that become others. The first record takes what the others leave."""
    has = {record.uuid: held[record.uuid].get(name, NOTHING) for record in records}
    target, *others = has
    rest = EXACT.subtract(wanted, total_of(has[uuid] for uuid in others))
    if has[target] != max(rest, NOTHING):
        yield target, max(rest, NOTHING)
    surplus = max(EXACT.minus(rest), NOTHING)
    for uuid in others:
        taken = min(surplus, max(has[uuid], NOTHING))
        if taken:
            yield uuid, EXACT.subtract(has[uuid], taken)
            surplus = EXACT.subtract(surplus, taken)


def _takes(
    record: UsageRecord, name: str, changed: Mapping[UUID, Decimal], held: _Held, *, is_target: bool
) -> bool:
    """Whether a user can become this in a record without any harm to its total.

    A target without a total has only records of nothing beside it: they have nothing to count
    twice, so that its total can be set to zero again.
    """
    if record.amount or record.uuid not in changed:
        return True
    others = (amount for username, amount in held[record.uuid].items() if username != name)
    return not changed[record.uuid] and (is_target or not any(others))
