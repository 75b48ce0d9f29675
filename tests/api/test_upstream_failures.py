"""Waldur or the identity service is down, or a project has no GID: 502, stale, or 500."""

from __future__ import annotations

from datetime import timedelta

import attrs

from cscs_bootstrap.settings import HpcUserApi
from cscs_domain.errors import UpstreamServiceError
from tests.api.site import DOWN, SETTINGS, Site, leaves, resource, site_of

USERS_DOWN = UpstreamServiceError("HPC users", "is being upgraded")
STRICT = attrs.evolve(SETTINGS, strict=True)


async def test_waldur_down_is_502_with_service_and_reason() -> None:
    async with site_of([resource()]) as site:
        site.waldur.fail_with(DOWN)
        response = await site.get()

    assert response.status_code == 502
    assert response.json() == {
        "detail": "Waldur: does not answer",
        "error": "UpstreamServiceError",
        "message": "Failed to communicate with an upstream service.",
        "request_id": response.headers["x-request-id"],
    }


async def test_waldur_going_down_in_the_middle_of_a_read_is_502() -> None:
    rows = [resource(f"r{n}") for n in range(700)]
    async with site_of(rows) as site:
        site.waldur.fail_with(DOWN, after_pages=1)

        assert (await site.get()).status_code == 502


async def test_the_identity_service_down_is_502() -> None:
    async with site_of([resource()]) as site:
        site.hpc_users.fail_with(USERS_DOWN)
        response = await site.get()

    assert response.status_code == 502
    assert response.json()["detail"] == "HPC users: is being upgraded"


async def test_it_does_not_matter_when_nobodys_id_is_needed() -> None:
    async with site_of() as site:
        site.hpc_users.fail_with(USERS_DOWN)

        assert (await site.get()).status_code == 200


async def test_in_development_mode_ids_are_made_up_meanwhile_and_it_is_said() -> None:
    settings = attrs.evolve(SETTINGS, hpc_user_api=HpcUserApi(development_mode=True))
    async with site_of([resource()], settings=settings) as site:
        site.hpc_users.fail_with(USERS_DOWN)
        answer = await site.answer()

    (row,) = leaves(answer["resources"])
    assert 30_000 <= row["target"]["targetItem"]["unixGid"] < 40_000
    assert {problem["code"] for problem in answer["problems"]} == {"empty_system", "mock_identity"}


async def down_after_a_good_read(site: Site, seconds: float) -> None:
    """Let one read succeed, then time pass, then Waldur be down."""
    await site.answer()
    site.waldur.fail_with(DOWN)
    site.advance(seconds)


async def test_an_old_answer_stands_in_with_age_and_warning(site: Site) -> None:
    before = await site.answer()
    await down_after_a_good_read(site, 300)
    response = await site.get("?colour=red")

    assert response.status_code == 200
    assert response.headers["age"] == "300"
    assert response.headers["warning"].startswith('110 cscs-domain "Response is Stale')
    assert '299 cscs-domain "unknown_parameter: colour"' in response.headers["warning"]
    assert before["resources"] == response.json()["resources"]


async def test_a_stale_answer_can_be_304_and_still_warns(site: Site) -> None:
    etag = (await site.get()).headers["etag"]
    await down_after_a_good_read(site, 100)
    response = await site.get(if_none_match=etag)

    assert response.status_code == 304
    assert response.headers["warning"].startswith("110 ")


async def test_a_forced_read_that_fails_is_answered_with_the_old_one_too(site: Site) -> None:
    await down_after_a_good_read(site, 1)
    response = await site.get(cache_control="no-cache")

    assert response.status_code == 200
    assert response.headers["warning"].startswith("110 ")


async def test_after_stale_if_error_it_is_502_until_waldur_is_back(site: Site) -> None:
    await down_after_a_good_read(site, 300.001)
    assert (await site.get()).status_code == 502

    site.waldur.recover()
    assert (await site.get()).status_code == 502, "asked again too soon"
    site.advance(2)
    response = await site.get()
    assert response.status_code == 200
    assert "warning" not in response.headers


async def test_stale_if_error_zero_never_serves_an_old_answer() -> None:
    settings = attrs.evolve(SETTINGS, stale_if_error=timedelta(0), snapshot_max_age=timedelta(0))
    async with site_of([resource()], settings=settings) as site:
        await down_after_a_good_read(site, 0.001)

        assert (await site.get()).status_code == 502


async def test_a_pinned_walk_goes_on_without_waldur(site: Site) -> None:
    pinned = "?snapshot=" + (await site.answer())["pagination"]["snapshot"]
    await down_after_a_good_read(site, 3000)

    assert (await site.get(pinned)).status_code == 200


async def test_debug_answers_need_waldur_now(site: Site) -> None:
    await down_after_a_good_read(site, 1)

    assert (await site.get("?debug=true")).status_code == 502


class TestStrict:
    async def test_one_missing_gid_is_500_with_the_documented_body(self) -> None:
        rows = [resource("res-1"), resource("res-2", project_slug="ghost")]
        async with site_of(rows, settings=STRICT) as site:
            response = await site.get()

        body = response.json()
        assert response.status_code == 500
        assert list(body) == ["detail", "error", "message", "request_id"]
        assert body["error"] == "ResourceProcessingError"
        assert body["message"] == "Failed to process storage resource."
        assert "ghost" in body["detail"]

    async def test_several_are_counted(self) -> None:
        rows = [resource(f"res-{n}", project_slug=f"ghost-{n}") for n in range(4)]
        async with site_of(rows, settings=STRICT) as site:
            body = (await site.get()).json()

        assert "3 more" in body["detail"]

    async def test_other_problems_do_not_fail_the_answer(self) -> None:
        rows = [resource("res-1"), resource("res-2", uuid="no uuid"), resource("r3", state="?")]
        async with site_of(rows, settings=STRICT) as site:
            answer = await site.answer()

        codes = {problem["code"] for problem in answer["problems"]}
        assert {"malformed_record", "unknown_state"} <= codes

    async def test_with_everybody_known_it_is_an_ordinary_answer(self) -> None:
        async with site_of([resource()], settings=STRICT) as site:
            assert len(await site.rows()) == 3
