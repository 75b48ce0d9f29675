"""The short way to add up users' rows takes what is plain, and leaves the rest to the long one."""

from __future__ import annotations

from decimal import Decimal, ExtendedContext, localcontext

import pytest

from cscs_domain.usage.plain_users import plain_rows
from tests.unit.usage.tallying import user_row

FIELDS = ["nodeHours"]


def test_plain_rows_are_added_up_by_name() -> None:
    rows = [
        user_row("anovak", 1, usageDate="2025-11-19"),
        user_row("anovak", Decimal("0.005")),
        user_row("bkeller", 0),
    ]

    plain = plain_rows(rows, FIELDS)

    assert plain is not None
    assert plain.sums == {"nodeHours": {"anovak": Decimal("1.005"), "bkeller": 0}}
    assert plain.names == {"anovak", "bkeller"}
    assert plain.days == {"2025-11-19", None}


def test_a_field_that_no_row_has_is_left_out() -> None:
    plain = plain_rows([user_row("anovak", 1)], ["cpuHours", "nodeHours"])

    assert plain is not None
    assert plain.sums == {"nodeHours": {"anovak": 1}}


@pytest.mark.parametrize(
    "odd",
    [
        *(None, "anovak", 7, ["anovak"], {"nodeHours": 1}, {"username": "anovak"}),
        user_row(["anovak"]),
        user_row("anovak", usageDate=[]),
        *(user_row("anovak", value) for value in (None, True, "1", [1], -1, 10**18, 10**400)),
        *(user_row("anovak", Decimal(text)) for text in ("NaN", "-NaN", "sNaN", "Infinity")),
        *(user_row("anovak", Decimal(text)) for text in ("-Infinity", "1E-25", "1E+18", "-1")),
        user_row("anovak", Decimal("99999999999.999999999999998")),
    ],
    ids=str,
)
@pytest.mark.parametrize("before", [True, False])
def test_one_odd_row_leaves_all_to_the_long_way(odd: object, before: bool) -> None:
    good = user_row("anovak", Decimal("0.000000000000001"))
    rows = [odd, good] if before else [good, odd]

    assert plain_rows(rows, FIELDS) is None
    with localcontext(ExtendedContext):  # a program may have switched all traps off
        assert plain_rows(rows, FIELDS) is None


def test_several_candidates_for_a_component_are_left_to_the_long_way() -> None:
    assert plain_rows([user_row("anovak", 1)], None) is None
