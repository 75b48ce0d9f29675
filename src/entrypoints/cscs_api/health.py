"""Whether the process lives (/healthz), whether it can answer (/readyz). No token, no secrets."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Final, TypeAlias

from starlette.requests import Request
from starlette.responses import Response

from cscs_api.health_events import events_state
from cscs_bootstrap.events_service import EventsService
from cscs_bootstrap.json_text import encode
from cscs_bootstrap.settings import Settings
from cscs_bootstrap.storage_service import StorageService
from cscs_domain import __version__
from cscs_domain.errors import UpstreamServiceError
from cscs_domain.identity_cache_policy import GidCacheStatistics

Json: TypeAlias = dict[str, object]

_HEADERS: Final = {"cache-control": "no-store"}


async def alive(request: Request) -> Response:
    """200 as long as the process answers: nobody should restart it for an upstream's fault."""
    del request
    return _response(200, {"status": "ok", "version": __version__})


class Readiness:
    """Lists what is configured and whether it can be served."""

    def __init__(
        self,
        settings: Settings,
        storage: StorageService | None,
        events: EventsService | None = None,
    ) -> None:
        self._settings = settings
        self._storage = storage
        self._events = events

    async def get(self, request: Request) -> Response:
        """200 if everything configured can be answered now, else 503 with the reason."""
        del request
        configured: Json = {}
        states = set()
        if self._storage is not None:
            state, configured["storage"] = self._storage_state(self._storage)
            states.add(state)
        if self._events is not None:
            state, configured["events"] = await events_state(self._settings, self._events)
            states.add(state)
        word = next((word for word in ("failing", "waiting") if word in states), "ready")
        body: Json = {"status": word, "version": __version__, "configured": configured}
        return _response(200 if word == "ready" else 503, body)

    def _storage_state(self, storage: StorageService) -> tuple[str, Json]:
        keeper = storage.usual
        snapshot, failure = keeper.current, keeper.failure
        adapters = self._settings.adapters
        details: Json = {
            "systems": [system.name for system in storage.policy.systems],
            "adapters": {"waldur": adapters.waldur.kind, "hpc_user": adapters.hpc_user.kind},
            "snapshot": None,
            "failure": None if failure is None else _brief(failure),
        }
        if storage.gid_cache is not None:
            details["gid_cache"] = _statistics(storage.gid_cache())
        if snapshot is None:
            storage.warm_up()
            return ("waiting" if failure is None else "failing"), details
        age = keeper.age_of(snapshot)
        severities = Counter(problem.severity.value for problem in snapshot.problems)
        details["snapshot"] = {
            "id": snapshot.id,
            "age_seconds": age // timedelta(seconds=1),
            "rows": len(snapshot.rows),
            "problems": dict(severities),
        }
        if failure is not None and not storage.freshness.may_answer(age):
            # Who is not ready is not asked by anybody else: without this it would stay so.
            storage.warm_up()
            return "failing", details
        return "ready", details


def _statistics(cache: GidCacheStatistics) -> Json:
    """What the documents call `get_gid_cache_stats`."""
    oldest = cache.oldest
    return {
        "size": cache.size,
        "hits": cache.hits,
        "misses": cache.misses,
        "stale": cache.stale,
        "negative": cache.negative,
        "oldest_seconds": None if oldest is None else oldest // timedelta(seconds=1),
    }


def _brief(failure: Exception) -> str:
    """Which service, and no more: anybody may ask. The log has the reason."""
    if isinstance(failure, UpstreamServiceError):
        return f"{failure.service} did not give a usable answer"
    return "the last refresh failed unexpectedly"


def _response(status: int, body: Json) -> Response:
    return Response(encode(body), status, _HEADERS, media_type="application/json")
