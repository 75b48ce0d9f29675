"""Which part of Waldur becomes which level, and where that puts directories. ADR 0018."""

from __future__ import annotations

import attrs
import pytest

from cscs_domain.problems import ProblemCode, Severity
from cscs_domain.storage.data_types import TargetType
from cscs_domain.storage.mappings import (
    MAPPINGS,
    ORGANISATION,
    ORGANISATION_LEGACY,
    PROVIDER,
    HierarchyMapping,
)
from cscs_domain.storage.policy import StoragePolicy, StorageSystem
from cscs_domain.storage.targets import ProjectTarget
from tests.unit.storage.samples import answer, codes, leaf, leaves, problem, sample, uuid_of

SYSTEMS = (
    StorageSystem(name="capstor", offering_slug="hpc-storage"),
    StorageSystem(name="vast", offering_slug="vast-offering"),
)
CLIMATE = {
    "offering_slug": "hpc-storage",
    "customer_slug": "university",
    "project_slug": "physics-dept",
}
GIDS = {"physics-dept": 30500, "climate-sim": 30501}
HOSTILE = ["..", ".", "a/b", "/etc", "a\nb", "a\x00", "x" * 256]


def policy_of(mapping: HierarchyMapping) -> StoragePolicy:
    """Two systems, one of them with a name that its offering does not have."""
    return StoragePolicy(systems=SYSTEMS, mapping=mapping)


def climate_sim(**changes: object) -> str:
    """Where the example of spec 002 is mounted, under the mapping that is given by name."""
    mapping = MAPPINGS[str(changes.pop("mapping"))]
    hierarchy = answer(
        sample("climate-sim", **(CLIMATE | changes)), policy=policy_of(mapping), gids=GIDS
    )
    return leaves(hierarchy)[0].mount_point.text


def test_each_mapping_is_found_by_its_name() -> None:
    assert {name: mapping.name for name, mapping in MAPPINGS.items()} == {
        "provider": "provider",
        "organisation": "organisation",
        "organisation-legacy": "organisation-legacy",
    }


@pytest.mark.parametrize(
    ("mapping", "data_type", "expected"),
    [
        ("provider", "store", "/capstor/store/cscs/university/physics-dept"),
        ("provider", "archive", "/capstor/archive/cscs/university/physics-dept"),
        ("organisation", "store", "/lustre/store/university/physics-dept/climate-sim"),
        ("organisation", "archive", "/lustre/store/university/physics-dept/climate-sim"),
        (
            "organisation-legacy",
            "store",
            "/hpc-storage/store/university/physics-dept/climate-sim",
        ),
        (
            "organisation-legacy",
            "archive",
            "/hpc-storage/archive/university/physics-dept/climate-sim",
        ),
    ],
)
def test_a_directory_is_mounted_where_its_generation_of_consumers_looks(
    mapping: str, data_type: str, expected: str
) -> None:
    attributes = {"storage_data_type": data_type}

    assert climate_sim(mapping=mapping, attributes=attributes) == expected


def test_another_file_system_stands_in_the_paths_of_the_first_generation() -> None:
    policy = attrs.evolve(policy_of(ORGANISATION), file_system="gpfs")
    hierarchy = answer(sample("climate-sim", **CLIMATE), policy=policy, gids=GIDS)

    assert [row.mount_point.text for row in hierarchy.rows] == [
        "/gpfs/store/university/physics-dept/climate-sim"
    ]


@pytest.mark.parametrize(
    ("mapping", "key"),
    [
        (PROVIDER, "capstor"),
        (ORGANISATION, "capstor"),
        (ORGANISATION_LEGACY, "hpc-storage"),
    ],
)
def test_rows_name_the_system_as_the_site_does_or_as_released_programs_did(
    mapping: HierarchyMapping, key: str
) -> None:
    """Filters know it by the configured name all the same."""
    (*_, listed) = answer(sample(**CLIMATE), policy=policy_of(mapping), gids=GIDS).listed

    assert (listed.row.system.key, listed.row.system.name) == (key, key.upper())
    assert listed.facts.system == "capstor"


@pytest.mark.parametrize("mapping", [ORGANISATION, ORGANISATION_LEGACY])
def test_the_gid_is_still_that_of_the_project(mapping: HierarchyMapping) -> None:
    """Waldur's project has the Unix group, whatever level of storage it becomes."""
    hierarchy = answer(sample("climate-sim", **CLIMATE), policy=policy_of(mapping), gids=GIDS)
    (row,) = hierarchy.rows

    assert isinstance(row.target, ProjectTarget)
    assert row.target.unix_gid == GIDS["physics-dept"]


