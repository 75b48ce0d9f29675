"""Documents as bytes: what is written to the letter, and what is read or refused."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import attrs
import pytest

from cscs_domain.errors import InvalidValueError
from cscs_domain.problems import Problem, ProblemCode, Severity
from cscs_domain.storage.data_types import TargetType
from cscs_domain.storage.document_wire import document_from_wire, document_of_rows
from cscs_domain.storage.documents import (
    DocumentFormat,
    DocumentHead,
    DocumentMeta,
    StorageDocument,
)
from cscs_domain.storage.rows import StorageRow
from cscs_domain.storage.states import Status
from cscs_domain.storage.wire import row_to_wire
from cscs_json import decode_document, document_chunks, encode_document, encode_problems, encode_row
from tests.unit.storage.samples import answer, leaf, order, sample, uuid_of

META = DocumentMeta(datetime(2026, 11, 21, 14, 5, tzinfo=timezone(timedelta(hours=1))), "1.2.3")
ORDER = DocumentHead(meta=META, is_order=True)
HEADS = [*(DocumentHead.of(form, META) for form in DocumentFormat), ORDER]
IDS = [*DocumentFormat, "order"]

Wire = dict[str, Any]
"""A decoded document that a test looks into, or is about to spoil: any JSON."""


def rows_of_everything() -> tuple[StorageRow, ...]:
    return answer(
        sample(limits={"storage": "8.25"}),
        sample("res-2", limits={}, customer_name='Ünï "quoted" \\ 漢字 \x7f\u2028'),
        sample(
            "res-3", state="Updating", order_in_progress=order("executing", limits={"storage": 3})
        ),
        sample("anna", attributes={"storage_data_type": "users"}),
    ).rows


def by_the_standard_library(head: DocumentHead, rows: tuple[StorageRow, ...]) -> str:
    """The document as spec 002's program would lay it out, but with exact decimals."""
    wires = [row_to_wire(row) for row in rows]
    match head.format:
        case DocumentFormat.NDJSON:
            return "".join(f"{dumped(wire, separators=(',', ':'))}\n" for wire in wires)
        case DocumentFormat.RESOURCES:
            return dumped(wires, indent=2) + "\n"
    total = len(rows)
    page = {"current": 1, "limit": total, "offset": 0, "pages": 1, "total": total}
    assert head.meta
    envelope = {
        "status": "success",
        "code": 200,
        "meta": {"date": head.meta.date.isoformat(), "appVersion": head.meta.app_version},
        "result": {"storageResources": wires} | ({} if head.is_order else {"paginate": page}),
    }
    return dumped(envelope, indent=2) + "\n"


def dumped(value: object, **layout: Any) -> str:  # Any: as `json.dumps` takes it
    def leaf_of(value: object) -> str:
        return f"decimal:{value}:" if isinstance(value, Decimal) else str(value)

    text = json.dumps(value, ensure_ascii=False, default=leaf_of, **layout)
    return re.sub('"decimal:([^":]+):"', r"\1", text)


@pytest.mark.parametrize("head", HEADS, ids=IDS)
@pytest.mark.parametrize("copies", [0, 1, 8, 9, 50])
def test_a_document_is_laid_out_as_the_standard_library_does_it(
    head: DocumentHead, copies: int
) -> None:
    rows = rows_of_everything() * copies

    assert encode_document(StorageDocument(head, rows)).decode() == (
        by_the_standard_library(head, rows)
    )


def test_an_envelope_is_spelled_as_documented() -> None:
    text = encode_document(StorageDocument(DocumentHead(meta=META), ())).decode()

    assert (
        text
        == """\
{
  "status": "success",
  "code": 200,
  "meta": {
    "date": "2026-11-21T14:05:00+01:00",
    "appVersion": "1.2.3"
  },
  "result": {
    "storageResources": [],
    "paginate": {
      "current": 1,
      "limit": 0,
      "offset": 0,
      "pages": 1,
      "total": 0
    }
  }
}
"""
    )


def test_a_version_cannot_be_taken_for_the_place_of_the_rows() -> None:
    head = DocumentHead(meta=attrs.evolve(META, app_version='1 "storageResources": [] []'))
    document = StorageDocument(head, (leaf(sample()),))

    assert decode_document(encode_document(document)) == document


