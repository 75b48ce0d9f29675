"""Orders from the customer's wish to Waldur's final state: spec 004, sections 8.2 to 8.5.

Everything runs as it does at a site: Waldur's emulator and our server are processes of their own,
and what is called stands in our answers. Each callback is made twice, as after a lost answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from shutil import rmtree
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

import attrs
import httpx
import pytest
import stamina

from cscs_client import (
    ActionNotOfferedError,
    OidcLogin,
    Provisioner,
    Result,
    RowActions,
    Step,
    StorageClient,
    may_work,
    reconcile,
)
from cscs_domain import (
    AuthenticationError,
    OrderConflictError,
    OrderState,
    Outcome,
    ProblemCode,
    Quotas,
    Status,
    StorageRow,
    UpstreamServiceError,
)
from cscs_domain.storage.wire import CALLBACK_MEMBERS
from cscs_fakes.emulators.oidc import CLIENT_ID, CLIENT_SECRET, REALM
from tests.e2e.centre import WALDUR_TOKEN, Centre, running_centre

AGENT_DRIVEN: Final = "capstor"
BASIC: Final = "manual-share"
PROJECT: Final = "ocean-modelling"
GID: Final = 31234
_DAY: Final = 86400.0

both_offerings = pytest.mark.parametrize("offering", [AGENT_DRIVEN, BASIC])


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    with running_centre(tmp_path_factory.mktemp("centre"), "--resources", "60") as made:
        yield made


@attrs.define
class Shop:
    """A customer and a provisioner; `order` is the customer's last one."""

    centre: Centre
    client: StorageClient
    order: str = ""

    def create(self, offering: str, **details: object) -> None:
        """Order 12 TB."""
        wish: dict[str, object] = {
            "offering_slug": offering,
            "customer_slug": "uni-physics",
            "project_slug": PROJECT,
            "limits": {"storage": 12},
            "attributes": {"storage_data_type": "store", "permissions": "2770"},
        }
        self.order = self.centre.control.order_create(**(wish | details))

    def update(self, **changes: object) -> None:
        """Order a change of what was ordered last."""
        self.order = self.centre.control.order_update(self.resource["uuid"], **changes)

    def terminate(self) -> None:
        """Order the end of what was ordered last."""
        self.order = self.centre.control.order_terminate(self.resource["uuid"])

    def has(self, offering: str) -> None:
        """Order and get, so that there is something to change."""
        self.create(offering)
        actions = self.actions()
        actions.set_backend_id("fs-1")
        actions.done()

    def wants(self, offering: str, kind: str) -> None:
        """Order to create, or to update (30 TB) or terminate what is there."""
        if kind == "create":
            self.create(offering)
        else:
            self.has(offering)
            self.update(limits={"storage": 30}) if kind == "update" else self.terminate()

    @property
    def resource(self) -> dict[str, Any]:
        """What was ordered last, as it is in Waldur."""
        order = self.centre.control.order(self.order)
        return self.centre.control.resource(order["marketplace_resource_uuid"])

    @property
    def states(self) -> tuple[str, str]:
        """Of the last order and its resource, in Waldur."""
        return self.centre.control.order(self.order)["state"], self.resource["state"]

    def row(self) -> StorageRow:
        """The row of what was ordered last, as our server shows it now."""
        uuid = UUID(self.resource["uuid"])
        answer = self.client.read(fresh=True)
        assert not answer.stale, self.centre.server.log
        (row,) = (row for row in answer.directories if row.item_id == uuid)
        return row

    def round(self, provisioner: Provisioner) -> list[Step]:
        """One round over nothing else than what was ordered last, if it is there still."""
        uuid = UUID(self.resource["uuid"])
        answer = self.client.read(fresh=True)
        rows = tuple(row for row in answer.rows if row.item_id == uuid)
        return reconcile(self.client, provisioner, answer=attrs.evolve(answer, rows=rows))

    def actions(self) -> RowActions:
        """What may be done about it."""
        return self.client.actions(self.row())


