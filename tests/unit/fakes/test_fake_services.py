"""What the in-memory twins offer to tests beyond their ports."""

from __future__ import annotations

import pytest

from cscs_domain.errors import InvalidValueError, UpstreamServiceError
from cscs_domain.identities import UnixUser
from cscs_fakes.hpc_users import FakeHpcUsers
from cscs_fakes.waldur_resources import FakeWaldurResources
from tests.contract.waldur_adapters import QUERY, read, row

pytestmark = pytest.mark.anyio

DOWN = UpstreamServiceError("Waldur", "is down")


async def test_rows_can_be_added_replaced_and_removed() -> None:
    waldur = FakeWaldurResources([row(0), row(1)])

    waldur.add(row(2))
    waldur.replace(row(1, state="Erred"))
    waldur.remove(str(row(0)["uuid"]))

    assert [(got.slug, got.state) for got in await read(waldur)] == [
        ("res-1", "Erred"),
        ("res-2", "OK"),
    ]


@pytest.mark.parametrize("known", [[], [row(1), "junk"]])
def test_a_row_that_is_not_there_cannot_be_replaced_or_removed(known: list[object]) -> None:
    waldur = FakeWaldurResources(known)

    with pytest.raises(KeyError):
        waldur.replace(row(0))
    with pytest.raises(KeyError):
        waldur.remove(str(row(0)["uuid"]))


async def test_a_failure_lasts_until_recovery() -> None:
    waldur = FakeWaldurResources([row(0)])
    waldur.fail_with(DOWN)
    for _ in range(2):
        with pytest.raises(UpstreamServiceError):
            await read(waldur)

    waldur.recover()

    assert len(await read(waldur)) == 1
    assert waldur.reads == 3


@pytest.mark.parametrize("rows", [0, 1, 2, 5])
async def test_a_failure_after_pages_fails_however_few_there_are(rows: int) -> None:
    waldur = FakeWaldurResources([row(number) for number in range(rows)], page_size=1)
    waldur.fail_with(DOWN, after_pages=2)
    seen: list[object] = []

    with pytest.raises(UpstreamServiceError):
        await keep_pages(waldur, seen)

    assert len(seen) == min(rows, 2)


async def keep_pages(waldur: FakeWaldurResources, seen: list[object]) -> None:
    async for page in waldur.pages(QUERY):
        seen.append(page)  # noqa: PERF401  # kept also when an error comes


async def test_a_read_shows_the_rows_as_they_were_when_it_began() -> None:
    waldur = FakeWaldurResources([row(0), row(1)], page_size=1)
    seen = []

    async for page in waldur.pages(QUERY):
        seen += [got.slug for got in page.rows]
        waldur.add(row(9))

    assert seen == ["res-0", "res-1"]


def test_a_page_holds_at_least_one_row() -> None:
    with pytest.raises(InvalidValueError):
        FakeWaldurResources(page_size=0)


async def test_projects_can_be_set_and_forgotten() -> None:
    service = FakeHpcUsers({"g207": 30207, "g118": 30118})

    service.set_gid("g207", 30999)
    service.remove_project("g118")
    service.remove_project("never heard of")

    assert (await service.gids(["g207", "g118"])).resolved == {"g207": 30999}


async def test_users_can_be_set_and_forgotten() -> None:
    anovak = UnixUser("anovak", 21001, "a@uni.example.org")
    service = FakeHpcUsers(users=[anovak, UnixUser("bkeller", 21002, "b@uni.example.org")])
    moved = UnixUser("anovak", 21001, "a@uni.example.org", "g207", 30207)

    service.set_user(moved)
    service.remove_user("bkeller")

    assert (await service.users(["anovak", "bkeller"])).resolved == {"anovak": moved}


async def test_look_ups_are_counted_when_they_ask_for_something() -> None:
    service = FakeHpcUsers({"g207": 30207})

    await service.gids(["g207"])
    await service.gids([])
    await service.users([])
    await service.users(["anovak"])

    assert (service.gid_lookups, service.user_lookups) == (1, 1)


async def test_the_identity_service_recovers_too() -> None:
    service = FakeHpcUsers({"g207": 30207})
    service.fail_with(DOWN)
    with pytest.raises(UpstreamServiceError):
        await service.gids(["g207"])

    service.recover()

    assert (await service.gids(["g207"])).resolved == {"g207": 30207}
