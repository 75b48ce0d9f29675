"""Permissions: options over attributes over 775; text of 3 or 4 octal digits."""

from __future__ import annotations

import pytest

from cscs_domain.errors import InvalidValueError
from cscs_domain.problems import ProblemCode
from cscs_domain.storage.permissions import Permission
from tests.unit.storage.samples import answer, codes, leaf, sample


@pytest.mark.parametrize(
    ("options", "attributes", "expected"),
    [
        ("2770", "755", "2770"),
        (None, "755", "755"),
        ("", "755", "755"),
        ("0750", None, "0750"),
        (None, None, "775"),
        ("", "", "775"),
    ],
)
def test_options_win_over_attributes_and_those_over_the_default(
    options: str | None, attributes: str | None, expected: str
) -> None:
    row = sample(options={"permissions": options}, attributes={"permissions": attributes})

    assert leaf(row).permission == Permission(expected)


@pytest.mark.parametrize(
    "value", [775, 0o775, "77", "77777", "778", "rwx", "775 ", "\u0667\u0667\u0665", ["775"]]
)
@pytest.mark.parametrize("member", ["options", "attributes"])
def test_anything_else_leaves_the_resource_out(member: str, value: object) -> None:
    hierarchy = answer(sample("res-1", **{member: {"permissions": value}}))

    assert hierarchy.rows == ()
    assert codes(hierarchy) == {ProblemCode.MALFORMED_RECORD}


@pytest.mark.parametrize("value", ["", "9", "77", "7777 ", "\n775"])
def test_the_value_refuses_what_is_not_octal(value: str) -> None:
    with pytest.raises(InvalidValueError, match="3 or 4 octal digits"):
        Permission(value)
