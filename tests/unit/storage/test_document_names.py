"""What documents and the links to them are called. Sources: spec 002; ADR 0018."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import attrs
import pytest

from cscs_domain.errors import InvalidValueError
from cscs_domain.storage.document_names import (
    KIND_OF_ORDER,
    DocumentName,
    OrderKind,
    OrderSubject,
    Series,
)
from cscs_domain.storage.documents import DocumentFormat
from cscs_domain.storage.states import OrderType

ORDER = UUID("7d4a2c6e-0f51-4b39-9a43-55c0a8f0b1de")
MOMENT = datetime(2026, 11, 21, 13, 5, 59, tzinfo=UTC)
SUMMER_ENDS = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (DocumentFormat.ENVELOPE, "2026-11-21-13-05-all.json"),
        (DocumentFormat.RESOURCES, "2026-11-21-13-05-all.json"),
        (DocumentFormat.NDJSON, "2026-11-21-13-05-all.ndjson"),
    ],
)
def test_a_document_of_all_rows_is_named_after_its_minute_and_format(
    form: DocumentFormat, expected: str
) -> None:
    name = DocumentName.of_all(MOMENT, form)

    assert name.text == str(name) == expected
    assert name.is_all


@pytest.mark.parametrize("kind", OrderKind)
def test_a_document_of_an_order_is_named_after_what_it_asks_for(kind: OrderKind) -> None:
    name = DocumentName.of_order(MOMENT, kind, ORDER)

    assert name.text == f"2026-11-21-13-05-{kind.value}_{ORDER}.json"
    assert not name.is_all


def test_an_order_to_restore_or_of_an_unknown_type_has_no_name() -> None:
    assert {order_type.value.lower(): kind.value for order_type, kind in KIND_OF_ORDER.items()} == {
        kind.value: kind.value for kind in OrderKind
    }
    assert set(OrderType) - set(KIND_OF_ORDER) == {OrderType.RESTORE, OrderType.UNKNOWN}


@pytest.mark.parametrize(
    ("zone", "moment", "stamp"),
    [
        ("UTC", MOMENT, "2026-11-21-13-05"),
        ("Europe/Zurich", MOMENT, "2026-11-21-14-05"),
        ("Pacific/Kiritimati", MOMENT, "2026-11-22-03-05"),
        ("Asia/Kolkata", MOMENT, "2026-11-21-18-35"),
        ("Europe/Zurich", SUMMER_ENDS, "2026-10-25-02-30"),
        ("Europe/Zurich", SUMMER_ENDS.replace(hour=1), "2026-10-25-02-30"),
        ("UTC", datetime(999, 1, 2, tzinfo=UTC), "0999-01-02-00-00"),
    ],
)
def test_the_minute_is_that_of_the_zone_that_the_moment_is_given_in(
    zone: str, moment: datetime, stamp: str
) -> None:
    name = DocumentName.of_all(moment.astimezone(ZoneInfo(zone)), DocumentFormat.ENVELOPE)

    assert name.stamp == stamp


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="no time zone"):
        DocumentName.of_all(MOMENT.replace(tzinfo=None), DocumentFormat.ENVELOPE)


def test_further_documents_of_one_minute_are_counted_from_two() -> None:
    name = DocumentName.of_all(MOMENT, DocumentFormat.NDJSON)
    second, tenth = name.next_copy, attrs.evolve(name, copy=10)

    assert second.text == "2026-11-21-13-05-all.2.ndjson"
    assert second.next_copy.text == "2026-11-21-13-05-all.3.ndjson"
    assert tenth.text == "2026-11-21-13-05-all.10.ndjson"


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("2026-11-21-13-05-all.json", "2026-11-21-13-05-all.problems.json"),
        ("2026-11-21-13-05-all.2.json", "2026-11-21-13-05-all.2.problems.json"),
        ("2026-11-21-13-05-all.ndjson", "2026-11-21-13-05-all.problems.json"),
    ],
)
def test_problems_stand_beside_their_document(text: str, problems: str) -> None:
    name = DocumentName.parse(text)

    assert name is not None
    assert name.problems_text == problems


@pytest.mark.parametrize(
    "uuid", [str(ORDER), ORDER.hex], ids=["with dashes", "without, as earlier programs wrote it"]
)
def test_the_order_of_a_document_is_read_from_its_name(uuid: str) -> None:
    name = DocumentName.parse(f"2026-11-21-13-05-terminate_{uuid}.2.json")

    assert name == DocumentName(
        stamp="2026-11-21-13-05", subject=OrderSubject(OrderKind.TERMINATE, ORDER), copy=2
    )


@pytest.mark.parametrize(
    "text",
    [
        *("", "latest.json", "latest-vast.json", ".2026-11-21-13-05-all.json.tmp"),
        *("2026-11-21-13-05-all", "2026-11-21-13-05-all.yaml", "2026-11-21-13-05-all.json.gz"),
        *("2026-11-21-13-05-all.problems.json", "2026-11-21-13-05-all.2.problems.json"),
        *("2026-11-21-13-05-all.1.json", "2026-11-21-13-05-all.02.json"),
        *("2026-11-21-13-05-all.0.json", "2026-11-21-13-05-all.-2.json"),
        *("2026-11-21-13-05-All.json", "x2026-11-21-13-05-all.json", "2026-11-21-13-05-all.json\n"),
        *("2026-02-30-13-05-all.json", "2026-13-01-00-00-all.json", "2026-11-21-24-00-all.json"),
        *("2026-00-01-00-00-all.json", "0000-01-01-00-00-all.json", "2026-1-1-00-00-all.json"),
        f"2026-11-21-13-05-restore_{ORDER}.json",
        f"2026-11-21-13-05-create-{ORDER}.json",
        f"2026-11-21-13-05-create_{str(ORDER).upper()}.json",
        f"2026-11-21-13-05-create_----{ORDER.hex}.json",
        f"2026-11-21-13-05-create_{ORDER.hex[:-1]}.json",
        f"2026-11-21-13-05-create_{{{ORDER}}}.json",
        "\N{ARABIC-INDIC DIGIT TWO}026-11-21-13-05-all.json",
    ],
)
def test_another_file_of_the_folder_is_no_document(text: str) -> None:
    """Whoever prunes must not take anything of somebody else's for an old document."""
    assert DocumentName.parse(text) is None


