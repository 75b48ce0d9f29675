"""What was used in a window. Source: usage events contract, section 1.1."""

from __future__ import annotations

import attrs

from cscs_domain._text import shown
from cscs_domain.errors import InvalidValueError
from cscs_domain.events.field_rules import count_fault


def _count(_owner: object, attribute: attrs.Attribute[int], value: int) -> None:
    if fault := count_fault(value):
        raise InvalidValueError(attribute.name, shown(value), fault)


_count_or_none = attrs.validators.optional(_count)


@attrs.frozen(kw_only=True)
class ResourceUsageMetrics:
    """Whole numbers from 0 to 2^63 - 1; None is "not measured", which is not 0.

    Times in seconds, sizes in bytes. `used_cpu_percent` is of what was allocated and may pass 100.
    """

    cpu_time_seconds: int = attrs.field(validator=_count)
    gpu_time_seconds: int | None = attrs.field(default=None, validator=_count_or_none)
    ram_bytes_allocated: int | None = attrs.field(default=None, validator=_count_or_none)
    ram_bytes_used: int | None = attrs.field(default=None, validator=_count_or_none)
    storage_bytes_allocated: int | None = attrs.field(default=None, validator=_count_or_none)
    vcpus_allocated: int | None = attrs.field(default=None, validator=_count_or_none)
    used_cpu_percent: int | None = attrs.field(default=None, validator=_count_or_none)
    walltime_allocated: int | None = attrs.field(default=None, validator=_count_or_none)
    walltime_used: int | None = attrs.field(default=None, validator=_count_or_none)


METRIC_NAMES: tuple[str, ...] = tuple(field.name for field in attrs.fields(ResourceUsageMetrics))
"""The names on the wire, in the order of the contract."""
