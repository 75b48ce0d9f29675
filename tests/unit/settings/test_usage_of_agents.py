"""What the site agent's file says about offerings whose usage is reported."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cscs_bootstrap.secrets import Secret
from cscs_bootstrap.settings import Part, StorageUrlStyle
from cscs_bootstrap.usage_configuration import load_usage
from cscs_domain.errors import ConfigurationError
from cscs_domain.usage.components import Component
from cscs_domain.usage.metering import UsageKind, WarehouseProfile
from tests.unit.settings.agent_loading import UUID_A, UUID_B, AgentFile
from tests.unit.settings.agent_loading import offering as storage_offering
from tests.unit.settings.usage_loading import SERVICES, SPEC_000, WALDUR, UsageFile

MARK = "Zq7"
"""In every random secret and nowhere else, so that any piece of one that shows is found."""
COMPONENTS = "backend_components: {nodeHours: {}}"
SETTINGS = {
    "cscs_dwdi_api_url": "https://dwdi.example.com",
    "cscs_dwdi_client_id": "reporter",
    "cscs_dwdi_client_secret": "secret-of-the-file",
    "cscs_dwdi_oidc_token_url": "https://auth.example.com/token",
}


def offering(
    *lines: str,
    backend: str = "reporting_backend: cscs-dwdi",
    uuid: str = UUID_A,
    without: str = "",
    **more: str,
) -> str:
    """An entry with all it needs, more lines, and more keys of its `backend_settings`."""
    settings = {key: text for key, text in (SETTINGS | more).items() if text and key != without}
    written = ", ".join(f"{key}: {text!r}" for key, text in settings.items())
    needed = {
        "name": "Daint",
        "waldur_api_url": "https://waldur.example.com/api/",
        "waldur_api_token": "token-of-the-file",
        "waldur_offering_uuid": uuid,
    }
    keys = [f"{key}: {text}" for key, text in needed.items() if key != without]
    rest = [] if any(line.startswith("backend_components") for line in lines) else [COMPONENTS]
    return (
        "  - "
        + "\n    ".join((*keys, backend, f"backend_settings: {{{written}}}", *lines, *rest))
        + "\n"
    )


def listed(*entries: str) -> str:
    """A file with these offerings; the first begins in line 2."""
    return "offerings:\n" + "".join(entries)


class TestExample:
    def test_the_documented_snippet_is_enough_to_read_the_warehouse(
        self, usage_file: UsageFile
    ) -> None:
        config = usage_file.load(SPEC_000, {}, Part.WAREHOUSE)
        (found,) = config.offerings
        usage = found.settings.usage

        assert (config.notices, config.passed_over) == ((), ())
        assert found.job.name == "CSCS HPC Offering"
        assert found.origin == f"offerings[0] ({usage_file.line(2)})"
        assert usage.cscs_dwdi_api_url == "https://dwdi-api.cscs.ch"
        assert usage.cscs_dwdi_client_id == "your-oidc-client-id"
        assert usage.cscs_dwdi_client_secret == Secret("your-oidc-client-secret")
        assert usage.cscs_dwdi_oidc_scope == "cscs-dwdi:read"
        assert found.job.metering.components == (
            Component(name="nodeHours", measured_unit="node-hours", label="Node Hours"),
            Component(name="storage", measured_unit="TB", label="Storage Usage"),
        )

    def test_what_it_lacks_to_report_to_waldur_can_come_from_variables(
        self, usage_file: UsageFile
    ) -> None:
        found = usage_file.only(SPEC_000, WALDUR | {"CSCS_USAGE__OFFERINGS": UUID_A})

        assert found.job.offerings.uuids == frozenset({UUID(UUID_A)})
        assert found.settings.waldur_api.access_token == Secret("token")

    def test_else_it_is_missed_by_the_names_that_the_agent_has(self, usage_file: UsageFile) -> None:
        found = usage_file.mistakes(SPEC_000, {})

        assert {key: mistake.variable for key, mistake in found.items()} == {
            "offerings[0].waldur_api_url": "WALDUR_API_URL",
            "offerings[0].waldur_api_token": "WALDUR_API_TOKEN",
            "offerings[0].waldur_offering_uuid": "CSCS_USAGE__OFFERINGS",
        }

    def test_without_a_token_url_all_four_keys_are_named(self, usage_file: UsageFile) -> None:
        text = "\n".join(line for line in SPEC_000.splitlines() if "token_url" not in line)
        (found,) = usage_file.mistakes(text, {}, Part.WAREHOUSE).values()

        assert found.key == "offerings[0].backend_settings.cscs_dwdi_oidc_token_url"
        assert all(key in found.hint for key in SETTINGS)


class TestChoice:
    @pytest.mark.parametrize(
        ("name", "kind", "profile"),
        [
            ("cscs-dwdi", UsageKind.COMPUTE, WarehouseProfile.V1),
            ("CSCS-DWDI", UsageKind.COMPUTE, WarehouseProfile.V1),
            ("cscs-dwdi-compute", UsageKind.COMPUTE, WarehouseProfile.V2),
            ("cscs-dwdi-storage", UsageKind.STORAGE, WarehouseProfile.V2),
            ("cscs-dwdi-inference", UsageKind.INFERENCE, WarehouseProfile.V2),
        ],
    )
    @pytest.mark.parametrize("key", ["reporting_backend", "backend_type"])
    def test_the_backend_names_the_kind_and_the_profile(
        self, usage_file: UsageFile, key: str, name: str, kind: UsageKind, profile: WarehouseProfile
    ) -> None:
        entry = offering(
            backend=f"{key}: {name}", storage_filesystem="lustre", storage_data_type="store"
        )
        found = usage_file.only(listed(entry)).job.metering

        assert (found.kind, found.profile) == (kind, profile)

    def test_a_reporting_backend_counts_before_the_type(self, usage_file: UsageFile) -> None:
        ours = offering("backend_type: slurm")
        others = offering(
            "backend_type: cscs-dwdi", backend="reporting_backend: slurm", uuid=UUID_B
        )
        config = usage_file.load(listed(ours, others))

        assert [each.job.offerings.uuids for each in config.offerings] == [{UUID(UUID_A)}]
        assert config.passed_over == ("Daint",)

    def test_a_blank_reporting_backend_is_none(self, usage_file: UsageFile) -> None:
        entry = offering("backend_type: cscs-dwdi", backend="reporting_backend: ''")

        assert usage_file.only(listed(entry))

    def test_every_offering_has_its_own_job(self, usage_file: UsageFile) -> None:
        first = offering()
        second = offering(
            "backend_components: {gpuHours: {unit_factor: 2}}",
            uuid=UUID_B,
            backend="reporting_backend: cscs-dwdi-compute",
            cscs_dwdi_cluster="eiger",
        )
        a, b = (each.job for each in usage_file.load(listed(first, second)).offerings)

        assert a.offerings.uuids == frozenset({UUID(UUID_A)})
        assert b.offerings.uuids == frozenset({UUID(UUID_B)})
        assert (a.metering.cluster, b.metering.cluster) == ("", "eiger")
        assert [component.name for component in a.metering.components] == ["nodeHours"]
        assert b.metering.components == (Component(name="gpuHours", unit_factor=Decimal(2)),)

    def test_a_file_without_any_says_what_was_looked_for_and_what_comes_near(
        self, usage_file: UsageFile
    ) -> None:
        entry = offering(backend="reporting_backend: cscs_dwdi")
        (found,) = usage_file.mistakes(listed(storage_offering(uuid=UUID_B), entry)).values()

        assert found.key == "offerings"
        assert "reporting_backend (or, without it, backend_type) is cscs-dwdi, " in found.reason
        assert "cscs-dwdi-storage or cscs-dwdi-inference" in found.reason
        assert f"offerings[1].reporting_backend ({usage_file.line(11)})" in found.hint
        assert found.hint.endswith("did you mean cscs-dwdi?")

    @pytest.mark.parametrize("written", ["offerings:", "offerings: []", "offerings: {a: b}"])
    def test_a_list_that_is_none_is_a_mistake(self, usage_file: UsageFile, written: str) -> None:
        assert usage_file.mistakes(written).keys() == {"offerings"}

    def test_offerings_of_others_are_not_looked_into(self, usage_file: UsageFile) -> None:
        others = (
            "  - {name: Slurm, backend_type: slurm, backend_settings: !any [x], a: {? [x] : y}}\n"
        )
        config = usage_file.load(listed(offering(), others))

        assert (len(config.offerings), config.passed_over, config.notices) == (1, ("Slurm",), ())


class TestKeys:
    def test_everything_about_storage_is_read(self, usage_file: UsageFile) -> None:
        entry = offering(
            "backend_components: {storage: {unit_factor: 1_000_000_000}}",
            backend="backend_type: cscs-dwdi-storage",
            storage_filesystem="lustre",
            storage_data_type="store",
            storage_tenant="cscs",
            storage_url_style="path",
            socks_proxy="socks5://localhost:1080",
        ).replace("socks_proxy", "storage_path_mapping: {fs1: /store/p1}, socks_proxy")
        found = usage_file.only(listed(entry))
        usage = found.settings.usage

        assert found.job.metering.storage_paths == {"fs1": "/store/p1"}
        assert (found.job.metering.filesystem, found.job.metering.data_type) == ("lustre", "store")
        assert (usage.storage_tenant, usage.storage_url_style) == ("cscs", StorageUrlStyle.PATH)
        assert usage.socks_proxy is not None

    def test_what_only_the_agent_knows_is_noticed(self, usage_file: UsageFile) -> None:
        entry = offering(
            "backend_components: {nodeHours: {limit: 5, unit_facto: 2}}",
            default_account="root",
            cscs_dwdi_clusterr="x",
            kind="storage",
        )
        notices = usage_file.load(listed(entry)).notices

        assert [notice.partition(" (")[0] for notice in notices] == [
            "offerings[0].backend_settings.default_account",
            "offerings[0].backend_settings.cscs_dwdi_clusterr",
            "offerings[0].backend_settings.kind",
            "offerings[0].backend_components.nodeHours.limit",
            "offerings[0].backend_components.nodeHours.unit_facto",
        ]
        assert notices[1].endswith("did you mean cscs_dwdi_cluster?")
        assert notices[4].endswith("did you mean unit_factor?")

    @pytest.mark.parametrize(
        ("lines", "key", "reason"),
        [
            (["backend_settings: [x]"], "backend_settings", "must be a mapping, not a list"),
            (["backend_components: x"], "backend_components", "must be a mapping"),
            (
                ["backend_components: {users: {}}"],
                "backend_components.users",
                "is a field of the warehouse that holds no amount",
            ),
            (
                ["backend_components: {nodeHours: {unit_factor: 0}}"],
                "backend_components.nodeHours.unit_factor",
                "must be above zero",
            ),
            (["waldur_offering_uuid: 5"], "waldur_offering_uuid", "is not a uuid"),
            (["waldur_api_url: nowhere"], "waldur_api_url", "must be a URL"),
            (["verify_ssl: 7"], "verify_ssl", "must be true or false"),
        ],
    )
    def test_a_mistake_is_told_with_the_key_and_line_it_was_written_at(
        self, usage_file: UsageFile, lines: list[str], key: str, reason: str
    ) -> None:
        name = lines[0].partition(":")[0]
        kept = [
            line
            for line in offering(*lines).splitlines()
            if line.strip() in lines or not line.strip().startswith(f"{name}:")
        ]
        found = usage_file.mistakes(listed("\n".join(kept) + "\n"))
        line = usage_file.path.read_text().splitlines().index(f"    {lines[0]}") + 1

        assert found.keys() == {f"offerings[0].{key}"}
        (mistake,) = found.values()
        assert mistake.reason.startswith(reason)
        assert f"(in {usage_file.line(line)})" in mistake.reason

    def test_a_small_factor_of_storage_is_told_by_the_agents_names(
        self, usage_file: UsageFile
    ) -> None:
        entry = offering(
            "backend_components: {storage: {unit_factor: 0.000000001}}",
            backend="backend_type: cscs-dwdi-storage",
            storage_filesystem="lustre",
            storage_data_type="store",
        )
        (found,) = usage_file.mistakes(listed(entry))

        assert found == "offerings[0].backend_components.storage.unit_factor"

    def test_what_the_first_profile_passes_over_is_noticed_and_ignored(
        self, usage_file: UsageFile
    ) -> None:
        components = "backend_components: {nodeHours: {unit_factor_reporting: 2}}"
        config = usage_file.load(listed(offering(components, cscs_dwdi_cluster="daint")))

        cluster, factor = config.notices
        place = f"offerings[0].backend_settings.cscs_dwdi_cluster ({usage_file.line(7)})"
        assert cluster.startswith(f"{place} has no meaning in the profile v1-multiaccount")
        assert cluster.endswith("it is ignored.")
        assert factor.startswith(
            "offerings[0].backend_components.nodeHours.unit_factor_reporting ("
        )

    def test_a_variable_that_the_first_profile_passes_over_is_noticed_by_its_name(
        self, usage_file: UsageFile
    ) -> None:
        second = offering(uuid=UUID_B, backend="backend_type: cscs-dwdi-compute")
        config = usage_file.load(listed(offering(), second), {"CSCS_DWDI_CLUSTER": "daint"})

        (notice,) = config.notices
        assert notice.startswith("usage.cscs_dwdi_cluster (variable CSCS_DWDI_CLUSTER) has no ")
        assert config.offerings[1].job.metering.cluster == "daint"

    def test_keys_that_stand_twice_are_mistakes(self, usage_file: UsageFile) -> None:
        entry = offering("reporting_backend: cscs-dwdi").replace(
            "backend_settings: {", "backend_settings: {cscs_dwdi_client_id: x, "
        )
        found = usage_file.mistakes(listed(entry))

        assert found.keys() == {
            "offerings[0].reporting_backend",
            "offerings[0].backend_settings.cscs_dwdi_client_id",
        }

    def test_one_uuid_of_two_offerings_is_a_mistake(self, usage_file: UsageFile) -> None:
        found = usage_file.mistakes(listed(offering(), offering()))

        assert found.keys() == {"offerings[1].waldur_offering_uuid"}


class TestEnvironment:
    @pytest.mark.parametrize(
        "name",
        ["CSCS_DWDI_CLIENT_SECRET", "CSCS_USAGE__CSCS_DWDI_CLIENT_SECRET"],
    )
    def test_variables_fill_in_what_an_offering_lacks(
        self, usage_file: UsageFile, name: str
    ) -> None:
        text = listed(offering(without="cscs_dwdi_client_secret"))
        found = usage_file.only(text, {name: "other"}).settings.usage

        assert found.cscs_dwdi_client_secret == Secret("other")

    @pytest.mark.parametrize(
        "environ",
        [
            dict.fromkeys(SERVICES, "nowhere"),
            {"CSCS_USAGE__COMPONENTS": "?", "CSCS_USAGE__OFFERINGS": "?,", "STORAGE_SYSTEMS": "?"},
            {"CSCS_USAGE__KIND": "storage", "CSCS_USAGE__PROFILE": "v2-account"},
            {"CSCS_DWDI_CLIENT_SECRET": "a", "CSCS_DWDI_CLIENT_SECRET_FILE": "b"},
        ],
    )
    def test_what_it_says_itself_is_never_overridden(
        self, usage_file: UsageFile, environ: dict[str, str]
    ) -> None:
        found = usage_file.only(listed(offering()), environ)

        assert found == usage_file.only(listed(offering()), {})

    def test_components_can_come_from_a_variable(self, usage_file: UsageFile) -> None:
        text = listed(offering("backend_components:"))
        found = usage_file.only(text, {"CSCS_USAGE__COMPONENTS": '{"gpuHours": {}}'})

        assert found.job.metering.components == (Component(name="gpuHours"),)

    def test_the_warehouse_can_come_from_variables_alone(self, usage_file: UsageFile) -> None:
        entry = offering("backend_settings: {default_account: x, default_account: y}")
        kept = [line for line in entry.splitlines() if "cscs_dwdi_api_url" not in line]

        assert usage_file.only(listed("\n".join(kept)), SERVICES)

    def test_a_secret_can_come_from_a_file(self, usage_file: UsageFile, tmp_path: Path) -> None:
        (tmp_path / "secret").write_text("of-the-file\n", encoding="utf-8")
        text = listed(offering(without="cscs_dwdi_client_secret"))
        environ = {"CSCS_DWDI_CLIENT_SECRET_FILE": str(tmp_path / "secret")}

        assert usage_file.section(text, environ).cscs_dwdi_client_secret == Secret("of-the-file")


class TestBeside:
    def test_sections_beside_the_offerings_hold_for_all_of_them(
        self, usage_file: UsageFile
    ) -> None:
        beside = """\
