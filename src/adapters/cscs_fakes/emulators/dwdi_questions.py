"""What requests to DWDI ask, endpoint by endpoint. Source: DWDI contract, section 3."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import Final, TypeAlias, TypeVar

from starlette.datastructures import QueryParams
from starlette.requests import Request

from cscs_domain.errors import InvalidValueError
from cscs_domain.usage.metering import UsageKind, WarehouseProfile
from cscs_domain.usage.months import Days, Month, Period, months_between
from cscs_domain.usage.warehouse_subjects import canonical_uuid
from cscs_fakes.emulators.dwdi_usage import Question, day_of

_T = TypeVar("_T")
Asking: TypeAlias = Callable[[Request], Question]
_When: TypeAlias = Callable[[QueryParams], Sequence[Period]]

MOST_DAYS: Final = timedelta(days=366)
"""How much a question about days may cover; one about months may cover five years."""

_API: Final = "/api/v1"


class RefusedQuestionError(Exception):
    """The request cannot be answered: 400 or 422, and why."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def questions(this_month: Callable[[], Month]) -> Mapping[str, Asking]:
    """By path: of profile v1, of v2, and those that only its pings use."""

    def cost_months(query: QueryParams) -> Sequence[Period]:
        # A ping brings `exact-date`, which means nothing here, and is answered all the same.
        return _months(query) if {"from", "to"} & query.keys() else [this_month()]

    exact_month, exact_day = _storage(_exact_month), _storage(_exact_day)
    return MappingProxyType(
        {
            f"{_API}/compute/usage-month-multiaccount": _compute(_months, WarehouseProfile.V1),
            f"{_API}/compute/usage-day-multiaccount": _compute(_days, WarehouseProfile.V1),
            f"{_API}/compute/usage-month/account": _compute(_months, WarehouseProfile.V2),
            f"{_API}/compute/usage-day/account": _compute(_days, WarehouseProfile.V2),
            f"{_API}/compute/usage-day": _compute(_days, WarehouseProfile.V2),
            f"{_API}/storage/usage-month": exact_month,
            f"{_API}/storage/usage-month/{{filesystem}}/{{data_type}}": exact_month,
            f"{_API}/storage/usage-day": exact_day,
            f"{_API}/storage/usage-day/{{filesystem}}/{{data_type}}": exact_day,
            f"{_API}/inference/resource/cost": _inference(cost_months),
        }
    )


def _compute(when: _When, profile: WarehouseProfile) -> Asking:
    def ask(request: Request) -> Question:
        query = request.query_params
        clusters = query.getlist("cluster") if profile is WarehouseProfile.V2 else ()
        return Question(
            kind=UsageKind.COMPUTE,
            periods=when(query),
            profile=profile,
            subjects=frozenset(query.getlist("account")),
            clusters=frozenset(clusters),
        )

    return ask


def _storage(when: _When) -> Asking:
    def ask(request: Request) -> Question:
        query, path = request.query_params, request.path_params
        return Question(
            kind=UsageKind.STORAGE,
            periods=when(query),
            subjects=frozenset(query.getlist("paths")),
            filesystem=path.get("filesystem") or query.get("filesystem", ""),
            data_type=path.get("data_type") or query.get("data_type", ""),
        )

    return ask


def _inference(when: _When) -> Asking:
    def ask(request: Request) -> Question:
        query = request.query_params
        uuids = map(canonical_uuid, query.getlist("resource_uuid"))
        return Question(kind=UsageKind.INFERENCE, periods=when(query), subjects=frozenset(uuids))

    return ask


def _months(query: QueryParams) -> Sequence[Period]:
    first, last = _read(query, "from", Month.parse), _read(query, "to", Month.parse)
    try:
        return months_between(first, last)
    except InvalidValueError as wrong:
        raise RefusedQuestionError(400, str(wrong)) from None


def _days(query: QueryParams) -> Sequence[Period]:
    first, last = _read(query, "from", day_of), _read(query, "to", day_of)
    if not first <= last < first + MOST_DAYS:
        reason = f"from {first} to {last} are no days in order, or more than {MOST_DAYS.days}"
        raise RefusedQuestionError(400, reason)
    return [Days(first, last)]


def _exact_month(query: QueryParams) -> Sequence[Period]:
    return [_read(query, "exact-month", Month.parse)]


def _exact_day(query: QueryParams) -> Sequence[Period]:
    day = _read(query, "exact-date", day_of)
    return [Days(day, day)]


def _read(query: QueryParams, name: str, parse: Callable[[str], _T]) -> _T:
    text = query.get(name)
    if text is None:
        raise RefusedQuestionError(422, f"query parameter {name}: field required")
    try:
        return parse(text)
    except ValueError as wrong:
        raise RefusedQuestionError(400, f"query parameter {name}: {wrong}") from None