@pytest.mark.parametrize("head", HEADS, ids=IDS)
def test_rows_are_taken_only_when_they_are_needed(head: DocumentHead) -> None:
    row = leaf(sample())
    taken = []

    def endless() -> Iterator[StorageRow]:
        while True:
            taken.append(row)
            yield row

    pieces = document_chunks(head, endless())
    sizes = [len(next(pieces)) for _ in range(3)]

    assert len(taken) <= 3 * 100
    assert min(sizes) > 50_000


def test_problems_are_listed_with_the_documents_name() -> None:
    problem = Problem(ProblemCode.MISSING_IDENTITY, Severity.ERROR, "nobody knows", "ask", "r")
    text = encode_problems("2026-11-21-14-05-all.json", META.date, [problem]).decode()

    assert (
        text
        == """\
{
  "document": "2026-11-21-14-05-all.json",
  "date": "2026-11-21T14:05:00+01:00",
  "problems": [
    {
      "code": "missing_identity",
      "severity": "error",
      "resource": "r",
      "message": "nobody knows",
      "hint": "ask"
    }
  ]
}
"""
    )


@pytest.mark.parametrize("suffix", [None, "right"])
@pytest.mark.parametrize("head", HEADS, ids=IDS)
@pytest.mark.parametrize("count", [1, 6])
def test_a_document_is_read_back_with_its_name_or_without(
    head: DocumentHead, count: int, suffix: str | None
) -> None:
    document = StorageDocument(head, rows_of_everything()[:count])

    assert (
        decode_document(encode_document(document), suffix=suffix and head.format.suffix) == document
    )


@pytest.mark.parametrize("head", HEADS, ids=IDS)
def test_layout_does_not_matter_to_readers(head: DocumentHead) -> None:
    document = StorageDocument(head, rows_of_everything())
    data = encode_document(document)
    if head.format is DocumentFormat.NDJSON:
        other = data.replace(b"\n", b" \r\n").removesuffix(b"\r\n")
    else:
        other = b"\n " + dumped(json.loads(data, parse_float=Decimal)).encode()

    assert decode_document(other) == document


def test_members_that_this_version_does_not_know_are_passed_over() -> None:
    wire = decoded() | {"more": [1.5]}
    wire["result"]["storageResources"][0]["colour"] = "blue"

    assert decode_document(json.dumps(wire).encode()).rows == (leaf(sample()),)


def test_shared_members_are_the_same_values_after_reading() -> None:
    first, second = decode_document(
        encode_document(StorageDocument(ORDER, (leaf(sample()), leaf(sample("res-2")))))
    ).rows

    assert first.system is second.system
    assert first.quotas is second.quotas


def test_a_date_in_the_hour_that_clocks_repeat_is_read_back_as_the_same() -> None:
    date = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Zurich"), fold=1)
    document = StorageDocument(DocumentHead(meta=DocumentMeta(date, "1")), ())

    assert b'"2026-10-25T02:30:00+01:00"' in encode_document(document)
    assert decode_document(encode_document(document)) == document


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: DocumentMeta(datetime(2026, 11, 21), "1"), "no time zone"),  # noqa: DTZ001
        (DocumentHead, "has no meta"),
        (lambda: DocumentHead(format=DocumentFormat.NDJSON, meta=META), "room for rows alone"),
        (lambda: DocumentHead(format=DocumentFormat.RESOURCES, is_order=True), "room for rows"),
    ],
)
def test_what_a_format_has_no_room_for_is_refused(make: Callable[[], object], said: str) -> None:
    with pytest.raises(InvalidValueError, match=said):
        make()


def decoded() -> Wire:
    """One document of one row, decoded."""
    document = StorageDocument(DocumentHead(meta=META), (leaf(sample()),))
    wire: Wire = json.loads(encode_document(document))
    return wire