class TestBackendIds:
    def test_one_below_a_root_is_the_path_where_the_mapping_takes_it(self) -> None:
        assert climate_sim(mapping="provider", backend_id="/capstor/store/x") == "/capstor/store/x"

    @pytest.mark.parametrize("path", ["/lustre/store/x", "/capstor/store/x", "/lustre/../etc", "x"])
    @pytest.mark.parametrize("mapping", ["organisation", "organisation-legacy"])
    def test_the_first_generations_paths_are_made_of_slugs_alone(
        self, mapping: str, path: str
    ) -> None:
        row = sample("climate-sim", **CLIMATE, backend_id=path)
        hierarchy = answer(row, policy=policy_of(MAPPINGS[mapping]), gids=GIDS)

        assert leaves(hierarchy)[0].mount_point.text == climate_sim(mapping=mapping)
        assert hierarchy.problems == ()

    @pytest.mark.parametrize("path", ["/lustre/store/x", "/hpc-storage/store/x"])
    def test_one_elsewhere_is_refused_and_the_generated_path_stands(self, path: str) -> None:
        row = sample("climate-sim", **CLIMATE, backend_id=path)
        hierarchy = answer(row, policy=policy_of(PROVIDER), gids=GIDS)

        assert leaves(hierarchy)[0].mount_point.text == climate_sim(mapping="provider")
        assert (
            problem(hierarchy, ProblemCode.BACKEND_PATH_OUTSIDE_ROOT).severity is Severity.WARNING
        )


@pytest.mark.parametrize("mapping", [ORGANISATION, ORGANISATION_LEGACY])
class TestWithoutParents:
    def test_projects_and_users_alone_are_listed(self, mapping: HierarchyMapping) -> None:
        user = sample("anna", **CLIMATE, attributes={"storage_data_type": "users"})
        hierarchy = answer(sample(**CLIMATE), user, policy=policy_of(mapping), gids=GIDS)

        assert {row.target_type for row in hierarchy.rows} == {TargetType.PROJECT, TargetType.USER}
        assert {row.parent_item_id for row in hierarchy.rows} == {None}

    def test_what_is_doubtful_about_parents_is_nobodys_problem(
        self, mapping: HierarchyMapping
    ) -> None:
        """Two names for a customer, two uuids, and children in different folders."""
        one = sample("a", **CLIMATE, customer_name="Zoo", backend_id="/capstor/x/y/z")
        other = sample("b", **CLIMATE, customer_name="Bot", customer_uuid=uuid_of("other"))

        assert len(codes(answer(one, other, policy=policy_of(PROVIDER), gids=GIDS))) > 1
        assert answer(one, other, policy=policy_of(mapping), gids=GIDS).problems == ()


class TestHostileSlugs:
    @pytest.mark.parametrize("slug", HOSTILE)
    @pytest.mark.parametrize("mapping", [ORGANISATION, ORGANISATION_LEGACY])
    def test_a_resource_whose_slug_cannot_be_in_a_path_is_left_out(
        self, mapping: HierarchyMapping, slug: str
    ) -> None:
        rows = (sample(**CLIMATE), sample("hostile", **CLIMATE, slug=slug))
        hierarchy = answer(*rows, policy=policy_of(mapping), gids=GIDS)

        assert [str(row.item_id) for row in hierarchy.rows] == [uuid_of("res-1")]
        assert problem(hierarchy, ProblemCode.UNSAFE_PATH).resource == uuid_of("hostile")

    @pytest.mark.parametrize("slug", HOSTILE)
    def test_under_the_providers_mapping_the_resources_slug_is_in_no_path(self, slug: str) -> None:
        row = leaf(sample("odd", slug=slug))

        assert row.mount_point.text == "/capstor/store/cscs/university-physics/climate-sim"

    @pytest.mark.parametrize("member", ["customer_slug", "project_slug"])
    @pytest.mark.parametrize("mapping", MAPPINGS.values(), ids=MAPPINGS.keys())
    def test_no_level_takes_one_from_anywhere_else(
        self, mapping: HierarchyMapping, member: str
    ) -> None:
        row = sample(**(CLIMATE | {member: ".."}))
        hierarchy = answer(row, policy=policy_of(mapping), gids={**GIDS, "..": 30502})

        assert hierarchy.rows == ()
        assert codes(hierarchy) == {ProblemCode.UNSAFE_PATH}


@pytest.mark.parametrize(
    ("mapping", "shared"),
    [(PROVIDER, False), (ORGANISATION, True), (ORGANISATION_LEGACY, False)],
)
@pytest.mark.parametrize(
    "other",
    [
        {"offering_slug": "vast-offering"},
        {"attributes": {"storage_data_type": "archive"}},
    ],
    ids=["two systems", "two data types"],
)
def test_rows_that_only_the_mapping_brings_together_are_all_served_and_told(
    mapping: HierarchyMapping, other: dict[str, object], *, shared: bool
) -> None:
    """Slugs of resources may repeat between offerings, and this path names no offering."""
    twins = (
        sample("a", **CLIMATE, slug="twin"),
        sample("b", **(CLIMATE | {"slug": "twin"} | other)),
    )
    hierarchy = answer(*twins, policy=policy_of(mapping), gids=GIDS)
    told = {p.resource for p in hierarchy.problems if p.code is ProblemCode.SHARED_PATH}

    assert len(leaves(hierarchy)) == 2
    assert told == ({uuid_of("a"), uuid_of("b")} if shared else set())
