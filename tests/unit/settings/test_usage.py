"""The section `usage` of our own form: components, what belongs together, what is needed."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from cscs_bootstrap.settings import Part, describe, load_settings
from cscs_bootstrap.usage_configuration import load_usage
from cscs_domain.errors import ConfigurationError
from cscs_domain.usage.components import AccountingType, Component, Factoring
from cscs_domain.usage.metering import UsageKind, WarehouseProfile
from tests.unit.settings.usage_loading import SERVICES, WALDUR, WAREHOUSE, UsageFile

UUID_A = "d629d5e4-5567-425d-a9cd-bdc1af67b32c"


def usage(*lines: str) -> str:
    """A section with an offering and a component, and more lines of it."""
    keys = {"offerings": "[daint]", "components": "{nodeHours: {}}"}
    given = {line.partition(":")[0] for line in lines}
    rest = [f"{key}: {text}" for key, text in keys.items() if key not in given]
    return "usage:\n  " + "\n  ".join((*lines, *rest)) + "\n"


def storage(*lines: str) -> str:
    """A section about storage."""
    return usage(
        "kind: storage",
        "profile: v2-account",
        "storage_filesystem: lustre",
        "storage_data_type: store",
        *lines,
    )


class TestJob:
    def test_the_documented_components_are_read(self, usage_file: UsageFile) -> None:
        offering = usage_file.only("""\
usage:
  offerings: [daint]
  profile: v2-account
  components:
    nodeHours:
      measured_unit: "node-hours"
      unit_factor: 1
      accounting_type: "usage"
      label: "Node Hours"
    storage:
      measured_unit: "TB"
      unit_factor: 0.25
      unit_factor_reporting: 1_000_000_000
      accounting_type: limit
      label: "Storage Usage"
      factor_semantics: multiply
      allow_decrease: true
