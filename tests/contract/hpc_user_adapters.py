"""Every adapter that plays the identity service. A new one joins by a line in the list."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

import attrs
import yaml

from cscs_domain.errors import UpstreamServiceError
from cscs_domain.identities import UserRecord
from cscs_domain.identity_cache import CachedHpcUsers
from cscs_domain.ports import HpcUsers
from cscs_fakes.clock import FixedClock
from cscs_fakes.emulators.faults import Fault, FaultKind
from cscs_fakes.emulators.faults import Service as FailingService
from cscs_fakes.emulators.oidc import CLIENT_ID, CLIENT_SECRET, REALM
from cscs_fakes.emulators.site import HPC_USER_PATH, EmulatedSite
from cscs_fakes.hpc_users import FakeHpcUsers
from cscs_files import FileHpcUsers
from cscs_http.connection import Connection
from cscs_http.hpc_users import HttpHpcUsers
from cscs_http.oidc_client import Client, ClientCredentials, TokenEndpoint
from cscs_http.service import Service
from cscs_json import encode
from tests.unit.http.services import QUICK

Record = Mapping[str, object]
START: Final = datetime(2026, 11, 21, 8, tzinfo=UTC)


@attrs.frozen
class Place:
    """An empty folder and an emulated site for one adapter, and what to close after the test."""

    folder: Path
    site: EmulatedSite
    closing: AsyncExitStack


@attrs.frozen
class HpcUserAdapter:
    """How to set an adapter up in its place.

    `holding` gives it these records of projects and users, as the service spells them; the one
    made by `breaking` cannot answer.
    """

    name: str
    holding: Callable[[Place, Sequence[Record], Sequence[Record]], HpcUsers]
    breaking: Callable[[Place], HpcUsers]


def _fake(_place: Place, projects: Sequence[Record], users: Sequence[Record]) -> HpcUsers:
    gids = [(project.get("posixName"), project.get("unixGid")) for project in projects]
    return FakeHpcUsers(gids, [_user(user) for user in users])


def _user(record: Record) -> UserRecord:
    primary = record.get("primaryProject")
    project = primary if isinstance(primary, Mapping) else {}
    return UserRecord(
        username=record.get("posixName"),
        uid=record.get("unixUid"),
        email=record.get("email"),
        primary_project=project.get("posixName"),
        primary_gid=project.get("unixGid"),
    )


def _failing_fake(_place: Place) -> HpcUsers:
    fake = FakeHpcUsers({"g207": 30207})
    fake.fail_with(UpstreamServiceError("HPC users", "hung up"))
    return fake


def _json(place: Place, projects: Sequence[Record], users: Sequence[Record]) -> HpcUsers:
    path = place.folder / "ids.json"
    path.write_bytes(encode({"projects": list(projects), "users": list(users)}))
    return FileHpcUsers(path)


def _yaml(place: Place, projects: Sequence[Record], users: Sequence[Record]) -> HpcUsers:
    path = place.folder / "ids.yaml"
    records = {"projects": list(map(dict, projects)), "users": list(map(dict, users))}
    path.write_text(yaml.safe_dump(records, allow_unicode=True), encoding="utf-8")
    return FileHpcUsers(path)


def _yaml_mapping(place: Place, projects: Sequence[Record], users: Sequence[Record]) -> HpcUsers:
    """Like a person writes it: names as keys, a repeated name as a repeated key."""
    lines = ["projects:"]
    lines += [_line(project, project.get("unixGid")) for project in projects]
    lines += ["users:"]
    lines += [_line(user, dict(user)) for user in users]
    path = place.folder / "ids.yml"
    path.write_text("\n".join(line for line in lines if line) + "\n", encoding="utf-8")
    return FileHpcUsers(path)


def _line(record: Record, value: object) -> str:
    name = record.get("posixName")
    return f"  {encode(name).decode()}: {encode(value).decode()}" if isinstance(name, str) else ""


def _no_file(place: Place) -> HpcUsers:
    return FileHpcUsers(place.folder / "absent.yaml")


def _half_written_yaml(place: Place) -> HpcUsers:
    path = place.folder / "ids.yaml"
    path.write_text("projects:\n  g207: 302", encoding="utf-8")
    return FileHpcUsers(path)


def _half_written_json(place: Place) -> HpcUsers:
    path = place.folder / "ids.json"
    path.write_text('{"projects": [{"posixName": "g207", "unixGid": 302', encoding="utf-8")
    return FileHpcUsers(path)


def _http(place: Place, projects: Sequence[Record], users: Sequence[Record]) -> HpcUsers:
    emulator = place.site.hpc_user
    emulator.projects = [_for_json(record) for record in projects]
    emulator.users = [_for_json(record) for record in users]
    return http_hpc_users(place.site.url, place.closing)


def http_hpc_users(url: str, closing: AsyncExitStack, *, largest: int = 2**20) -> HttpHpcUsers:
    """The HTTP adapter with a token of its own, for the site at this URL."""
    endpoint = TokenEndpoint.parse(f"{url}/realms/{REALM}/protocol/openid-connect/token")
    tokens = Service(_connection("HPC users (token)", endpoint.url), retries=QUICK)
    client = Client(client_id=CLIENT_ID, client_secret=lambda: CLIENT_SECRET)
    credentials = ClientCredentials(tokens, endpoint, client, FixedClock(START))
    connection = _connection("HPC users", f"{url}{HPC_USER_PATH}/", largest_answer=largest)
    service = Service(connection, credentials=credentials, retries=QUICK)
    for close in (tokens.close, credentials.close, service.close):
        closing.push_async_callback(close)
    return HttpHpcUsers(service)


def _connection(service: str, url: str, largest_answer: int = 2**20) -> Connection:
    # No TLS here, and to load the certificates takes longer than most tests.
    return Connection(service=service, url=url, largest_answer=largest_answer, verify_tls=False)


def _for_json(record: Record) -> dict[str, object]:
    """A record as the emulator's JSON writes it, which knows no decimals."""
    return {
        name: float(value) if isinstance(value, Decimal) else value
        for name, value in record.items()
    }


