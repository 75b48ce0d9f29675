"""Which requests the usage warehouse takes. Source: DWDI contract, sections 3 and 9.

All paths begin with `api/v1/`, below a base URL that does not have it.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Final, NoReturn
from urllib.parse import quote, urlsplit, urlunsplit

import attrs

from cscs_domain._text import is_encodable, shown
from cscs_domain.errors import InvalidValueError
from cscs_domain.usage.metering import UsageKind, WarehouseProfile
from cscs_domain.usage.months import Days, Month, Period
from cscs_domain.usage.warehouse import WarehouseQuery
from cscs_http.params import Params

_API: Final = "api/v1/"
_SUFFIX: Final = "/api/v1"
_BY_ACCOUNT: Final = {WarehouseProfile.V1: "-multiaccount", WarehouseProfile.V2: "/account"}
_INFERENCE: Final = "inference/resource/cost"


class UrlStyle(StrEnum):
    """Where the storage endpoints want to read the file system and the data type."""

    QUERY = "query"
    """As parameters, as the released client sends them."""
    PATH = "path"
    """As segments of the path, as its documentation shows them."""


@attrs.frozen(kw_only=True)
class DwdiRequest:
    """A request without its subjects, which `repeated` names one by one."""

    path: str
    params: Params
    repeated: str = ""


def dwdi_base_url(text: str) -> str:
    """The URL below which the paths of the warehouse lie, out of what somebody configured.

    With or without `/api/v1`, and with any number of slashes at the end, it is the same URL.

    >>> dwdi_base_url("https://dwdi.example.org/api/v1/"), dwdi_base_url("https://x.example//")
    ('https://dwdi.example.org/', 'https://x.example/')
    """
    parts = urlsplit(text.strip())
    path = parts.path.rstrip("/")
    while path.endswith(_SUFFIX):
        path = path.removesuffix(_SUFFIX).rstrip("/")
    return urlunsplit((parts.scheme, parts.netloc, f"{path}/", "", ""))


def usage_request(query: WarehouseQuery, profile: WarehouseProfile, style: UrlStyle) -> DwdiRequest:
    """The request for a query. Raises `InvalidValueError` for what this interface cannot be asked.

    So filters that it does not know are never left out of a question without a word.
    """
    if query.kind is UsageKind.COMPUTE:
        return _compute(query, profile)
    if profile is WarehouseProfile.V1:
        _refuse("kind", query.kind.value, f"needs the profile {WarehouseProfile.V2}")
    return _storage(query, style) if query.kind is UsageKind.STORAGE else _inference(query)


def ping_request(kind: UsageKind, profile: WarehouseProfile, today: date) -> DwdiRequest:
    """A small request about this day that names nobody."""
    day = Days(today, today)
    match kind:
        case UsageKind.STORAGE:
            path, params = "storage/usage-day", _exactly(day)
        case UsageKind.INFERENCE:
            path, params = _INFERENCE, _range(Month(today.year, today.month))
        case _:
            suffix = _BY_ACCOUNT[profile] if profile is WarehouseProfile.V1 else ""
            path, params = f"compute/usage-day{suffix}", _range(day)
    return DwdiRequest(path=_API + path, params=params)


def _compute(query: WarehouseQuery, profile: WarehouseProfile) -> DwdiRequest:
    params = _range(query.period)
    if query.cluster:
        if profile is WarehouseProfile.V1:
            _refuse("cluster", query.cluster, f"needs the profile {WarehouseProfile.V2}")
        params = (*params, ("cluster", query.cluster))
    path = f"{_API}compute/usage-{_grain(query.period)}{_BY_ACCOUNT[profile]}"
    return DwdiRequest(path=path, params=params, repeated="account")


def _storage(query: WarehouseQuery, style: UrlStyle) -> DwdiRequest:
    path, params = f"{_API}storage/usage-{_grain(query.period)}", _exactly(query.period)
    filters = (("filesystem", query.filesystem), ("data_type", query.data_type))
    if style is UrlStyle.PATH:
        path = "/".join((path, *(_segment(name, value) for name, value in filters)))
    else:
        params = (*params, *((name, value) for name, value in filters if value))
    return DwdiRequest(path=path, params=params, repeated="paths")


def _inference(query: WarehouseQuery) -> DwdiRequest:
    if isinstance(query.period, Days):
        _refuse("period", str(query.period), "is in days; costs of inference are told by month")
    return DwdiRequest(
        path=_API + _INFERENCE, params=_range(query.period), repeated="resource_uuid"
    )


def _grain(period: Period) -> str:
    return "month" if isinstance(period, Month) else "day"


def _range(period: Period) -> Params:
    """Months and days are both written as ISO 8601 has them; the last one is included."""
    if isinstance(period, Month):
        return (("from", str(period)), ("to", str(period)))
    return (("from", period.first.isoformat()), ("to", period.last.isoformat()))


def _exactly(period: Period) -> Params:
    """Of a gauge, one month or one day."""
    if isinstance(period, Month):
        return (("exact-month", str(period)),)
    if period.first != period.last:
        _refuse("period", str(period), "has several days; storage is told for one at a time")
    return (("exact-date", period.first.isoformat()),)


def _segment(name: str, value: str) -> str:
    """One segment of a path, whatever it is. Servers take an escaped slash for a slash."""
    if value in {"", ".", ".."} or set(value) & set("/\\") or not is_encodable(value):
        _refuse(name, value, "cannot be a segment of a URL's path")
    return quote(value, safe="")


def _refuse(what: str, value: str, reason: str) -> NoReturn:
    raise InvalidValueError(what, shown(value), reason)
