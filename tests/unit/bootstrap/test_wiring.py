"""Settings in, wired services out, or every reason why this version cannot."""

from __future__ import annotations

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from cscs_bootstrap.settings import Part
from cscs_bootstrap.wiring import (
    DEMO_CONFIG,
    load,
    load_for_server,
    storage_service,
    token_verifier,
)
from cscs_domain.errors import ConfigurationError, Mistake
from cscs_domain.identity_cache import CachedHpcUsers
from cscs_domain.ports import Clock
from cscs_domain.problems import Severity
from cscs_domain.storage.filters import EVERYTHING
from cscs_fakes.hpc_users import FakeHpcUsers
from cscs_fakes.waldur_resources import FakeWaldurResources
from cscs_files import FileHpcUsers, FileWaldurResources
from cscs_http.token_verifier import OidcTokenVerifier
from cscs_http.waldur_resources import HttpWaldurResources

FAKES = {
    "STORAGE_SYSTEMS": "capstor=cscs-capstor,vast=vast,iopsstor=iopsstor",
    "CSCS_ADAPTERS__WALDUR": "fake",
    "CSCS_ADAPTERS__HPC_USER": "fake",
    "DISABLE_AUTH": "true",
}
UPSTREAMS = {
    "STORAGE_SYSTEMS": "capstor=cscs-capstor",
    "WALDUR_API_URL": "https://waldur.example.com/api/",
    "WALDUR_API_TOKEN": "token",
    "HPC_USER_API_URL": "https://hpc-user.example.com",
    "HPC_USER_CLIENT_ID": "proxy",
    "HPC_USER_CLIENT_SECRET": "secret",
    "HPC_USER_OIDC_TOKEN_URL": "https://auth.example.com/token",
    "CSCS_KEYCLOAK_URL": "https://auth.example.com",
}


def mistakes(environ: dict[str, str]) -> dict[str, Mistake]:
    """What keeps a server with this environment from starting, by key."""
    with pytest.raises(ConfigurationError) as caught:
        load_for_server(environ)
    return {mistake.key: mistake for mistake in caught.value.mistakes}


class TestLoading:
    def test_the_demonstration_needs_no_environment(self) -> None:
        loaded = load_for_server({}, config=DEMO_CONFIG)

        assert set(loaded.settings.storage_systems) == {"capstor", "vast", "iopsstor"}

    def test_a_site_with_all_its_upstreams_may_start(self) -> None:
        settings = load_for_server(UPSTREAMS).settings

        assert settings.adapters.waldur.kind == settings.adapters.hpc_user.kind == "http"

    def test_mistakes_about_storage_and_about_the_server_are_told_together(self) -> None:
        found = mistakes({"STORAGE_SYSTEMS": "capstor=cscs-capstor"})

        assert {"auth.keycloak_url", "waldur_api.api_url", "hpc_user_api.api_url"} <= set(found)
        assert all(mistake.hint for mistake in found.values())

    def test_systems_that_are_wrong_are_told_and_not_taken_for_a_server_without(self) -> None:
        environ = FAKES | {"STORAGE_SYSTEMS": "a/b=x"}

        assert "storage_systems" in {key.partition(".")[0] for key in mistakes(environ)}

    def test_a_server_does_not_start_without_a_way_to_check_tokens(self) -> None:
        found = mistakes(FAKES | {"DISABLE_AUTH": "false"})

        assert set(found) == {"auth.keycloak_url"}
        assert found["auth.keycloak_url"].variable == "CSCS_KEYCLOAK_URL"

    def test_a_command_without_a_server_needs_no_authentication(self) -> None:
        environ = {name: value for name, value in FAKES.items() if name != "DISABLE_AUTH"}

        load(environ, config=None, parts=frozenset({Part.STORAGE}))

    def test_a_server_without_storage_needs_nothing_of_it(self) -> None:
        assert not load_for_server({"DISABLE_AUTH": "true"}).settings.storage_systems

    def test_development_mode_needs_no_identity_service(self) -> None:
        environ = FAKES | {"CSCS_ADAPTERS__HPC_USER": "http", "HPC_USER_DEVELOPMENT_MODE": "true"}

        load_for_server(environ)

    def test_an_adapter_that_does_not_exist_is_named(self) -> None:
        environ = UPSTREAMS | FAKES | {"CSCS_ADAPTERS__WALDUR": "sql"}

        assert "sql" in mistakes(environ)["adapters.waldur"].reason

    def test_development_mode_does_not_excuse_another_adapter(self) -> None:
        environ = FAKES | {"CSCS_ADAPTERS__HPC_USER": "sql", "HPC_USER_DEVELOPMENT_MODE": "true"}

        assert set(mistakes(environ)) == {"adapters.hpc_user"}

    def test_a_file_of_settings_is_found_by_the_documented_variable(self) -> None:
        environ = {"WALDUR_CSCS_STORAGE_PROXY_CONFIG_PATH": str(DEMO_CONFIG)}

        assert load_for_server(environ).settings == load_for_server({}, config=DEMO_CONFIG).settings

    def test_an_unknown_key_in_the_file_is_a_mistake(self, tmp_path: Path) -> None:
        config = tmp_path / "config.yaml"
        config.write_text("storage_system: {}\n")
        with pytest.raises(ConfigurationError, match="storage_system"):
            load_for_server({}, config=config)