SPOILT: list[tuple[str, Callable[[Wire], object]]] = [
    ("its status is 'error', not 'success'", lambda w: w.update(status="error")),
    ("its code is 500, not 200", lambda w: w.update(code=500)),
    ("its code is 200.0, not 200", lambda w: w.update(code=200.0)),
    ("its code is None", lambda w: w.pop("code")),
    ("its meta is None, not an object", lambda w: w.pop("meta")),
    ("its meta.date is 5, not an ISO 8601", lambda w: w["meta"].update(date=5)),
    ("its meta.date is 'yesterday'", lambda w: w["meta"].update(date="yesterday")),
    ("its meta.appVersion is None", lambda w: w["meta"].pop("appVersion")),
    ("its meta.appVersion is '.ud800'", lambda w: w["meta"].update(appVersion="\ud800")),
    ("its result is a list of 0, not an object", lambda w: w.update(result=[])),
    ("its result.storageResources is an obj", lambda w: w["result"].update(storageResources={})),
    ("its result.storageResources is None", lambda w: w["result"].pop("storageResources")),
    ("its paginate is None, not an object", lambda w: w["result"].update(paginate=None)),
    ("it has 1 rows of 7: somebody", lambda w: w["result"]["paginate"].update(total=7)),
    ("it has 1 rows of True: somebody", lambda w: w["result"]["paginate"].update(total=True)),
    ("it has 0 rows of 1: somebody", lambda w: w["result"]["storageResources"].clear()),
    ("not that of a single page: current 2,", lambda w: w["result"]["paginate"].update(current=2)),
    ("not that of a single page: .* limit 0,", lambda w: w["result"]["paginate"].update(limit=0)),
    ("not that of a single page: .* pages None", lambda w: w["result"]["paginate"].pop("pages")),
    ("with row 1 .*: storage row None", lambda w: w["result"].update(storageResources=[None])),
    (
        r"with row 1 .*status.*mountPoint",
        lambda w: w["result"]["storageResources"][0].update(status="x", mountPoint=5),
    ),
    (
        r"with row 1 .*target\.name",
        lambda w: w["result"]["storageResources"][0]["target"]["targetItem"].update(name="\ud800"),
    ),
]


@pytest.mark.parametrize(("said", "spoil"), SPOILT)
def test_a_spoilt_document_is_refused_with_what_is_wrong(
    said: str, spoil: Callable[[Wire], object]
) -> None:
    wire = decoded()
    spoil(wire)

    with pytest.raises(InvalidValueError, match=said):
        decode_document(json.dumps(wire).encode())
    with pytest.raises(InvalidValueError, match=said):
        document_from_wire(json.loads(json.dumps(wire), parse_float=Decimal))


ROW = encode_row(leaf(sample()))


def with_amount(amount: str) -> bytes:
    return ROW.replace(b'"quota":10,', f'"quota":{amount},'.encode(), 1)


@pytest.mark.parametrize(
    ("data", "suffix", "said"),
    [
        (b"", None, "not JSON"),
        (b"", "json", "not JSON"),
        (b" \n", "ndjson", "line 1 .*not JSON"),
        (b"5", "json", "neither an object nor a list"),
        (b"{}", None, "its status is None"),
        (b"[", None, "not JSON"),
        (b"\xff", "json", "not UTF-8"),
        (ROW, "json", "its status is 'active'"),
        (ROW + b"\n" + ROW, "json", "not JSON: Extra data at line 2"),
        (b"[]", "ndjson", "line 1 .*expected an object"),
        (ROW + b"\n\n" + ROW, "ndjson", "line 2 .*not JSON"),
        (ROW + b"\n" + ROW[:-1], "ndjson", "line 2 .*not JSON"),
        (ROW + b"\n[]", None, "line 2 .*expected an object"),
        (b"[" + ROW + b"," + with_amount("NaN") + b"]", "json", "not usable JSON: NaN"),
        (b"[" + with_amount("1e999999999") + b"]", "json", "row 1 .*quotas"),
        (b"[" + with_amount("1e99999999999999999999") + b"]", "json", "exponent is too long"),
        (b"[" + with_amount("9" * 5000) + b"]", "json", "not usable JSON"),
        (b"[" * 100_000, "json", "nested too deeply"),
        (ROW[:-1] + b',"x":' + b"[" * 100_000, "ndjson", "line 1 .*nested too deeply"),
        (ROW.replace(b"climate-sim", b"\xff"), "ndjson", "line 1 .*not UTF-8"),
        (ROW.replace(b"climate-sim", b"\\udc00"), "ndjson", "line 1 .*mountPoint"),
    ],
    ids=str,
)
def test_what_is_no_document_is_refused_in_a_short_sentence(
    data: bytes, suffix: str | None, said: str
) -> None:
    with pytest.raises(InvalidValueError, match=said) as refusal:
        decode_document(data, suffix=suffix)

    assert len(str(refusal.value)) < 300


def test_an_empty_file_is_a_document_of_lines() -> None:
    assert decode_document(b"", suffix="ndjson") == StorageDocument(
        DocumentHead(format=DocumentFormat.NDJSON), ()
    )


