"""Which slug resource rows tell for the uuid of an offering."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import pytest

from cscs_domain.storage.waldur_rows import WaldurRow
from cscs_json.waldur_offerings import slug_from_rows

ID: Final = UUID("a4e4b0d6-2d9b-5880-a14e-d505aa2bb387")
OTHER: Final = UUID(int=1)


@pytest.mark.parametrize("slug", [None, "", 7, ["capstor"], "\ud800"], ids=repr)
def test_a_slug_that_cannot_be_believed_is_none(slug: object) -> None:
    assert slug_from_rows([WaldurRow(offering_uuid=ID.hex, offering_slug=slug)], ID) is None


@pytest.mark.parametrize("uuid", [None, "", 7, "capstor", f"{{{ID}}}", OTHER.hex], ids=repr)
def test_a_row_of_nobodys_offering_tells_nothing(uuid: object) -> None:
    """Not even of the uuid that stands in for unreadable ones."""
    rows = [WaldurRow(offering_uuid=uuid, offering_slug="capstor")]

    assert slug_from_rows(rows, ID) is None
    assert slug_from_rows(rows, UUID(int=0)) is None


def test_the_first_row_that_says_anything_counts() -> None:
    """A slug may have been changed while the rows of several files were collected."""
    told = [(OTHER, "vast"), (ID, None), (ID, "capstor"), (ID, "capstor-2")]
    rows = (WaldurRow(offering_uuid=str(uuid), offering_slug=slug) for uuid, slug in told)

    assert slug_from_rows(rows, ID) == "capstor"
    assert next(rows).offering_slug == "capstor-2"
