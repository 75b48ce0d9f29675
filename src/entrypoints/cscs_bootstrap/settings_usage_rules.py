"""Rules of the section `usage` that need more than one key. Source: DWDI contract, 1, 3, 6."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cscs_bootstrap.settings_model import AdapterKind, Settings
from cscs_bootstrap.settings_objections import Objection, missing
from cscs_bootstrap.settings_values import Reason
from cscs_domain.usage.components import Component, Factoring
from cscs_domain.usage.metering import UsageKind, WarehouseProfile

_CONNECTION: Final = (
    "cscs_dwdi_api_url",
    "cscs_dwdi_client_id",
    "cscs_dwdi_client_secret",
    "cscs_dwdi_oidc_token_url",
)
_ALL_FOUR: Final = f"The warehouse needs {', '.join(_CONNECTION[:-1])} and {_CONNECTION[-1]}."
_STORAGE: Final = ("storage_filesystem", "storage_data_type")


def usage_conflicts(settings: Settings) -> Iterator[Objection]:
    """Yield what does not fit together, whoever uses it."""
    usage = settings.usage
    if usage.kind is not UsageKind.COMPUTE and usage.profile is WarehouseProfile.V1:
        reason = f"cannot be {usage.kind} with the profile {usage.profile}."
        hint = f"Set usage.profile to {WarehouseProfile.V2}."
        yield Objection("usage.kind", Reason(reason, hint), ("usage.profile",))
    yield from unused_by_profile(settings)
    if usage.kind is not UsageKind.COMPUTE:
        for component in usage.components.values():
            yield from _small_factor(component, usage.kind)
    if settings.adapters.dwdi.kind is AdapterKind.FILE and len(settings.adapters.dwdi.path) > 1:
        text = "must be one folder, the one with the saved answers."
        yield Objection("adapters.dwdi.path", Reason(text), ("adapters.dwdi",))


def unused_by_profile(settings: Settings) -> Iterator[Objection]:
    """Yield what the first profile has no use for, and would pass over without a word.

    The site agent's files may carry it, since they did.
    """
    usage = settings.usage
    if usage.profile is not WarehouseProfile.V1:
        return
    reason = f"has no meaning in the profile {WarehouseProfile.V1}"
    if usage.cscs_dwdi_cluster is not None:
        text = f"{reason}, which adds up all clusters."
        hint = f"Remove it, or set usage.profile to {WarehouseProfile.V2}."
        yield Objection("usage.cscs_dwdi_cluster", Reason(text, hint), ("usage.profile",))
    for component in usage.components.values():
        if component.unit_factor_reporting is not None:
            text = f"{reason}, which takes unit_factor."
            hint = f"Write unit_factor alone, or set usage.profile to {WarehouseProfile.V2}."
            subkey = f"{component.name}.unit_factor_reporting"
            yield Objection("usage.components", Reason(text, hint, subkey), ("usage.profile",))


_UNITS: Final = {
    UsageKind.STORAGE: "Write what one unit is in bytes, 1000000000 for GB",
    UsageKind.INFERENCE: "Write how much of the warehouse's currency one unit is",
}


def _small_factor(component: Component, kind: UsageKind) -> Iterator[Objection]:
    """Storage and costs are divided by the factor, though documents have multiplied by it."""
    is_reporting = component.unit_factor_reporting is not None
    key = "unit_factor_reporting" if is_reporting else "unit_factor"
    factor = component.unit_factor_reporting or component.unit_factor
    if factor < 1 and component.factor_semantics is not Factoring.MULTIPLY:
        reason = f"is {factor:f}, below 1, and amounts of {kind} are divided by it."
        hint = (
            f"{_UNITS[kind]}; or factor_semantics: {Factoring.MULTIPLY} if {factor:f} is to be "
            "multiplied with."
        )
        subkey = f"{component.name}.{key}"
        yield Objection("usage.components", Reason(reason, hint, subkey), ("usage.kind",))


def report_needs(settings: Settings) -> Iterator[Objection]:
    """Yield what reporting to Waldur cannot do without, besides Waldur and the warehouse.

    Invented usage goes to a Waldur in memory, also beside a dump; never to a real one.
    """
    if not settings.usage.offerings:
        why = "resources to report cannot be found without it"
        yield missing("usage.offerings", why)
    adapters = settings.adapters
    if adapters.waldur.kind is AdapterKind.FILE and adapters.dwdi.kind is not AdapterKind.FAKE:
        reason = Reason("cannot be file for usage reports: a dump cannot be written to.")
        yield Objection("adapters.waldur", reason, ("adapters.dwdi",))
    if adapters.waldur.kind is AdapterKind.HTTP and adapters.dwdi.kind is AdapterKind.FAKE:
        text = "cannot be fake for reports to a Waldur over http: invented usage would be billed."
        yield Objection("adapters.dwdi", Reason(text), ("adapters.waldur",))


def warehouse_needs(settings: Settings) -> Iterator[Objection]:
    """Yield what reading the warehouse cannot do without."""
    usage = settings.usage
    if not usage.components:
        yield missing("usage.components", "there is nothing to report without it")
    if settings.adapters.dwdi.kind is AdapterKind.HTTP:
        for name in _CONNECTION:
            if getattr(usage, name) is None:
                why = "the warehouse cannot be asked without it"
                yield missing(f"usage.{name}", why, "adapters.dwdi", hint=_ALL_FOUR)
    if usage.kind is UsageKind.STORAGE:
        for name in _STORAGE:
            if getattr(usage, name) is None:
                why = "usage of storage is asked for by it"
                yield missing(f"usage.{name}", why, "usage.kind")
