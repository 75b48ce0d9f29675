"""Every adapter that plays the usage warehouse. A new one joins by a line in the list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeAlias

import attrs

from cscs_domain.errors import UpstreamServiceError
from cscs_domain.ports import UsageWarehouse
from cscs_domain.usage.metering import UsageKind, WarehouseProfile
from cscs_domain.usage.months import Days, Month, Period
from cscs_fakes.clock import FixedClock
from cscs_fakes.emulators.faults import Fault, FaultKind
from cscs_fakes.emulators.faults import Service as FailingService
from cscs_fakes.emulators.oidc import CLIENT_ID, CLIENT_SECRET, REALM
from cscs_fakes.emulators.site import DWDI_PATH, EmulatedSite
from cscs_fakes.usage_warehouse import FakeUsageWarehouse
from cscs_files import FileUsageWarehouse
from cscs_http.connection import Connection
from cscs_http.dwdi import HttpUsageWarehouse, UrlStyle
from cscs_http.oidc_client import Client, ClientCredentials, TokenEndpoint
from cscs_http.service import Service
from cscs_json import encode
from tests.unit.http.services import QUICK

START: Final = datetime(2026, 11, 21, 8, tzinfo=UTC)


@attrs.frozen
class Place:
    """An empty folder and an emulated site for one adapter, and what to close after the test."""

    folder: Path
    site: EmulatedSite
    closing: AsyncExitStack


@attrs.frozen
class Stock:
    """Rows of one kind, month or day, and cluster (or of no cluster in particular)."""

    rows: Sequence[object]
    period: Period
    kind: UsageKind = UsageKind.COMPUTE
    cluster: str = ""


Stocks: TypeAlias = Sequence[Stock]


@attrs.frozen
class WarehouseAdapter:
    """How to set an adapter up in its place.

    `holding` gives it these rows; the one made by `breaking` cannot answer, the one made by
    `stopping` fails after it has given some of these rows. `knows` are the kinds it can be asked
    about, beside which it knows clusters if it is of the second profile.
    """

    name: str
    holding: Callable[[Place, Stocks], UsageWarehouse]
    breaking: Callable[[Place], UsageWarehouse]
    stopping: Callable[[Place, Stocks], UsageWarehouse]
    profile: WarehouseProfile = WarehouseProfile.V2

    @property
    def knows(self) -> frozenset[UsageKind]:
        """The kinds of its profile."""
        return frozenset({UsageKind.COMPUTE} if self.profile is WarehouseProfile.V1 else UsageKind)


# --- fake


def _fake(_place: Place, stocks: Stocks) -> FakeUsageWarehouse:
    fake = FakeUsageWarehouse()
    for stock in stocks:
        fake.put(stock.kind, stock.period, stock.rows, cluster=stock.cluster)
    return fake


def _talkative_fake(place: Place, stocks: Stocks) -> UsageWarehouse:
    fake = _fake(place, stocks)
    fake.answers_everything = True
    return fake


def _failing_fake(place: Place) -> UsageWarehouse:
    return _stopping_fake(place, (), after_pages=0)


def _stopping_fake(place: Place, stocks: Stocks, *, after_pages: int = 1) -> UsageWarehouse:
    fake = _fake(place, stocks)
    fake.fail_with(UpstreamServiceError("DWDI", "hung up"), after_pages=after_pages)
    return fake


# --- files


def _files(place: Place, stocks: Stocks) -> UsageWarehouse:
    for stock in stocks:
        cluster = f"@{stock.cluster}" if stock.cluster else ""
        path = place.folder / f"{stock.kind}-{_written(stock.period)}{cluster}.json"
        path.write_bytes(encode({stock.kind.value: stock.rows}))
    return FileUsageWarehouse(place.folder)


def _split_files(place: Place, stocks: Stocks) -> UsageWarehouse:
    """Parts of a hundred rows, the first one without any, and files that are none of them."""
    for stock in stocks:
        cluster = f"@{stock.cluster}" if stock.cluster else ""
        stem = f"{stock.kind}-{_written(stock.period)}{cluster}"
        (place.folder / f"{stem}.part1.json").write_bytes(b"{}")
        for number, first in enumerate(range(0, len(stock.rows), 100), 2):
            rows = stock.rows[first : first + 100]
            path = place.folder / f"{stem}.part{number}.json"
            path.write_bytes(encode({stock.kind.value: rows}))
    (place.folder / "notes.json").write_text("not an answer", encoding="utf-8")
    return FileUsageWarehouse(place.folder)


def _no_folder(place: Place) -> UsageWarehouse:
    return FileUsageWarehouse(place.folder / "absent")


def _half_written_file(place: Place, stocks: Stocks) -> UsageWarehouse:
    """The last of them."""
    warehouse = _files(place, stocks)
    path = max(place.folder.iterdir())
    path.write_bytes(path.read_bytes()[:-20])
    return warehouse


def _written(period: Period) -> str:
    if isinstance(period, Days):
        assert period.first == period.last
        return period.first.isoformat()
    return str(period)


# --- HTTP


def _http(profile: WarehouseProfile, style: UrlStyle) -> Callable[[Place, Stocks], UsageWarehouse]:
    def make(place: Place, stocks: Stocks) -> UsageWarehouse:
        for stock in stocks:
            period = _written(stock.period)
            place.site.dwdi.put(stock.kind, period, stock.rows, stock.cluster)
        return http_warehouse(place.site.url, place.closing, profile, style)

    return make


def http_warehouse(
    url: str, closing: AsyncExitStack, profile: WarehouseProfile, style: UrlStyle = UrlStyle.QUERY
) -> HttpUsageWarehouse:
    """The HTTP adapter with a token of its own, for the site at this URL."""
    endpoint = TokenEndpoint.parse(f"{url}/realms/{REALM}/protocol/openid-connect/token")
    tokens = Service(_connection("DWDI (token)", endpoint.url), retries=QUICK)
    client = Client(client_id=CLIENT_ID, client_secret=lambda: CLIENT_SECRET)
    credentials = ClientCredentials(tokens, endpoint, client, FixedClock(START))
    connection = _connection("DWDI", f"{url}{DWDI_PATH}/")
    service = Service(connection, credentials=credentials, retries=QUICK)
    for close in (tokens.close, credentials.close, service.close):
        closing.push_async_callback(close)
    return HttpUsageWarehouse(service, profile=profile, storage_url_style=style)


def _connection(service: str, url: str) -> Connection:
    # No TLS here, and to load the certificates takes longer than most tests.
    return Connection(service=service, url=url, largest_answer=2**20, verify_tls=False)


def _http_adapter(
    name: str,
    profile: WarehouseProfile,
    breaks: tuple[FailingService, FaultKind],
    style: UrlStyle = UrlStyle.QUERY,
) -> WarehouseAdapter:
    holding = _http(profile, style)

    def breaking(place: Place) -> UsageWarehouse:
        service, kind = breaks
        place.site.faults.set(service, Fault(kind=kind))
        return holding(place, ())

    def stopping(place: Place, stocks: Stocks) -> UsageWarehouse:
        place.site.faults.set(FailingService.DWDI, Fault(kind=FaultKind.ERROR_503, after=1))
        return holding(place, stocks)

    return WarehouseAdapter(name, holding, breaking, stopping, profile)


NOVEMBER: Final = Month(2026, 11)

HTTP_ADAPTERS: Final = [
    _http_adapter("HTTP v1", WarehouseProfile.V1, (FailingService.DWDI, FaultKind.ERROR_503)),
    _http_adapter("HTTP v2", WarehouseProfile.V2, (FailingService.DWDI, FaultKind.HTML)),
    _http_adapter(
        "HTTP v2, paths", WarehouseProfile.V2, (FailingService.OIDC, FaultKind.HTML), UrlStyle.PATH
    ),
]
USAGE_WAREHOUSES: Final = [
    WarehouseAdapter("fake", _fake, _failing_fake, _stopping_fake),
    WarehouseAdapter("talkative fake", _talkative_fake, _failing_fake, _stopping_fake),
    WarehouseAdapter("files", _files, _no_folder, _half_written_file),
    WarehouseAdapter("split files", _split_files, _no_folder, _half_written_file),
    *HTTP_ADAPTERS,
]
