"""What is left in tables of a user whose events are gone."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, select

from cscs_domain.events.links import Link
from cscs_sql.opening import opened
from cscs_sql.schema import events, links, summaries
from tests.events_site import NOW, an_event, linked, mail
from tests.unit.sql.store_site import opened_store

pytestmark = pytest.mark.anyio

OLD = "2025-03-10T10:00Z"
HERS = Link(user="u1", project="p1", sought_identity=mail("anna@x"))
HIS = Link(user="u2", project="p1", sought_identity=mail("bob@x"))


async def test_no_row_tells_of_the_user_any_more(database: str) -> None:
    batch = [linked(an_event(OLD), 1, HERS), linked(an_event(OLD), 2, HIS)]
    async with opened_store(database) as store:
        await store.store(batch, at=NOW)
        await store.refresh()
        with opened(database) as connection:
            connection.execute(delete(events))

        assert await store.forget_user("u1") == 1

    with opened(database) as connection:
        kept = connection.execute(select(links.c.user_id, links.c.sought_value)).all()
        summed = connection.execute(select(summaries.c.user_id).order_by(summaries.c.user_id))
        assert list(map(tuple, kept)) == [("u2", "bob@x")]
        assert list(summed.scalars()) == ["", "u2"]
