"""Laws of Unix ids: what was looked up suffices, and nothing doubtful is ever used."""

from __future__ import annotations

from random import Random

import attrs
from hypothesis import given
from hypothesis import strategies as st

from cscs_domain.errors import InvalidValueError
from cscs_domain.identities import (
    Identities,
    UnixUser,
    mock_gid,
    mock_user,
    parse_unix_id,
    resolve_gids,
)
from cscs_domain.problems import ProblemCode
from cscs_domain.storage.hierarchy import build_hierarchy
from cscs_domain.storage.identity_rules import wanted_identities
from cscs_domain.storage.intake import Intake
from cscs_domain.storage.targets import ProjectTarget, UserTarget
from cscs_fakes.strategies import Site, any_text, json_values, sites, untidy_sites

NAMES = st.sampled_from(["a", "b", "A", "c"])
ANSWERS = st.lists(st.tuples(NAMES | json_values(), json_values() | st.sampled_from([5, "5", 6])))


@given(untidy_sites())
def test_what_is_wanted_is_enough(site: Site) -> None:
    intake = Intake(site.policy)
    intake.take(site.waldur_rows)
    wanted = wanted_identities(intake.resources)
    found = Identities(
        dict.fromkeys(wanted.projects, 30_500),
        {name: UnixUser(name, 20_500, "u@uni.example") for name in wanted.users},
    )

    problems = build_hierarchy(site.waldur_rows, found, site.policy).problems

    assert ProblemCode.MISSING_IDENTITY not in {problem.code for problem in problems}


@given(sites())
def test_what_is_not_wanted_changes_nothing(site: Site) -> None:
    intake = Intake(site.policy)
    intake.take(site.waldur_rows)
    wanted = wanted_identities(intake.resources)
    gids = {name: gid for name, gid in site.identities.gids.items() if name in wanted.projects}
    more = {**site.identities.gids, "somebody-else": 31_000}

    answers = {
        build_hierarchy(site.waldur_rows, Identities(some, site.identities.users), site.policy)
        for some in (gids, more)
    }

    assert len(answers) == 1


@given(untidy_sites())
def test_nobody_gets_the_id_of_root_or_a_negative_one(site: Site) -> None:
    wrong = Identities(
        {name: gid % 3 - 1 for name, gid in site.identities.gids.items()},
        {
            name: attrs.evolve(user, uid=user.uid % 3 - 1)
            for name, user in site.identities.users.items()
        },
    )
    for row in build_hierarchy(site.waldur_rows, wrong, site.policy).rows:
        if isinstance(row.target, ProjectTarget):
            assert row.target.unix_gid > 0
        if isinstance(row.target, UserTarget):
            assert row.target.unix_uid > 0
            assert row.target.primary_project.unix_gid > 0


@given(untidy_sites())
def test_in_development_nobody_is_without_an_id(site: Site) -> None:
    policy = attrs.evolve(site.policy, mock_identities=True)

    problems = build_hierarchy(site.waldur_rows, Identities(), policy).problems

    assert ProblemCode.MISSING_IDENTITY not in {problem.code for problem in problems}


@given(json_values())
def test_anything_is_an_id_from_1_or_refused(value: object) -> None:
    try:
        number = parse_unix_id(value)
    except InvalidValueError:
        return

    assert 1 <= number <= 2**31 - 1


@given(ANSWERS)
def test_only_certain_gids_are_concluded(rows: list[tuple[object, object]]) -> None:
    asked = {"a", "b", "c"}
    lookup = resolve_gids(asked, rows)

    assert set(lookup.resolved) <= asked
    for name, gid in lookup.resolved.items():
        given_ids = {str(raw) for who, raw in rows if who == name and raw is not None}
        assert {int(text) for text in given_ids} == {gid}


@given(ANSWERS, st.randoms(use_true_random=False))
def test_conclusions_do_not_depend_on_the_order_of_the_answer(
    rows: list[tuple[object, object]], random: Random
) -> None:
    moved = list(rows)
    random.shuffle(moved)

    assert resolve_gids({"a", "b"}, moved) == resolve_gids({"a", "b"}, rows)


@given(any_text())
def test_made_up_ids_are_stable_and_in_their_range(name: str) -> None:
    assert 30_000 <= mock_gid(name) < 40_000
    assert 20_000 <= mock_user(name).uid < 30_000
    assert mock_gid(name) == mock_gid(name)
