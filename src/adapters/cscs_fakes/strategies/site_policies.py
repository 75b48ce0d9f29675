"""What a site may decide: systems with their roots, coefficients, ids, mapping, callbacks."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from cscs_domain.storage.callbacks import ApiUrl
from cscs_domain.storage.mappings import MAPPINGS, PROVIDER, HierarchyMapping
from cscs_domain.storage.mount_points import MountPath
from cscs_domain.storage.policy import StoragePolicy, StorageSystem
from cscs_domain.storage.quotas import QuotaPolicy
from cscs_domain.storage.target_ids import ItemIds

_NAMES = ("capstor", "vast", "iopsstor", "Store-2", "x", "sto re")
_MAPPINGS = st.sampled_from([PROVIDER, *MAPPINGS.values()])  # the usual one twice as often


@st.composite
def quota_policies(draw: DrawFn) -> QuotaPolicy:
    """The documented coefficients as often as not, else any that hold: hard above soft."""
    if draw(st.booleans()):
        return QuotaPolicy()
    multipliers = st.sampled_from(["1", "0.5", "1000000", "1234567", "2e6"]).map(Decimal)
    coefficient = st.decimals("0.01", "5", places=2)
    soft = draw(coefficient)
    return QuotaPolicy(
        inode_base_multiplier=draw(multipliers),
        inode_soft_coefficient=soft,
        inode_hard_coefficient=soft + draw(coefficient),
    )


@st.composite
def policies(
    draw: DrawFn,
    *,
    mapping: HierarchyMapping | None = None,
    item_ids: ItemIds | None = None,
    callback_base: ApiUrl | None = None,
) -> StoragePolicy:
    """Any policy that settings can express, without made-up identities."""
    bases = [None, ApiUrl.parse("https://waldur.example.com/"), ApiUrl.parse("http://w:8000/x/api")]
    return StoragePolicy(
        systems=draw(_systems()),
        file_system=draw(st.sampled_from(["lustre", "GPFS", "weka"])),
        quotas=draw(quota_policies()),
        unit_factor=draw(st.sampled_from(["1", "0.001", "1.024", "2"]).map(Decimal)),
        item_ids=item_ids or draw(st.sampled_from(ItemIds)),
        mapping=mapping or draw(_MAPPINGS),
        callback_base=callback_base or draw(st.sampled_from(bases)),
        ready_items=draw(st.booleans()),
    )


def _systems() -> SearchStrategy[tuple[StorageSystem, ...]]:
    names = st.lists(st.sampled_from(_NAMES), min_size=1, max_size=3, unique=True)
    return names.flatmap(lambda chosen: st.tuples(*map(_system, chosen)))


@st.composite
def _system(draw: DrawFn, name: str) -> StorageSystem:
    slug = f"{name}-offering"
    path_name = draw(st.sampled_from([name, slug]))
    usual = MountPath.of(path_name)
    roots = draw(st.sampled_from([(usual,), (usual, MountPath.of("mnt", name))]))
    return StorageSystem(name=name, offering_slug=slug, path_name=path_name, roots=roots)
