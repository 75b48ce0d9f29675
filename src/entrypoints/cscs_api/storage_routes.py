"""GET /api/storage-resources/: rows out of a snapshot. Source: DESIGN section 4."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from cscs_api.answers import AnswerWriter, matches
from cscs_api.bearer import caller_of
from cscs_api.debug_answer import DebugAnswer
from cscs_api.error_answers import error_response
from cscs_api.query_reader import unknown_parameters
from cscs_api.request_facts import facts_of, header
from cscs_api.storage_query import StorageQuery, parse_query
from cscs_bootstrap.json_text import encode
from cscs_bootstrap.storage_service import StorageService
from cscs_domain.callers import AccessPolicy
from cscs_domain.errors import MissingIdentityError
from cscs_domain.storage.snapshot_keeper import Served
from cscs_domain.storage.snapshots import Snapshot

_JSON: Final = "application/json"


class StorageRoute:
    """Answers for one wired storage service; without a policy, tokens are not checked at all."""

    def __init__(
        self, service: StorageService, debug: DebugAnswer, policy: AccessPolicy | None
    ) -> None:
        self._service = service
        self._debug = debug
        self._policy = policy
        self._systems = tuple(system.name for system in service.policy.systems)
        self._writer = AnswerWriter(
            {system.name: system.offering_slug for system in service.policy.systems}
        )

    async def get(self, request: Request) -> Response:
        """One page, a 304, or an error out of `error_answers`."""
        query = parse_query(request.scope["query_string"], self._systems)
        if query.debug:
            if self._policy is not None:
                self._policy.demand_operator(caller_of(request.scope))
            body = encode(await self._debug.answer(query))
            headers = {"cache-control": "no-store", **_warnings(query, None)}
            return Response(body, 200, headers, _JSON)
        served = await self._serve(request, query)
        snapshot = served.snapshot
        if self._service.strict:
            _refuse_missing_identities(snapshot)
        etag = self._writer.etag(snapshot, query)
        headers = {
            "etag": etag,
            "age": str(served.age // timedelta(seconds=1)),
            "cache-control": "private, no-cache",
            **_warnings(query, served),
        }
        facts = facts_of(request.scope)
        if matches(header(request.scope, b"if-none-match"), etag):
            facts.note(rows=0, snapshot=snapshot.id)
            return Response(None, 304, headers)
        page = snapshot.page(query.filter, query.page)
        facts.note(rows=len(page.rows), snapshot=snapshot.id)
        return Response(self._writer.body(served, query, page), 200, headers, _JSON)

    async def _serve(self, request: Request, query: StorageQuery) -> Served:
        if query.snapshot is not None:
            return self._service.pinned(query.snapshot, query.filter)
        control = header(request.scope, b"cache-control") or ""
        wants_fresh = "no-cache" in {word.strip().lower() for word in control.split(",")}
        return await self._service.serve(query.filter, fresh=wants_fresh)


def _refuse_missing_identities(snapshot: Snapshot) -> None:
    """What `strict: true` asks for, as spec 004 section 7 has it."""
    if missing := snapshot.missing_identities:
        first, more = missing[0], len(missing) - 1
        reason = first.message + (f" (and {more} more resources likewise)" if more else "")
        raise MissingIdentityError(first.resource or "unknown", reason)


def _warnings(query: StorageQuery, served: Served | None) -> Mapping[str, str]:
    warnings = []
    if served is not None and served.failure is not None:
        warnings.append('110 cscs-domain "Response is Stale: an upstream service did not answer"')
    if passed_over := unknown_parameters(query.unknown):
        warnings.append(passed_over)
    return {"warning": ", ".join(warnings)} if warnings else {}


async def not_configured(request: Request) -> Response:
    """404 where the configuration has no storage section."""
    return error_response(
        facts_of(request.scope).request_id,
        404,
        {
            "detail": "Storage is not configured on this server.",
            "error": "NotFound",
            "help": "Set storage_systems and the adapters that it needs.",
        },
    )