usage: {grace_days: 3, cscs_dwdi_oidc_scope: shared, timeout: 5}
site_timezone: Europe/Zurich
debug: true
"""
        own = offering(cscs_dwdi_oidc_scope="own")
        found = usage_file.load(listed(own, offering(uuid=UUID_B)) + beside)
        settings = [each.settings for each in found.offerings]

        assert [each.usage.cscs_dwdi_oidc_scope for each in settings] == ["own", "shared"]
        assert {each.usage.grace_days for each in settings} == {3}
        assert {each.site_timezone for each in settings} == {"Europe/Zurich"}
        assert found.notices == ()

    def test_the_warehouse_can_be_described_once(self, usage_file: UsageFile) -> None:
        keys = "".join(f"  {key}: {text}\n" for key, text in SETTINGS.items())
        entry = (
            f"  - {{reporting_backend: cscs-dwdi, waldur_offering_uuid: {UUID_A}, {COMPONENTS}}}\n"
        )
        text = f"usage:\n{keys}{listed(entry)}"

        assert usage_file.section(text, WALDUR).cscs_dwdi_client_id == "reporter"
        assert usage_file.mistakes(text.replace("https://auth", "auth"), WALDUR).keys() == {
            "usage.cscs_dwdi_oidc_token_url"
        }

    @pytest.mark.parametrize("key", ["offerings", "kind", "profile"])
    def test_what_every_offering_has_for_itself_is_not_read_beside_them(
        self, usage_file: UsageFile, key: str
    ) -> None:
        text = listed(offering(), offering(uuid=UUID_B)) + f"usage: {{{key}: x}}\n"
        (notice,) = usage_file.load(text).notices

        assert notice.startswith(f"usage.{key} (")

    @pytest.mark.parametrize(
        ("beside", "key"),
        [
            ("usage: [x]", "usage"),
            ("usage: {grace_dayss: 3}", "usage.grace_dayss"),
            ("usage: {grace_days: 99}", "usage.grace_days"),
            ("site_timezone: Mars", "site_timezone"),
            ("timezone: Mars", "timezone"),
            ("adapters: {dwdi: sql}", "adapters.dwdi"),
            ("usage: {ca_file: none.pem}", "usage.ca_file"),
            ("adapters: {waldur: {kind: file, path: x}}", "adapters.waldur"),
        ],
    )
    def test_a_mistake_beside_them_is_told_once(
        self, usage_file: UsageFile, beside: str, key: str
    ) -> None:
        text = listed(offering(), offering(uuid=UUID_B)) + beside

        assert usage_file.mistakes(text).keys() == {key}

    @pytest.mark.parametrize(
        ("beside", "zone"),
        [
            ("timezone: Europe/Zurich", "Europe/Zurich"),
            ("timezone: ''", "UTC"),
            ("timezone: Europe/Zurich\nsite_timezone: Europe/Oslo", "Europe/Oslo"),
        ],
    )
    def test_months_are_counted_in_the_agents_zone_unless_ours_is_named(
        self, usage_file: UsageFile, beside: str, zone: str
    ) -> None:
        found = usage_file.only(listed(offering()) + beside)

        assert found.settings.site_timezone == zone

    def test_one_file_serves_usage_and_storage(
        self, usage_file: UsageFile, agent_file: AgentFile
    ) -> None:
        text = (
            listed(offering(), storage_offering(uuid=UUID_B))
            + "usage: {grace_days: 2}\nhpc_user_api: {oidc_scope: x}\nitem_ids: unique\n"
        )
        usage, storage = usage_file.load(text), agent_file.load(text)

        assert usage.passed_over == ("Capstor",)
        assert storage.passed_over == ("Daint",)
        assert (usage.notices, storage.notices) == ((), ())

    def test_other_sections_of_ours_are_noticed(self, usage_file: UsageFile) -> None:
        text = listed(offering()) + "storage_systems: {a: b}\nsite_timezon: x\n"

        assert [notice.partition(" (")[0] for notice in usage_file.load(text).notices] == [
            "storage_systems",
            "site_timezon",
        ]


@pytest.mark.parametrize(
    "key", ["cscs_dwdi_client_secret", "cscs_dwdi_api_url", "cscs_dwdi_oidc_token_url"]
)
@given(text=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=12))
@example(text="")
@example(text="https://u:")
@example(text="*")
@example(text="!a!")
@example(text="{a: ")
@example(text="[")
@example(text="x: ")
def test_no_answer_shows_a_secret_wherever_it_is_pasted(key: str, text: str) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "agent.yaml"
        pasted = f"backend_settings:\n      {key}: {text}{MARK}@{MARK}"
        entry = offering(pasted, without=key).splitlines()
        kept = [line for line in entry if not line.startswith("    backend_settings: {")]
        path.write_text(listed("\n".join(kept) + "\n"), encoding="utf-8")
        for answer in _answers(path):
            assert MARK not in answer


def _answers(path: Path) -> Iterator[str]:
    """Yield everything that loading says, be it an error or settings."""
    try:
        config = load_usage(SERVICES, path, part=Part.USAGE)
    except ConfigurationError as error:
        yield str(error)
        yield repr(error.mistakes)
        return
    yield repr(config)
