"""What the HPC-user adapter asks, and what it makes of the answers, over real sockets.

The promises of the port itself are in tests/contract/test_hpc_users.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any

import attrs
import pytest

from cscs_domain.errors import UpstreamServiceError
from cscs_domain.identities import UnixUser
from cscs_domain.identity_cache import CachedHpcUsers
from cscs_domain.problems import ProblemCode
from cscs_fakes.clock import FixedClock
from cscs_fakes.emulators.faults import Fault, FaultKind, Service
from cscs_fakes.emulators.site import EmulatedSite
from cscs_http.credentials import WaldurToken
from cscs_http.errors import NoAnswerError, UnexpectedStatusError, UnusableAnswerError
from cscs_http.hpc_user_records import DEFAULT_USER_PATH, UserFields, user_path
from cscs_http.hpc_users import HttpHpcUsers
from tests.contract.hpc_user_adapters import START, http_hpc_users
from tests.emulated import running_site
from tests.raw_server import RawServer, answer, raw_server, silence
from tests.unit.http.services import service_at

pytestmark = pytest.mark.anyio

PROFILE = {"posixName": "anovak", "unixUid": 21001, "email": "a@uni.example.org"}
ANOVAK = UnixUser("anovak", 21001, "a@uni.example.org")
HTML = answer(404, b"<!doctype html><title>Not Found</title>", kind="text/html")


@pytest.fixture(scope="module")
def running() -> Iterator[EmulatedSite]:
    with running_site(rows=[]) as site:
        yield site


@pytest.fixture
def site(running: EmulatedSite) -> Iterator[EmulatedSite]:
    yield running
    running.reset()


@pytest.fixture
async def service(site: EmulatedSite) -> AsyncIterator[HttpHpcUsers]:
    """The adapter, with a token of the emulated provider."""
    async with AsyncExitStack() as closing:
        yield http_hpc_users(site.url, closing)


@attrs.frozen
class Told:
    """An adapter without a token, and the server that answers it."""

    users: HttpHpcUsers
    server: RawServer


@asynccontextmanager
async def told(*replies: bytes, **options: Any) -> AsyncIterator[Told]:
    """An adapter that hears these replies; `options` are its own."""
    async with raw_server(*replies) as server, service_at(server.url) as watched:
        yield Told(HttpHpcUsers(watched.service, **options), server)


def projects(*rows: object) -> bytes:
    """An answer with these rows."""
    return answer(200, {"projects": rows})


def row(name: object, gid: object) -> dict[str, object]:
    """One row."""
    return {"posixName": name, "unixGid": gid}


class TestProjects:
    @pytest.mark.parametrize(("names", "calls"), [(0, 0), (1, 1), (100, 1), (101, 2), (950, 10)])
    async def test_a_hundred_distinct_projects_make_one_request(
        self, service: HttpHpcUsers, site: EmulatedSite, names: int, calls: int
    ) -> None:
        expected = {f"p{number}": 30000 + number for number in range(names)}
        site.hpc_user.projects = [row(name, gid) for name, gid in expected.items()]

        found = await service.gids([*expected, *expected])

        assert found.resolved == expected
        assert len(site.hpc_user.project_calls) == calls
        assert all(call.slugs for call in site.hpc_user.calls)

    async def test_long_names_are_spread_over_more_requests(
        self, service: HttpHpcUsers, site: EmulatedSite
    ) -> None:
        names = [f"{number:03d}-{'long' * 60}" for number in range(100)]
        site.hpc_user.projects = [row(name, 30500) for name in names]

        found = await service.gids(names)

        assert found.resolved == dict.fromkeys(names, 30500)
        assert max(call.url_length for call in site.hpc_user.calls) <= 6000

    async def test_a_service_that_sends_everything_is_asked_no_more_than_once_for_each_hundred(
        self, service: HttpHpcUsers, site: EmulatedSite
    ) -> None:
        site.hpc_user.answers_everything = True
        site.hpc_user.projects = [row(f"p{number}", 30000 + number) for number in range(300)]

        found = await service.gids([f"p{number}" for number in range(150)])

        assert found.resolved == {f"p{number}": 30000 + number for number in range(150)}
        assert found.problems == ()

    @pytest.mark.parametrize("slug", ["a&projects=b", "a b", "a+b", "ä/ß?#", "%41", "a;b", "'\""])
    async def test_no_name_is_more_than_a_name(
        self, service: HttpHpcUsers, site: EmulatedSite, slug: str
    ) -> None:
        site.hpc_user.projects = [row(slug, 30500)]

        assert (await service.gids([slug])).resolved == {slug: 30500}
        assert site.hpc_user.calls[0].slugs == (slug,)

    @pytest.mark.parametrize("slug", ["", "\ud800", "x" * 6001], ids=["empty", "surrogate", "long"])
    async def test_what_no_project_can_be_called_is_unknown_without_asking(
        self, service: HttpHpcUsers, site: EmulatedSite, slug: str
    ) -> None:
        assert (await service.gids([slug])).resolved == {}
        assert site.hpc_user.calls == []

    async def test_a_row_that_is_no_object_hides_no_other(self) -> None:
        async with told(projects(row("p", 30500), "p", None, ["p", 1], 7)) as made:
            found = await made.users.gids(["p"])

        assert found.resolved == {"p": 30500}
        (problem,) = found.problems
        assert problem.code is ProblemCode.MALFORMED_RECORD
        assert "4 records" in problem.message

    @pytest.mark.parametrize(
        "reply",
        [
            answer(200, []),
            answer(200, {}),
            answer(200, {"projects": None}),
            answer(200, {"projects": {"p": 30500}}),
            answer(200, {"detail": "Not quite"}),
            answer(200, None),
            answer(200, b"<html>Log in</html>", kind="text/html"),
            answer(200, b'{"projects": [{"posix'),
            answer(200, b'{"projects": [NaN]}'),
        ],
        ids=["list", "empty", "null", "object", "detail", "nothing", "page", "cut", "NaN"],
    )
    async def test_an_answer_of_another_shape_is_an_error(self, reply: bytes) -> None:
        async with told(reply) as made:
            with pytest.raises(UnusableAnswerError) as caught:
                await made.users.gids(["p"])

        assert caught.value.service == "Waldur"  # as `service_at` calls it

    async def test_a_few_requests_are_under_way_together(
        self, service: HttpHpcUsers, site: EmulatedSite
    ) -> None:
        site.faults.set(Service.HPC_USER, Fault(kind=FaultKind.LATENCY, ms=10))

        await service.gids([f"p{number}" for number in range(2000)])

        assert 1 < site.log.most_at_once[Service.HPC_USER] <= 8

    async def test_an_error_of_one_request_is_an_error_of_all(
        self, service: HttpHpcUsers, site: EmulatedSite
    ) -> None:
        """Half of the ids would take the other half's directories out of the answer."""
        site.faults.set(Service.HPC_USER, Fault(kind=FaultKind.HTML, after=2))

        with pytest.raises(UpstreamServiceError):
            await service.gids([f"p{number}" for number in range(500)])


