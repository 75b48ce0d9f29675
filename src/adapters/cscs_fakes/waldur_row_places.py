"""Who has what where: customers, their projects, and which project holds which kind of storage."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Final

from cscs_fakes import waldur_row_names as names
from cscs_fakes.waldur_row_catalogue import OFFERINGS, Offering, stable_uuid

USER_TYPES: Final = frozenset({"users", "scratch"})
"""Data types whose directories belong to a person instead of a project's group."""

_TYPES: Final = ("store", "archive", "scratch", "users")
_TYPE_SHARES: Final = (84, 8, 5, 3)
_RESOURCES_PER_PROJECT: Final = (1, 2, 3, 4, 5, 6)
_PROJECT_SHARES: Final = (1, 2, 3, 4, 3, 3)
_PROJECTS_WITH_A_TWIN: Final = 1 / 150
_KINDS: Final = tuple((offering, kind) for offering in OFFERINGS for kind in _TYPES)
_KIND_SHARES: Final = tuple(
    offering.share * share for offering in OFFERINGS for share in _TYPE_SHARES
)


@dataclass(frozen=True, slots=True)
class Customer:
    """An institute that uses storage: the middle level of a path."""

    slug: str
    name: str
    uuid: str


@dataclass(frozen=True, slots=True)
class Project:
    """A research project of a customer: the lowest level of a path."""

    slug: str
    name: str
    uuid: str
    customer: Customer


@dataclass(frozen=True, slots=True)
class Place:
    """Where one resource goes.

    `copy` counts, from 1, the resources of one project, system and data type; if there is more
    than one of them, they share a directory.
    """

    project: Project
    offering: Offering
    data_type: str
    copy: int = 1


def lay_out(count: int, rng: Random) -> list[Place]:
    """Return `count` places in random order, about four to a project and forty to a customer."""
    customers = [_customer(number) for number in range(max(1, count // 40))]
    places: list[Place] = []
    number = 0
    while len(places) < count:
        places.extend(_places_of(_project(number, rng.choice(customers)), rng))
        number += 1
    del places[count:]
    # Upstream sorts by creation time, which does not keep the resources of a project together.
    rng.shuffle(places)
    return places


def _places_of(project: Project, rng: Random) -> list[Place]:
    wanted = rng.choices(_RESOURCES_PER_PROJECT, _PROJECT_SHARES)[0]
    kinds: dict[tuple[str, str], Place] = {}
    while len(kinds) < wanted:
        offering, data_type = rng.choices(_KINDS, _KIND_SHARES)[0]
        kinds[offering.slug, data_type] = Place(project, offering, data_type)
    places = list(kinds.values())
    if rng.random() < _PROJECTS_WITH_A_TWIN:
        places.append(Place(project, places[0].offering, places[0].data_type, copy=2))
    return places


def _customer(number: int) -> Customer:
    slug = names.institute_slug(number)
    return Customer(slug, names.institute_name(number), stable_uuid("customers", slug))


def _project(number: int, customer: Customer) -> Project:
    slug = names.project_slug(number)
    # The customer is part of the identity: another seed may give the project to another one.
    uuid = stable_uuid("projects", f"{customer.slug}/{slug}")
    return Project(slug, names.project_name(number), uuid, customer)
