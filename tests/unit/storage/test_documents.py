"""Documents as values: which heads there are, and what of a date is kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from cscs_domain.errors import InvalidValueError
from cscs_domain.storage.documents import (
    DocumentFormat,
    DocumentHead,
    DocumentMeta,
    StorageDocument,
)
from tests.unit.storage.samples import answer, sample

ZURICH = ZoneInfo("Europe/Zurich")
META = DocumentMeta(datetime(2026, 11, 21, 14, 5, tzinfo=ZURICH), "1.0")
TWICE = datetime(2026, 10, 25, 2, 30, tzinfo=ZURICH)
"""The minute that comes twice when summer time ends: this one first, `fold=1` an hour later."""


@pytest.mark.parametrize("form", DocumentFormat)
def test_a_head_of_all_rows_has_meta_exactly_where_there_is_room_for_it(
    form: DocumentFormat,
) -> None:
    head = DocumentHead.of(form, META)

    assert head.format is form
    assert head.meta == (META if form is DocumentFormat.ENVELOPE else None)
    assert not head.is_order


def test_the_head_of_an_order_is_an_envelope() -> None:
    head = DocumentHead(meta=META, is_order=True)

    assert head.format is DocumentFormat.ENVELOPE


@pytest.mark.parametrize(
    ("form", "meta", "is_order", "why"),
    [
        (DocumentFormat.ENVELOPE, None, False, "has no meta"),
        (DocumentFormat.ENVELOPE, None, True, "has no meta"),
        (DocumentFormat.RESOURCES, META, False, "has room for rows alone"),
        (DocumentFormat.RESOURCES, None, True, "has room for rows alone"),
        (DocumentFormat.NDJSON, META, False, "has room for rows alone"),
        (DocumentFormat.NDJSON, None, True, "has room for rows alone"),
    ],
)
def test_a_head_that_no_document_can_have_is_refused(
    form: DocumentFormat, meta: DocumentMeta | None, *, is_order: bool, why: str
) -> None:
    with pytest.raises(InvalidValueError, match=why):
        DocumentHead(format=form, meta=meta, is_order=is_order)


def test_a_date_without_a_zone_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="no time zone"):
        DocumentMeta(datetime(2026, 11, 21, 14, 5), "1.0")  # noqa: DTZ001  # that is the point


@pytest.mark.parametrize("date", [META.date, TWICE, TWICE.replace(fold=1)])
def test_a_date_equals_the_one_that_is_read_from_its_text(date: datetime) -> None:
    """With the zone itself it would not, in the hour that clocks repeat."""
    meta = DocumentMeta(date, "1.0")
    again = DocumentMeta(datetime.fromisoformat(meta.date.isoformat()), "1.0")

    assert again == meta
    assert hash(again) == hash(meta)


def test_the_two_hours_of_one_name_are_told_apart_by_the_date() -> None:
    first, second = (DocumentMeta(TWICE.replace(fold=fold), "1.0").date for fold in (0, 1))

    assert second - first == timedelta(hours=1)
    assert first.isoformat() == "2026-10-25T02:30:00+02:00"
    assert second.isoformat() == "2026-10-25T02:30:00+01:00"


def test_the_offset_of_the_site_is_kept() -> None:
    moment = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
    date = DocumentMeta(moment.astimezone(ZoneInfo("Pacific/Kiritimati")), "1.0").date

    assert date == moment
    assert date.tzinfo == timezone(timedelta(hours=14))


def test_printing_a_document_does_not_print_its_rows() -> None:
    document = StorageDocument(DocumentHead(meta=META), answer(sample()).rows)

    assert "climate-sim" not in repr(document)