""")

        assert offering.job.metering.components == (
            Component(name="nodeHours", measured_unit="node-hours", label="Node Hours"),
            Component(
                name="storage",
                measured_unit="TB",
                unit_factor=Decimal("0.25"),
                unit_factor_reporting=Decimal(1_000_000_000),
                accounting_type=AccountingType.LIMIT,
                label="Storage Usage",
                factor_semantics=Factoring.MULTIPLY,
                allow_decrease=True,
            ),
        )
        assert offering.origin == f"usage ({usage_file.line(4)})"

    @pytest.mark.parametrize(
        "written",
        ["{}", "", "{unit_factor: , unit_factor_reporting: null}"],
    )
    def test_what_is_not_said_of_a_component_has_its_default(
        self, usage_file: UsageFile, written: str
    ) -> None:
        job = usage_file.only(usage(f"components: {{nodeHours: {written}}}")).job

        assert job.metering.components == (Component(name="nodeHours"),)

    def test_components_can_be_json_in_a_variable(self, usage_file: UsageFile) -> None:
        text = '{"gpuHours": {"unit_factor": 1e-3, "unit_factor_reporting": null}}'
        job = usage_file.only(usage(), SERVICES | {"CSCS_USAGE__COMPONENTS": text}).job

        (found,) = job.metering.components
        assert found == Component(name="gpuHours", unit_factor=Decimal("0.001"))

    @pytest.mark.parametrize(
        ("written", "slugs", "uuids"),
        [
            ("[daint, eiger]", {"daint", "eiger"}, set()),
            ("daint", {"daint"}, set()),
            ("daint,eiger", {"daint", "eiger"}, set()),
            (f"[daint, {UUID_A}]", {"daint"}, {UUID(UUID_A)}),
            (f"[{UUID_A.replace('-', '')}]", set(), {UUID(UUID_A)}),
        ],
    )
    def test_offerings_are_slugs_or_uuids(
        self, usage_file: UsageFile, written: str, slugs: set[str], uuids: set[UUID]
    ) -> None:
        job = usage_file.only(usage(f"offerings: {written}")).job

        assert set(job.offerings.slugs) == slugs
        assert set(job.offerings.uuids) == uuids

    def test_offerings_are_reported_together_under_both_names(self, usage_file: UsageFile) -> None:
        assert usage_file.only(usage("offerings: [daint, eiger]")).job.name == "daint, eiger"

    def test_everything_about_storage_is_taken_over(self, usage_file: UsageFile) -> None:
        paths = "storage_path_mapping: {fs1: /store/p1, fs2: /store/p2}"
        found = usage_file.only(storage(paths, "cscs_dwdi_cluster: daint")).job.metering

        assert (found.kind, found.profile) == (UsageKind.STORAGE, WarehouseProfile.V2)
        assert found.storage_paths == {"fs1": "/store/p1", "fs2": "/store/p2"}
        assert (found.filesystem, found.data_type) == ("lustre", "store")
        assert found.cluster == "daint"

    def test_without_a_file_the_environment_is_enough(self) -> None:
        environ = SERVICES | {
            "CSCS_USAGE__OFFERINGS": "daint",
            "CSCS_USAGE__COMPONENTS": '{"nodeHours": {}}',
        }
        (offering,) = load_usage(environ, None, part=Part.USAGE).offerings

        assert offering.job.name == "daint"
        assert offering.origin == "usage (variable CSCS_USAGE__COMPONENTS)"


class TestValues:
    @pytest.mark.parametrize(
        ("line", "key", "said"),
        [
            ("grace_days: 29", "grace_days", "must be a whole number from 0 to 28, not 29"),
            ("grace_days: 1.5", "grace_days", "must be a whole number from 0 to 28, not 1.5"),
            ("grace_days: -1", "grace_days", "must be a number"),
            ("offerings: []", "offerings", "is missing"),
            ("offerings: {a: b}", "offerings", "must be a list of slugs or uuids"),
            ("offerings: [a, '']", "offerings", "holds an empty entry"),
            ("offerings: [a/b]", "offerings", "has the name 'a/b', which"),
            ("offerings: 'daint,,eiger'", "offerings", "holds an empty entry"),
            ("kind: cpu", "kind", "must be one of compute, storage, inference"),
            ("profile: v3", "profile", "must be one of v1-multiaccount, v2-account"),
            ("storage_path_mapping: [x]", "storage_path_mapping", "must be a mapping"),
            (
                "storage_path_mapping: {fs1: store}",
                "storage_path_mapping.fs1",
                "must be an absolute path",
            ),
            ("storage_path_mapping: {'': /a}", "storage_path_mapping", "has an empty name"),
            ("storage_url_style: form", "storage_url_style", "must be one of query, path"),
            ("components: [nodeHours]", "components", "must be a mapping, not a list"),
            ("components: {}", "components", "is missing: there is nothing to report"),
            ("component: {}", "component", "is not a setting"),
        ],
    )
    def test_a_value_that_does_not_hold_is_told_with_its_key(
        self, usage_file: UsageFile, line: str, key: str, said: str
    ) -> None:
        found = usage_file.mistakes(usage(line))

        assert found.keys() == {f"usage.{key}"}
        assert found[f"usage.{key}"].reason.startswith(said)

    def test_every_mistake_in_components_is_told_at_once(self, usage_file: UsageFile) -> None:
        found = usage_file.mistakes("""\
usage:
  offerings: [daint]
  components:
    nodeHours: {unit_factor: 0, accounting_type: free, unit_facto: 2}
    account: {}
    ? ''
    : {}
    usageDate: {label: [x]}
    gpuHours: 5
    a: {label: x, label: y}
    b: {allow_decrease: maybe, unit_factor: -1, unit_factor_reporting: nan}
    c: {}
    c: {}
