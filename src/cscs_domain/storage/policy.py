"""Everything a site decides about its storage answer, as one value."""

from __future__ import annotations

from decimal import Decimal

import attrs

from cscs_domain.errors import InvalidValueError
from cscs_domain.quantities import parse_quantity
from cscs_domain.storage.callbacks import ApiUrl
from cscs_domain.storage.mappings import PROVIDER, HierarchyMapping, SystemNames
from cscs_domain.storage.mount_points import MountPath, check_segment
from cscs_domain.storage.quotas import QuotaPolicy, above_zero
from cscs_domain.storage.target_ids import ItemIds


def _default_roots(system: StorageSystem) -> tuple[MountPath, ...]:
    return (MountPath.of(system.path_name),)


def _segment(_instance: object, attribute: attrs.Attribute[str], value: str) -> None:
    check_segment(value, attribute.name.replace("_", " "))


def _factor(value: object) -> Decimal:
    return parse_quantity(value, "unit factor")


@attrs.frozen(kw_only=True)
class StorageSystem:
    """A storage system: the configured name, the offering that sells it, where it may mount.

    `path_name` stands in paths and items: the name, or the offering's slug at sites that keep the
    paths of spec 001. `roots` are the directories that a backend id may point into.
    """

    name: str = attrs.field(validator=_segment)
    offering_slug: str
    path_name: str = attrs.field(
        default=attrs.Factory(lambda self: self.name, takes_self=True), validator=_segment
    )
    roots: tuple[MountPath, ...] = attrs.field(
        default=attrs.Factory(_default_roots, takes_self=True)
    )


def _distinct(_instance: object, _attribute: object, systems: tuple[StorageSystem, ...]) -> None:
    for what, values in (
        ("name", [system.name for system in systems]),
        ("offering", [system.offering_slug for system in systems]),
        ("path name", [system.path_name for system in systems]),
    ):
        if len(set(values)) != len(values):
            raise InvalidValueError("storage systems", str(values), f"share one {what}")


def _known_names(instance: StoragePolicy, _attribute: object, only: frozenset[str] | None) -> None:
    if only is None:
        return
    if not only:  # nothing at all would pass for the whole site
        raise InvalidValueError("storage systems", "none", "leaves nothing to read")
    if unknown := only - {system.name for system in instance.systems}:
        raise InvalidValueError("storage systems", str(sorted(unknown)), "are not configured")


def _fit_for_paths(instance: StoragePolicy, _attribute: object, _mapping: object) -> None:
    _distinct(None, None, instance.mounted_systems)


@attrs.frozen(kw_only=True)
class StoragePolicy:
    """How resources become rows. Every member has the documented default but the systems.

    `only` names the systems to read; resources of the others are passed over, which is nothing to
    report. `unit_factor` turns the offering's unit into TB. `ready_items` lets target items found
    in `backend_metadata` win. `mock_identities` makes missing Unix ids up: development only.
    """

    systems: tuple[StorageSystem, ...] = attrs.field(validator=_distinct)
    only: frozenset[str] | None = attrs.field(default=None, validator=_known_names)
    file_system: str = attrs.field(default="lustre", validator=_segment)
    quotas: QuotaPolicy = attrs.field(factory=QuotaPolicy)
    unit_factor: Decimal = attrs.field(default=Decimal(1), converter=_factor, validator=above_zero)
    item_ids: ItemIds = ItemIds.DOCUMENTED
    mapping: HierarchyMapping = attrs.field(default=PROVIDER, validator=_fit_for_paths)
    callback_base: ApiUrl | None = None
    ready_items: bool = True
    mock_identities: bool = False

    @classmethod
    def for_systems(cls, **offering_slugs: str) -> StoragePolicy:
        """The default policy for systems given as `name="offering-slug"`."""
        return cls(
            systems=tuple(
                StorageSystem(name=name, offering_slug=slug)
                for name, slug in offering_slugs.items()
            )
        )

    @property
    def offering_slugs(self) -> frozenset[str]:
        """The offerings to read."""
        return frozenset(system.offering_slug for system in self.systems if self.reads(system))

    @property
    def offerings_passed_over(self) -> frozenset[str]:
        """The offerings that are configured and not to be read."""
        return frozenset(system.offering_slug for system in self.systems) - self.offering_slugs

    def reads(self, system: StorageSystem) -> bool:
        """Whether a configured system is among those to read."""
        return self.only is None or system.name in self.only

    @property
    def mounted_systems(self) -> tuple[StorageSystem, ...]:
        """The systems as the mapping names them in rows and paths."""
        if self.mapping.system_names is SystemNames.SITE:
            return self.systems
        return tuple(
            attrs.evolve(system, path_name=check_segment(system.offering_slug, "offering slug"))
            for system in self.systems
        )