FIRST_GENERATION = """\
{
  "status": "success",
  "code": 200,
  "meta": {"date": "2026-11-21T14:05:00.123456", "appVersion": "1.4.0"},
  "result": {
    "storageResources": [
      {
        "itemId": "0123456789abcdef0123456789abcdef",
        "status": "pending",
        "mountPoint": {"default": "/lustre/store/university/physics-dept/climate-sim"},
        "permission": {"permissionType": "octal", "value": "2770"},
        "quotas": [
          {"type": "space", "quota": 8.5, "unit": "tera", "enforcementType": "soft"},
          {"type": "space", "quota": 10.0, "unit": "tera", "enforcementType": "hard"},
          {"type": "inodes", "quota": 11305000.0, "unit": "none", "enforcementType": "soft"},
          {"type": "inodes", "quota": 17000000, "unit": "none", "enforcementType": "hard"}
        ],
        "target": {
          "targetType": "project",
          "targetItem": {
            "itemId": "0123456789abcdef0123456789abcdef", "status": "open",
            "name": "climate-sim", "unixGid": 30500, "active": true
          }
        },
        "storageSystem": {
          "itemId": "11111111-2222-4333-8444-555555555555",
          "key": "lustre", "name": "LUSTRE", "active": true
        },
        "storageFileSystem": {
          "itemId": "11111111-2222-4333-8444-666666666666",
          "key": "lustre", "name": "LUSTRE", "active": true
        },
        "storageDataType": {
          "itemId": "11111111-2222-4333-8444-777777777777",
          "key": "store", "name": "STORE", "path": "store", "active": true
        },
        "parentItemId": null
      }
    ]
  }
}"""


def first_generation(**changes: object) -> Wire:
    wire: Wire = json.loads(FIRST_GENERATION, parse_float=Decimal)
    wire["result"]["storageResources"][0].update(changes)
    return wire


def test_a_document_of_the_first_generation_can_be_compared_with_ours() -> None:
    document = decode_document(FIRST_GENERATION.encode())
    (row,) = document.rows

    assert document.head == DocumentHead(
        meta=DocumentMeta(datetime(2026, 11, 21, 14, 5, 0, 123456, tzinfo=UTC), "1.4.0"),
        is_order=True,
    )
    assert row.item_id == UUID("0123456789abcdef0123456789abcdef")
    assert row.quotas
    assert (row.quotas.space_hard_tb, row.quotas.inodes_soft) == (Decimal(10), 11_305_000)
    assert (row.system.path, row.data_type.path) == ("", "store")
    assert attrs.asdict(row.target) == {
        "item_id": row.item_id,
        "key": None,
        "name": "climate-sim",
        "status": Status.PENDING,
        "unix_gid": 30500,
        "active": True,
    }


def test_a_page_of_the_first_generation_may_have_had_room_for_more() -> None:
    wire = first_generation()
    page = {"current": 1, "limit": 100, "offset": 0, "pages": 1, "total": 1}
    wire["result"]["paginate"] = page

    assert not document_from_wire(wire).head.is_order


def test_a_user_of_the_first_generation_has_neither_key_nor_name() -> None:
    item = {
        "itemId": uuid_of("anna"),
        "status": "active",
        "email": "anna@uni.example",
        "unixUid": 20100,
        "primaryProject": {"name": "climate-sim", "unixGid": 30500, "active": True},
        "active": True,
    }
    (row,) = document_from_wire(
        first_generation(target={"targetType": "user", "targetItem": item})
    ).rows

    assert row.target_type is TargetType.USER


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"status": "melted"}, "status"),
        ({"target": {"targetType": "project", "targetItem": {}}}, "target"),
        ({"target": None}, "target"),
        ({"storageSystem": 5}, "storageSystem"),
        ({"quotas": [5]}, "quotas"),
        ({"quotas": [{"type": "inodes", "quota": Decimal("1e999999999")}]}, "quotas"),
        ({"quotas": [{"type": "inodes", "quota": Decimal("1.5")}]}, "quotas"),
    ],
)
def test_what_even_the_first_generation_never_wrote_is_refused(
    changes: Mapping[str, object], said: str
) -> None:
    with pytest.raises(InvalidValueError, match=said):
        document_from_wire(first_generation(**changes))


def test_decoded_lines_make_a_document_too() -> None:
    wires = [json.loads(ROW, parse_float=Decimal)] * 2

    assert document_of_rows(wires).rows == (leaf(sample()),) * 2
