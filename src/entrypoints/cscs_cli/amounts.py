"""Quotas for people: exact, in terabytes and in thousands or millions of inodes."""

from __future__ import annotations

from decimal import Decimal

from cscs_domain.quantities import EXACT, normal
from cscs_domain.storage.quotas import Quotas


def quotas_text(quotas: Quotas | None) -> str:
    """Space and inodes, soft before hard where the two differ.

    >>> from cscs_domain.storage.quotas import QuotaPolicy
    >>> quotas_text(QuotaPolicy().quotas(Decimal(10)))
    '10 TB, 13.3/20 M inodes'
    """
    if quotas is None:
        return "no quota"
    space = _pair(space_text(quotas.space_soft_tb), space_text(quotas.space_hard_tb))
    inodes = _pair(inodes_text(quotas.inodes_soft), inodes_text(quotas.inodes_hard))
    return f"{space}, {inodes} inodes"


def space_text(terabytes: Decimal) -> str:
    """As `9500.5 TB`, without rounding."""
    return f"{normal(terabytes):f} TB"


def inodes_text(count: int) -> str:
    """As `13.3 M`, `665 k` or `12`, without rounding."""
    for unit, zeros in (("M", 6), ("k", 3)):
        if count >= 10**zeros:
            return f"{normal(EXACT.scaleb(Decimal(count), -zeros)):f} {unit}"
    return str(count)


def _pair(soft: str, hard: str) -> str:
    """Both, unless they are the same; the unit once if they share it."""
    if soft == hard:
        return hard
    number, _, unit = soft.partition(" ")
    return f"{number if unit == hard.partition(' ')[2] else soft}/{hard}"
