"""What is asked of a usage warehouse, and what comes back. Source: DWDI contract, sections 3, 4."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs

from cscs_domain.errors import InvalidValueError
from cscs_domain.problems import Problem
from cscs_domain.usage.metering import UsageKind
from cscs_domain.usage.months import Period


def _as_set(names: Iterable[str]) -> frozenset[str]:
    return frozenset(names)


@attrs.frozen(kw_only=True)
class WarehouseQuery:
    """Whose usage to read, and of when.

    `subjects` are accounts (compute), paths (storage) or uuids of Waldur resources (inference,
    canonical form). There is at least one: to a warehouse, asking for nobody means everybody.
    `cluster` narrows compute, `filesystem` and `data_type` storage; empty means not at all.
    """

    kind: UsageKind = UsageKind.COMPUTE
    period: Period
    subjects: frozenset[str] = attrs.field(converter=_as_set)
    cluster: str = ""
    filesystem: str = ""
    data_type: str = ""

    @subjects.validator
    def _are_some(self, _attribute: object, value: frozenset[str]) -> None:
        if not value or "" in value:
            what = "with an empty name" if value else "()"
            raise InvalidValueError("subjects", what, "would ask the warehouse for everybody")


@attrs.frozen
class WarehousePage:
    """Rows as the warehouse sent them, decoded: fractions are `Decimal`, nothing is checked yet.

    `asked` are the subjects that the request was about. A warehouse may send what it was not
    asked for, and again with the next page: only rows about these subjects count.
    """

    asked: frozenset[str]
    rows: Sequence[object]
    problems: tuple[Problem, ...] = ()
