"""Ids of events: those of the samples, and those made of content."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest

from cscs_domain.events.event_ids import event_id_of, usage_event_id, utc_text
from tests.unit.events.event_samples import Wire, read, sample_wires, wire


@pytest.mark.parametrize("sample", sample_wires(), ids=lambda one: one["extra"]["job_id"])
def test_the_ids_of_the_sample_are_made_of_their_parts(sample: Wire) -> None:
    event = read(sample)

    made = usage_event_id(
        source=event.source,
        cluster="brno1" if event.source == "openstack" else "pbs1",
        native_id=sample["extra"]["job_id"],
        run=sample["extra"]["run"],
        start=event.time_window_start,
        end=event.time_window_end,
    )

    assert made == event_id_of(event) == UUID(sample["extra"]["event_id"])


def test_an_id_does_not_depend_on_the_zone_of_the_window() -> None:
    def made(zone: timezone) -> UUID:
        start = datetime(2025, 11, 18, 23, tzinfo=UTC).astimezone(zone)
        return usage_event_id(
            source="pbs",
            cluster="pbs1",
            native_id="4001.pbs1.example.org",
            run=1,
            start=start,
            end=start + timedelta(days=1),
        )

    assert str(made(UTC)) == "87686734-0fc6-56c5-b36e-b0e4d13556cc"
    assert made(timezone(timedelta(hours=-7))) == made(UTC)


def test_an_id_is_read_however_it_is_spelt() -> None:
    dashless = wire(extra={"event_id": "876867340FC656C5B36EB0E4D13556CC"})

    assert event_id_of(read(dashless)) == UUID("87686734-0fc6-56c5-b36e-b0e4d13556cc")


@pytest.mark.parametrize("extra", [None, {}, {"event_id": None}])
def test_an_event_without_an_id_is_known_by_its_content(extra: object) -> None:
    event = read(wire(extra=extra))
    later = read(wire(extra=extra, collected_at="2025-11-20T05:00:00Z"))
    other = read(wire(extra=extra, source="pbsAcct"))

    assert event_id_of(event) == event_id_of(later)
    assert event_id_of(event) != event_id_of(other)
    assert event_id_of(event).version == 5


def test_the_id_made_of_content_stays_the_same_for_good() -> None:
    """Another one would make every event that is sent again a new event."""
    assert str(event_id_of(read(wire(extra=None)))) == "16e1ff4e-e9c0-52b4-bbd2-2137225f9c63"


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2025, 11, 19, tzinfo=UTC), "2025-11-19T00:00:00Z"),
        (datetime(2025, 11, 19, 0, 0, 0, 500000, tzinfo=UTC), "2025-11-19T00:00:00.500000Z"),
        (
            datetime(2025, 11, 19, tzinfo=timezone(timedelta(hours=1))),
            "2025-11-18T23:00:00Z",
        ),
    ],
)
def test_times_are_written_in_utc(moment: datetime, text: str) -> None:
    assert utc_text(moment) == text