class TestTokens:
    async def test_all_requests_share_one_token(
        self, service: HttpHpcUsers, site: EmulatedSite
    ) -> None:
        await service.gids([f"p{number}" for number in range(1000)])

        assert site.oidc.counts["token"] == 1
        assert site.hpc_user.refusals == 0

    async def test_a_revoked_token_is_replaced_and_the_request_repeated(
        self, service: HttpHpcUsers, site: EmulatedSite
    ) -> None:
        site.hpc_user.set_gid("p", 30500)
        await service.gids(["p"])
        site.oidc.revoke_all()

        assert (await service.gids(["p"])).resolved == {"p": 30500}
        assert (site.oidc.counts["token"], site.hpc_user.refusals) == (2, 1)

    async def test_a_service_that_refuses_every_token_is_asked_twice_and_not_more(
        self, service: HttpHpcUsers, site: EmulatedSite
    ) -> None:
        accepts, site.hpc_user.accepts = site.hpc_user.accepts, lambda _token: False
        try:
            with pytest.raises(UnexpectedStatusError) as caught:
                await service.gids(["p"])
        finally:
            site.hpc_user.accepts = accepts

        assert (caught.value.status, caught.value.retryable) == (401, False)
        assert "hpc_user_api.oidc_token_url" in str(caught.value)
        assert (site.oidc.counts["token"], site.hpc_user.refusals) == (2, 2)

    async def test_a_wrong_secret_is_told_with_its_key(
        self, service: HttpHpcUsers, site: EmulatedSite
    ) -> None:
        site.oidc.clients = {"storage-proxy": "another secret"}

        with pytest.raises(UpstreamServiceError, match=r"hpc_user_api\.client_secret") as caught:
            await service.gids(["p"])

        assert not caught.value.retryable
        assert site.hpc_user.calls == []

    @pytest.mark.parametrize("kept", [8, 20, 40])
    @pytest.mark.parametrize("status", [401, 403, 503])
    async def test_a_service_that_quotes_the_token_is_not_quoted(
        self, kept: int, status: int
    ) -> None:
        token = "0123456789abcdef0123456789abcdef01234567"
        quoting = answer(status, {"message": f"{token[:kept]} may not do this"})
        async with (
            raw_server(quoting) as server,
            service_at(server.url, credentials=WaldurToken(lambda: token)) as watched,
        ):
            with pytest.raises(UnexpectedStatusError) as caught:
                await HttpHpcUsers(watched.service).gids(["p"])

        assert token[:8] not in str(caught.value)
        assert token[:8] not in repr(vars(caught.value))


