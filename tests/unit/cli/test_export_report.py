"""What an export tells at its end, where that depends on what a folder hardly ever does."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import attrs
import pytest

from cscs_bootstrap.destination import Destination
from cscs_cli.export_report import ExportOutput
from cscs_cli.terminal import console
from cscs_domain.storage.document_names import DocumentName
from cscs_domain.storage.documents import DocumentFormat
from cscs_domain.storage.export_documents import Comparison, ExportReport, ExportRequest
from cscs_domain.storage.hierarchy import Hierarchy
from cscs_fakes.document_store import FakeDocumentStore
from tests.unit.cli.rows import small_site

MOMENT: Final = datetime(2026, 11, 21, 14, 5, tzinfo=UTC)
REPORT: Final = ExportReport(
    hierarchy=Hierarchy(listed=tuple(small_site())),
    moment=MOMENT,
    name=DocumentName.of_all(MOMENT, DocumentFormat.ENVELOPE),
)


def output(report: ExportReport) -> ExportOutput:
    """An export into a folder."""
    return ExportOutput(
        report=report,
        request=ExportRequest(zone=UTC, version="1"),
        goal=Destination(store=FakeDocumentStore(), folder=Path("/srv/storage")),
    )


def shown(told: ExportOutput) -> str:
    """What standard output gets."""
    out = io.StringIO()
    told.show(console(out))
    return out.getvalue()


def test_an_export_without_trouble_has_no_notices() -> None:
    told = output(REPORT)

    assert list(told.notices()) == []
    assert told.exit_code == 0
    assert json.loads(told.document())["trouble"] is None


def test_trouble_after_the_document_is_a_notice_beside_it() -> None:
    told = output(attrs.evolve(REPORT, trouble="documents: x\x1b.json stays"))

    (notice,) = told.notices()
    assert notice.startswith("Notice: the document is there and linked, but not all older ones")
    assert notice.endswith(r"documents: x\x1b.json stays.")
    assert told.exit_code == 3
    assert "Document: /srv/storage/2026-11-21-14-05-all.json" in shown(told)
    wire = json.loads(told.document())
    assert (wire["written"], wire["trouble"]) == (True, "documents: x\x1b.json stays")


def test_an_earlier_document_that_cannot_be_read_is_a_notice() -> None:
    compared = Comparison(against="2020-01-01-00-00-all.json", changes=None, unreadable="is cut")
    told = output(attrs.evolve(REPORT, comparison=compared))

    assert list(told.notices()) == [
        "Notice: no changes are shown: 2020-01-01-00-00-all.json: is cut."
    ]
    assert "2020" not in shown(told)


@pytest.mark.parametrize(
    ("count", "expected"),
    [(1, "2020-01-01-00-00-all.json"), (7, "7 older documents")],
)
def test_what_was_pruned_is_named_if_it_is_little(count: int, expected: str) -> None:
    old = DocumentName.parse("2020-01-01-00-00-all.json")
    assert old is not None

    told = output(attrs.evolve(REPORT, pruned=(old,) * count))

    assert f"Pruned:   {expected}" in shown(told).splitlines()
