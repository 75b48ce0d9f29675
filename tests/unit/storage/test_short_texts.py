"""Values of many rows have short texts.

When a command ends, asyncio makes the text of the result of its work, several times over. With all
rows in it that takes longer than the work.
"""

from datetime import UTC, datetime

from cscs_domain.storage.changes import changes
from cscs_domain.storage.export_documents import Comparison, ExportReport
from cscs_domain.storage.hierarchy import Hierarchy
from tests.unit.storage.samples import answer, sample


def report(rows: int) -> ExportReport:
    hierarchy = answer(*(sample(f"res-{number}") for number in range(rows)))
    return ExportReport(
        hierarchy=Hierarchy(hierarchy.listed),
        moment=datetime(2026, 11, 21, tzinfo=UTC),
        comparison=Comparison(against=None, changes=changes((), hierarchy.rows)),
    )


def test_the_text_of_a_report_does_not_grow_with_its_rows() -> None:
    assert len(repr(report(1))) == len(repr(report(20)))