class TestUsers:
    @pytest.mark.parametrize(
        "record",
        [
            PROFILE,
            {"username": "anovak", "unixUid": "21001", "email": "a@uni.example.org"},
            {**PROFILE, "username": "somebody", "shell": "/bin/sh"},
        ],
        ids=["posixName", "username", "both"],
    )
    async def test_a_record_names_its_user(self, record: dict[str, object]) -> None:
        async with told(answer(200, record)) as made:
            assert (await made.users.users(["anovak"])).resolved == {"anovak": ANOVAK}

        assert made.server.requests[0].target == "/api/v1/export/cscs/users/anovak"

    async def test_fields_may_have_other_names(self) -> None:
        record = {
            "login": "anovak",
            "uid": 21001,
            "mail": "a@uni.example.org",
            "group": {"name": "g207", "gid": 30207},
        }
        fields = UserFields(
            username=("login",),
            uid="uid",
            email="mail",
            primary_project="group",
            project_name="name",
            project_gid="gid",
        )
        async with told(answer(200, record), user_fields=fields) as made:
            found = await made.users.users(["anovak"])

        expected = attrs.evolve(ANOVAK, primary_project="g207", primary_gid=30207)
        assert found.resolved == {"anovak": expected}

    @pytest.mark.parametrize("name", ["ANovak", "root", None, 7, ["anovak"]], ids=repr)
    async def test_the_record_of_somebody_else_is_refused(self, name: object) -> None:
        async with told(answer(200, {**PROFILE, "posixName": name})) as made:
            found = await made.users.users(["anovak"])

        assert found.resolved == {}
        (problem,) = found.problems
        assert (problem.code, problem.resource) == (ProblemCode.BAD_IDENTITY, "anovak")

    async def test_several_records_of_a_user_may_come_as_a_list(self) -> None:
        async with told(answer(200, {"users": [PROFILE, PROFILE]})) as made:
            assert (await made.users.users(["anovak"])).resolved == {"anovak": ANOVAK}

    @pytest.mark.parametrize(
        "reply",
        [answer(404, {"detail": "Not found."}), answer(404, b""), answer(200, {"users": []})],
        ids=["JSON", "nothing", "none"],
    )
    async def test_an_unknown_user_is_no_problem(self, reply: bytes) -> None:
        async with told(reply) as made:
            found = await made.users.users(["anovak"])

        assert (found.resolved, found.problems) == ({}, ())

    @pytest.mark.parametrize(
        "reply",
        [HTML, answer(404, b"default backend", kind="text/plain")],
        ids=["page", "text"],
    )
    async def test_a_missing_endpoint_is_an_error_that_names_the_key(self, reply: bytes) -> None:
        """A proxy answers like this too while the service is down: nobody is unknown by that."""
        async with told(reply) as made:
            with pytest.raises(UnusableAnswerError, match="user_path_template"):
                await made.users.users(["anovak"])

    @pytest.mark.parametrize("body", [[], "anovak", None, {"users": ["anovak"]}], ids=repr)
    async def test_an_answer_that_is_no_user_is_an_error(self, body: object) -> None:
        async with told(answer(200, body)) as made:
            with pytest.raises(UnusableAnswerError):
                await made.users.users(["anovak"])

    async def test_without_a_user_service_nobody_is_resolved_or_asked_for(self) -> None:
        async with told(HTML, user_path_template=None) as made:
            assert (await made.users.users(["anovak"])).resolved == {}

        assert made.server.requests == []

    async def test_each_user_is_asked_for_once_and_a_few_at_a_time(
        self, service: HttpHpcUsers, site: EmulatedSite
    ) -> None:
        names = [f"u{number}" for number in range(50)]
        site.hpc_user.users = [{**PROFILE, "posixName": name} for name in names]

        found = await service.users([*names, *names])

        assert found.resolved.keys() == set(names)
        assert sorted(call.slugs for call in site.hpc_user.calls) == sorted((n,) for n in names)

    @pytest.mark.parametrize(
        ("username", "segment"),
        [
            ("a b", "a%20b"),
            ("a?x=1#y", "a%3Fx%3D1%23y"),
            ("%2e%2e", "%252e%252e"),
            ("..%2Fx", "..%252Fx"),
            ("é", "%C3%A9"),
            ("{username}", "%7Busername%7D"),
            ("...", "..."),
        ],
    )
    async def test_a_name_stays_one_segment_of_the_path(self, username: str, segment: str) -> None:
        async with told(answer(404, {})) as made:
            await made.users.users([username])

        assert made.server.requests[0].target == f"/api/v1/export/cscs/users/{segment}"

    @pytest.mark.parametrize(
        "username",
        ["", ".", "..", "../x?y", "a/b", "a\\b", "a\nb", "a\x00", "\ud800", "x" * 256],
        ids=ascii,
    )
    async def test_what_nobody_can_be_called_is_unknown_without_asking(self, username: str) -> None:
        """One hostile name must neither leave its place in the path nor fail the others."""
        async with told(answer(200, PROFILE)) as made:
            found = await made.users.users([username, "anovak"])

        assert found.resolved == {"anovak": ANOVAK}
        assert len(made.server.requests) == 1

    def test_a_template_may_lie_anywhere_below_the_service(self) -> None:
        assert user_path(DEFAULT_USER_PATH, "a") == "api/v1/export/cscs/users/a"
        assert user_path("/u/{username}/profile", "a b") == "u/a%20b/profile"


