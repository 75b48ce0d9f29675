"""What the adapter of the usage warehouse asks and makes of the answers, over real sockets.

The promises of the port itself are in tests/contract.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import attrs
import pytest

from cscs_domain.errors import UpstreamServiceError
from cscs_domain.problems import ProblemCode, Severity
from cscs_domain.usage.metering import UsageKind, WarehouseProfile
from cscs_domain.usage.months import Days, Month
from cscs_domain.usage.warehouse import WarehousePage, WarehouseQuery
from cscs_http.credentials import Credentials
from cscs_http.dwdi import HttpUsageWarehouse, UrlStyle
from cscs_http.errors import NoAnswerError, UnexpectedStatusError, UnusableAnswerError
from tests.raw_server import RawServer, Reply, Request, answer, drip, hang_up, raw_server, silence
from tests.unit.http.services import IMPATIENT, service_at

pytestmark = pytest.mark.anyio

DATA: Final = Path(__file__).parents[2] / "data" / "dwdi"
NOVEMBER: Final = Month(2025, 11)
DAY: Final = Days(date(2025, 11, 19), date(2025, 11, 19))
UUID: Final = "3c2b7c1a-9d60-4f7f-a1f1-b6a6e1a30207"
HTML: Final = answer(200, b"<!doctype html><title>Sign in</title>", kind="text/html")


@attrs.frozen
class Told:
    """An adapter without a token, and the server that answers it."""

    warehouse: HttpUsageWarehouse
    server: RawServer

    async def pages(self, **query: Any) -> list[WarehousePage]:
        """All pages of a query about g207 in November, but for what is given."""
        return [page async for page in self.warehouse.pages(query_about(**query))]

    def asked(self, name: str) -> list[list[str]]:
        """The values of a parameter in each request."""
        return [[value for key, value in query_of(each) if key == name] for each in self.requests]

    @property
    def requests(self) -> list[Request]:
        """The requests in the order of their queries."""
        return sorted(self.server.requests, key=lambda each: each.target)


def query_about(**members: Any) -> WarehouseQuery:
    """A query about g207 in November, but for what is given."""
    return WarehouseQuery(**{"period": NOVEMBER, "subjects": {"g207"}, **members})


def query_of(request: Request) -> list[tuple[str, str]]:
    """The parameters of a request."""
    return parse_qsl(urlsplit(request.target).query, keep_blank_values=True)


@asynccontextmanager
async def told(
    *replies: Reply,
    profile: WarehouseProfile = WarehouseProfile.V2,
    credentials: Credentials | None = None,
    connection: dict[str, Any] | None = None,
    **options: Any,
) -> AsyncIterator[Told]:
    """An adapter that hears these replies; `options` are its own."""
    changes = {"service": "DWDI", **(connection or {})}
    async with (
        raw_server(*replies) as server,
        service_at(server.url, credentials=credentials, **changes) as watched,
    ):
        yield Told(HttpUsageWarehouse(watched.service, profile=profile, **options), server)


def compute(*rows: object) -> bytes:
    """An answer with these rows."""
    return answer(200, {"compute": rows})


class TestRequests:
    async def test_everybody_of_a_query_is_named_beside_the_month_and_the_cluster(self) -> None:
        async with told(compute()) as made:
            await made.pages(subjects={"lp05", "g207"}, cluster="daint")

        (request,) = made.server.requests
        assert request.method == "GET"
        assert request.target == (
            "/api/v1/compute/usage-month/account"
            "?from=2025-11&to=2025-11&cluster=daint&account=g207&account=lp05"
        )
        assert request.headers["accept"] == "application/json"

    async def test_the_first_profile_has_its_own_place(self) -> None:
        async with told(compute(), profile=WarehouseProfile.V1) as made:
            await made.pages(period=DAY)

        (request,) = made.server.requests
        assert request.target == (
            "/api/v1/compute/usage-day-multiaccount?from=2025-11-19&to=2025-11-19&account=g207"
        )

    async def test_paths_of_storage_are_parameters(self) -> None:
        async with told(answer(200, {"storage": []})) as made:
            await made.pages(
                kind=UsageKind.STORAGE,
                subjects={"/a b/é&=+"},
                filesystem="capstor",
                data_type="store",
            )

        assert query_of(made.server.requests[0]) == [
            ("exact-month", "2025-11"),
            ("filesystem", "capstor"),
            ("data_type", "store"),
            ("paths", "/a b/é&=+"),
        ]

    async def test_filters_of_storage_can_be_in_the_path(self) -> None:
        async with told(answer(200, {"storage": []}), storage_url_style=UrlStyle.PATH) as made:
            await made.pages(
                kind=UsageKind.STORAGE,
                subjects={"/capstor/store/g207"},
                filesystem="capstor",
                data_type="store",
            )

        (request,) = made.server.requests
        assert request.target == (
            "/api/v1/storage/usage-month/capstor/store"
            "?exact-month=2025-11&paths=%2Fcapstor%2Fstore%2Fg207"
        )

    async def test_resources_are_named_as_waldur_writes_them(self) -> None:
        async with told(answer(200, {"inference": []})) as made:
            (page,) = await made.pages(kind=UsageKind.INFERENCE, subjects={UUID})

        assert made.asked("resource_uuid") == [[UUID.replace("-", "")]]
        assert page.asked == {UUID}

    async def test_what_is_no_uuid_is_asked_for_as_it_is(self) -> None:
        async with told(answer(200, {"inference": []})) as made:
            await made.pages(kind=UsageKind.INFERENCE, subjects={"model-7"})

        assert made.asked("resource_uuid") == [["model-7"]]


class TestChunks:
    @pytest.mark.parametrize(("count", "requests"), [(1, 1), (50, 1), (51, 2), (120, 3)])
    async def test_fifty_subjects_make_one_request(self, count: int, requests: int) -> None:
        names = {f"g{number:03d}" for number in range(count)}
        async with told(compute()) as made:
            pages = await made.pages(subjects=names)

        assert len(made.server.requests) == len(pages) == requests
        assert max(len(page.asked) for page in pages) <= 50

    async def test_each_subject_is_about_one_page_and_one_request(self) -> None:
        names = {f"g{number:03d}" for number in range(120)}
        async with told(compute()) as made:
            pages = await made.pages(subjects=names)

        assert sorted(name for page in pages for name in page.asked) == sorted(names)
        assert sorted(map(sorted, made.asked("account"))) == sorted(
            sorted(page.asked) for page in pages
        )

    async def test_no_url_is_longer_than_six_kilobytes(self) -> None:
        names = {f"g{number:03d}-{'long' * 50}" for number in range(100)}
        async with told(compute()) as made:
            pages = await made.pages(subjects=names)

        base = len(made.server.url) - 1
        lengths = [base + len(request.target) for request in made.server.requests]
        assert frozenset().union(*(page.asked for page in pages)) == names
        assert max(lengths) <= 6000
        assert len(lengths) < 5

    @pytest.mark.parametrize("name", ["\ud800", "x" * 6000], ids=["surrogate", "long"])
    async def test_a_subject_that_no_url_can_hold_counts_as_not_asked_and_has_a_problem(
        self, name: str
    ) -> None:
        async with told(compute({"account": "g207"})) as made:
            odd, good = await made.pages(subjects={name, "g207"})

        assert (odd.asked, list(odd.rows)) == (frozenset(), [])
        (problem,) = odd.problems
        assert (problem.code, problem.severity) == (
            ProblemCode.MALFORMED_RECORD,
            Severity.ERROR,
        )
        assert len(str(problem)) < 400
        assert good == WarehousePage(frozenset({"g207"}), [{"account": "g207"}])
        assert made.asked("account") == [["g207"]]

    async def test_if_no_subject_can_be_asked_for_nobody_is(self) -> None:
        """Without accounts the warehouse would tell everybody's usage."""
        async with told(HTML) as made:
            (page,) = await made.pages(subjects={"\ud800", "x" * 6000})

        assert not page.asked
        assert len(page.problems) == 2
        assert made.server.requests == []

    async def test_a_few_requests_are_under_way_together(self) -> None:
        waiting = 0
        all_wait = asyncio.Event()

        async def together(writer: asyncio.StreamWriter) -> None:
            nonlocal waiting
            waiting += 1
            if waiting == 3:
                all_wait.set()
            await all_wait.wait()
            writer.write(compute())

        names = {f"g{number}" for number in range(150)}
        async with told(together, connection={"at_once": 3}) as made:
            assert len(await made.pages(subjects=names)) == 3

    async def test_pages_come_as_they_are_ready(self) -> None:
        first_was_read = asyncio.Event()

        async def late(writer: asyncio.StreamWriter) -> None:
            await first_was_read.wait()
            writer.write(compute())

        names = {f"g{number}" for number in range(100)}
        async with told(late, compute()) as made:
            async for _page in made.warehouse.pages(query_about(subjects=names)):
                first_was_read.set()

        assert len(made.server.requests) == 2

    async def test_an_error_of_one_request_is_an_error_of_all(self) -> None:
        """Half of the accounts would look as if nothing had been used."""
        names = {f"g{number}" for number in range(150)}
        async with told(compute(), compute(), HTML) as made:
            with pytest.raises(UnusableAnswerError):
                await made.pages(subjects=names)

    async def test_a_reader_that_goes_away_leaves_nothing_running(self) -> None:
        names = {f"g{number}" for number in range(150)}
        before = asyncio.all_tasks()
        async with told(compute(), silence) as made:
            pages = made.warehouse.pages(query_about(subjects=names))
            await anext(pages)
            assert running_requests() > 0
            await pages.aclose()  # type: ignore[attr-defined]  # it is a generator

            assert running_requests() == 0
        assert asyncio.all_tasks() == before


