"""Laws of the wire: a row is the same after a trip through JSON, and a spoilt one is refused."""

from __future__ import annotations

import contextlib
import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cscs_domain.errors import InvalidValueError
from cscs_domain.storage.hierarchy import build_hierarchy
from cscs_domain.storage.rows import StorageRow
from cscs_domain.storage.wire import CALLBACK_MEMBERS, row_to_wire
from cscs_domain.storage.wire_decoding import row_from_wire
from cscs_fakes.strategies import Site, json_values, sites
from cscs_json import encode_row

MEMBERS = (
    *("itemId", "status", "mountPoint", "permission"),
    *("storageSystem", "storageFileSystem", "storageDataType", "target"),
    *("quotas", "oldQuotas", "newQuotas", "parentItemId"),
)


def rows_of(site: Site) -> tuple[StorageRow, ...]:
    return build_hierarchy(site.waldur_rows, site.identities, site.policy).rows


def decoded(row: StorageRow) -> dict[str, object]:
    wire = json.loads(encode_row(row), parse_float=Decimal)
    assert isinstance(wire, dict)
    return wire


@given(sites())
def test_a_row_read_back_from_its_bytes_is_the_same_row(site: Site) -> None:
    for row in rows_of(site):
        assert row_from_wire(decoded(row)) == row


@given(sites())
def test_a_row_read_back_from_its_wire_dict_is_the_same_row(site: Site) -> None:
    for row in rows_of(site):
        assert row_from_wire(row_to_wire(row)) == row


@given(sites())
def test_every_member_is_present_but_callbacks_only_when_set(site: Site) -> None:
    for row in rows_of(site):
        wire = decoded(row)
        set_callbacks = [name for name in CALLBACK_MEMBERS if getattr(row.callbacks, name)]
        assert list(wire) == [*MEMBERS, *set_callbacks]


@given(sites())
def test_quotas_are_four_numbers_in_the_documented_order(site: Site) -> None:
    for row in rows_of(site):
        for member in ("quotas", "oldQuotas", "newQuotas"):
            quotas = decoded(row)[member]
            if quotas is None:
                continue
            assert isinstance(quotas, list)
            assert [(q["type"], q["unit"], q["enforcementType"]) for q in quotas] == [
                ("space", "tera", "soft"),
                ("space", "tera", "hard"),
                ("inodes", "none", "soft"),
                ("inodes", "none", "hard"),
            ]
            assert all(type(q["quota"]) in {int, Decimal} for q in quotas)
            assert all(type(q["quota"]) is int for q in quotas[2:])


@given(sites(), st.data())
def test_a_row_with_a_spoilt_member_is_refused_or_still_a_row(
    site: Site, data: st.DataObject
) -> None:
    for row in rows_of(site)[:1]:
        spoilt = data.draw(json_values())
        wire = decoded(row) | {data.draw(st.sampled_from(MEMBERS)): spoilt}
        with contextlib.suppress(InvalidValueError):
            assert isinstance(row_from_wire(wire), StorageRow)


@given(sites(), st.sampled_from(MEMBERS))
def test_a_missing_member_is_named(site: Site, member: str) -> None:
    for row in rows_of(site)[:1]:
        wire = decoded(row)
        del wire[member]
        if member in {"quotas", "oldQuotas", "newQuotas", "parentItemId"}:
            assert isinstance(row_from_wire(wire), StorageRow)
        else:
            with pytest.raises(InvalidValueError, match=member):
                row_from_wire(wire)


@given(json_values())
def test_anything_is_a_row_or_refused(value: object) -> None:
    with pytest.raises(InvalidValueError, match="storage row"):
        row_from_wire(value)
