"""Connections to PostgreSQL: durable whatever is set, not waited for without an end."""

from __future__ import annotations

import asyncio
from datetime import UTC
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cscs_domain.errors import StoreUnavailableError
from cscs_sql.database_urls import async_engine, sync_engine
from cscs_sql.opening import opened
from cscs_sql.schema import directory_users
from cscs_sql.store_guard import StoreGuard
from cscs_sql.transactions import OwnTransactions
from tests.events_site import NOW
from tests.sql_databases import initialised, postgresql, sqlite
from tests.unit.sql.store_site import (
    blocking,
    locked_file,
    opened_store,
    run,
    some,
    statements_of,
    waiting_backend,
)
from tests.unit.sql.test_store_availability import impatient

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("given", "taken"), [("off", "on"), ("local", "local"), ("remote_apply", "remote_apply")]
)
async def test_what_is_committed_is_durable_whatever_a_role_is_set_to(
    tmp_path: Path, given: str, taken: str
) -> None:
    role = f"test_{uuid4().hex}"
    with postgresql(tmp_path) as url:
        run(url, f"CREATE ROLE {role} LOGIN", f"ALTER ROLE {role} SET synchronous_commit = {given}")
        try:
            theirs = url.replace("postgres@", f"{role}@")
            engine, plain = async_engine(theirs), sync_engine(theirs)
            async with engine.connect() as connection:
                # What a connection has for good, it has after a transaction was taken back, too.
                await connection.rollback()
                found = await connection.scalar(text("SHOW synchronous_commit"))
            with plain.connect() as other:
                also = other.scalar(text("SHOW synchronous_commit"))
            await engine.dispose()
            plain.dispose()
        finally:
            run(url, f"DROP ROLE {role}")

    assert (found, also) == (taken, taken)


async def test_a_server_that_is_gone_without_a_word_is_noticed(tmp_path: Path) -> None:
    with postgresql(tmp_path) as url:
        engine = sync_engine(f"{url}&tcp_user_timeout=7000")
        with engine.connect() as connection:
            driver = connection.connection.driver_connection
            assert isinstance(driver, psycopg.Connection)
            given = driver.info.get_parameters()
        engine.dispose()

    assert (given["keepalives_idle"], given["keepalives_count"]) == ("30", "3")
    assert given["tcp_user_timeout"] == "7000"


async def test_the_end_does_not_wait_for_ever_for_what_is_written(tmp_path: Path) -> None:
    async def write(connection: AsyncConnection) -> None:
        await connection.execute(text("LOCK TABLE resource_usage_receipts"))

    with initialised(postgresql, tmp_path) as url:
        engine = async_engine(url)
        transactions = OwnTransactions(engine, StoreGuard(engine, UTC), patience=0.1)
        with blocking(url, "LOCK TABLE resource_usage_receipts"):
            writing = asyncio.create_task(transactions.write(write))
            await waiting_backend(url)
            await transactions.close()

        with pytest.raises(asyncio.CancelledError):
            await writing


async def test_a_value_too_large_for_an_index_is_said_to_be(tmp_path: Path) -> None:
    with initialised(postgresql, tmp_path) as url:
        long = "".join(uuid4().hex for _ in range(300))
        refused = pytest.raises(StoreUnavailableError, match=r"too large .* \(54000\)")
        with refused as raised, opened(url) as connection:
            connection.execute(insert(directory_users), [{"id": long}])

    assert not raised.value.retryable
    assert long[:32] not in str(raised.value)


async def test_all_who_wait_for_a_locked_file_learn_so_together(tmp_path: Path) -> None:
    """More than share a transaction: the next ones do not wait as long once more."""
    engines: list[AsyncEngine] = []

    def prepare(engine: AsyncEngine) -> None:
        engines.append(engine)
        impatient(engine)

    with initialised(sqlite, tmp_path) as url:
        async with opened_store(url, prepare) as store:
            with statements_of(engines[0]) as sent, locked_file(url):
                stores = (store.store(some(range(3)), at=NOW) for _ in range(70))
                failed = await asyncio.gather(*stores, return_exceptions=True)
            outcome = await store.store(some(range(3)), at=NOW)

    assert {type(error) for error in failed} == {StoreUnavailableError}
    assert sent.count("BEGIN IMMEDIATE") == 1
    assert outcome.stored == 3
