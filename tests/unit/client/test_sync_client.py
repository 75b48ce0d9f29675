"""The client for scripts keeps the promises of the other one, without a loop of the caller's."""

from __future__ import annotations

import gc
import inspect
import subprocess
import sys
from collections.abc import Callable
from typing import TypeVar

import pytest
from anyio import to_thread

import cscs_client
from cscs_client import AsyncRowActions, AsyncStorageClient, RowActions, StorageClient
from cscs_client.sync_client import ClientOptions
from cscs_domain import OrderState, SnapshotGoneError
from cscs_fakes.waldur_orders import FakeWaldurOrders
from tests.raw_server import answer, raw_server
from tests.unit.client.directories import ORDER, RESOURCE, WALDUR, directory
from tests.unit.client.pages import page, row, sent

_T = TypeVar("_T")


async def scripted(url: str, script: Callable[[StorageClient], _T]) -> _T:
    """Run a script in a thread of its own, as it would run in a process of its own."""

    def run() -> _T:
        with StorageClient(url, timeout=5, page_size=1) as client:
            return script(client)

    return await to_thread.run_sync(run)


async def test_it_reads_and_looks_for_changes() -> None:
    def script(client: StorageClient) -> tuple[int, object]:
        found = client.read()
        return len(found.rows), client.changed_since(found)

    async with raw_server(answer(200, page(row()), etag='"1"'), answer(304, b"")) as server:
        assert await scripted(server.url, script) == (1, None)


async def test_it_walks() -> None:
    replies = [sent(row(), number=n, pages=2, total=2) for n in (1, 2)]
    async with raw_server(*replies) as server:
        walked = await scripted(server.url, lambda client: [p.number for p in client.walk()])

    assert walked == [1, 2]


async def test_a_walk_may_be_left_early() -> None:
    async with raw_server(sent(row(), pages=2, total=2)) as server:
        assert (await scripted(server.url, lambda client: next(client.walk()))).number == 1


async def test_it_raises_what_the_other_one_raises() -> None:
    async with raw_server(sent(row(), pages=2, total=2), answer(410, {})) as server:
        with pytest.raises(SnapshotGoneError):
            await scripted(server.url, lambda client: list(client.walk()))


def test_it_acts() -> None:
    waldur = FakeWaldurOrders()
    waldur.add_order(ORDER, resource=RESOURCE)
    with StorageClient("http://storage", waldur_url=WALDUR, orders=waldur) as client:
        actions = client.actions(directory())
        actions.update_options({"a": "b"})
        actions.set_backend_id("fs-1")
        actions.approve()
        facts = actions.begin()
        actions.done()
        actions.set_ok()

        assert facts.state is OrderState.EXECUTING
        assert actions.order().state is OrderState.DONE
        assert (actions.row, actions.offered.order) == (directory(), ORDER)


async def test_beside_a_running_loop_the_other_client_is_named() -> None:
    """And nothing is left behind that nobody awaited; warnings are errors here."""
    client = StorageClient("http://storage")
    calls: list[Callable[[], object]] = [
        client.read,
        lambda: next(client.walk()),
        client.close,
        client.__enter__,
    ]
    for call in calls:
        with pytest.raises(RuntimeError, match="use AsyncStorageClient"):
            call()
        gc.collect()
    await to_thread.run_sync(client.close)


def test_it_may_be_closed_twice() -> None:
    with StorageClient("http://storage") as client:
        client.close()

    client.close()


def test_what_is_closed_stays_closed() -> None:
    client = StorageClient("http://storage")
    client.close()

    for call in (client.read, client.__enter__, lambda: list(client.walk())):
        with pytest.raises(RuntimeError, match="is closed"):
            call()
        gc.collect()


def test_it_says_no() -> None:
    waldur = FakeWaldurOrders()
    waldur.add_order(ORDER, resource=RESOURCE)
    with StorageClient("http://storage", waldur_url=WALDUR, orders=waldur) as client:
        client.actions(directory()).reject("no room")
        assert waldur.orders[ORDER].comment == "no room"
        waldur.add_order(RESOURCE, resource=RESOURCE)
        client.actions(directory(order=RESOURCE)).erred("disk full", "line 1")
        assert waldur.orders[RESOURCE].traceback == "line 1"


def members(kind: type) -> set[str]:
    return {name for name in vars(kind) if not name.startswith("_")}


def test_both_clients_have_the_same_methods() -> None:
    assert members(StorageClient) == members(AsyncStorageClient) - {"orders"}
    assert members(RowActions) == members(AsyncRowActions)


def test_both_clients_have_the_same_options() -> None:
    taken = inspect.signature(AsyncStorageClient).parameters

    assert set(ClientOptions.__annotations__) == set(taken) - {"url"}


def test_public_names_are_sorted_and_there() -> None:
    assert sorted(cscs_client.__all__) == cscs_client.__all__
    assert all(hasattr(cscs_client, name) for name in cscs_client.__all__)


def test_importing_the_client_loads_neither_a_server_nor_a_logger_nor_a_test_library() -> None:
    """A provisioner on a storage node installs the extra `client` and nothing else."""
    heavy = "starlette uvicorn hypothesis structlog yaml cyclopts joserfc pytest"
    code = (
        f"import sys, cscs_client; loaded = {{name.partition('.')[0] for name in sys.modules}};"
        f" print(*sorted(loaded & set({heavy!r}.split())))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout.strip() == ""
