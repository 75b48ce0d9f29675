"""The part of the configuration that describes the offerings, for the debug answer."""

from __future__ import annotations

import attrs

from cscs_bootstrap.settings import Plain, Settings
from cscs_bootstrap.settings_describe import plain


def offering_configuration(settings: Settings) -> dict[str, Plain]:
    """What spec 001 calls the agent's offering configuration; secrets are not part of it."""
    return {
        "api_url": settings.waldur_api.api_url,
        "backend_type": "cscs-hpc-storage",
        "backend_settings": plain(attrs.asdict(settings.backend_settings)),
        "backend_components": plain(attrs.asdict(settings.backend_components)),
        "storage_systems": plain(settings.storage_systems),
    }
