"""Usage in version 8.1, where it differs from the samples. Waldur contract, sections 6 to 8."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cscs_fakes.emulators.waldur import Mode, SiteFacts
from cscs_fakes.emulators.waldur.amounts import amount_of, amount_text
from cscs_fakes.waldur_rows import make_rows
from tests.unit.emulators.sample_site import (
    CHEM,
    CSCS,
    DAINT,
    DAINT_CLIMATE,
    MET,
    sample_facts,
    sample_rows,
)
from tests.unit.emulators.waldur_site import RESOURCES, Waldur, row, uuid_of, waldur

USAGES: Final = "/api/marketplace-component-usages/"
USER_USAGES: Final = "/api/marketplace-component-user-usages/"
ACCOUNTS: Final = "/api/marketplace-offering-users/"
SET_USAGE: Final = f"{USAGES}set_usage/"
OCTOBER: Final = "2026-10-15T12:00:00Z"
NO_TIME: Final = (
    "Datetime has wrong format. Use one of these formats instead: "
    "YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."
)
REQUIRED: Final = ["This field is required."]


@pytest.fixture
async def site() -> AsyncIterator[Waldur]:
    async with waldur(sample_rows(), facts=sample_facts()) as made:
        yield made


async def report(site: Waldur, *, by: str = "agent", **body: Any) -> tuple[int, Any]:
    """Usage of `daint-climate`: 12.34 node hours unless the body says something else."""
    usual = {"resource": DAINT_CLIMATE, "usages": [{"type": "nodeHours", "amount": "12.34"}]}
    answer = await site.post(SET_USAGE, {**usual, **body}, by=by)
    return answer.status_code, answer.json() if answer.content else None


async def stored(site: Waldur, **query: Any) -> dict[tuple[str, str], str]:
    rows = (await site.get(USAGES, resource_uuid=DAINT_CLIMATE, **query)).json()
    return {(each["type"], each["billing_period"]): each["usage"] for each in rows}


async def usage_uuid(site: Waldur) -> str:
    """Of the node hours of this month, which are reported first."""
    await report(site)
    (found,) = (await site.get(USAGES, resource_uuid=DAINT_CLIMATE, field="uuid")).json()
    return str(found["uuid"])


# --- months


async def test_the_month_of_the_date_counts_in_utc(site: Waldur) -> None:
    site.emulator.open_invoice(MET, "2026-10")
    await report(site, date="2026-11-01T00:00:00+01:00")
    await report(site, date="2026-11-01T00:00:00", usages=[{"type": "nodeHours", "amount": 1}])

    assert await stored(site) == {
        ("nodeHours", "2026-10-01"): "12.34",
        ("nodeHours", "2026-11-01"): "1.00",
    }
    assert await stored(site, billing_period="2026-10-01") == {("nodeHours", "2026-10-01"): "12.34"}


async def test_a_past_month_of_an_invoiced_component_needs_an_open_invoice(site: Waldur) -> None:
    status, errors = await report(site, date=OCTOBER)
    assert (status, list(errors)) == (400, ["date"])
    assert await stored(site) == {}

    site.emulator.open_invoice(CHEM, "2026-10")
    site.emulator.open_invoice(MET, "2026-09")
    assert (await report(site, date=OCTOBER))[0] == 400
    site.emulator.open_invoice(MET, "2026-10")
    assert (await report(site, date=OCTOBER))[0] == 201


async def test_one_invoiced_component_refuses_the_whole_call(site: Waldur) -> None:
    limited = {"type": "storage", "amount": "1"}
    both = [limited, {"type": "nodeHours", "amount": "1"}]

    assert (await report(site, date=OCTOBER, usages=both))[0] == 400
    assert (await report(site, date=OCTOBER, usages=[limited]))[0] == 201
    assert await stored(site) == {("storage", "2026-10-01"): "1.00"}


async def test_staff_may_report_any_month(site: Waldur) -> None:
    assert (await report(site, date="2025-01-15", by="staff"))[0] == 201
    assert await stored(site) == {("nodeHours", "2025-01-01"): "12.34"}


@pytest.mark.parametrize("date", ["2026-11-21T12:00:01Z", "2030-01-01", "yesterday", 7, []])
async def test_a_date_that_is_none_or_still_to_come_is_refused(site: Waldur, date: object) -> None:
    status, errors = await report(site, date=date)

    assert (status, list(errors)) == (400, ["date"])


async def test_what_a_resource_shows_is_of_this_month_and_added_to(site: Waldur) -> None:
    path = f"{RESOURCES}{DAINT_CLIMATE}/"
    await report(site, date=OCTOBER, usages=[{"type": "storage", "amount": "9"}])
    assert (await site.get(path, field="current_usages")).json() == {"current_usages": {}}

    await report(site, usages=[{"type": "storage", "amount": "3.5"}])
    await report(site)
    await report(site, usages=[])
    found = (await site.get(path, field=["current_usages", "limit_usage"])).json()

    assert found == {
        "current_usages": {"storage": "3.50", "nodeHours": "12.34"},
        "limit_usage": {"storage": "3.50"},
    }


# --- refusals


async def test_all_mistakes_of_a_report_are_told_at_once(site: Waldur) -> None:
    bad = [{"type": "", "amount": None}, {"type": "nodeHours", "amount": "1"}, 7, {}]

    assert await report(site, usages=bad, resource=None, date="x") == (
        400,
        {
            "usages": [
                {
                    "type": ["This field may not be blank."],
                    "amount": ["This field may not be null."],
                },
                {},
                {"non_field_errors": ["Invalid data. Expected a dictionary, but got int."]},
                {"type": REQUIRED, "amount": REQUIRED},
            ],
            "resource": ["This field may not be null."],
            "date": [NO_TIME],
        },
    )


@pytest.mark.parametrize(
    "state", ["Creating", "OK", "Erred", "Updating", "Terminating", "Terminated"]
)
async def test_usage_is_taken_in_some_states(state: str) -> None:
    body = {"resource": uuid_of("res-1"), "usages": [{"type": "storage", "amount": 1}]}
    async with waldur([row(state=state)]) as site:
        answer = await site.post(SET_USAGE, body)

    assert answer.status_code == (201 if state in {"OK", "Updating", "Terminating"} else 400)


async def test_a_resource_without_a_plan_takes_no_usage_since_8_1() -> None:
    body = {"resource": uuid_of("res-1"), "usages": [{"type": "storage", "amount": 1}]}
    for mode, status in {Mode.V5_8: 201, Mode.V8_1: 400}.items():
        async with waldur([row(plan_uuid=None, plan=None)], mode=mode) as site:
            assert (await site.post(SET_USAGE, body)).status_code == status


@pytest.mark.parametrize(
    ("usages", "message"),
    [
        ({}, {"non_field_errors": ['Expected a list of items but got type "dict".']}),
        ([{"type": None, "amount": 1}], [{"type": ["This field may not be null."]}]),
        ([{"type": ["x"], "amount": 1}], [{"type": ["Not a valid string."]}]),
    ],
)
async def test_usages_that_are_none_are_refused(
    site: Waldur, usages: object, message: object
) -> None:
    assert await report(site, usages=usages) == (400, {"usages": message})


async def test_a_single_record_is_shown(site: Waldur) -> None:
    uuid = await usage_uuid(site)
    found = (await site.get(f"{USAGES}{uuid}/", field=["usage", "missing_usage_policy"])).json()
    bad = await site.get(USAGES, billing_period="November")

    assert found == {"usage": "12.34", "missing_usage_policy": "none"}
    assert (bad.status_code, bad.json()) == (400, {"billing_period": ["Enter a valid date."]})


async def test_one_time_components_take_usage_since_8_1() -> None:
    part = {"uuid": row()["offering_uuid"], "slug": "capstor", "url": "https://x.example.org/api/"}
    one = {"type": "setup", "billing_type": "one", "name": "Setup", "measured_unit": ""}
    facts = SiteFacts(offerings=[{**part, "components": [one]}])
    body = {"resource": uuid_of("res-1"), "usages": [{"type": "setup", "amount": 1}]}
    for mode, status in {Mode.V5_8: 400, Mode.V8_1: 201}.items():
        async with waldur([row()], mode=mode, facts=facts) as site:
            assert (await site.post(SET_USAGE, body)).status_code == status


async def test_reporting_needs_a_permission(site: Waldur) -> None:
    site.emulator.deny("RESOURCE.SET_USAGE")

    assert (await report(site))[0] == 403
    assert (await report(site, by="staff"))[0] == 201


@given(st.integers(-(10**22), 10**22), st.integers(0, 4))
def test_an_amount_has_two_places_and_eighteen_digits_before_them(units: int, places: int) -> None:
    amount = Decimal(units).scaleb(-places)

    try:
        found = amount_text(amount_of(str(amount)))
    except ValueError:
        assert places > 2 or abs(amount) >= Decimal(10) ** 18
    else:
        assert places <= 2
        assert Decimal(found) == amount


@pytest.mark.parametrize(
    "text", ["", "x", "NaN", "-Infinity", "1" * 1001, "9" * 19, "1e400", "1e-3", "0.100"]
)
def test_what_is_no_such_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"number is required|too large|no more than"):
        amount_of(text)


# --- users


async def test_parts_of_users_are_set_all_or_none(site: Waldur) -> None:
    path = f"{USAGES}{await usage_uuid(site)}/set_user_usages/"
    good, bad = {"username": "aadams", "usage": "1"}, {"username": "", "usage": "1.001"}

    answer = await site.post(path, {"usages": [good, bad, 7]})
    assert (answer.status_code, answer.json()) == (
        400,
        {
            "usages": [
                {},
                {
                    "username": ["This field may not be blank."],
                    "usage": ["Ensure that there are no more than 2 decimal places."],
                },
                {"non_field_errors": ["Invalid data. Expected a dictionary, but got int."]},
            ]
        },
    )
    assert (await site.get(USER_USAGES)).json() == []
    nothing: list[dict[str, object]] = [{}, {"usages": []}]
    for empty in nothing:
        assert (await site.post(path, empty)).status_code == 400
    assert (await site.post(path, {"usages": [good, {**good, "username": "x"}]})).status_code == 201
    rows = (await site.get(USER_USAGES, field=["username", "usage", "billing_period"])).json()
    assert rows == [
        {"username": name, "usage": "1.00", "billing_period": "2026-11-01"}
        for name in ("aadams", "x")
    ]


async def test_a_total_of_zero_becomes_the_sum_of_its_users(site: Waldur) -> None:
    uuid = await usage_uuid(site)
    for amount, expected in (("12.34", "12.34"), ("0", "5.25")):
        await report(site, usages=[{"type": "nodeHours", "amount": amount}])
        parts = [{"username": "a", "usage": "2"}, {"username": "b", "usage": "3.25"}]
        await site.post(f"{USAGES}{uuid}/set_user_usages/", {"usages": parts})

        assert (await stored(site))["nodeHours", "2026-11-01"] == expected


async def test_a_part_may_belong_to_another_month(site: Waldur) -> None:
    uuid = await usage_uuid(site)
    part = {"username": "a", "usage": "2", "date": OCTOBER}
    for _ in range(2):
        answer = await site.post(f"{USAGES}{uuid}/set_user_usages/", {"usages": [part]})
        assert answer.status_code == 201

    assert await stored(site) == {
        ("nodeHours", "2026-11-01"): "12.34",
        ("nodeHours", "2026-10-01"): "2.00",
    }
    query = {"component_usage__billing_period": "2026-10-01", "field": "username"}
    assert (await site.get(USER_USAGES, **query)).json() == [{"username": "a"}]


async def test_to_whom_a_part_is_linked_is_settled_by_the_first_one(site: Waldur) -> None:
    path = f"{USAGES}{await usage_uuid(site)}/set_user_usage/"
    accounts = (await site.get(ACCOUNTS)).json()
    await site.post(path, {"username": "a", "usage": "1"})
    await site.post(path, {"username": "a", "usage": "2", "user": accounts[0]["url"]})
    await site.post(path, {"username": "b", "usage": "3", "user": accounts[1]["url"]})
    rows = (await site.get(USER_USAGES)).json()

    assert [(each["username"], each["usage"], each["user"]) for each in rows] == [
        ("a", "2.00", None),
        ("b", "3.00", accounts[1]["url"]),
    ]


@pytest.mark.parametrize(
    ("part", "errors"),
    [
        ({"username": None, "usage": 1}, {"username": ["This field may not be null."]}),
        ({"username": ["a"], "usage": 1}, {"username": ["Not a valid string."]}),
        ({"username": "a", "user": "x"}, {"user": ["Invalid hyperlink - No URL match."]}),
    ],
)
async def test_a_part_that_is_none_is_refused(site: Waldur, part: object, errors: object) -> None:
    answer = await site.post(f"{USAGES}{await usage_uuid(site)}/set_user_usage/", part)

    assert (answer.status_code, answer.json()) == (400, errors)


async def test_a_new_part_without_an_amount_is_nothing(site: Waldur) -> None:
    path = f"{USAGES}{await usage_uuid(site)}/set_user_usage/"

    assert (await site.post(path, {"username": "a"})).status_code == 201
    assert (await site.post(path, {"username": "a"})).status_code == 500
    assert [each["usage"] for each in (await site.get(USER_USAGES)).json()] == ["0.00"]


async def test_accounts_are_found_by_their_login_since_8_1(site: Waldur) -> None:
    found = (await site.get(ACCOUNTS, username="aadams", field="username")).json()
    other = (await site.get(ACCOUNTS, username="AADAMS")).json()
    one = await site.get(f"{ACCOUNTS}{(await site.get(ACCOUNTS)).json()[0]['uuid']}/")

    assert (await site.get(one.request.url.path, by="alice")).status_code == 404
    assert (found, other, one.json()["username"]) == ([{"username": "aadams"}], [], "aadams")


@pytest.mark.parametrize("mode", Mode)
async def test_a_provider_sees_accounts_if_the_offering_lets_it(mode: Mode) -> None:
    hidden = {"service_provider_can_create_offering_user": False}
    name = "secret_options" if mode is Mode.V5_8 else "plugin_options"
    whole = sample_facts()
    offerings = [
        {**each, name: hidden} if each["uuid"] == DAINT else each for each in whole.offerings
    ]
    facts = SiteFacts(offerings=offerings, offering_users=whole.offering_users)
    async with waldur(sample_rows(), mode=mode, facts=facts) as site:
        counts = [
            len((await site.get(ACCOUNTS, by=by)).json()) for by in ("agent", "staff", "alice")
        ]

    assert counts == [0, 2, 0]


# --- offerings and organisations


async def test_an_offering_is_found_by_its_slug_since_8_1(site: Waldur) -> None:
    path = "/api/marketplace-provider-offerings/"
    found = (await site.get(path, slug="vast", field="slug")).json()

    assert found == [{"slug": "vast"}]
    assert (await site.get(path, state="Unavailable")).json() == []
    assert (await site.get(path, by="alice")).json() == []


async def test_an_offering_knows_its_plan_and_its_components(site: Waldur) -> None:
    found = (await site.get(f"/api/marketplace-provider-offerings/{DAINT}/")).json()

    assert [each["type"] for each in found["components"]] == ["nodeHours", "storage"]
    assert found["plans"][0]["prices"] == {"nodeHours": 1.0, "storage": 1.0}
    assert found["plans"][0]["resources_count"] == 3
    assert found["options"] == {}


async def test_a_provider_finds_itself_and_its_customers(site: Waldur) -> None:
    path = "/api/marketplace-service-providers/"
    (me,) = (await site.get(path, customer_uuid=CSCS)).json()
    rows = (await site.get(f"{path}{me['uuid']}/customers/", field="uuid")).json()

    assert (me["uuid"], len(rows)) == (sample_facts().service_providers[CSCS], 3)
    assert {"slug"}.isdisjoint(rows[0])
    assert (await site.get(f"{path}{me['uuid']}/customers/", by="alice")).status_code == 403


async def test_a_provider_has_the_customers_of_its_own_offerings() -> None:
    rows = make_rows(60)
    path = "/api/marketplace-service-providers/"
    async with waldur(rows) as site:
        for provider in (await site.get(path)).json():
            customers = (await site.get(f"{path}{provider['uuid']}/customers/")).json()
            expected = {
                each["customer_uuid"]
                for each in rows
                if each["provider_uuid"] == provider["customer_uuid"]
            }
            assert {each["uuid"] for each in customers} == expected


async def test_customers_are_seen_by_those_they_concern(site: Waldur) -> None:
    seen = {
        by: {each["slug"] for each in (await site.get("/api/customers/", by=by)).json()}
        for by in ("agent", "alice", "staff")
    }
    users = {"met-office", "uni-chem", "uni-physics"}

    assert seen == {"agent": {"cscs"}, "alice": users, "staff": users | {"cscs"}}


async def test_the_period_of_a_plan_shows_what_was_reported(site: Waldur) -> None:
    uuid = await usage_uuid(site)
    await report(site, date=OCTOBER, usages=[{"type": "storage", "amount": "9"}])
    (period,) = (await site.get(f"{RESOURCES}{DAINT_CLIMATE}/plan_periods/")).json()

    assert [(each["uuid"], each["usage"]) for each in period["components"]] == [(uuid, "12.34")]
    by_period = {"plan_period": period["uuid"], "usages": []}
    assert (await site.post(SET_USAGE, by_period)).status_code == 201
    unknown = {"plan_period": uuid_of("x"), "usages": []}
    assert (await site.post(SET_USAGE, unknown)).json().keys() == {"plan_period"}
