"""Settings: what can be configured, how it is loaded, shown and explained.

>>> loaded = load_settings({"STORAGE_SYSTEMS": "capstor=cscs-capstor"})
>>> loaded.settings.storage_systems["capstor"]
'cscs-capstor'
>>> str(loaded.origins["storage_systems"])
'variable STORAGE_SYSTEMS'
"""

from cscs_bootstrap.settings_describe import Plain, Row, as_json, as_text, describe
from cscs_bootstrap.settings_environment import PATH_VARIABLE
from cscs_bootstrap.settings_events import EventsSettings
from cscs_bootstrap.settings_example import example_yaml
from cscs_bootstrap.settings_load import LoadedSettings, load_settings
from cscs_bootstrap.settings_model import (
    AdapterChoice,
    AdapterKind,
    Adapters,
    LogFormat,
    Part,
    Settings,
    StorageSystemSource,
)
from cscs_bootstrap.settings_sections import (
    Auth,
    BackendComponents,
    BackendSettings,
    HpcUserApi,
    Sentry,
    StorageComponent,
    WaldurApi,
)
from cscs_bootstrap.settings_usage import StorageUrlStyle, UsageSettings
from cscs_bootstrap.settings_values import Origin, Source

__all__ = [
    "PATH_VARIABLE",
    "AdapterChoice",
    "AdapterKind",
    "Adapters",
    "Auth",
    "BackendComponents",
    "BackendSettings",
    "EventsSettings",
    "HpcUserApi",
    "LoadedSettings",
    "LogFormat",
    "Origin",
    "Part",
    "Plain",
    "Row",
    "Sentry",
    "Settings",
    "Source",
    "StorageComponent",
    "StorageSystemSource",
    "StorageUrlStyle",
    "UsageSettings",
    "WaldurApi",
    "as_json",
    "as_text",
    "describe",
    "example_yaml",
    "load_settings",
]