@pytest.fixture
def shop(centre: Centre) -> Iterator[Shop]:
    centre.control.reset()
    centre.control.set_gid(PROJECT, GID)
    with centre.client() as client:
        yield Shop(centre, client)


def twice(call: Callable[[], Outcome]) -> None:
    """Call, and call again as one who has not heard the answer."""
    assert call() is Outcome.DONE
    assert call() in {Outcome.ALREADY, Outcome.DONE}


def space(quotas: Quotas | None) -> Decimal | None:
    return None if quotas is None else quotas.space_hard_tb


class TestCreate:
    @both_offerings
    def test_a_directory_is_made(self, shop: Shop, offering: str) -> None:
        shop.create(offering)
        row = shop.row()
        assert (row.status, space(row.quotas), row.permission.value) == (
            Status.PENDING,
            Decimal(12),
            "2770",
        )
        assert str(row.mount_point).endswith(f"/uni-physics/{PROJECT}")
        assert getattr(row.target, "unix_gid", None) == GID

        actions = shop.client.actions(row)
        assert may_work(actions.begin())
        assert may_work(actions.begin())
        twice(lambda: actions.set_backend_id(str(row.mount_point)))
        twice(actions.done)

        assert shop.states == ("done", "OK")
        assert shop.resource["backend_id"] == str(row.mount_point)
        after = shop.row()
        assert (after.status, after.mount_point) == (Status.ACTIVE, row.mount_point)
        assert set(attrs.asdict(after.callbacks).values()) == {None}

    def test_the_work_shows_while_it_is_done(self, shop: Shop) -> None:
        shop.create(AGENT_DRIVEN)
        shop.actions().begin()
        row = shop.row()

        assert shop.states == ("executing", "Creating")
        assert row.status is Status.PENDING
        assert row.callbacks.approve_by_provider_url is None
        assert row.callbacks.set_state_erred_url is not None
        with pytest.raises(ActionNotOfferedError):
            shop.client.actions(row).reject()

    def test_an_order_for_a_later_day_waits_for_it(self, shop: Shop) -> None:
        shop.create(AGENT_DRIVEN, starts=next_year(shop))
        actions = shop.actions()

        assert not may_work(actions.begin())
        assert shop.states[0] == "pending-start-date"
        with pytest.raises(OrderConflictError, match="start date"):
            actions.done()
        shop.centre.control.advance(370 * _DAY)
        assert may_work(actions.begin())
        twice(actions.done)
        assert shop.states == ("done", "OK")

    def test_an_order_that_its_customer_has_not_approved_is_left_alone(self, shop: Shop) -> None:
        shop.create(AGENT_DRIVEN, approved=False)
        row = shop.row()

        assert row.status is Status.PENDING
        assert row.callbacks.set_state_done_url is None
        with pytest.raises(ActionNotOfferedError):
            shop.client.actions(row).begin()


def next_year(shop: Shop) -> str:
    """The day of a year from now, over there."""
    shop.create(AGENT_DRIVEN, project_slug="another")
    year, rest = shop.centre.control.order(shop.order)["created"][:10].split("-", 1)
    return f"{int(year) + 1}-{rest}"