def running_requests() -> int:
    """How many requests about usage are under way in this loop."""
    return sum("HttpUsageWarehouse._page" in repr(task) for task in asyncio.all_tasks())


class TestRows:
    async def test_rows_are_given_as_they_came(self) -> None:
        """Also those that nobody asked for, and what is no row at all: the domain judges them."""
        rows = [{"account": "g118", "users": None}, None, 7, {"account": ""}]
        async with told(compute(*rows)) as made:
            (page,) = await made.pages()

        assert page == WarehousePage(frozenset({"g207"}), rows)

    async def test_fractions_are_exact(self) -> None:
        body = b'{"compute": [{"account": "g207", "totalNodeHours": 0.10000000000000000001}]}'
        async with told(answer(200, body)) as made:
            (page,) = await made.pages()

        assert page.rows == [
            {"account": "g207", "totalNodeHours": Decimal("0.10000000000000000001")}
        ]

    @pytest.mark.parametrize(
        ("file", "kind", "profile"),
        [
            ("dwdi_usage_month_multiaccount.json", UsageKind.COMPUTE, WarehouseProfile.V1),
            ("dwdi_compute_usage_month_account.json", UsageKind.COMPUTE, WarehouseProfile.V2),
            ("dwdi_storage_usage_month.json", UsageKind.STORAGE, WarehouseProfile.V2),
            ("dwdi_inference_cost.json", UsageKind.INFERENCE, WarehouseProfile.V2),
        ],
    )
    async def test_a_sample_has_all_its_rows(
        self, file: str, kind: UsageKind, profile: WarehouseProfile
    ) -> None:
        body = (DATA / file).read_bytes()
        async with told(answer(200, body), profile=profile) as made:
            (page,) = await made.pages(kind=kind)

        assert list(page.rows) == json.loads(body, parse_float=Decimal)[kind]

    @pytest.mark.parametrize("body", [{}, {"compute": None}, {"compute": []}], ids=repr)
    async def test_a_list_that_is_missing_or_null_is_empty(self, body: object) -> None:
        async with told(answer(200, body)) as made:
            (page,) = await made.pages()

        assert page.asked == {"g207"}
        assert not page.rows

    async def test_an_amount_that_is_no_number_spoils_no_other_row(self) -> None:
        body = b'{"compute": [{"account": "a", "nodeHours": NaN}, {"account": "b"}]}'
        async with told(answer(200, body)) as made:
            (page,) = await made.pages()

        assert page.rows[1] == {"account": "b"}