class TestPing:
    async def test_a_service_that_knows_us_is_well(
        self, service: HttpHpcUsers, site: EmulatedSite
    ) -> None:
        await service.ping()

        (call,) = site.hpc_user.calls
        assert call.slugs, "without a slug the service would send everything it has"

    @pytest.mark.parametrize("kind", [FaultKind.ERROR_503, FaultKind.HTML, FaultKind.RESET])
    async def test_one_that_does_not_answer_is_not(
        self, service: HttpHpcUsers, site: EmulatedSite, kind: FaultKind
    ) -> None:
        site.faults.set(Service.HPC_USER, Fault(kind=kind))

        with pytest.raises(UpstreamServiceError):
            await service.ping()

    async def test_one_that_says_nothing_is_not_waited_for(self) -> None:
        async with raw_server(silence) as server, service_at(server.url) as watched:
            with pytest.raises(NoAnswerError):
                await HttpHpcUsers(watched.service).ping(within=0.01)


@attrs.frozen
class Cached:
    """A cache over the adapter, and a clock that the test moves."""

    users: CachedHpcUsers
    clock: FixedClock


@pytest.fixture
async def cached(service: HttpHpcUsers) -> AsyncIterator[Cached]:
    clock = FixedClock(START)
    users = CachedHpcUsers(service, clock)
    yield Cached(users, clock)
    await users.close()


class TestBehindTheCache:
    """The bar for look-ups: one request for each hundred distinct projects, then none."""

    async def test_a_second_look_up_asks_nobody_not_even_for_the_unknown(
        self, cached: Cached, site: EmulatedSite
    ) -> None:
        expected = {f"p{number}": 30000 + number for number in range(940)}
        site.hpc_user.projects = [row(name, gid) for name, gid in expected.items()]
        names = [*expected, *(f"ghost{number}" for number in range(10))]

        assert (await cached.users.gids(names)).resolved == expected
        assert len(site.hpc_user.calls) == 10
        cached.clock.advance(timedelta(seconds=59))
        assert (await cached.users.gids(names)).resolved == expected
        assert len(site.hpc_user.calls) == 10
        cached.clock.advance(timedelta(seconds=1))
        assert (await cached.users.gids(names)).resolved == expected
        assert len(site.hpc_user.calls) == 11

    @pytest.mark.parametrize("failing", [Service.HPC_USER, Service.OIDC])
    @pytest.mark.parametrize("kind", [FaultKind.ERROR_503, FaultKind.HTML, FaultKind.RESET])
    async def test_an_outage_of_either_service_serves_the_old_ids(
        self, cached: Cached, site: EmulatedSite, failing: Service, kind: FaultKind
    ) -> None:
        site.hpc_user.set_gid("p", 30500)
        await cached.users.gids(["p"])
        cached.clock.advance(timedelta(hours=7))
        site.oidc.revoke_all()
        site.faults.set(failing, Fault(kind=kind))

        found = await cached.users.gids(["p"])

        assert found.resolved == {"p": 30500}
        assert [problem.code for problem in found.problems] == [ProblemCode.STALE_IDENTITY]


def running_requests() -> int:
    """How many requests about projects are under way in this loop."""
    return sum("HttpHpcUsers._projects" in repr(task) for task in asyncio.all_tasks())


async def test_a_caller_that_goes_away_leaves_nothing_running() -> None:
    asked = asyncio.Event()

    async def never(_writer: asyncio.StreamWriter) -> None:
        asked.set()
        await asyncio.Event().wait()

    async with raw_server(never) as server, service_at(server.url) as watched:
        users = HttpHpcUsers(watched.service)
        asking = asyncio.create_task(users.gids([f"p{number}" for number in range(500)]))
        await asked.wait()
        assert running_requests() > 1
        asking.cancel()
        await asyncio.wait([asking])

        assert running_requests() == 0