class TestUpdate:
    @both_offerings
    def test_other_limits_are_applied(self, shop: Shop, offering: str) -> None:
        shop.has(offering)
        shop.update(limits={"storage": 30})
        row = shop.row()
        assert (row.status, space(row.old_quotas), space(row.new_quotas)) == (
            Status.ACTIVE,
            Decimal(12),
            Decimal(30),
        )

        actions = shop.client.actions(row)
        assert may_work(actions.begin())
        if offering == AGENT_DRIVEN:
            assert shop.row().status is Status.UPDATING
        twice(actions.done)

        assert shop.states == ("done", "OK")
        assert shop.resource["limits"] == {"storage": 30}
        after = shop.row()
        assert (after.status, space(after.quotas), after.new_quotas) == (
            Status.ACTIVE,
            Decimal(30),
            None,
        )

    @both_offerings
    def test_other_options_are_applied(self, shop: Shop, offering: str) -> None:
        shop.has(offering)
        shop.update(options={"hard_quota_space": 20, "permissions": "2750"})
        row = shop.row()
        assert (space(row.old_quotas), space(row.new_quotas)) == (Decimal(12), Decimal(20))

        actions = shop.client.actions(row)
        actions.begin()
        twice(actions.done)

        assert shop.states == ("done", "OK")
        after = shop.row()
        assert (space(after.quotas), after.permission.value) == (Decimal(20), "2750")

    def test_a_provisioner_may_set_options_of_its_own(self, shop: Shop) -> None:
        shop.has(AGENT_DRIVEN)
        shop.update(limits={"storage": 30})
        actions = shop.actions()
        twice(lambda: actions.update_options({"permissions": "2700"}))
        twice(actions.done)

        assert shop.row().permission.value == "2700"


class TestTerminate:
    @both_offerings
    def test_a_directory_is_removed(self, shop: Shop, offering: str) -> None:
        shop.has(offering)
        shop.terminate()
        row = shop.row()
        assert row.status is Status.ACTIVE

        actions = shop.client.actions(row)
        assert may_work(actions.begin())
        if offering == AGENT_DRIVEN:
            assert shop.row().status is Status.REMOVING
        twice(actions.done)

        assert shop.states == ("done", "Terminated")
        assert row.item_id not in {each.item_id for each in shop.client.read(fresh=True).rows}
        removed = shop.client.read(fresh=True, status=Status.REMOVED).rows
        assert row.item_id in {each.item_id for each in removed}


class TestReject:
    @both_offerings
    def test_what_was_never_made_is_terminated(self, shop: Shop, offering: str) -> None:
        shop.create(offering)
        actions = shop.actions()
        twice(lambda: actions.reject("no room"))

        assert shop.states == ("rejected", "Terminated")

    @both_offerings
    @pytest.mark.parametrize("change", ["update", "terminate"])
    def test_what_is_there_stays_as_it_was(self, shop: Shop, offering: str, change: str) -> None:
        shop.wants(offering, change)
        actions = shop.actions()
        twice(lambda: actions.reject("no room"))

        assert shop.states == ("rejected", "OK")
        assert (shop.row().status, space(shop.row().quotas)) == (Status.ACTIVE, Decimal(12))

    def test_an_order_that_somebody_else_took_on_cannot_be_rejected(self, shop: Shop) -> None:
        shop.create(AGENT_DRIVEN)
        mine, others = shop.actions(), shop.actions()
        others.begin()

        with pytest.raises(OrderConflictError, match="executing"):
            mine.reject("no room")
        assert shop.states == ("executing", "Creating")


class TestErred:
    def fail(self, shop: Shop) -> dict[str, Any]:
        """Report the last order as failed; what is known of it then."""
        actions = shop.actions()
        twice(lambda: actions.erred("disk full", "line 1\nline 2"))
        order: dict[str, Any] = shop.centre.control.order(shop.order)
        return order

    def test_a_resource_that_has_begun_to_be_waits_for_somebody(self, shop: Shop) -> None:
        shop.create(AGENT_DRIVEN)
        shop.actions().set_backend_id("half-made")
        order = self.fail(shop)

        assert shop.states == ("erred", "Erred")
        assert (order["error_message"], order["error_traceback"]) == (
            "disk full",
            "line 1\nline 2",
        )
        assert shop.row().status is Status.ERROR

    def test_a_resource_that_never_was_is_terminated(self, shop: Shop) -> None:
        shop.create(AGENT_DRIVEN)
        self.fail(shop)

        assert shop.states == ("erred", "Terminated")

    def test_a_resource_that_could_not_be_changed_waits_for_somebody(self, shop: Shop) -> None:
        shop.has(AGENT_DRIVEN)
        shop.update(limits={"storage": 30})
        self.fail(shop)

        assert shop.states == ("erred", "Erred")
        assert shop.resource["limits"] == {"storage": 12}

    def test_a_resource_that_could_not_be_removed_is_there_still(self, shop: Shop) -> None:
        shop.has(AGENT_DRIVEN)
        shop.terminate()
        self.fail(shop)

        assert shop.states == ("erred", "OK")
        assert shop.row().status is Status.ACTIVE

    @pytest.mark.parametrize("change", ["create", "update", "terminate"])
    def test_an_order_of_a_basic_offering_is_rejected(self, shop: Shop, change: str) -> None:
        """Approving it, as every erred order has been, would sell what is not there."""
        shop.wants(BASIC, change)
        self.fail(shop)

        assert shop.states == ("rejected", "Terminated" if change == "create" else "OK")


