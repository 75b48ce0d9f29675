"""Which requests are made of a query. Source: DWDI contract, sections 3 and 9."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cscs_domain.errors import InvalidValueError
from cscs_domain.usage.metering import UsageKind, WarehouseProfile
from cscs_domain.usage.months import Days, Month
from cscs_domain.usage.warehouse import WarehouseQuery
from cscs_http.dwdi_requests import (
    DwdiRequest,
    UrlStyle,
    dwdi_base_url,
    ping_request,
    usage_request,
)

NOVEMBER = Month(2025, 11)
DAY = Days(date(2025, 11, 19), date(2025, 11, 19))
DAYS = Days(date(2025, 11, 19), date(2025, 12, 1))
STORAGE: dict[str, Any] = {
    "kind": UsageKind.STORAGE,
    "filesystem": "capstor",
    "data_type": "store",
    "subjects": {"/capstor/store/g207"},
}
FILTERS = (("filesystem", "capstor"), ("data_type", "store"))


def request(
    profile: WarehouseProfile = WarehouseProfile.V2, style: UrlStyle = UrlStyle.QUERY, **query: Any
) -> DwdiRequest:
    """The request for a query about g207 in November, but for what is given."""
    members = {"period": NOVEMBER, "subjects": {"g207"}, **query}
    return usage_request(WarehouseQuery(**members), profile, style)


class TestCompute:
    @pytest.mark.parametrize(
        ("profile", "path"),
        [
            (WarehouseProfile.V1, "api/v1/compute/usage-month-multiaccount"),
            (WarehouseProfile.V2, "api/v1/compute/usage-month/account"),
        ],
    )
    def test_a_month_is_its_own_first_and_last(self, profile: WarehouseProfile, path: str) -> None:
        params = (("from", "2025-11"), ("to", "2025-11"))

        assert request(profile) == DwdiRequest(path=path, params=params, repeated="account")

    @pytest.mark.parametrize(
        ("profile", "path"),
        [
            (WarehouseProfile.V1, "api/v1/compute/usage-day-multiaccount"),
            (WarehouseProfile.V2, "api/v1/compute/usage-day/account"),
        ],
    )
    def test_days_include_the_last_one(self, profile: WarehouseProfile, path: str) -> None:
        params = (("from", "2025-11-19"), ("to", "2025-12-01"))

        made = request(profile, period=DAYS)

        assert made == DwdiRequest(path=path, params=params, repeated="account")

    @pytest.mark.parametrize("period", [NOVEMBER, DAYS], ids=["month", "days"])
    def test_a_cluster_narrows_it(self, period: Month | Days) -> None:
        assert request(period=period, cluster="Daint").params[-1] == ("cluster", "Daint")

    def test_the_first_profile_refuses_a_cluster(self) -> None:
        """To leave the filter out would report all clusters for one."""
        with pytest.raises(InvalidValueError, match="v2-account"):
            request(WarehouseProfile.V1, cluster="daint")

    def test_filters_of_storage_are_not_for_it(self) -> None:
        assert request(filesystem="capstor", data_type="store") == request()


class TestStorage:
    def test_a_month_is_asked_for_exactly(self) -> None:
        made = request(**STORAGE)

        assert made.path == "api/v1/storage/usage-month"
        assert made.params == (("exact-month", "2025-11"), *FILTERS)
        assert made.repeated == "paths"

    def test_a_day_is_asked_for_exactly(self) -> None:
        made = request(**STORAGE, period=DAY)

        assert made.path == "api/v1/storage/usage-day"
        assert made.params == (("exact-date", "2025-11-19"), *FILTERS)

    def test_several_days_are_refused(self) -> None:
        with pytest.raises(InvalidValueError, match="one at a time"):
            request(**STORAGE, period=DAYS)

    def test_filters_that_are_not_configured_are_not_sent(self) -> None:
        made = request(kind=UsageKind.STORAGE, cluster="daint")

        assert made.params == (("exact-month", "2025-11"),)

    def test_filters_can_be_segments_of_the_path(self) -> None:
        made = request(style=UrlStyle.PATH, **(STORAGE | {"data_type": "a b?"}))

        assert made.path == "api/v1/storage/usage-month/capstor/a%20b%3F"
        assert made.params == (("exact-month", "2025-11"),)

    @pytest.mark.parametrize("value", ["", ".", "..", "a/b", "a\\b", "\ud800"], ids=ascii)
    @pytest.mark.parametrize("name", ["filesystem", "data_type"])
    def test_what_is_no_segment_is_refused(self, name: str, value: str) -> None:
        with pytest.raises(InvalidValueError, match=name):
            request(style=UrlStyle.PATH, **(STORAGE | {name: value}))


class TestInference:
    def test_costs_are_asked_for_by_month(self) -> None:
        made = request(kind=UsageKind.INFERENCE)

        assert made.path == "api/v1/inference/resource/cost"
        assert made.params == (("from", "2025-11"), ("to", "2025-11"))
        assert made.repeated == "resource_uuid"

    @pytest.mark.parametrize("period", [DAY, DAYS], ids=["day", "days"])
    def test_days_are_refused(self, period: Days) -> None:
        with pytest.raises(InvalidValueError, match="by month"):
            request(kind=UsageKind.INFERENCE, period=period)


@pytest.mark.parametrize("kind", [UsageKind.STORAGE, UsageKind.INFERENCE])
def test_the_first_profile_knows_only_compute(kind: UsageKind) -> None:
    with pytest.raises(InvalidValueError, match="v2-account"):
        request(WarehouseProfile.V1, kind=kind)


@pytest.mark.parametrize(
    ("kind", "profile", "path", "params"),
    [
        (
            UsageKind.COMPUTE,
            WarehouseProfile.V1,
            "api/v1/compute/usage-day-multiaccount",
            (("from", "2025-11-19"), ("to", "2025-11-19")),
        ),
        (
            UsageKind.COMPUTE,
            WarehouseProfile.V2,
            "api/v1/compute/usage-day",
            (("from", "2025-11-19"), ("to", "2025-11-19")),
        ),
        (
            UsageKind.STORAGE,
            WarehouseProfile.V2,
            "api/v1/storage/usage-day",
            (("exact-date", "2025-11-19"),),
        ),
        (
            UsageKind.INFERENCE,
            WarehouseProfile.V2,
            "api/v1/inference/resource/cost",
            (("from", "2025-11"), ("to", "2025-11")),
        ),
    ],
)
def test_a_ping_is_about_today_and_names_nobody(
    kind: UsageKind, profile: WarehouseProfile, path: str, params: tuple[tuple[str, str], ...]
) -> None:
    made = ping_request(kind, profile, date(2025, 11, 19))

    assert made == DwdiRequest(path=path, params=params)


class TestBaseUrl:
    @pytest.mark.parametrize(
        "text",
        [
            "https://x.example",
            "https://x.example/",
            "https://x.example///",
            "https://x.example/api/v1",
            "https://x.example/api/v1/",
            "https://x.example/api/v1//",
            "https://x.example//api/v1",
            "https://x.example/api/v1/api/v1/",
            " https://x.example/api/v1\n",
        ],
        ids=repr,
    )
    def test_the_prefix_and_slashes_at_the_end_make_no_difference(self, text: str) -> None:
        assert dwdi_base_url(text) == "https://x.example/"

    @pytest.mark.parametrize(
        ("text", "url"),
        [
            ("http://127.0.0.1:8080/dwdi/api/v1", "http://127.0.0.1:8080/dwdi/"),
            ("https://x.example/dwdi", "https://x.example/dwdi/"),
            ("https://x.example/myapi/v1", "https://x.example/myapi/v1/"),
            ("https://x.example/api/v10", "https://x.example/api/v10/"),
            ("https://api/v1", "https://api/v1/"),
        ],
    )
    def test_anything_else_of_the_path_stays(self, text: str, url: str) -> None:
        assert dwdi_base_url(text) == url

    @given(st.lists(st.sampled_from(["/", "/api/v1", "/dwdi", "/api"]), max_size=6).map("".join))
    def test_it_has_one_form(self, path: str) -> None:
        once = dwdi_base_url("https://x.example" + path)

        assert dwdi_base_url(once) == once
        assert once.endswith("/")
        assert not once.endswith("/api/v1/")