""")
        prefix = "usage.components."

        assert {key.removeprefix(prefix) for key in found} == {
            "nodeHours.unit_factor",
            "nodeHours.accounting_type",
            "nodeHours.unit_facto",
            "account",
            "''",
            "usageDate",
            "usageDate.label",
            "gpuHours",
            "a.label",
            "b.allow_decrease",
            "b.unit_factor",
            "b.unit_factor_reporting",
            "c",
        }
        assert f"(in {usage_file.line(4)})" in found[f"{prefix}nodeHours.unit_factor"].reason
        assert found[f"{prefix}nodeHours.unit_facto"].hint == "Did you mean unit_factor?"
        assert "holds no amount" in found[f"{prefix}account"].reason

    def test_what_is_said_of_a_component_is_shown(self) -> None:
        text = '{"nodeHours": {"unit_factor": 0.5, "label": ""}, "gpuHours": {}}'
        rows = describe(load_settings({"CSCS_USAGE__COMPONENTS": text}))
        (shown,) = [row.value for row in rows if row.key == "usage.components"]

        assert shown == {"nodeHours": {"unit_factor": "0.5"}, "gpuHours": {}}


class TestRules:
    @pytest.mark.parametrize("kind", ["storage", "inference"])
    def test_the_first_profile_knows_compute_alone(self, usage_file: UsageFile, kind: str) -> None:
        lines = (f"kind: {kind}", "storage_filesystem: a", "storage_data_type: b")
        found = usage_file.mistakes(usage(*lines))

        assert found.keys() == {"usage.kind"}
        assert "v1-multiaccount" in found["usage.kind"].reason
        assert "v2-account" in found["usage.kind"].hint

    def test_what_the_first_profile_passes_over_is_refused(self, usage_file: UsageFile) -> None:
        components = "components: {nodeHours: {unit_factor_reporting: 2}, gpuHours: {}}"
        found = usage_file.mistakes(usage("cscs_dwdi_cluster: daint", components))

        keys = ("cscs_dwdi_cluster", "components.nodeHours.unit_factor_reporting")
        assert found.keys() == {f"usage.{key}" for key in keys}
        assert all("v1-multiaccount" in each.reason for each in found.values())
        assert all("v2-account" in each.hint for each in found.values())
        lines = ("profile: v2-account", "cscs_dwdi_cluster: daint", components)
        assert usage_file.section(usage(*lines)).cscs_dwdi_cluster == "daint"

    @pytest.mark.parametrize("factor", ["0.5", "0.000000001"])
    def test_a_small_factor_of_inference_is_refused_since_it_divides(
        self, usage_file: UsageFile, factor: str
    ) -> None:
        lines = ("kind: inference", "profile: v2-account")
        components = f"components: {{token_cost: {{unit_factor: {factor}}}}}"
        (found,) = usage_file.mistakes(usage(*lines, components)).values()

        assert found.key == "usage.components.token_cost.unit_factor"
        assert "amounts of inference are divided" in found.reason
        assert "bytes" not in found.hint

    @pytest.mark.parametrize(
        ("written", "key"),
        [
            ("{unit_factor: 0.000000001}", "unit_factor"),
            ("{unit_factor: 1000, unit_factor_reporting: 0.5}", "unit_factor_reporting"),
            ("{unit_factor: 0.5, factor_semantics: divide}", "unit_factor"),
        ],
    )
    def test_a_small_factor_of_storage_is_refused_since_it_divides(
        self, usage_file: UsageFile, written: str, key: str
    ) -> None:
        found = usage_file.mistakes(storage(f"components: {{space: {written}}}"))

        assert found.keys() == {f"usage.components.space.{key}"}

    @pytest.mark.parametrize(
        "written",
        [
            "{unit_factor: 0.000000001, factor_semantics: multiply}",
            "{unit_factor: 0.5, unit_factor_reporting: 1000}",
            "{unit_factor: 1}",
        ],
    )
    def test_other_factors_of_storage_are_taken(self, usage_file: UsageFile, written: str) -> None:
        assert usage_file.section(storage(f"components: {{space: {written}}}")).components

    def test_small_factors_of_compute_are_usual(self, usage_file: UsageFile) -> None:
        assert usage_file.section(usage("components: {nodeHours: {unit_factor: 0.5}}")).components

    @pytest.mark.parametrize("key", ["storage_filesystem", "storage_data_type"])
    def test_storage_needs_its_filters(self, usage_file: UsageFile, key: str) -> None:
        written = "\n".join(line for line in storage().splitlines() if key not in line)
        found = usage_file.mistakes(written)

        assert found.keys() == {f"usage.{key}"}

    def test_answers_are_saved_in_one_folder(self, usage_file: UsageFile) -> None:
        adapters = "adapters: {dwdi: {kind: file, path: [a, b]}}\n"
        found = usage_file.mistakes(usage() + adapters, WALDUR)

        assert found.keys() == {"adapters.dwdi.path"}


class TestNeeds:
    @pytest.mark.parametrize("variable", WAREHOUSE)
    @pytest.mark.parametrize("part", [Part.USAGE, Part.WAREHOUSE])
    def test_each_key_of_the_warehouse_is_missed_with_all_four_named(
        self, usage_file: UsageFile, variable: str, part: Part
    ) -> None:
        environ = {name: text for name, text in SERVICES.items() if name != variable}
        (found,) = usage_file.mistakes(usage(), environ, part).values()

        assert found.variable == variable
        assert found.key == f"usage.{variable.lower()}"
        assert all(name.lower() in found.hint for name in WAREHOUSE)

    @pytest.mark.parametrize(
        "adapters", ["{dwdi: fake, waldur: fake}", "{dwdi: {kind: file, path: answers}}"]
    )
    def test_they_are_not_missed_where_nobody_asks_the_warehouse(
        self, usage_file: UsageFile, adapters: str
    ) -> None:
        assert usage_file.section(usage() + f"adapters: {adapters}\n", WALDUR).components

    @pytest.mark.parametrize("variable", WALDUR)
    def test_reports_need_waldur(self, usage_file: UsageFile, variable: str) -> None:
        environ = {name: text for name, text in SERVICES.items() if name != variable}
        (found,) = usage_file.mistakes(usage(), environ).values()

        assert found.variable == variable

    def test_the_warehouse_alone_needs_neither_waldur_nor_offerings(
        self, usage_file: UsageFile
    ) -> None:
        job = usage_file.only(usage("offerings:"), WAREHOUSE, Part.WAREHOUSE).job

        assert job.name == "usage"
        assert [component.name for component in job.metering.components] == ["nodeHours"]

    def test_a_dump_cannot_be_written_to(self, usage_file: UsageFile) -> None:
        adapters = "adapters: {waldur: {kind: file, path: dump.json}}\n"
        found = usage_file.mistakes(usage() + adapters)

        assert found.keys() == {"adapters.waldur"}
        assert "a dump cannot be written to" in found["adapters.waldur"].reason
        assert usage_file.only(usage() + adapters, SERVICES, Part.WAREHOUSE)

    def test_beside_invented_usage_a_dump_is_not_in_the_way(self, usage_file: UsageFile) -> None:
        adapters = "adapters: {waldur: {kind: file, path: dump.json}, dwdi: fake}\n"

        assert usage_file.only(usage() + adapters, {})

    def test_invented_usage_never_goes_to_a_real_waldur(self, usage_file: UsageFile) -> None:
        text = usage() + "adapters: {dwdi: fake}\n"
        found = usage_file.mistakes(text)

        assert found.keys() == {"adapters.dwdi"}
        assert "would be billed" in found["adapters.dwdi"].reason
        assert usage_file.only(text, SERVICES, Part.WAREHOUSE)


class TestFile:
    def test_a_file_that_cannot_be_read_does_not_hide_the_environment(self, tmp_path: Path) -> None:
        missing = tmp_path / "none.yaml"
        with pytest.raises(ConfigurationError) as caught:
            load_usage({"DEBUG": "?"}, missing, part=Part.USAGE)

        assert [mistake.key for mistake in caught.value.mistakes] == [str(missing), "debug"]

    @pytest.mark.parametrize("written", ["!secret x", "{a: {? [x] : y}}", "&a [*a]"])
    def test_what_no_setting_can_be_is_a_mistake_where_it_stands(
        self, usage_file: UsageFile, written: str
    ) -> None:
        found = usage_file.mistakes(usage(f"components: {written}"))

        assert all(key.startswith("usage.components") for key in found)
        assert all(f"(in {usage_file.line(2)})" in each.reason for each in found.values())

    def test_an_authority_that_cannot_be_used_is_a_mistake(self, usage_file: UsageFile) -> None:
        found = usage_file.mistakes(usage("ca_file: none.pem"))

        assert found["usage.ca_file"].variable == "CSCS_USAGE__CA_FILE"

    def test_the_secret_is_never_shown(self, usage_file: UsageFile) -> None:
        environ = SERVICES | {"CSCS_DWDI_CLIENT_SECRET": "hunter2"}
        config = usage_file.load(usage(), environ)

        assert "hunter2" not in repr(config)
