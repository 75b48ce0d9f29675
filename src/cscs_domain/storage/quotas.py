"""Space and inode quotas out of a storage limit. Sources: spec 004 section 5.3, DESIGN section 3.

All arithmetic is exact: a limit of 8.2 TB buys 16 400 000 inodes, not the 16 399 999 of binary
floating point. Whole inodes are reached by rounding down, once, at the end.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import attrs

from cscs_domain.errors import InvalidValueError
from cscs_domain.quantities import EXACT, parse_quantity


@attrs.frozen(kw_only=True, cache_hash=True)
class Quotas:
    """What a directory may hold: terabytes (exact) and inodes (whole), soft <= hard for both."""

    space_soft_tb: Decimal
    space_hard_tb: Decimal
    inodes_soft: int
    inodes_hard: int

    def __attrs_post_init__(self) -> None:
        """Refuse a soft quota above its hard one."""
        if self.space_soft_tb > self.space_hard_tb or self.inodes_soft > self.inodes_hard:
            raise InvalidValueError("quotas", str(self), "have a soft quota above the hard one")


@attrs.frozen(kw_only=True)
class QuotaOverrides:
    """What an administrator set in the resource's options; None leaves the derived value."""

    space_soft_tb: Decimal | None = None
    space_hard_tb: Decimal | None = None
    inodes_soft: int | None = None
    inodes_hard: int | None = None

    def with_changes(self, changes: QuotaOverrides | None) -> QuotaOverrides:
        """These overrides with what an order says laid over them, member by member."""
        if changes is None or changes == NO_OVERRIDES:
            return self
        said = attrs.asdict(changes, filter=lambda _member, value: value is not None)
        return attrs.evolve(self, **said)


NO_OVERRIDES: Final = QuotaOverrides()


@attrs.frozen
class DerivedQuotas:
    """Quotas and, in plain words, each correction that was needed to make them hold."""

    quotas: Quotas
    corrections: tuple[str, ...] = ()


def above_zero(_instance: object, attribute: attrs.Attribute[Decimal], value: Decimal) -> None:
    """A validator: the number must be above zero."""
    if not value > 0:
        raise InvalidValueError(attribute.name, str(value), "is not above zero")


def _quantity(value: object) -> Decimal:
    return parse_quantity(value, "coefficient")


@attrs.frozen(kw_only=True)
class QuotaPolicy:
    """How many inodes a terabyte buys.

    >>> QuotaPolicy().quotas(Decimal("8.2")).inodes_hard
    16400000
    """

    inode_base_multiplier: Decimal = attrs.field(
        default=Decimal(1_000_000), converter=_quantity, validator=above_zero
    )
    inode_soft_coefficient: Decimal = attrs.field(
        default=Decimal("1.33"), converter=_quantity, validator=above_zero
    )
    inode_hard_coefficient: Decimal = attrs.field(
        default=Decimal(2), converter=_quantity, validator=above_zero
    )
    _soft_per_tb: Decimal = attrs.field(init=False, eq=False, repr=False)
    _hard_per_tb: Decimal = attrs.field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        """Refuse coefficients that would allow soft = hard, and multiply out once."""
        if not self.inode_hard_coefficient > self.inode_soft_coefficient:
            raise InvalidValueError(
                "inode_hard_coefficient",
                str(self.inode_hard_coefficient),
                f"must be greater than inode_soft_coefficient {self.inode_soft_coefficient}",
            )
        soft = EXACT.multiply(self.inode_base_multiplier, self.inode_soft_coefficient)
        hard = EXACT.multiply(self.inode_base_multiplier, self.inode_hard_coefficient)
        object.__setattr__(self, "_soft_per_tb", soft)
        object.__setattr__(self, "_hard_per_tb", hard)

    def quotas(self, limit_tb: Decimal) -> Quotas:
        """Quotas of a limit in TB without overrides; soft and hard space are the limit itself."""
        return Quotas(
            space_soft_tb=limit_tb,
            space_hard_tb=limit_tb,
            inodes_soft=int(EXACT.multiply(limit_tb, self._soft_per_tb)),
            inodes_hard=int(EXACT.multiply(limit_tb, self._hard_per_tb)),
        )

    def derive(
        self, limit_tb: Decimal | None, overrides: QuotaOverrides = NO_OVERRIDES
    ) -> DerivedQuotas | None:
        """Quotas of a resource, or None if it has no space at all.

        Inodes follow the limit even where the space is overridden; without a limit they follow
        the overriding hard (else soft) space. A zero is never a quota, for file systems take it
        for "unlimited": a limit of zero is none, and an override of zero is passed over.
        """
        base = limit_tb or overrides.space_hard_tb or overrides.space_soft_tb
        if not base:
            return None
        plain = self.quotas(base)
        if overrides == NO_OVERRIDES:
            return DerivedQuotas(plain)
        return _overridden(plain, overrides)


def _overridden(plain: Quotas, overrides: QuotaOverrides) -> DerivedQuotas:
    space_hard = overrides.space_hard_tb or plain.space_hard_tb
    space_soft = overrides.space_soft_tb or plain.space_soft_tb
    inodes_hard = overrides.inodes_hard or plain.inodes_hard
    inodes_soft = overrides.inodes_soft or plain.inodes_soft
    corrections = [
        f"{member} of 0 passed over: file systems take it for unlimited"
        for member, value in attrs.asdict(overrides).items()
        if value == 0
    ]
    if space_soft > space_hard:
        corrections.append(f"soft space {space_soft} TB lowered to the hard {space_hard} TB")
    if inodes_soft > inodes_hard:
        corrections.append(f"soft inodes {inodes_soft} lowered to the hard {inodes_hard}")
    quotas = Quotas(
        space_soft_tb=min(space_soft, space_hard),
        space_hard_tb=space_hard,
        inodes_soft=min(inodes_soft, inodes_hard),
        inodes_hard=inodes_hard,
    )
    return DerivedQuotas(quotas, tuple(corrections))