def _failing(kind: FaultKind, service: FailingService) -> Callable[[Place], HpcUsers]:
    def make(place: Place) -> HpcUsers:
        place.site.faults.set(service, Fault(kind=kind))
        return _http(place, [{"posixName": "g207", "unixGid": 30207}], [])

    return make


def _cached(adapter: HpcUserAdapter) -> HpcUserAdapter:
    """The same behind a cache."""

    def holding(place: Place, projects: Sequence[Record], users: Sequence[Record]) -> HpcUsers:
        return _cache(place, adapter.holding(place, projects, users))

    def breaking(place: Place) -> HpcUsers:
        return _cache(place, adapter.breaking(place))

    return HpcUserAdapter(f"cache over {adapter.name}", holding, breaking)


def _cache(place: Place, inner: HpcUsers) -> HpcUsers:
    cache = CachedHpcUsers(inner, FixedClock(START))
    place.closing.push_async_callback(cache.close)
    return cache


_FAKE: Final = HpcUserAdapter("fake", _fake, _failing_fake)
_HTTP: Final = HpcUserAdapter("HTTP", _http, _failing(FaultKind.ERROR_503, FailingService.HPC_USER))

HPC_USER_ADAPTERS: Final = [
    _FAKE,
    HpcUserAdapter("JSON file", _json, _half_written_json),
    HpcUserAdapter("YAML file", _yaml, _half_written_yaml),
    HpcUserAdapter("YAML file of mappings", _yaml_mapping, _no_file),
    _HTTP,
    _cached(_FAKE),
    _cached(HpcUserAdapter("HTTP", _http, _failing(FaultKind.HTML, FailingService.OIDC))),
]
