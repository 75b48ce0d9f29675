"""When faults strike, and how people write them."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cscs_fakes.emulators.faults import Asked, Due, Fault, FaultKind, Faults, Service
from cscs_fakes.emulators.faults_performed import PERFORMED
from cscs_fakes.emulators.faults_text import (
    FaultTextError,
    fault_of,
    parse_fault,
    parse_service_fault,
)

RESOURCES = "/api/marketplace-provider-resources/"
DOWN = Fault(kind=FaultKind.ERROR_503)


def asked(path: str = "/api/x/", method: str = "GET", query: str = "") -> Asked:
    return Asked(Service.WALDUR, method, path, query)


def board(*faults: Fault) -> Faults:
    made = Faults()
    made.set(Service.WALDUR, *faults)
    return made


def struck(faults: Faults, requests: int) -> list[bool]:
    return [faults.due(asked()).fault is not None for _ in range(requests)]


@given(after=st.integers(0, 5), times=st.none() | st.integers(0, 5), requests=st.integers(0, 12))
def test_a_fault_lets_some_pass_strikes_some_and_lets_the_rest_pass(
    after: int, times: int | None, requests: int
) -> None:
    faults = board(Fault(kind=FaultKind.RESET, after=after, times=times))
    last = requests if times is None else after + times

    assert struck(faults, requests) == [after <= number < last for number in range(requests)]
    assert faults.active()[0].done == max(0, min(requests, last) - after)


def test_only_requests_of_the_path_and_method_are_struck_and_counted() -> None:
    faults = board(Fault(kind=FaultKind.HANG, path="orders", method="post", times=1))
    requests = [asked(), asked("/api/orders/"), asked("/api/orders/", "POST")]

    assert [faults.due(request).fault is not None for request in requests] == [False, False, True]


def test_waits_add_up_and_of_other_faults_the_first_counts() -> None:
    late = Fault(kind=FaultKind.LATENCY, ms=250)
    faults = board(late, DOWN, late, Fault(kind=FaultKind.RESET))

    assert faults.due(asked()) == Due(0.5, DOWN)


def test_services_fail_by_themselves() -> None:
    faults = board(DOWN)

    assert faults.due(Asked(Service.OIDC, "GET", "/")) == Due()


def test_added_faults_stand_beside_the_others_and_set_ones_instead() -> None:
    faults = board(DOWN)
    faults.add("waldur", DOWN)
    assert len(faults.active()) == 2

    faults.set("waldur", DOWN)
    assert len(faults.active()) == 1


def test_clearing_takes_away_those_of_one_service_or_all() -> None:
    faults = board(DOWN)
    faults.add("oidc", DOWN)
    faults.clear("waldur")
    assert [active.service for active in faults.active()] == [Service.OIDC]

    faults.clear()
    assert faults.active() == []


def test_a_reset_brings_back_the_first_ones_unused() -> None:
    faults = Faults([(Service.WALDUR, Fault(kind=FaultKind.RESET, times=1))])
    assert struck(faults, 2) == [True, False]
    faults.add("waldur", DOWN)

    faults.reset()

    assert struck(faults, 2) == [True, False]


@pytest.mark.parametrize(
    ("request_", "is_first"),
    [
        (asked(RESOURCES), True),
        (asked(RESOURCES, query="page=1&page_size=300"), True),
        (asked(RESOURCES, query="page_size=300&page=2"), False),
        (asked(RESOURCES, "HEAD"), False),
        (asked(f"{RESOURCES}5d0b/"), False),
        (asked("/api/marketplace-orders/"), False),
    ],
)
def test_rows_vanish_only_after_the_first_page_of_resources(
    request_: Asked, is_first: bool
) -> None:
    faults = board(Fault(kind=FaultKind.VANISH))

    assert (faults.due(request_).fault is not None) is is_first


def test_every_kind_of_fault_but_those_that_let_the_service_answer_is_performed() -> None:
    assert set(PERFORMED) | {FaultKind.VANISH, FaultKind.LATENCY} == set(FaultKind)


# --- as text


@pytest.mark.parametrize("kind", FaultKind)
def test_every_kind_can_be_written(kind: FaultKind) -> None:
    assert parse_service_fault(f"oidc={kind}") == (Service.OIDC, Fault(kind=kind))


def test_options_follow_after_colons() -> None:
    text = "429:after=1:times=2:path=orders:method=POST:ms=5:size=7:rows=4:retry_after=date+5"

    assert parse_fault(text) == Fault(
        kind=FaultKind.TOO_MANY,
        after=1,
        times=2,
        path="orders",
        method="POST",
        ms=5,
        size=7,
        rows=4,
        retry_after="date+5",
    )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "has no service"),
        ("503", "has no service"),
        ("pbs=503", "waldur, hpc_user, oidc, dwdi"),
        ("waldur=418", "truncate"),
        ("waldur=", "no kind of fault"),
        ("waldur=503:afer=1", "after, times"),
        ("waldur=503:after", "not a whole number"),
        ("waldur=503:after=soon", "not a whole number"),
        ("waldur=503:after=-1", "after"),
        ("waldur=slow:size=0", "size"),
    ],
)
def test_a_text_that_names_no_fault_is_refused_with_what_it_could_be(
    text: str, complaint: str
) -> None:
    with pytest.raises(FaultTextError, match=complaint):
        parse_service_fault(text)


@pytest.mark.parametrize("members", [{}, {"kind": "x"}, {"kind": "503", "colour": "red"}])
def test_members_that_make_no_fault_are_refused(members: dict[str, object]) -> None:
    with pytest.raises(FaultTextError):
        fault_of(members)


@given(st.text())
def test_no_text_raises_anything_else(text: str) -> None:
    with suppress(FaultTextError):
        parse_service_fault(text)
