"""From settings to the values that the storage rules take."""

from __future__ import annotations

from cscs_bootstrap.settings import Settings, StorageSystemSource
from cscs_domain.storage.callbacks import ApiUrl
from cscs_domain.storage.freshness import FreshnessPolicy
from cscs_domain.storage.mappings import PROVIDER, HierarchyMapping
from cscs_domain.storage.policy import StoragePolicy, StorageSystem
from cscs_domain.storage.quotas import QuotaPolicy


def storage_policy(settings: Settings, mapping: HierarchyMapping = PROVIDER) -> StoragePolicy:
    """How this site's resources become rows."""
    backend = settings.backend_settings
    callback_base = settings.callback_base_url or settings.waldur_api.api_url
    return StoragePolicy(
        systems=tuple(
            _system(settings, name, slug) for name, slug in settings.storage_systems.items()
        ),
        file_system=backend.storage_file_system,
        quotas=QuotaPolicy(
            inode_base_multiplier=backend.inode_base_multiplier,
            inode_soft_coefficient=backend.inode_soft_coefficient,
            inode_hard_coefficient=backend.inode_hard_coefficient,
        ),
        unit_factor=settings.backend_components.storage.unit_factor,
        item_ids=settings.item_ids,
        mapping=mapping,
        callback_base=None if callback_base is None else ApiUrl.parse(callback_base),
        ready_items=not backend.use_mock_target_items,
        mock_identities=settings.hpc_user_api.development_mode,
    )


def _system(settings: Settings, name: str, slug: str) -> StorageSystem:
    by_slug = settings.storage_system_source is StorageSystemSource.OFFERING_SLUG
    path_name = slug if by_slug else name
    roots = settings.storage_roots.get(name)
    if roots is None:
        return StorageSystem(name=name, offering_slug=slug, path_name=path_name)
    return StorageSystem(name=name, offering_slug=slug, path_name=path_name, roots=roots)


def freshness_policy(settings: Settings) -> FreshnessPolicy:
    """How old this site's answers may be."""
    return FreshnessPolicy(
        max_age=settings.snapshot_max_age,
        stale_if_error=settings.stale_if_error,
        keep=settings.snapshot_keep,
    )
