"""What is known of a configured offering beside its settings: its warehouse, and what it lacks."""

from __future__ import annotations

from pathlib import Path

import pytest

from cscs_bootstrap.settings import Part
from cscs_bootstrap.usage_configuration import is_of_agent
from cscs_bootstrap.usage_describing import gaps_of
from cscs_bootstrap.usage_jobs import place_name
from tests.unit.settings.usage_loading import SERVICES, SPEC_000, WALDUR, WAREHOUSE, UsageFile

OWN = "usage: {offerings: [daint], components: {nodeHours: {}}, profile: v2-account}\n"


def name_of(usage_file: UsageFile, text: str = OWN, url: str = "https://dwdi.example.com") -> str:
    """What the warehouse of the only offering is called."""
    return place_name(usage_file.only(text, SERVICES | {"CSCS_DWDI_API_URL": url}))


class TestWarehouse:
    @pytest.mark.parametrize(
        "url", ["https://DWDI.example.com/", "https://dwdi.example.com/api/v1/"]
    )
    def test_an_address_can_be_written_in_several_ways(
        self, usage_file: UsageFile, url: str
    ) -> None:
        assert name_of(usage_file, url=url) == name_of(usage_file)

    @pytest.mark.parametrize(
        "url", ["https://dwdi.example.org", "https://dwdi.example.com:8443", "http://dwdi/a"]
    )
    def test_another_address_is_another_warehouse(self, usage_file: UsageFile, url: str) -> None:
        assert name_of(usage_file, url=url) != name_of(usage_file)

    def test_folders_are_warehouses(self, usage_file: UsageFile) -> None:
        texts = [f"{OWN}adapters: {{dwdi: {{kind: file, path: {path}}}}}" for path in "ab"]

        first, second = (name_of(usage_file, text) for text in texts)
        assert first != second
        assert name_of(usage_file, texts[0].replace("path: a", "path: ./b/../a")) == first

    def test_file_systems_are_told_apart(self, usage_file: UsageFile) -> None:
        names = {
            name_of(
                usage_file,
                OWN.replace(
                    "usage: {", f"usage: {{kind: storage, storage_filesystem: {system}, "
                ).replace("usage: {", f"usage: {{storage_data_type: {data_type}, "),
            )
            for system, data_type in (("a", "x"), ("a", "y"), ("b", "x"))
        }

        assert len(names) == 3

    def test_invented_usage_is_each_offerings_own(self, usage_file: UsageFile) -> None:
        fakes = "adapters: {dwdi: fake, waldur: fake}\n"
        first, second = SPEC_000, SPEC_000.partition("\n")[2]
        config = usage_file.load(first + second + fakes, {"CSCS_USAGE__OFFERINGS": "daint"})

        assert len({place_name(offering) for offering in config.offerings}) == 2
        assert all(each.is_invented and each.is_kept_in_memory for each in config.offerings)

    def test_what_is_reported_over_http_is_not_kept_in_memory(self, usage_file: UsageFile) -> None:
        found = usage_file.only(OWN)

        assert not found.is_kept_in_memory
        assert not found.is_invented


class TestGaps:
    def test_there_are_none_where_reports_work(self, usage_file: UsageFile) -> None:
        gaps = gaps_of(usage_file.only(OWN))

        assert not gaps
        assert gaps.is_waldur_known

    @pytest.mark.parametrize(
        ("text", "names"),
        [
            (
                OWN.replace("offerings: [daint], ", ""),
                ["waldur_api.api_url", "waldur_api.access_token", "usage.offerings"],
            ),
            (
                SPEC_000,
                [
                    "offerings[0].waldur_api_url",
                    "offerings[0].waldur_api_token",
                    "offerings[0].waldur_offering_uuid",
                ],
            ),
        ],
        ids=["own", "agent"],
    )
    def test_missing_keys_are_named_as_the_file_has_them_with_variables(
        self, usage_file: UsageFile, text: str, names: list[str]
    ) -> None:
        gaps = gaps_of(usage_file.only(text, WAREHOUSE, Part.WAREHOUSE))

        variables = ("WALDUR_API_URL", "WALDUR_API_TOKEN", "CSCS_USAGE__OFFERINGS")
        assert gaps.missing == tuple(
            f"{name} (variable {variable})" for name, variable in zip(names, variables, strict=True)
        )
        assert not gaps.is_waldur_known

    def test_waldur_can_be_asked_without_an_offering(self, usage_file: UsageFile) -> None:
        gaps = gaps_of(usage_file.only(SPEC_000, WALDUR, Part.WAREHOUSE))

        assert len(gaps.missing) == 1
        assert gaps.is_waldur_known

    def test_adapters_that_do_not_go_together_are_told_by_their_reason(
        self, usage_file: UsageFile
    ) -> None:
        gaps = gaps_of(
            usage_file.only(f"{OWN}adapters: {{dwdi: fake}}\n", SERVICES, Part.WAREHOUSE)
        )

        (reason,) = gaps.reasons
        assert reason.startswith("adapters.dwdi cannot be fake")


@pytest.mark.parametrize(("text", "expected"), [(OWN, False), (SPEC_000, True), ("[", False)])
def test_the_agents_file_is_known_by_its_list(tmp_path: Path, text: str, expected: bool) -> None:
    file = tmp_path / "some.yaml"
    file.write_text(text, encoding="utf-8")

    assert is_of_agent({}, file) is expected
    assert not is_of_agent({}, None)
