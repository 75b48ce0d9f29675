"""Whole sites: a policy, the rows that its Waldur sends, and the ids that its people have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeAlias

import attrs
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from cscs_domain.identities import Identities, UnixUser
from cscs_domain.storage.policy import StoragePolicy, StorageSystem
from cscs_domain.storage.waldur_rows import WaldurRow
from cscs_fakes.strategies.places import Place, worlds
from cscs_fakes.strategies.resource_rows import backend_ids, hostile_rows, row_dicts, uuid_of
from cscs_fakes.strategies.site_policies import policies
from cscs_fakes.strategies.text import unsafe_slugs, uuid_texts

RowDict: TypeAlias = dict[str, object]

_FIRST_GID: Final = 30_000
_FIRST_UID: Final = 20_000
_UNKNOWN_PROJECT: Final = "project-that-nobody-knows"
_FOREIGN_OFFERING: Final = "offering-of-somebody-else"


@attrs.frozen(kw_only=True)
class Site:
    """Everything that an answer is made of. `rows` are objects as decoded from Waldur's JSON."""

    rows: tuple[RowDict, ...]
    identities: Identities
    policy: StoragePolicy

    @property
    def waldur_rows(self) -> tuple[WaldurRow, ...]:
        """The rows as the domain takes them."""
        return tuple(map(WaldurRow.from_mapping, self.rows))


@attrs.frozen
class BadRow:
    """A row that must be left out with an error, and in a few words why."""

    why: str
    row: RowDict


@st.composite
def sites(
    draw: DrawFn,
    *,
    of_policies: SearchStrategy[StoragePolicy] | None = None,
    with_paths: bool = True,
    most_rows: int = 6,
) -> Site:
    """Sites of up to `most_rows` valid resources, each of which is served.

    Uuids are distinct, slugs keep their meaning, everybody has a Unix id. With `with_paths` some
    backend ids are paths, sensible or not.
    """
    policy = draw(policies() if of_policies is None else of_policies)
    world = draw(worlds(sorted(policy.offering_slugs)))
    systems = {system.offering_slug: system for system in policy.mounted_systems}
    rows = []
    for place in draw(st.lists(st.sampled_from(world), max_size=most_rows)):
        ids = _backend_ids(systems[place.offering.slug], place) if with_paths else None
        rows.append(draw(row_dicts(place, ids)))
    distinct = {uuid_of(row): row for row in rows}
    return Site(rows=tuple(distinct.values()), identities=_everybody(rows), policy=policy)


def _backend_ids(system: StorageSystem, place: Place) -> SearchStrategy[str]:
    roots = [root.text for root in system.roots]
    branch = f"store/{place.provider.slug}/{place.customer.slug}"
    return backend_ids(roots, [f"{root}/{branch}" for root in roots])


def _everybody(rows: Iterable[RowDict]) -> Identities:
    projects = sorted({str(row["project_slug"]) for row in rows})
    people = sorted({str(row["slug"]) for row in rows})
    gids = {slug: _FIRST_GID + number for number, slug in enumerate(projects)}
    return Identities(gids, {slug: _person(slug, number) for number, slug in enumerate(people)})


def _person(username: str, number: int) -> UnixUser:
    # Every other one has a primary project of their own.
    project = (f"group-of-{number}", 40_000 + number) if number % 2 else (None, None)
    return UnixUser(username, _FIRST_UID + number, f"person-{number}@uni.example", *project)


@st.composite
def untidy_sites(draw: DrawFn) -> Site:
    """Sites where much is wrong: hostile rows, copies that differ, people without Unix ids."""
    site = draw(sites(most_rows=4))
    offerings = sorted(site.policy.offering_slugs)
    rows = [*site.rows, *draw(st.lists(hostile_rows(offerings), max_size=3))]
    if site.rows:
        copies = st.sampled_from(site.rows).flatmap(_copies)
        rows += draw(st.lists(copies, max_size=3))
    known = {name: gid for name, gid in site.identities.gids.items() if draw(st.booleans())}
    return attrs.evolve(site, rows=tuple(rows), identities=Identities(known, site.identities.users))


@st.composite
def _copies(draw: DrawFn, row: RowDict) -> RowDict:
    """The row once more, the same or changed since."""
    changed = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "state": st.sampled_from(["OK", "Terminated", "Erred", "Melted"]),
                "modified": st.sampled_from(["2026-09-01T00:00:00Z", "", None]),
                "slug": st.sampled_from(["renamed", "renamed-again"]),
                "customer_name": st.just("Another name"),
                "limits": st.just({"storage": 5}),
            },
        )
    )
    return row | changed


@st.composite
def bad_rows(draw: DrawFn, site: Site) -> BadRow:
    """One more row for the site, with a uuid of its own, that must be left out with an error.

    It mostly claims to belong where a good row belongs, under other names.
    """
    fresh = worlds(sorted(site.policy.offering_slugs)).flatmap(st.sampled_from).flatmap(row_dicts)
    row = draw(st.sampled_from(site.rows) | fresh if site.rows else fresh)
    taken = {uuid_of(other) for other in site.rows}
    own: RowDict = {
        "uuid": draw(uuid_texts(st.uuids().filter(lambda uuid: uuid not in taken))),
        "state": draw(st.sampled_from(["OK", "Creating"])),
        "customer_name": draw(st.sampled_from(["", "AAA", "another name"])),
        "customer_uuid": draw(uuid_texts()),
        "backend_metadata": {},
    }
    why, spoil = draw(st.sampled_from(_FAULTS))
    return BadRow(why, row | own | draw(spoil(site.policy)))


def _members(changes: Sequence[RowDict]) -> Callable[[StoragePolicy], SearchStrategy[RowDict]]:
    return lambda _policy: st.sampled_from(changes)


def _unsafe(policy: StoragePolicy) -> SearchStrategy[RowDict]:
    member = f"{policy.mapping.customer.value}_slug"
    return unsafe_slugs().map(lambda slug: {member: slug})


def _each(member: str, key: str, *values: object) -> list[RowDict]:
    return [{member: {key: value}} for value in values]


_FAULTS: Final[tuple[tuple[str, Callable[[StoragePolicy], SearchStrategy[RowDict]]], ...]] = (
    ("malformed uuid", _members([{"uuid": "x"}, {"uuid": None}, {"uuid": 7}, {"uuid": ["u"]}])),
    ("no slug", _members([{"slug": None}, {"slug": ""}, {"provider_slug": None}])),
    ("text expected", _members([{"customer_slug": 5}, {"state": {}}, {"backend_id": 1}])),
    ("no offering", _members([{"offering_slug": ""}, {"offering_uuid": None}])),
    ("bad limit", _members([*_each("limits", "storage", -1, "x"), {"limits": []}])),
    ("bad permission", _members(_each("options", "permissions", 775, "9", "rwx"))),
    ("bad data type", _members(_each("attributes", "storage_data_type", 1, [], {}, "..", "a/b"))),
    ("bad order", _members([{"order_in_progress": v} for v in ({}, {"state": "executing"})])),
    ("unsafe slug", _unsafe),
    ("foreign offering", _members([{"offering_slug": _FOREIGN_OFFERING}])),
    ("no identity", _members([{"project_slug": _UNKNOWN_PROJECT, "attributes": {}}])),
)