@pytest.mark.parametrize(
    "stamp",
    [
        *("", "now", "2026-11-21", "2026-02-30-00-00", "2026-1-1-0-0", "0000-01-01-00-00"),
        *("2026-01-01-24-00", "2026-01-01-00-60", "2026-01-01-00-00\n", "2026-01-01-00-00-00"),
        "\N{ARABIC-INDIC DIGIT TWO}026-01-01-00-00",
    ],
)
def test_a_name_begins_with_a_minute_that_there_is(stamp: str) -> None:
    with pytest.raises(InvalidValueError, match="does not begin with a minute"):
        DocumentName(stamp=stamp)


@pytest.mark.parametrize("copy", [0, -1, 1_000_000, 10**100])
def test_copies_are_counted_from_one_as_far_as_names_are_known_again(copy: int) -> None:
    with pytest.raises(InvalidValueError, match="is no number of a copy"):
        DocumentName(stamp="2026-11-21-13-05", copy=copy)


def test_no_name_comes_after_the_last_one() -> None:
    last = DocumentName(stamp="2026-11-21-13-05", copy=999_999)

    assert DocumentName.parse(last.text) == last
    with pytest.raises(InvalidValueError, match="1000000 is no number of a copy"):
        DocumentName(stamp=last.stamp).after([last])


def test_only_json_and_ndjson_are_formats_of_documents() -> None:
    with pytest.raises(ValueError, match="suffix"):
        DocumentName(stamp="2026-11-21-13-05", suffix="txt")


def test_the_oldest_sorts_first_and_copies_by_number() -> None:
    texts = [
        "2025-12-31-23-59-all.json",
        "2026-11-21-13-05-all.json",
        "2026-11-21-13-05-all.2.json",
        "2026-11-21-13-05-all.10.json",
        "2026-11-21-13-06-all.json",
    ]
    names = [name for text in reversed(texts) if (name := DocumentName.parse(text))]

    assert [name.text for name in sorted(names, key=lambda name: name.age_order)] == texts


class TestSeries:
    @pytest.mark.parametrize(
        ("series", "link"),
        [
            (Series(), "latest.json"),
            (Series(suffix="ndjson"), "latest.ndjson"),
            (Series(("vast",)), "latest-vast.json"),
            (Series(("vast", "capstor")), "latest-capstor+vast.json"),
            (Series(("vast",), "ndjson"), "latest-vast.ndjson"),
        ],
    )
    def test_a_link_says_which_systems_it_shows(self, series: Series, link: str) -> None:
        assert series.link == link

    def test_the_order_of_systems_does_not_matter(self) -> None:
        assert Series(("b", "a")) == Series(("a", "b"))

    def test_a_plus_in_a_name_does_not_make_two_of_one(self) -> None:
        series = [Series(("a+b",)), Series(("a", "b")), Series(("a%2Bb",)), Series(("a%2B", "b"))]

        assert len({each.link for each in series}) == len(series)

    def test_a_link_has_room_in_a_folder_however_many_systems_there_are(self) -> None:
        many = Series(tuple(f"system-number-{number}" for number in range(40)))
        more = Series((*many.systems, "one-more"))

        assert max(len(series.link.encode()) for series in (many, more)) < 200
        assert many.link != more.link
        assert many.link == Series(many.systems[::-1]).link

    @pytest.mark.parametrize("systems", [(), ("vast",), ("2026-11-21-13-05-all",)])
    def test_no_link_has_the_name_of_a_document(self, systems: tuple[str, ...]) -> None:
        assert DocumentName.parse(Series(systems).link) is None