class TestLostAnswers:
    """Waldur acts, and the connection is cut before its answer arrives."""

    @both_offerings
    def test_work_is_reported_all_the_same(self, shop: Shop, offering: str) -> None:
        shop.create(offering)
        actions = shop.actions()
        for call in (
            actions.begin,
            lambda: actions.set_backend_id("fs-1"),
            actions.done,
        ):
            shop.centre.control.add_fault("waldur", "lost:times=1:method=POST")
            call()
            shop.centre.control.clear_faults()

        assert shop.states == ("done", "OK")
        assert shop.resource["backend_id"] == "fs-1"

    @pytest.mark.parametrize("name", ["reject", "erred"])
    def test_failures_are_reported_all_the_same(self, shop: Shop, name: str) -> None:
        shop.create(AGENT_DRIVEN)
        actions = shop.actions()
        shop.centre.control.add_fault("waldur", "lost:times=1:method=POST")
        getattr(actions, name)("no room")

        assert shop.states[0] == {"reject": "rejected", "erred": "erred"}[name]

    def test_a_waldur_that_is_away_is_told_and_nothing_is_lost(self, shop: Shop) -> None:
        shop.create(AGENT_DRIVEN)
        actions = shop.actions()
        shop.centre.control.add_fault("waldur", "html:method=POST")

        with pytest.raises(UpstreamServiceError, match="HTML"):
            actions.done()
        shop.centre.control.clear_faults()
        twice(actions.done)
        assert shop.states == ("done", "OK")


APPROVE, REJECT = "approve_by_provider_url", "reject_by_provider_url"
DONE, ERRED, OK = "set_state_done_url", "set_state_erred_url", "set_state_ok_url"
NAME: Final = "set_backend_id_url"


