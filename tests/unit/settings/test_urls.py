"""Addresses: services, proxies, the Sentry DSN."""

from __future__ import annotations

import pytest

from cscs_bootstrap.settings import load_settings
from cscs_bootstrap.settings_urls import without_query
from tests.unit.settings.loading import mistakes, only

URL_VARIABLES = [
    "WALDUR_API_URL",
    "CSCS_KEYCLOAK_URL",
    "HPC_USER_API_URL",
    "HPC_USER_OIDC_TOKEN_URL",
    "CSCS_CALLBACK_BASE_URL",
]


@pytest.mark.parametrize("variable", URL_VARIABLES)
@pytest.mark.parametrize(
    "url",
    [
        "waldur.example.com",
        "ftp://waldur.example.com",
        "https://",
        "https:///api",
        "https://:443/api",
        "https://host:port/",
        "https://host:70000/",
        "https://host:0/",
        "https://[::1/",
        "https://two words/",
        "https://user:hunter2@host/",
        "https://user@host/",
        "/api/",
    ],
)
def test_a_url_needs_a_web_scheme_and_a_host_and_no_credentials(variable: str, url: str) -> None:
    found = only(mistakes({variable: url}))

    assert found.variable == variable
    assert "hunter2" not in str(found)


@pytest.mark.parametrize("variable", URL_VARIABLES)
@pytest.mark.parametrize("url", ["http://localhost:8000", "https://[::1]:443/x", "HTTPS://Host/"])
def test_urls_are_kept_as_they_were_written(variable: str, url: str) -> None:
    loaded = load_settings({variable: url})

    (key,) = (key for key, origin in loaded.origins.items() if origin.name == variable)
    assert key.endswith("_url")


@pytest.mark.parametrize("url", ["https://host/?page=1", "https://host/#top"])
def test_a_base_url_ends_with_its_path(url: str) -> None:
    assert only(mistakes({"WALDUR_API_URL": url})).key == "waldur_api.api_url"


def test_a_token_url_may_have_a_query() -> None:
    url = "https://auth.example.com/token?policy=p1"
    settings = load_settings({"HPC_USER_OIDC_TOKEN_URL": url}).settings

    assert settings.hpc_user_api.oidc_token_url == url


@pytest.mark.parametrize(
    "end",
    [
        "?client_secret=Zq7",
        "?policy=p1&Token=Zq7",
        "?api%5Fkey=Zq7",
        "?password",
        "#access_token=Zq7",
    ],
)
@pytest.mark.parametrize("variable", ["HPC_USER_OIDC_TOKEN_URL", "CSCS_DWDI_OIDC_TOKEN_URL"])
def test_a_token_url_must_not_hold_a_secret(variable: str, end: str) -> None:
    found = only(mistakes({variable: f"https://auth.example.com/token{end}"}))

    assert found.reason.startswith("must not hold a secret")
    assert "Zq7" not in str(found)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://a.example/x?y=Zq7", "https://a.example/x?***"),
        ("https://a.example/x#Zq7?y", "https://a.example/x#***"),
        ("https://a.example/x", "https://a.example/x"),
        ("what? no URL", "what? no URL"),
        ("", ""),
    ],
)
def test_what_follows_the_path_of_a_url_is_not_shown(text: str, shown: str) -> None:
    assert without_query(text) == shown


@pytest.mark.parametrize("variable", ["WALDUR_SOCKS_PROXY", "HPC_USER_SOCKS_PROXY"])
@pytest.mark.parametrize("scheme", ["socks4", "socks5", "socks5h", "http", "https"])
def test_five_kinds_of_proxy_are_known(variable: str, scheme: str) -> None:
    settings = load_settings({variable: f"{scheme}://localhost:12345"}).settings

    proxies = [settings.waldur_api.socks_proxy, settings.hpc_user_api.socks_proxy]
    assert [proxy.reveal() for proxy in proxies if proxy] == [f"{scheme}://localhost:12345"]


@pytest.mark.parametrize("variable", ["WALDUR_SOCKS_PROXY", "HPC_USER_SOCKS_PROXY"])
@pytest.mark.parametrize("proxy", ["localhost:12345", "localhost", "127.0.0.1:1080"])
def test_a_proxy_without_scheme_is_told_how_to_write_one(variable: str, proxy: str) -> None:
    found = only(mistakes({variable: proxy}))

    assert "no scheme" in found.reason
    assert found.hint == "Write socks5://localhost:12345 and not just localhost:12345."


@pytest.mark.parametrize(
    "proxy",
    ["ftp://h:1", "socks://h:1", "socks5://", "socks5://h:x", "socks5://h:1/path", "socks4://h"],
)
def test_other_proxies_are_mistakes(proxy: str) -> None:
    assert only(mistakes({"WALDUR_SOCKS_PROXY": proxy})).key == "waldur_api.socks_proxy"


@pytest.mark.parametrize(
    "dsn", ["sentry.example.com", "https://sentry.example.com/1", "https://key@host", "ftp://k@h/1"]
)
def test_a_dsn_has_a_scheme_a_key_a_host_and_a_project(dsn: str) -> None:
    found = only(mistakes({"SENTRY_DSN": dsn}))

    assert found.key == "sentry.dsn"
    assert dsn not in str(found)


def test_the_scheme_of_a_proxy_is_taken_in_lower_case() -> None:
    """Who makes the connection compares it as it is."""
    settings = load_settings({"WALDUR_SOCKS_PROXY": "SOCKS4://Me:Pass@Host:1080"}).settings

    assert settings.waldur_api.socks_proxy is not None
    assert settings.waldur_api.socks_proxy.reveal() == "socks4://Me:Pass@Host:1080"
