"""Accounts that two jobs would bill."""

from __future__ import annotations

import attrs
import pytest

from cscs_domain.problems import ProblemCode
from cscs_domain.usage.components import Component
from cscs_domain.usage.metered_accounts import metered_accounts
from cscs_domain.usage.metered_resources import MeteredResource, MeteredResources
from cscs_domain.usage.metering import Metering, UsageKind
from cscs_domain.usage.shared_accounts import accounts_elsewhere, claims_of
from tests.unit.usage.plan_samples import NODES, NODES_V2, resource

G207, LP05, NOBODY = resource("g207"), resource("lp05"), resource("")
STORAGE = attrs.evolve(NODES_V2, kind=UsageKind.STORAGE)


def on(cluster: str, of: MeteredResource) -> MeteredResource:
    return attrs.evolve(of, cluster=cluster)


def test_an_account_of_two_jobs_is_elsewhere_for_both() -> None:
    one = claims_of("dwdi", NODES, [G207, LP05])
    other = claims_of("dwdi", NODES, [G207])
    assert accounts_elsewhere([one, other]) == [{"g207"}, {"g207"}]


@pytest.mark.parametrize(
    ("warehouse", "metering", "mine", "theirs"),
    [
        ("another", NODES, G207, G207),
        ("dwdi", attrs.evolve(STORAGE, storage_paths={"g207": "/g207"}), G207, G207),
        ("dwdi", NODES, NOBODY, NOBODY),
    ],
)
def test_other_usage_of_the_account_is_not(
    warehouse: str, metering: Metering, mine: MeteredResource, theirs: MeteredResource
) -> None:
    claims = [claims_of("dwdi", NODES, [mine]), claims_of(warehouse, metering, [theirs])]
    assert accounts_elsewhere(claims) == [frozenset(), frozenset()]


def test_no_cluster_is_all_clusters() -> None:
    claims = [claims_of("dwdi", NODES_V2, [each]) for each in (on("daint", G207), G207)]
    assert accounts_elsewhere(claims) == [{"g207"}, {"g207"}]


def test_other_components_are_other_usage() -> None:
    gpu = attrs.evolve(NODES, components=(Component(name="gpuHours"),))
    claims = [claims_of("dwdi", NODES, [G207]), claims_of("dwdi", gpu, [G207])]
    assert accounts_elsewhere(claims) == [frozenset(), frozenset()]


def test_storage_is_told_apart_by_path() -> None:
    mapped = {"g207": "/store/g207", "old": "/store/g207/", "lp05": "/store/lp05"}
    metering = attrs.evolve(STORAGE, storage_paths=mapped)
    claims = [claims_of("dwdi", metering, [resource(name)]) for name in mapped]
    assert accounts_elsewhere(claims) == [{"g207"}, {"old"}, frozenset()]


def test_clusters_tell_usage_apart_where_they_narrow_it() -> None:
    resources = [[on("Daint", G207)], [on("eiger", G207)]]
    in_v2 = [claims_of("dwdi", NODES_V2, each) for each in resources]
    in_v1 = [claims_of("dwdi", NODES, each) for each in resources]
    assert accounts_elsewhere(in_v2) == [frozenset(), frozenset()]
    assert accounts_elsewhere(in_v1) == [{"g207"}, {"g207"}]


def test_what_is_elsewhere_is_not_reported() -> None:
    found = metered_accounts(
        MeteredResources(resources=(G207, LP05)), frozenset(), frozenset({"g207"})
    )
    assert [each.backend_id for each in found.resources] == ["lp05"]
    (problem,) = found.problems
    assert problem.code is ProblemCode.SHARED_ACCOUNT
    assert "another offering" in problem.message