class TestUrls:
    @pytest.mark.parametrize(
        ("offering", "kind", "members", "final"),
        [
            (AGENT_DRIVEN, "create", (APPROVE, NAME, DONE), ("done", "OK")),
            (AGENT_DRIVEN, "update", (APPROVE, DONE), ("done", "OK")),
            (AGENT_DRIVEN, "terminate", (APPROVE, DONE), ("done", "Terminated")),
            (AGENT_DRIVEN, "create", (REJECT,), ("rejected", "Terminated")),
            (AGENT_DRIVEN, "update", (REJECT,), ("rejected", "OK")),
            (AGENT_DRIVEN, "terminate", (REJECT,), ("rejected", "OK")),
            (AGENT_DRIVEN, "create", (APPROVE, NAME, ERRED), ("erred", "Erred")),
            (AGENT_DRIVEN, "update", (APPROVE, ERRED), ("erred", "Erred")),
            (AGENT_DRIVEN, "update", (APPROVE, OK), ("executing", "OK")),
            (BASIC, "create", (NAME, APPROVE), ("done", "OK")),
            (BASIC, "update", (APPROVE,), ("done", "OK")),
            (BASIC, "terminate", (APPROVE,), ("done", "Terminated")),
            (BASIC, "create", (REJECT,), ("rejected", "Terminated")),
            (BASIC, "update", (REJECT,), ("rejected", "OK")),
            (BASIC, "terminate", (REJECT,), ("rejected", "OK")),
        ],
    )
    def test_those_of_our_answers_are_all_that_is_needed(
        self,
        shop: Shop,
        offering: str,
        kind: str,
        members: tuple[str, ...],
        final: tuple[str, str],
    ) -> None:
        """Somebody without our library posts to them; each twice."""
        shop.wants(offering, kind)
        for member in members:
            url = getattr(shop.row().callbacks, member)
            first, second = post(url, BODIES.get(member)), post(url, BODIES.get(member))
            assert first.status_code in {200, 201}, first.text
            assert second.status_code in {200, 201, 409}, second.text

        assert shop.states == final
        if NAME in members:
            assert shop.resource["backend_id"] == "fs-1"
        if kind == "update":
            assert shop.resource["limits"] == {"storage": 30 if final[0] == "done" else 12}

    def test_the_library_posts_to_nothing_else(self, shop: Shop) -> None:
        shop.create(AGENT_DRIVEN)
        offered = shop.row().callbacks
        urls = {getattr(offered, member) for member in CALLBACK_MEMBERS} - {None}
        actions = shop.actions()
        shop.centre.control.forget_requests()
        actions.begin()
        actions.update_options({"permissions": "2750"})
        actions.set_backend_id("fs-1")
        actions.set_ok()
        actions.done()

        asked = shop.centre.control.requests("waldur")
        posted = {each["path"] for each in asked if each["method"] == "POST"}
        assert posted <= {undashed(urlsplit(url).path) for url in urls}
        assert len(posted) == 5

    def test_every_post_carries_our_token_for_waldur_and_no_other(self, shop: Shop) -> None:
        shop.create(AGENT_DRIVEN)
        url = shop.row().callbacks.approve_by_provider_url
        assert url is not None

        assert post(url, token="0" * 40).status_code == 401
        assert shop.states == ("pending-provider", "Creating")


BODIES: Final[dict[str, object]] = {
    "set_state_erred_url": {"error_message": "disk full", "error_traceback": ""},
    "reject_by_provider_url": {"provider_rejection_comment": "no room"},
    "set_backend_id_url": {"backend_id": "fs-1"},
}


def post(url: str, body: object = None, token: str = WALDUR_TOKEN) -> httpx.Response:
    """What anybody can send."""
    headers = {"authorization": f"Token {token}"}
    with httpx.Client(trust_env=False, timeout=20) as client:
        return client.post(url, json=body, headers=headers)


def undashed(path: str) -> str:
    """A path with its uuid as the library writes it."""
    head, place, uuid, *rest = path.strip("/").split("/")
    return "/" + "/".join([head, place, UUID(uuid).hex, *rest]) + "/"


@attrs.frozen
class Folders:
    """A storage made of folders; it fails for projects of this name."""

    root: Path
    broken: str = ""

    def create(self, row: StorageRow) -> str:
        if self.broken and self.broken in str(row.mount_point):
            raise OSError("disk full")
        self.update(row)
        return str(row.mount_point)

    def update(self, row: StorageRow) -> None:
        quotas = row.new_quotas or row.quotas
        assert quotas is not None
        self._place(row).mkdir(parents=True, exist_ok=True)
        self._place(row).joinpath("quota").write_text(str(quotas.space_hard_tb))

    def remove(self, row: StorageRow) -> None:
        rmtree(self._place(row), ignore_errors=True)

    def quota(self, row: StorageRow) -> str | None:
        file = self._place(row) / "quota"
        return file.read_text() if file.exists() else None

    def _place(self, row: StorageRow) -> Path:
        return self.root / str(row.mount_point).lstrip("/")


