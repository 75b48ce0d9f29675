"""The controls of an emulated site, as a test in another process uses them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import httpx
import pytest

from cscs_fakes.emulators.control_calls import (
    DWDI_CALLS,
    HPC_USER_CALLS,
    OIDC_CALLS,
    WALDUR_CALLS,
)
from cscs_fakes.emulators.faults import Fault, FaultKind, Service
from cscs_fakes.emulators.oidc import ABSENT, CLIENT_ID, CLIENT_SECRET, PathStyle
from cscs_fakes.emulators.site import EmulatedSite
from tests.emulated import Controls, running_site

FORM: Final = {
    "grant_type": "client_credentials",
    "client_id": CLIENT_ID,
    "client_secret": CLIENT_SECRET,
}
TOKEN: Final = "/realms/cscs/protocol/openid-connect/token"
PROJECTS: Final = "/hpc-user/api/v1/export/waldur/projects"
USAGE: Final = "/dwdi/api/v1/compute/usage-month-multiaccount"


@pytest.fixture(scope="module")
def shared() -> Iterator[EmulatedSite]:
    with running_site(resources=12) as made:
        yield made


@pytest.fixture
def site(shared: EmulatedSite) -> EmulatedSite:
    shared.reset()
    return shared


@pytest.fixture
def control(site: EmulatedSite) -> Iterator[Controls]:
    with httpx.Client(base_url=site.url, timeout=10, trust_env=False) as client:
        yield Controls(client)


def token_of(control: Controls) -> str:
    return str(control.client.post(TOKEN, data=FORM).json()["access_token"])


def ask_projects(control: Controls, token: str) -> httpx.Response:
    return control.client.get(PROJECTS, headers={"authorization": f"Bearer {token}"})


def test_the_state_tells_where_it_is_and_what_has_happened(
    site: EmulatedSite, control: Controls
) -> None:
    control.add_fault("waldur", "503:times=2")
    ask_projects(control, token_of(control))
    state = control.state()

    assert (state["url"], state["mode"]) == (site.url, "8.1")
    assert state["requests"] == {"waldur": 0, "hpc_user": 1, "oidc": 1, "dwdi": 0}
    assert state["most_at_once"] == {"waldur": 0, "hpc_user": 1, "oidc": 1, "dwdi": 0}
    assert state["hpc_user"] == {"calls": 1, "refusals": 0}
    assert state["dwdi"] == {"calls": 0, "refusals": 0}
    assert state["oidc"] == {"token": 1}
    assert [(row["service"], row["fault"]["kind"], row["done"]) for row in state["faults"]] == [
        ("waldur", "503", 0)
    ]


def test_faults_are_added_as_text_or_members_and_cleared(
    site: EmulatedSite, control: Controls
) -> None:
    control.add_fault("oidc", "reset:after=1")
    control.call("faults", "add", service="waldur", fault={"kind": "html", "times": 1})

    assert {(active.service, active.fault) for active in site.faults.active()} == {
        (Service.OIDC, Fault(kind=FaultKind.RESET, after=1)),
        (Service.WALDUR, Fault(kind=FaultKind.HTML, times=1)),
    }
    control.clear_faults("oidc")
    assert [active.service for active in site.faults.active()] == [Service.WALDUR]
    control.clear_faults()
    assert site.faults.active() == []


def test_requests_are_told_in_order_and_forgotten(control: Controls) -> None:
    control.client.get("/realms/other/x", params={"a": "b c"})
    ask_projects(control, "bad")

    assert [(r["service"], r["path"], r["query"], r["status"]) for r in control.requests()] == [
        ("oidc", "/realms/other/x", "a=b+c", 404),
        ("hpc_user", PROJECTS, "", 401),
    ]
    assert [row["service"] for row in control.requests("oidc")] == ["oidc"]
    control.forget_requests()
    assert control.requests() == []


def test_tokens_are_minted_keys_rotated_and_tokens_revoked(
    site: EmulatedSite, control: Controls
) -> None:
    token = token_of(control)
    assert ask_projects(control, token).status_code == 200

    control.revoke_all()

    assert ask_projects(control, token).status_code == 401
    assert control.rotate(algorithm="ES256", keep_old=False) == site.oidc.keys[0].kid
    assert control.mint({"sub": "x"}, leave_out=["aud"], key="none").endswith(".")


def test_time_passes_and_tokens_expire(control: Controls) -> None:
    token = token_of(control)

    control.advance(3600)

    assert ask_projects(control, token).status_code == 401


def test_the_provider_is_configured(site: EmulatedSite, control: Controls) -> None:
    control.call(
        "oidc",
        "configure",
        token_life=60,
        token_answer={"scope": "x"},
        token_answer_without=["expires_in"],
        styles=["/auth"],
        extra_jwks=[{"kty": "oct"}],
        announced_issuer="x",
    )

    assert site.oidc.token_life.total_seconds() == 60
    assert site.oidc.token_answer == {"scope": "x", "expires_in": ABSENT}
    assert site.oidc.styles == {PathStyle.OLD}
    assert site.oidc.extra_jwks == [{"kty": "oct"}]
    assert site.oidc.announced_issuer == "x"


def test_configuring_nothing_changes_nothing(site: EmulatedSite, control: Controls) -> None:
    control.call("oidc", "configure")
    control.call("hpc_user", "configure")

    assert (site.oidc.token_answer, site.oidc.styles) == ({}, frozenset(PathStyle))
    assert site.hpc_user.has_users


def test_ids_change_and_calls_are_told(site: EmulatedSite, control: Controls) -> None:
    control.set_gid("g207", 5)
    control.call("hpc_user", "configure", has_users=False, answers_everything=True)
    ask_projects(control, token_of(control))

    assert site.hpc_user.projects_named(("g207",))[-1]["unixGid"] == 5
    assert not site.hpc_user.has_users
    assert [call["slugs"] for call in control.hpc_user_calls()] == [[]]


def test_usage_is_put_and_calls_are_told(site: EmulatedSite, control: Controls) -> None:
    rows = [{"account": "g001", "accountNodeHours": 12.5}]
    control.put_usage("compute", "2026-11", rows)
    control.call("dwdi", "configure", answers_everything=True)
    bearer = {"authorization": f"Bearer {token_of(control)}"}
    query = {"from": "2026-11", "to": "2026-11", "account": "g002"}
    answer = control.client.get(USAGE, params=query, headers=bearer)

    assert answer.json() == {"compute": rows}
    assert site.dwdi.answers_everything
    assert [(call["subjects"], call["periods"]) for call in control.dwdi_calls()] == [
        (["g002"], ["2026-11"])
    ]


def test_consumers_order_and_states_are_read(site: EmulatedSite, control: Controls) -> None:
    created = control.order_create(
        offering_slug="capstor", customer_slug="uni", project_slug="ocean", limits={"storage": 5}
    )
    idle = next(
        row
        for uuid in site.uuids()
        if (row := control.resource(uuid))["state"] == "OK" and not row["order_in_progress"]
    )
    changed = control.order_update(idle["uuid"], limits={"storage": 7})

    assert control.order(created)["state"] == "pending-provider"
    assert (control.order(changed)["type"], control.order(changed)["limits"]) == (
        "Update",
        {"storage": 7},
    )


def test_rows_come_change_and_go(site: EmulatedSite, control: Controls) -> None:
    row = control.resource(site.uuids()[0])

    control.call("waldur", "replace_row", row=row | {"name": "Another"})
    assert control.resource(row["uuid"])["name"] == "Another"
    control.call("waldur", "remove_row", uuid=row["uuid"])
    control.call("waldur", "add_row", row=row)
    assert control.resource(row["uuid"])["name"] == row["name"]


def test_an_end_is_ordered_once(site: EmulatedSite, control: Controls) -> None:
    idle = next(
        row["uuid"]
        for uuid in site.uuids()
        if (row := control.resource(uuid))["state"] == "OK" and not row["order_in_progress"]
    )

    assert control.order(control.order_terminate(idle))["type"] == "Terminate"
    with pytest.raises(AssertionError, match="Pending order"):
        control.order_terminate(idle)


def test_a_reset_puts_everything_back(site: EmulatedSite, control: Controls) -> None:
    before = list(site.hpc_user.projects)
    control.set_gid("g207", 5)
    control.rotate()
    control.add_fault("waldur", "500")
    control.advance(1e6)

    control.reset()

    assert site.hpc_user.projects == before
    assert control.state()["faults"] == []
    assert control.state()["oidc"] == {}
    assert set(control.state()["requests"].values()) == {0}


@pytest.mark.parametrize("path", ["site/__init__", "waldur/app", "oidc/keys", "x/y", "hpc_user/x"])
def test_only_what_is_listed_can_be_called(control: Controls, path: str) -> None:
    answer = control.client.post(f"/_emulator/{path}")

    assert answer.status_code == 404
    assert "site/reset" in answer.json()["error"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("site/advance", b"{}"),
        ("site/advance", b'{"seconds": "x"}'),
        ("site/advance", b"[]"),
        ("site/advance", b"{"),
        ("faults/add", b'{"service": "x", "fault": "503"}'),
        ("faults/add", b'{"service": "oidc", "fault": "418"}'),
        ("oidc/mint", b'{"key": "x"}'),
        ("site/reset", b'{"sudo": true}'),
        ("waldur/resource", b'{"uuid": "00000000000000000000000000000000"}'),
        ("dwdi/put", b'{"kind": "compute", "period": "2026-13", "rows": []}'),
        ("dwdi/put", b'{"kind": "x", "period": "2026-11", "rows": []}'),
    ],
)
def test_wrong_arguments_are_told_as_400(control: Controls, path: str, body: bytes) -> None:
    answer = control.client.post(f"/_emulator/{path}", content=body)

    assert (answer.status_code, list(answer.json())) == (400, ["error"])


@pytest.mark.parametrize(
    ("part", "names"),
    [
        ("waldur", WALDUR_CALLS),
        ("hpc_user", HPC_USER_CALLS),
        ("oidc", OIDC_CALLS),
        ("dwdi", DWDI_CALLS),
    ],
)
def test_every_listed_call_exists(site: EmulatedSite, part: str, names: tuple[str, ...]) -> None:
    emulator: Any = getattr(site, part)

    assert [name for name in names if not callable(getattr(emulator, name, None))] == []
