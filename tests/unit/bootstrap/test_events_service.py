"""Usage events out of settings, in memory: what is wired, and what is done once a day."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from cscs_bootstrap.events_service import (
    EventsService,
    are_events_configured,
    events_for_server,
    events_service,
)
from cscs_bootstrap.settings import LoadedSettings, Settings, load_settings
from cscs_bootstrap.wiring import load_for_server
from cscs_domain.errors import ConfigurationError, StoreUnavailableError
from cscs_domain.events.directory import DirectoryQuery, KnownDirectory
from cscs_fakes.usage_event_store import FakeUsageEventStore
from cscs_sql.administration import initialise
from tests.events_site import NOW, an_event, linked

FAKES = {"CSCS_ADAPTERS__EVENTS": "fake", "CSCS_ADAPTERS__DIRECTORY": "fake"}
OPEN = {"DISABLE_AUTH": "true"}
KEY = "a-key-of-a-collector"


def settings_of(**environ: str) -> Settings:
    return load_settings({**FAKES, **environ}).settings


class BrokenStore(FakeUsageEventStore):
    """Has a fault that nobody expects."""

    async def maintain(self, *, at: datetime) -> None:
        raise ZeroDivisionError(at)


class StoreWithoutRoom(FakeUsageEventStore):
    """Makes no room for coming months."""

    async def maintain(self, *, at: datetime) -> None:
        raise StoreUnavailableError("the event store", f"no right to make tables at {at}")


class Pauses:
    """Takes the place of sleeping, ends the background work after so many pauses."""

    def __init__(self, most: int) -> None:
        self.lengths: list[timedelta] = []
        self._most = most

    async def __call__(self, length: timedelta) -> None:
        self.lengths.append(length)
        if len(self.lengths) == self._most:
            raise asyncio.CancelledError


async def test_everything_of_the_settings_reaches_the_service() -> None:
    settings = settings_of(
        COLLECTOR_API_KEY=KEY,
        CSCS_SITE_TIMEZONE="Europe/Zurich",
        CSCS_EVENTS__SOURCES="pbs,pbsLog",
        CSCS_EVENTS__MOST_EVENTS="7",
        CSCS_EVENTS__MOST_BODY_BYTES="2000",
    )
    async with events_service(settings) as service:
        assert service.zone == ZoneInfo("Europe/Zurich")
        assert service.sources == ("pbs", "pbsLog")
        assert (service.most_events, service.most_body_bytes) == (7, 2000)
        assert service.collector_keys.sender_of(KEY) == "default"
        await service.store.check()


async def test_without_a_directory_nobody_is_known() -> None:
    async with events_service(settings_of(CSCS_ADAPTERS__DIRECTORY="file")) as service:
        query = DirectoryQuery(usernames=frozenset({"anovak"}))

        assert await service.directory.find(query) == KnownDirectory()


async def test_an_invented_directory_has_somebody() -> None:
    async with events_service(settings_of()) as service:
        query = DirectoryQuery(user_ids=frozenset({"1"}))

        assert isinstance(await service.directory.find(query), KnownDirectory)


class TestBackground:
    async def run(self, service: EventsService, pauses: Pauses) -> None:
        service.pause = pauses
        with pytest.raises(asyncio.CancelledError):
            await service.run_background()

    async def test_the_store_is_maintained_at_once_and_then_daily(self) -> None:
        async with events_service(settings_of()) as service:
            pauses = Pauses(3)
            await self.run(service, pauses)

        assert pauses.lengths == [timedelta(days=1)] * 3

    async def test_notes_of_touched_days_do_not_pile_up(self) -> None:
        async with events_service(settings_of()) as service:
            await service.store.store([linked(an_event())], at=NOW)
            await self.run(service, Pauses(1))

            assert await service.store.refresh() == 0

    async def test_a_store_that_is_away_is_tried_again_soon(self) -> None:
        async with events_service(settings_of()) as service:
            assert isinstance(service.store, FakeUsageEventStore)
            service.store.fail_with(StoreUnavailableError("the event store", "is away"))
            pauses = Pauses(1)
            with capture_logs() as lines:
                await self.run(service, pauses)

        assert pauses.lengths == [timedelta(minutes=5)]
        assert [line["event"] for line in lines] == ["event_store_not_maintained"]

    async def test_sums_are_refreshed_though_there_is_no_room_to_be_made(self) -> None:
        """As where the server may not make partitions."""
        async with events_service(settings_of()) as service:
            service.store = StoreWithoutRoom(UTC)
            await service.store.store([linked(an_event())], at=NOW)
            with capture_logs() as lines:
                await self.run(service, Pauses(1))

            assert await service.store.refresh() == 0
        assert [line["event"] for line in lines] == ["event_store_not_maintained"]

    async def test_a_fault_of_our_own_does_not_end_it(self) -> None:
        async with events_service(settings_of()) as service:
            service.store = BrokenStore(UTC)
            pauses = Pauses(2)
            with capture_logs() as lines:
                await self.run(service, pauses)

        assert pauses.lengths == [timedelta(minutes=5)] * 2
        assert [line["log_level"] for line in lines] == ["error"] * 2

    async def test_the_background_can_be_ended_at_any_time(self) -> None:
        async with events_service(settings_of()) as service:
            task = asyncio.create_task(service.run_background())
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task


class TestConfigured:
    @pytest.mark.parametrize(
        "environ",
        [
            {"COLLECTOR_API_KEY": KEY},
            {"DATABASE_URL": "sqlite:///cscs-events.sqlite3"},
            {"CSCS_ADAPTERS__EVENTS": "sql"},
            {"CSCS_ADAPTERS__DIRECTORY": "file"},
            {"CSCS_EVENTS__MOST_EVENTS": "10000"},
        ],
    )
    def test_any_key_of_events_configures_them(self, environ: dict[str, str]) -> None:
        assert are_events_configured(load_settings(environ))

    @pytest.mark.parametrize("environ", [{}, {"CSCS_SITE_TIMEZONE": "UTC"}, {"DATABASE_URL": " "}])
    def test_nothing_else_does(self, environ: dict[str, str]) -> None:
        assert not are_events_configured(load_settings(environ))

    def test_a_server_without_events_has_no_service(self) -> None:
        loaded = load_for_server(OPEN)

        assert events_for_server(loaded) is None
        assert not any("collector" in notice for notice in loaded.notices)

    async def test_a_server_may_have_events_alone(self) -> None:
        loaded = load_for_server({**OPEN, **FAKES})
        service = events_for_server(loaded)

        assert service is not None
        assert any("events.collector_key is not set" in notice for notice in loaded.notices)
        await service.close()

    @pytest.mark.parametrize(
        "url", ["mysql://me:hunter2@db/events", "hunter2", "sqlite:///:memory:"]
    )
    def test_a_database_that_cannot_be_is_refused_without_its_password(self, url: str) -> None:
        with pytest.raises(ConfigurationError) as caught:
            load_for_server({**OPEN, "DATABASE_URL": url})

        (mistake,) = caught.value.mistakes
        assert (mistake.key, mistake.variable) == ("events.database_url", "DATABASE_URL")
        assert "hunter2" not in str(mistake)
        assert not mistake.reason.endswith("..")

    def test_mistakes_about_events_are_told_beside_others(self) -> None:
        with pytest.raises(ConfigurationError) as caught:
            load_for_server({"COLLECTOR_API_KEY": "short", "STORAGE_SYSTEMS": "a=b"})

        keys = {mistake.key for mistake in caught.value.mistakes}
        assert {"events.collector_key", "auth.keycloak_url", "waldur_api.api_url"} <= keys


class TestStoreAtStart:
    """A server refuses tables of another version, and waits for a database that is away."""

    def loaded(self, url: str) -> LoadedSettings:
        return load_for_server({**OPEN, "DATABASE_URL": url, "CSCS_ADAPTERS__DIRECTORY": "sql"})

    def test_a_store_without_tables_is_refused_with_the_command_that_mends_it(
        self, tmp_path: Path
    ) -> None:
        with pytest.raises(ConfigurationError) as caught:
            events_for_server(self.loaded(f"sqlite:///{tmp_path / 'events.sqlite3'}"))

        (mistake,) = caught.value.mistakes
        assert (mistake.key, mistake.hint) == ("events.database_url", "Run: cscs events init")
        assert list(tmp_path.iterdir()) == []

    async def test_a_current_store_serves_also_from_inside_of_a_loop(self, tmp_path: Path) -> None:
        url = f"sqlite:///{tmp_path / 'events.sqlite3'}"
        initialise(url, zone=UTC, now=datetime(2025, 11, 19, tzinfo=UTC))
        service = events_for_server(self.loaded(url))

        assert service is not None
        async with service:
            await service.store.check()
            assert await service.directory.find(DirectoryQuery()) == KnownDirectory()

    def test_a_store_of_another_zone_is_refused(self, tmp_path: Path) -> None:
        url = f"sqlite:///{tmp_path / 'events.sqlite3'}"
        initialise(url, zone=ZoneInfo("Europe/Zurich"), now=datetime(2025, 11, 19, tzinfo=UTC))

        with pytest.raises(ConfigurationError, match="cscs events rebuild"):
            events_for_server(self.loaded(url))

    async def test_a_database_that_is_away_is_told_and_waited_for(self) -> None:
        url = "postgresql://me:hunter2@127.0.0.1:1/events"
        with capture_logs() as lines:
            service = events_for_server(self.loaded(url))

        assert [line["event"] for line in lines] == ["event_store_unavailable"]
        assert "hunter2" not in str(lines)
        assert service is not None
        async with service:
            with pytest.raises(StoreUnavailableError):
                await service.store.check()
