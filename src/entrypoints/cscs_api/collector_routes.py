"""POST /collector/resource-usage: batches of usage events. Source: contract, 2; ADR 0020."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import timedelta
from typing import Final

import attrs
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from cscs_api.bounded_body import PATIENCE, BodyTooLargeError, BodyTooSlowError, read_body
from cscs_api.collector_answers import (
    CollectorRefusal,
    bad_request,
    no_batch,
    refusal_response,
    rejected_batch,
    taken,
    unavailable,
)
from cscs_api.collector_refresh import SumsRefresher
from cscs_api.collector_request import Delivery, delivery_of
from cscs_api.request_facts import facts_of
from cscs_bootstrap.events_service import EventsService
from cscs_bootstrap.json_text import MalformedJsonError, decode_strictly
from cscs_domain.errors import OutdatedStoreError, ReusedKeyError, UpstreamServiceError
from cscs_domain.events.batches import EventBatch, parse_batch
from cscs_domain.events.field_errors import MalformedBatchError
from cscs_domain.events.ingest_events import ingest_events
from cscs_domain.events.stored import Receipt, StoreOutcome

_LARGE: Final = 256 * 1024
"""Bytes from which on a body is parsed beside the event loop and not in it."""


@attrs.define(eq=False)
class CollectorRoute:
    """Takes batches in for one wired service of usage events."""

    _events: EventsService
    _refresher: SumsRefresher
    _patience: timedelta = PATIENCE

    async def post(self, request: Request) -> Response:
        """201 once the batch is durable, or why it is not taken."""
        facts = facts_of(request.scope)
        try:
            batch, outcome = await self._take(request)
        except ClientDisconnect:
            facts.note(reason="the client went away before its batch was complete")
            return Response(status_code=400)
        except CollectorRefusal as refusal:
            facts.note(error=refusal.phrase, reason=refusal.reason)
            return refusal_response(facts.request_id, refusal)
        if batch.is_last:
            self._refresher.begin()
        facts.note(**attrs.asdict(outcome), rejected=len(batch.rejected))
        return taken(facts.request_id, batch, outcome)

    async def _take(self, request: Request) -> tuple[EventBatch, StoreOutcome]:
        delivery = delivery_of(request.scope, self._events.collector_keys)
        facts_of(request.scope).note(sender=delivery.sender)
        body = await self._body(request)
        batch = await self._young_enough(await self._parsed(body))
        if batch.rejected and not (delivery.partial and batch.events):
            raise rejected_batch(batch)
        return batch, await self._store(batch, _receipt(delivery, body))

    async def _body(self, request: Request) -> bytes:
        try:
            most = self._events.most_body_bytes
            return await read_body(request, most=most, patience=self._patience)
        except BodyTooLargeError as error:
            message = f"{error} Send fewer events at once."
            raise CollectorRefusal(413, message) from None
        except BodyTooSlowError as error:
            raise CollectorRefusal(408, str(error)) from None

    async def _parsed(self, body: bytes) -> EventBatch:
        try:
            if len(body) < _LARGE:
                return self._parse(body)
            return await asyncio.to_thread(self._parse, body)
        except MalformedJsonError as error:
            message, reason = f"The body is {error}.", f"The body is {error.reason}."
            raise bad_request(message, reason) from None
        except MalformedBatchError as error:
            raise no_batch(error) from None

    async def _young_enough(self, batch: EventBatch) -> EventBatch:
        try:
            oldest = await self._events.oldest_kept()
        except (OutdatedStoreError, UpstreamServiceError) as error:
            raise unavailable(error) from None
        return batch if oldest is None else batch.not_before(oldest)

    def _parse(self, body: bytes) -> EventBatch:
        return parse_batch(
            decode_strictly(body),
            sources=self._events.sources,
            most_events=self._events.most_events,
        )

    async def _store(self, batch: EventBatch, receipt: Receipt | None) -> StoreOutcome:
        try:
            return await ingest_events(
                [event for _, event in batch.events],
                store=self._events.store,
                directory=self._events.directory,
                at=self._events.clock.now(),
                receipt=receipt,
            )
        except ReusedKeyError as error:
            message = f"{error}; use each key for one batch"
            raise CollectorRefusal(422, message) from None
        except (OutdatedStoreError, UpstreamServiceError) as error:
            raise unavailable(error) from None


def _receipt(delivery: Delivery, body: bytes) -> Receipt | None:
    """The same body means another batch if it is to be taken in part."""
    if delivery.idempotency_key is None:
        return None
    digest = hashlib.sha256(b"partial\n" if delivery.partial else b"whole\n")
    digest.update(body)
    return Receipt(sender=delivery.sender, key=delivery.idempotency_key, digest=digest.hexdigest())


async def not_configured(request: Request) -> Response:
    """404 where this server takes no usage events."""
    message = "Usage events are not configured on this server."
    refusal = CollectorRefusal(404, message)
    return refusal_response(facts_of(request.scope).request_id, refusal)
