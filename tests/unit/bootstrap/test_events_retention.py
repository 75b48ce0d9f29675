"""How old events may be: bounded only where the store deletes old ones."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs
import pytest
from structlog.testing import capture_logs

from cscs_bootstrap.events_retention import Retention, refused_retention, retention_of
from cscs_bootstrap.events_service import events_for_server, events_service
from cscs_bootstrap.settings import LoadedSettings, Settings, load_settings
from cscs_bootstrap.wiring import load_for_server
from cscs_domain.errors import ConfigurationError, StoreUnavailableError
from cscs_sql.administration import initialise
from cscs_sql.dialects import Layout
from tests.sql_databases import BOTH, Fresh, initialised

DAYS = {"CSCS_EVENTS__RETENTION_DAYS": "200"}
NOW = datetime(2025, 11, 19, tzinfo=UTC)


def settings_of(**environ: str) -> Settings:
    return load_settings(environ).settings


def loaded(url: str) -> LoadedSettings:
    return load_for_server({"DISABLE_AUTH": "true", "DATABASE_URL": url, **DAYS})


@attrs.define
class Answers:
    """What the store says each time it is asked, and how often that was."""

    _answers: Iterator[bool | StoreUnavailableError | None]
    asked: int = 0

    async def __call__(self) -> bool | None:
        self.asked += 1
        answer = next(self._answers)
        await asyncio.sleep(0)
        if isinstance(answer, StoreUnavailableError):
            raise answer
        return answer


AWAY = StoreUnavailableError("the event store", "is away")
LENGTH = timedelta(days=200)


async def test_a_store_that_deletes_bounds_the_age_and_is_asked_once() -> None:
    answers = Answers(iter([True]))
    retention = Retention(LENGTH, answers)

    assert [await retention.bound() for _ in range(3)] == [LENGTH] * 3
    assert answers.asked == 1


async def test_a_store_that_deletes_nothing_bounds_nothing_and_that_is_told_once() -> None:
    retention = Retention(LENGTH, Answers(iter([False])))

    with capture_logs() as lines:
        assert [await retention.bound() for _ in range(3)] == [None] * 3
    assert [line["event"] for line in lines] == ["configuration_notice"]
    assert "events.retention_days" in lines[0]["notice"]


async def test_batches_that_ask_at_once_are_told_once() -> None:
    retention = Retention(LENGTH, Answers(iter([False, False])))

    with capture_logs() as lines:
        found = await asyncio.gather(retention.bound(), retention.bound())
    assert set(found) == {None}
    assert len(lines) == 1


async def test_what_is_not_known_yet_is_asked_again() -> None:
    retention = Retention(LENGTH, Answers(iter([AWAY, None, True])))

    with pytest.raises(StoreUnavailableError):
        await retention.bound()
    assert await retention.bound() is None
    assert await retention.bound() == LENGTH


@pytest.mark.parametrize("environ", [{}, {**DAYS, "CSCS_ADAPTERS__EVENTS": "fake"}])
def test_where_everything_is_kept_there_is_no_retention(environ: dict[str, str]) -> None:
    assert retention_of(settings_of(**environ)) is None


@pytest.mark.parametrize("layout", [*Layout, None])
def test_only_a_store_known_to_delete_nothing_is_refused(layout: Layout | None) -> None:
    mistakes = list(refused_retention(settings_of(**DAYS), layout))

    assert bool(mistakes) is (layout in {Layout.SQLITE, Layout.POSTGRESQL})
    assert {mistake.key for mistake in mistakes} <= {"events.retention_days"}
    assert list(refused_retention(settings_of(), layout)) == []


@pytest.mark.parametrize("fresh", BOTH)
def test_a_server_whose_store_deletes_nothing_does_not_start(fresh: Fresh, tmp_path: Path) -> None:
    with initialised(fresh, tmp_path) as url:
        with pytest.raises(ConfigurationError) as caught:
            events_for_server(loaded(url))

        (mistake,) = caught.value.mistakes
        assert mistake.key == "events.retention_days"
        assert mistake.variable in DAYS
        assert "TimescaleDB" in mistake.reason


@pytest.mark.parametrize("fresh", BOTH)
async def test_a_store_that_deletes_nothing_keeps_events_of_any_age(
    fresh: Fresh, tmp_path: Path
) -> None:
    """As a server finds it whose database was away when it started."""
    with initialised(fresh, tmp_path) as url:
        async with events_service(settings_of(DATABASE_URL=url, **DAYS)) as service:
            assert await service.oldest_kept() is None


async def test_a_server_whose_database_is_away_starts_and_takes_nothing_in() -> None:
    with capture_logs() as lines:
        service = events_for_server(loaded("postgresql://me@127.0.0.1:1/events"))

    assert [line["event"] for line in lines] == ["event_store_unavailable"]
    assert service is not None
    async with service:
        with pytest.raises(StoreUnavailableError):
            await service.oldest_kept()


def test_without_a_retention_any_store_serves(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'events.sqlite3'}"
    initialise(url, zone=UTC, now=NOW)

    assert events_for_server(load_for_server({"DISABLE_AUTH": "true", "DATABASE_URL": url}))
