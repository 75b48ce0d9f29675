"""Users of PostgreSQL who may not do everything: they are told so in a sentence."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, timedelta
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest

from cscs_domain.errors import StoreUnavailableError
from cscs_domain.events.stored import RECEIPTS_KEPT, EventFilter, Receipt
from cscs_sql.administration import initialise, rebuild, upgrade
from cscs_sql.missing_rights import missing_right
from cscs_sql.state_report import schema_state
from tests.events_site import NOW
from tests.sql_databases import initialised, postgresql
from tests.unit.sql.store_site import counts, opened_store, run, some

pytestmark = pytest.mark.anyio

RIGHTS: Final = (
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role}",
    "GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {role}",
)
"""What docs/how-to/keep-usage-events.md says, besides the schema."""
NO_TABLES: Final = "does not let this user use resource_usage_.* SELECT, INSERT, .* USAGE"


@pytest.fixture
def owned(tmp_path: Path) -> Iterator[str]:
    """The URL of a store, for its owner."""
    with initialised(postgresql, tmp_path) as url:
        yield url


@pytest.fixture
def limited(owned: str) -> Iterator[str]:
    """The URL of the same store, for somebody who may see the schema alone."""
    role = f"test_{uuid4().hex}"
    run(owned, f"CREATE ROLE {role} LOGIN", f"GRANT USAGE ON SCHEMA {schema_of(owned)} TO {role}")
    yield owned.replace("postgres@", f"{role}@")
    run(owned, f"DROP OWNED BY {role}", f"DROP ROLE {role}")


def schema_of(url: str) -> str:
    return url.rpartition("%3D")[2]


def give_rights(owned: str, limited: str) -> None:
    role = limited.partition("//")[2].partition("@")[0]
    run(owned, *(right.format(schema=schema_of(owned), role=role) for right in RIGHTS))


@pytest.mark.parametrize(
    "ask",
    [
        schema_state,
        upgrade,
        lambda url: rebuild(url, UTC),
        lambda url: initialise(url, zone=UTC, now=NOW),
    ],
    ids=["status", "upgrade", "rebuild", "init"],
)
def test_commands_name_the_right_that_lacks(limited: str, ask: Callable[[str], object]) -> None:
    with pytest.raises(StoreUnavailableError, match=NO_TABLES) as raised:
        ask(limited)

    assert not raised.value.retryable


async def test_a_store_names_the_right_that_lacks(limited: str) -> None:
    async with opened_store(limited) as store:
        works: list[Callable[[], Awaitable[object]]] = [
            store.check,
            lambda: store.store(some(range(1)), at=NOW),
            lambda: store.page(EventFilter(), limit=1),
            store.refresh,
            lambda: store.maintain(at=NOW),
        ]
        for work in works:
            with pytest.raises(StoreUnavailableError, match=NO_TABLES) as raised:
                await work()
            assert not raised.value.retryable


def test_to_make_tables_takes_the_right_to_the_schema(limited: str, owned: str) -> None:
    run(owned, *(f"DROP TABLE {name} CASCADE" for name in tables(owned)))

    with pytest.raises(StoreUnavailableError, match=r"CREATE to make tables.*\(42501\)"):
        initialise(limited, zone=UTC, now=NOW)


def tables(url: str) -> list[str]:
    state = schema_state(url)
    return [*state.rows, "resource_usage_schema"]


async def test_with_the_rights_of_the_manual_a_server_does_all_but_making_partitions(
    limited: str, owned: str
) -> None:
    give_rights(owned, limited)
    initialise(owned, zone=UTC, now=NOW - timedelta(days=365))
    receipt = Receipt(sender="s", key="k", digest="d")
    async with opened_store(limited) as store:
        await store.store(
            some(range(3)), at=NOW - RECEIPTS_KEPT - timedelta(days=1), receipt=receipt
        )
        assert await store.refresh() == 1
        with pytest.raises(StoreUnavailableError, match="take the owner") as raised:
            await store.maintain(at=NOW + timedelta(days=3650))

    assert not raised.value.retryable
    assert counts(owned)["receipts"] == 0


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ("permission denied for table resource_usage_receipts", "use resource_usage_receipts: it"),
        ("permission denied for sequence directory_users_x_seq", "use directory_users_x_seq"),
        ("permission denied for table secret_salaries", "use something: it needs SELECT"),
        ("must be owner of table resource_usage_events", "the owner change resource_usage_events"),
        ("keine Berechtigung für Tabelle x", "do that: it needs SELECT.* take the owner"),
    ],
)
def test_what_a_server_says_becomes_a_sentence_with_our_names_alone(told: str, said: str) -> None:
    sentence = missing_right(told)

    assert re.search(said, sentence)
    assert "secret" not in sentence