class TestRounds:
    @both_offerings
    def test_a_provisioner_works_through_what_customers_want(
        self, shop: Shop, offering: str, tmp_path: Path
    ) -> None:
        folders = Folders(tmp_path)
        shop.create(offering)
        row = self.round(shop, folders)
        assert (shop.states, folders.quota(row)) == (("done", "OK"), "12")

        shop.update(limits={"storage": 30})
        row = self.round(shop, folders)
        assert (shop.states, folders.quota(row)) == (("done", "OK"), "30")

        shop.terminate()
        row = self.round(shop, folders)
        assert (shop.states, folders.quota(row)) == (("done", "Terminated"), None)

    def round(self, shop: Shop, folders: Folders) -> StorageRow:
        """One round over a fresh answer, and one over the same answer that changes nothing."""
        answer = shop.client.read(fresh=True)
        (row,) = (r for r in answer.directories if r.item_id == UUID(shop.resource["uuid"]))
        steps = reconcile(shop.client, folders, answer=answer)
        again = reconcile(shop.client, folders, answer=answer)

        assert {step.result for step in steps} == {Result.DONE}
        assert {step.result for step in again} == {Result.PASSED_OVER}
        return row

    def test_a_storage_that_fails_for_one_serves_the_others(
        self, shop: Shop, tmp_path: Path
    ) -> None:
        shop.centre.control.set_gid("unlucky", 31235)
        shop.create(AGENT_DRIVEN, project_slug="unlucky")
        unlucky = shop.order
        shop.create(AGENT_DRIVEN)
        answer = shop.client.read(fresh=True)
        steps = reconcile(shop.client, Folders(tmp_path, broken="unlucky"), answer=answer)

        assert [step.reason for step in steps if step.result is Result.ERRED] == ["disk full"]
        assert shop.centre.control.order(unlucky)["state"] == "erred"
        assert shop.states == ("done", "OK")

    def test_a_plan_changes_nothing(self, shop: Shop, tmp_path: Path) -> None:
        shop.create(AGENT_DRIVEN)
        shop.centre.control.forget_requests()
        answer = shop.client.read(fresh=True)
        steps = reconcile(shop.client, Folders(tmp_path), answer=answer, dry_run=True)

        assert {step.result for step in steps} == {Result.PLANNED}
        methods = {each["method"] for each in shop.centre.control.requests("waldur")}
        assert methods <= {"GET", "HEAD"}
        assert list(tmp_path.iterdir()) == []

    def test_a_customer_who_changes_their_mind_gets_nothing(
        self, shop: Shop, tmp_path: Path
    ) -> None:
        """The order is turned down between the answer and the round."""
        shop.create(AGENT_DRIVEN)
        answer = shop.client.read(fresh=True)
        shop.actions().reject("never mind")
        steps = reconcile(shop.client, Folders(tmp_path), answer=answer)

        passed_over = [step.reason for step in steps if step.result is Result.PASSED_OVER]
        assert passed_over == [f"its order is {OrderState.REJECTED}"]


FINAL: Final = {"create": "OK", "update": "OK", "terminate": "Terminated"}


