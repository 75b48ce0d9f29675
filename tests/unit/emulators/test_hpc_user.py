"""The emulated HPC User API. Source: HPC user contract, sections 3 and 7."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from cscs_fakes.emulators.hpc_user import HpcUserEmulator

SAMPLES: Final = Path(__file__).parents[2] / "data" / "waldur"
PROJECTS: Final = "/api/v1/export/waldur/projects"
USERS: Final = "/api/v1/export/cscs/users"


def sample(name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((SAMPLES / f"hpc_user_{name}.json").read_text("utf-8"))[
        "users" if name == "profiles" else name
    ]
    return rows


@pytest.fixture
def service() -> HpcUserEmulator:
    return HpcUserEmulator(sample("projects"), sample("profiles"), accepts={"good"}.__contains__)


@asynccontextmanager
async def reaching(service: HpcUserEmulator) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(service.app)
    async with httpx.AsyncClient(transport=transport, base_url="https://hpc.example.com") as it:
        yield it


async def get(
    service: HpcUserEmulator, path: str, authorization: str = "Bearer good"
) -> httpx.Response:
    async with reaching(service) as client:
        return await client.get(path, headers={"authorization": authorization})


async def names(service: HpcUserEmulator, query: str) -> list[str | None]:
    answer = await get(service, PROJECTS + query)
    return [row.get("posixName") for row in answer.json()["projects"]]


async def test_without_a_key_everything_is_exported_exactly_as_it_was_given(
    service: HpcUserEmulator,
) -> None:
    assert (await get(service, PROJECTS)).json() == {"projects": sample("projects")}


async def test_only_the_projects_that_were_asked_for_are_answered(
    service: HpcUserEmulator,
) -> None:
    assert await names(service, "?projects=g207&projects=lp05") == ["g207", "lp05"]


async def test_names_are_case_sensitive_and_all_records_of_one_name_come(
    service: HpcUserEmulator,
) -> None:
    assert await names(service, "?projects=dup1&projects=G118") == ["dup1", "dup1"]


async def test_an_unknown_slug_is_simply_missing(service: HpcUserEmulator) -> None:
    assert await names(service, "?projects=ghost") == []


async def test_a_service_may_answer_more_than_it_was_asked(service: HpcUserEmulator) -> None:
    service.answers_everything = True

    assert len(await names(service, "?projects=g207")) == len(sample("projects"))


@pytest.mark.parametrize("authorization", ["", "Bearer bad", "Bearer", "Token good", "Basic good"])
@pytest.mark.parametrize("path", [PROJECTS, f"{USERS}/anovak"])
async def test_nobody_gets_in_without_a_valid_bearer_token(
    service: HpcUserEmulator, path: str, authorization: str
) -> None:
    answer = await get(service, path, authorization)

    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert set(answer.json()) == {"error", "message"}
    assert (service.refusals, service.calls) == (1, [])


async def test_a_user_is_answered_by_name_and_an_unknown_one_with_404_in_json(
    service: HpcUserEmulator,
) -> None:
    known, unknown = [await get(service, f"{USERS}/{name}") for name in ("anovak", "ghost")]

    assert known.json() == sample("profiles")[0]
    assert (unknown.status_code, unknown.headers["content-type"]) == (404, "application/json")


async def test_two_users_of_one_name_are_both_answered(service: HpcUserEmulator) -> None:
    service.users.append({"posixName": "anovak", "unixUid": 5})

    found = (await get(service, f"{USERS}/anovak")).json()

    assert [user["unixUid"] for user in found["users"]] == [21001, 5]


async def test_names_that_are_no_text_are_found_only_in_the_full_export(
    service: HpcUserEmulator,
) -> None:
    odd = {"posixName": ["g207"], "unixGid": 1}
    service.add_project(odd)

    assert (await get(service, PROJECTS)).json()["projects"][-1] == odd
    assert await names(service, "?projects=g207") == ["g207"]


async def test_where_the_users_endpoint_does_not_exist_404_is_html(
    service: HpcUserEmulator,
) -> None:
    service.has_users = False

    answer = await get(service, f"{USERS}/anovak")

    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")


@pytest.mark.parametrize(("length", "status"), [(8192, 200), (8193, 414)])
async def test_urls_of_more_than_eight_kilobytes_are_refused(
    service: HpcUserEmulator, length: int, status: int
) -> None:
    path = f"{PROJECTS}?projects="

    answer = await get(service, path + "x" * (length - len(path)))

    assert answer.status_code == status


async def test_calls_tell_slugs_and_lengths(service: HpcUserEmulator) -> None:
    await get(service, f"{PROJECTS}?projects=a&projects=b")
    await get(service, f"{USERS}/anovak")

    assert [(call.slugs, call.url_length) for call in service.project_calls] == [
        (("a", "b"), len(PROJECTS) + len("?projects=a&projects=b"))
    ]
    assert [call.slugs for call in service.user_calls] == [("anovak",)]


async def test_records_change_while_it_runs(service: HpcUserEmulator) -> None:
    service.set_gid("g207", 1)
    service.add_project({"posixName": "new", "unixGid": "odd"})
    service.remove_project("lp05")
    service.set_user({"posixName": "anovak", "unixUid": 5})
    service.remove_user("bkeller")

    found = (await get(service, f"{PROJECTS}?projects=g207&projects=new&projects=lp05")).json()
    assert [row["unixGid"] for row in found["projects"]] == [1, "odd"]
    assert (await get(service, f"{USERS}/anovak")).json()["unixUid"] == 5
    assert (await get(service, f"{USERS}/bkeller")).status_code == 404


async def test_a_reset_undoes_everything(service: HpcUserEmulator) -> None:
    service.projects[0]["unixGid"] = 0
    service.remove_project("g118")
    service.has_users = False
    await get(service, PROJECTS, "")

    service.reset()

    assert (service.projects, service.users) == (sample("projects"), sample("profiles"))
    assert (service.has_users, service.refusals, service.calls) == (True, 0, [])