class TestService:
    def test_files_stand_for_both_upstreams_of_the_demonstration(self) -> None:
        service = storage_service(load_for_server({}, config=DEMO_CONFIG).settings)

        assert isinstance(service.sources.waldur, FileWaldurResources)
        assert isinstance(service.sources.hpc_users, FileHpcUsers)
        assert service.inspection is service.sources.waldur
        assert service.include_terminated
        assert not service.strict

    async def test_the_demonstration_is_served(self) -> None:
        service = storage_service(load_for_server({}, config=DEMO_CONFIG).settings)
        served = await service.serve(EVERYTHING)

        assert len(served.snapshot.rows) > 60

    async def test_invented_resources_are_sold_by_the_configured_offerings(self) -> None:
        service = storage_service(load_for_server(FAKES).settings)
        snapshot = (await service.serve(EVERYTHING)).snapshot

        assert isinstance(service.sources.waldur, FakeWaldurResources)
        assert isinstance(service.sources.hpc_users, FakeHpcUsers)
        assert {facts.system for facts in snapshot.facts} == {"capstor", "vast", "iopsstor"}
        assert not [p for p in snapshot.problems if p.severity is Severity.ERROR]

    async def test_in_development_mode_everybody_without_an_id_is_made_up(self) -> None:
        environ = {
            "CSCS_ADAPTERS__HPC_USER": "http",
            "HPC_USER_DEVELOPMENT_MODE": "true",
        }
        service = storage_service(load_for_server(environ, config=DEMO_CONFIG).settings)
        codes = {problem.code.value for problem in (await service.read()).problems}

        assert "mock_identity" in codes
        assert "missing_identity" not in codes

    async def test_upstreams_over_http_are_wired_with_a_cache_of_ids(self) -> None:
        service = storage_service(load_for_server(UPSTREAMS).settings)

        assert isinstance(service.sources.waldur, HttpWaldurResources)
        assert isinstance(service.sources.hpc_users, CachedHpcUsers)
        assert service.inspection is service.sources.waldur
        await service.close()

    async def test_development_mode_with_a_whole_identity_service_asks_it(self) -> None:
        settings = load_for_server(UPSTREAMS | {"HPC_USER_DEVELOPMENT_MODE": "true"}).settings
        service = storage_service(settings)

        assert isinstance(service.sources.hpc_users, CachedHpcUsers)
        await service.close()

    @pytest.mark.parametrize("section", ["waldur_api", "hpc_user_api", "auth"])
    @pytest.mark.parametrize("content", [None, "no certificate"])
    def test_an_authority_that_cannot_be_used_is_a_mistake_in_its_key(
        self, section: str, content: str | None, tmp_path: Path
    ) -> None:
        path = tmp_path / "authority.pem"
        if content is not None:
            path.write_text(content)
        variable = f"CSCS_{section.upper()}__CA_FILE"
        found = mistakes(UPSTREAMS | {variable: str(path)})

        assert set(found) == {f"{section}.ca_file"}
        assert found[f"{section}.ca_file"].variable == variable

    async def test_callers_tokens_are_checked_with_the_keys_of_the_realm(self) -> None:
        verifier = token_verifier(load_for_server(UPSTREAMS).settings)

        assert isinstance(verifier, OidcTokenVerifier)
        await verifier.close()

    async def test_a_proxy_is_told_in_the_log_without_its_password(self) -> None:
        proxy = {"WALDUR_SOCKS_PROXY": "socks5://me:hunter2@localhost:1080"}
        settings = load_for_server(UPSTREAMS | proxy).settings
        with capture_logs() as lines:
            await storage_service(settings).close()

        assert [line["proxy"] for line in lines] == ["socks5://***@localhost:1080"]
        assert lines[0]["event"] == "Using SOCKS proxy for API request..."

    def test_strictness_ages_and_clock_are_taken_over(self) -> None:
        environ = FAKES | {"CSCS_STRICT": "true", "CSCS_SNAPSHOT_MAX_AGE": "7"}
        settings = load_for_server(environ).settings
        service = storage_service(settings)

        assert service.strict
        assert service.freshness.max_age == settings.snapshot_max_age

    def test_another_clock_may_be_given(self) -> None:
        settings = load_for_server(FAKES).settings
        usual = storage_service(settings)
        clock: Clock = storage_service(settings).clock

        assert storage_service(settings, clock).clock is clock
        assert usual.clock.now().utcoffset() is not None


@pytest.mark.parametrize(
    "given",
    [
        {"WALDUR_API_URL": "https://waldur.example.com/api/"},
        {"CSCS_ADAPTERS__WALDUR": "fake"},
        {"CSCS_STRICT": "true", "CSCS_ITEM_IDS": "unique"},
    ],
)
def test_a_server_with_any_storage_key_does_not_start_without_storage_systems(
    given: dict[str, str],
) -> None:
    """Forgotten storage_systems would otherwise make a healthy server that answers 404."""
    assert "storage_systems" in mistakes({"DISABLE_AUTH": "true"} | given)


def test_what_the_rules_refuse_is_a_mistake_in_the_settings() -> None:
    assert mistakes(FAKES | {"CSCS_BACKEND_SETTINGS__STORAGE_FILE_SYSTEM": "a/b"})