class TestDeadCallers:
    """A provisioner dies at some point, and another one has nothing but the rows of then."""

    @both_offerings
    @pytest.mark.parametrize("kind", FINAL)
    @pytest.mark.parametrize("steps", [1, 2, 3])
    def test_between_two_calls(
        self, shop: Shop, offering: str, kind: str, steps: int, tmp_path: Path
    ) -> None:
        shop.wants(offering, kind)
        actions = shop.actions()
        calls: list[Callable[[], object]] = [
            actions.begin,
            lambda: actions.set_backend_id("half-made"),
            actions.done,
        ]
        for call in calls[:steps]:
            call()

        assert (shop.states[0] == "done") == (steps == len(calls))
        self.is_ended_by_another(shop, kind, Folders(tmp_path))

    @pytest.mark.parametrize(
        ("offering", "kind", "action"),
        [
            (AGENT_DRIVEN, "create", "approve_by_provider"),
            (AGENT_DRIVEN, "create", "set_backend_id"),
            (AGENT_DRIVEN, "create", "set_state_done"),
            (AGENT_DRIVEN, "update", "set_state_done"),
            (AGENT_DRIVEN, "terminate", "approve_by_provider"),
            (BASIC, "create", "set_backend_id"),
            (BASIC, "create", "approve_by_provider"),
            (BASIC, "terminate", "approve_by_provider"),
        ],
    )
    def test_with_answers_that_never_came(
        self, shop: Shop, offering: str, kind: str, action: str, tmp_path: Path
    ) -> None:
        """Waldur acts, however often it is asked, and is never heard."""
        shop.wants(offering, kind)
        shop.centre.control.add_fault("waldur", f"lost:method=POST:path={action}")
        folders = Folders(tmp_path)
        with stamina.set_testing(True, attempts=3):  # nobody waits in between
            (step,) = shop.round(folders)
        assert step.result is Result.UNREPORTED
        shop.centre.control.clear_faults()

        self.is_ended_by_another(shop, kind, folders)

    @both_offerings
    def test_in_the_middle_of_the_work(self, shop: Shop, offering: str, tmp_path: Path) -> None:
        shop.wants(offering, "create")
        with pytest.raises(KeyboardInterrupt):
            shop.round(Stopped(tmp_path))

        self.is_ended_by_another(shop, "create", Folders(tmp_path))

    def is_ended_by_another(self, shop: Shop, kind: str, folders: Folders) -> None:
        ended = shop.states[0] == "done"
        with shop.centre.client() as client:
            another = Shop(shop.centre, client, shop.order)
            results = [step.result for step in another.round(folders)]
            assert results == ([] if ended else [Result.DONE])
            assert another.round(folders) == []
        assert shop.states == ("done", FINAL[kind])


@attrs.frozen
class Stopped(Folders):
    """Somebody ends the program while it works."""

    def create(self, row: StorageRow) -> str:
        super().create(row)
        raise KeyboardInterrupt


class TestSecondTries:
    """Somebody has looked at an order that erred, and sets it to executing again in Waldur."""

    @pytest.mark.parametrize("kind", FINAL)
    def test_an_order_that_erred_is_carried_out_after_all(
        self, shop: Shop, kind: str, tmp_path: Path
    ) -> None:
        shop.wants(AGENT_DRIVEN, kind)
        shop.actions().set_backend_id("fs-1")
        shop.actions().erred("disk full")
        again = f"{shop.centre.emulator.url}/api/marketplace-orders/{shop.order}"
        assert post(f"{again}/set_state_executing/").status_code in {200, 201}
        row = shop.row()
        if kind != "terminate":  # whose resource is as it was
            assert row.status is Status.ERROR

        assert [step.result for step in shop.round(Folders(tmp_path))] == [Result.DONE]
        assert shop.states == ("done", FINAL[kind])


def test_a_server_of_old_is_named(tmp_path: Path) -> None:
    """Version 5.8 sends no slugs: nothing can be placed, and nobody is left to guess why."""
    with running_centre(tmp_path, "--resources", "20", "--mode", "5.8") as centre:
        with centre.client() as client:
            answer = client.read()

        assert answer.directories == ()
        assert ProblemCode.UPSTREAM_TOO_OLD in {problem.code for problem in answer.problems}


def test_a_provisioner_that_logs_in_by_itself_is_known(tmp_path: Path) -> None:
    """The realm gives its clients no role here, so this site asks for none."""
    with running_centre(tmp_path, "--resources", "60", auth={}) as centre:
        login = OidcLogin(
            token_url=f"{centre.emulator.url}/realms/{REALM}/protocol/openid-connect/token",
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
        )
        with centre.client(token=login) as client:
            assert client.read().directories
        with centre.client(token=None) as client, pytest.raises(AuthenticationError):
            client.read()
