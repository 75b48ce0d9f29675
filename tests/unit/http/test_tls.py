"""Which certificates are believed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cscs_domain.errors import InvalidValueError
from cscs_http.connection import Connection, tls_context
from cscs_http.errors import NoAnswerError
from tests.certificates import make_certificates
from tests.raw_server import RawServer, answer, raw_server
from tests.unit.http.services import service_at

pytestmark = pytest.mark.anyio


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[RawServer]:
    context = make_certificates().server_context(tmp_path)
    async with raw_server(answer(200, 7), tls=context) as running:
        yield running


@pytest.fixture
def ca_file(tmp_path: Path) -> Path:
    path = tmp_path / "authority.pem"
    path.write_bytes(make_certificates().authority)
    return path


async def test_a_certificate_of_nobody_known_is_refused_at_once(server: RawServer) -> None:
    async with service_at(server.url) as watched:
        with pytest.raises(NoAnswerError, match="certificate") as caught:
            await watched.service.get("things/")

    assert not caught.value.retryable
    assert len(watched.calls) == 1
    assert server.requests == []


async def test_a_configured_authority_is_believed(server: RawServer, ca_file: Path) -> None:
    async with service_at(server.url, ca_file=ca_file) as watched:
        assert (await watched.service.get("things/")).json() == 7


async def test_without_checks_anything_is_believed(server: RawServer) -> None:
    async with service_at(server.url, verify_tls=False) as watched:
        assert (await watched.service.get("things/")).json() == 7


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_a_file_that_holds_no_authority_is_told(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "authority.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InvalidValueError, match=r"authority\.pem"):
        tls_context(Connection(service="Waldur", url="https://x.example/", ca_file=path))