class TestUnusableAnswers:
    @pytest.mark.parametrize(
        ("reply", "said"),
        [
            (HTML, "log-in or proxy page"),
            (answer(200, b"", kind="text/html"), "log-in or proxy page"),
            (answer(200, b""), "not JSON"),
            (answer(200, b'{"compute": []}', kind="text/plain"), "no JSON"),
            (answer(200, b'{"compute": [{"acc'), "not JSON"),
            (answer(200, b'{"compute": ["\xff"]}'), "not UTF-8"),
            (answer(200, b"[" * 100_000), "nested too deeply"),
            (answer(200, []), "expected a JSON object"),
            (answer(200, None), "expected a JSON object"),
            (answer(200, {"compute": {"g207": 1}}), "expected a list"),
            (answer(200, {"compute": "none"}), "expected a list"),
            (answer(200, {"storage": []}), "without compute, but with storage"),
            (answer(200, {"generatedAt": "2025-11-19"}), "but with generatedAt"),
            (answer(200, {"detail": "Not quite"}), "without compute, but with detail"),
            (
                answer(200, {"error": "x", "message": "y"}),
                "without compute, but with error, message",
            ),
            (answer(200, {"compute": [], "error": "timed out"}), "compute beside error"),
            (answer(200, {"compute": [{"account": "g207"}], "errors": [1]}), "beside errors"),
            (answer(200, {"compute": None, "next": "/?page=2"}), "compute beside next"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    async def test_an_answer_of_another_shape_is_an_error_that_says_so(
        self, reply: bytes, said: str
    ) -> None:
        """A log-in page with status 200 must not read as "nothing was used"."""
        async with told(reply) as made:
            with pytest.raises(UnusableAnswerError, match=said) as caught:
                await made.pages()

        assert caught.value.service == "DWDI"
        assert "GET api/v1/compute/usage-month/account" in str(caught.value)
        assert "account=" not in str(caught.value)
        assert len(made.server.requests) == 1

    async def test_an_answer_without_end_is_not_read_to_the_end(self) -> None:
        async with told(
            answer(200, b" " * 2000 + b"{}"), connection={"largest_answer": 1000}
        ) as made:
            with pytest.raises(UnusableAnswerError, match="more than 1000 bytes"):
                await made.pages()

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    async def test_a_redirect_to_a_login_page_is_an_error_that_names_it(self, status: int) -> None:
        to_login = answer(status, b"", location="https://id.example.org/login")
        async with told(to_login) as made:
            with pytest.raises(UnexpectedStatusError) as caught:
                await made.pages()

        assert "https://id.example.org/login, which is not followed" in str(caught.value)
        assert "cscs_dwdi_api_url" in str(caught.value)
        assert not caught.value.retryable
        assert len(made.server.requests) == 1

    @pytest.mark.parametrize(
        ("status", "key"), [(403, "cscs_dwdi_oidc_scope"), (404, "cscs_dwdi_api_url")]
    )
    async def test_a_refusal_names_the_key_to_look_at(self, status: int, key: str) -> None:
        async with told(answer(status, {"detail": "No."})) as made:
            with pytest.raises(UnexpectedStatusError, match=f"{status}: No.*{key}") as caught:
                await made.pages()

        assert (caught.value.status, caught.value.retryable) == (status, False)

    async def test_a_missing_endpoint_may_be_one_of_another_profile(self) -> None:
        async with told(answer(404, {}), profile=WarehouseProfile.V1) as made:
            with pytest.raises(UnexpectedStatusError, match="profile v1-multiaccount"):
                await made.pages()

    @pytest.mark.parametrize("status", [400, 414, 422])
    async def test_a_request_that_is_wrong_is_not_repeated(self, status: int) -> None:
        async with told(answer(status, {"detail": "from: wrong"})) as made:
            with pytest.raises(UnexpectedStatusError, match="from: wrong"):
                await made.pages()

        assert len(made.server.requests) == 1


class TestRepetitions:
    @pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
    async def test_a_service_that_fails_once_is_asked_again(self, status: int) -> None:
        async with told(answer(status, {}), compute({"account": "g207"})) as made:
            (page,) = await made.pages()

        assert page.rows == [{"account": "g207"}]

    async def test_a_service_that_asks_to_wait_is_waited_for(self) -> None:
        asked_to_wait = answer(429, {"detail": "slow down"}, retry_after="0")
        async with told(asked_to_wait, asked_to_wait, compute()) as made:
            await made.pages()

        assert len(made.server.requests) == 3

    async def test_a_service_that_asks_to_wait_for_long_is_left_alone(self) -> None:
        async with told(answer(429, {"detail": "slow down"}, retry_after="3600")) as made:
            with pytest.raises(UnexpectedStatusError, match=r"slow down.*3600 s") as caught:
                await made.pages()

        assert caught.value.retryable
        assert len(made.server.requests) == 1

    async def test_a_service_that_keeps_failing_is_an_error(self) -> None:
        async with told(answer(503, b"<html>", kind="text/html")) as made:
            with pytest.raises(UnexpectedStatusError) as caught:
                await made.pages()

        assert (caught.value.status, caught.value.retryable) == (503, True)
        assert len(made.server.requests) == 3

    async def test_a_connection_that_breaks_is_tried_again(self) -> None:
        async with told(hang_up, compute()) as made:
            assert len(await made.pages()) == 1

    async def test_a_service_that_never_comes_to_an_end_is_an_error(self) -> None:
        limits = attrs.evolve(IMPATIENT, answer=0.03, total=0.05)
        async with told(drip, connection={"time_limits": limits}) as made:
            with pytest.raises(NoAnswerError):
                await made.pages()


class TestPing:
    async def test_a_service_that_answers_is_well(self) -> None:
        async with told(
            compute(), profile=WarehouseProfile.V1, today=lambda: date(2025, 11, 19)
        ) as made:
            await made.warehouse.ping()

        (request,) = made.server.requests
        assert request.target == (
            "/api/v1/compute/usage-day-multiaccount?from=2025-11-19&to=2025-11-19"
        )

    @pytest.mark.parametrize(
        ("kind", "path"),
        [
            (UsageKind.COMPUTE, "/api/v1/compute/usage-day"),
            (UsageKind.STORAGE, "/api/v1/storage/usage-day"),
            (UsageKind.INFERENCE, "/api/v1/inference/resource/cost"),
        ],
    )
    async def test_the_endpoint_of_its_kind_is_asked(self, kind: UsageKind, path: str) -> None:
        async with told(answer(200, {kind.value: []}), kind=kind) as made:
            await made.warehouse.ping()

        assert urlsplit(made.server.requests[0].target).path == path

    @pytest.mark.parametrize(
        ("reply", "said"),
        [
            (HTML, "log-in or proxy page"),
            (answer(302, b"", location="/login"), "redirect to /login"),
            (answer(401, {"detail": "no token"}), "no token"),
            (answer(403, {}), "cscs_dwdi_oidc_scope"),
            (answer(404, {}), "cscs_dwdi_api_url"),
            (answer(503, {"detail": "tired"}), "tired"),
            (hang_up, "broke off"),
        ],
        ids=["page", "redirect", "401", "403", "404", "503", "nothing"],
    )
    async def test_one_that_does_not_is_told_with_the_reason(self, reply: Reply, said: str) -> None:
        async with told(reply) as made:
            with pytest.raises(UpstreamServiceError, match=said):
                await made.warehouse.ping()

    async def test_one_that_says_nothing_is_not_waited_for(self) -> None:
        async with told(silence) as made:
            with pytest.raises(NoAnswerError, match="no answer within"):
                await made.warehouse.ping(within=0.01)
