"""How the usage of one offering is read: which warehouse, which figures, which components.

Source: DWDI contract, sections 3 to 6 and 13.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import attrs

from cscs_domain._text import shown
from cscs_domain.errors import InvalidValueError
from cscs_domain.usage.components import AccountingType, Component, Factoring

_NO_PATHS: Final[Mapping[str, str]] = MappingProxyType({})


class WarehouseProfile(StrEnum):
    """The two generations of the warehouse's interface."""

    V1 = "v1-multiaccount"
    """Spec 000."""
    V2 = "v2-account"


class UsageKind(StrEnum):
    """What is metered."""

    COMPUTE = "compute"
    """A sum over jobs, by account and user."""
    STORAGE = "storage"
    """A gauge, by path."""
    INFERENCE = "inference"
    """A sum of costs, by Waldur resource."""


@attrs.frozen(kw_only=True)
class Metering:
    """The rules for one offering.

    `storage_paths` maps Waldur backend ids to the paths that the warehouse knows; a backend id
    that is missing and is an absolute path stands for itself. `cluster` counts for resources
    whose offering names none (profile v2).
    """

    components: tuple[Component, ...] = attrs.field()
    profile: WarehouseProfile = WarehouseProfile.V1
    kind: UsageKind = attrs.field(default=UsageKind.COMPUTE)
    storage_paths: Mapping[str, str] = attrs.field(default=_NO_PATHS)
    filesystem: str = ""
    data_type: str = ""
    cluster: str = ""

    @components.validator
    def _are_distinct(self, _attribute: object, value: tuple[Component, ...]) -> None:
        names = [component.name for component in value]
        if not names:
            raise InvalidValueError("components", "()", "are none, so there is nothing to report")
        if len(set(names)) < len(names):
            raise InvalidValueError("components", shown(names), "name one component twice")

    @kind.validator
    def _is_offered(self, _attribute: object, value: UsageKind) -> None:
        if value is not UsageKind.COMPUTE and self.profile is WarehouseProfile.V1:
            raise InvalidValueError(
                "kind", shown(value.value), f"needs the profile {WarehouseProfile.V2}"
            )

    def factoring(self, component: Component) -> Factoring:
        """Compute is multiplied by the factor; storage and costs are divided by it."""
        if component.factor_semantics is not None:
            return component.factor_semantics
        return Factoring.MULTIPLY if self.kind is UsageKind.COMPUTE else Factoring.DIVIDE

    @property
    def limits(self) -> frozenset[str]:
        """The components that are not billed by usage."""
        return frozenset(
            component.name
            for component in self.components
            if component.accounting_type is AccountingType.LIMIT
        )

    @property
    def fills_with_zeros(self) -> bool:
        """Whether accounts that the warehouse does not know are reported as zero, where Waldur has
        nothing else.
        """
        return self.profile is WarehouseProfile.V2

    @property
    def may_decrease(self) -> bool:
        """Whether smaller figures than before are normal."""
        return self.profile is WarehouseProfile.V2
