"""The HTTP application: routes around wired services."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

import structlog
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route, Router

from cscs_api.access import LoopbackOnly
from cscs_api.access_log import AccessLog
from cscs_api.bearer import BearerOnly
from cscs_api.collector_entrance import CollectorEntrance
from cscs_api.collector_refresh import SumsRefresher
from cscs_api.collector_routes import CollectorRoute
from cscs_api.collector_routes import not_configured as no_collector
from cscs_api.debug_answer import DebugAnswer
from cscs_api.error_answers import HANDLERS
from cscs_api.health import Readiness, alive
from cscs_api.openapi import openapi
from cscs_api.storage_routes import StorageRoute, not_configured
from cscs_api.usage_mount import usage_routes
from cscs_bootstrap.events_service import EventsService
from cscs_bootstrap.offering_configuration import offering_configuration
from cscs_bootstrap.settings import Settings
from cscs_bootstrap.storage_service import StorageService
from cscs_bootstrap.wiring import storage_service, token_verifier
from cscs_domain.callers import AccessPolicy
from cscs_domain.errors import UpstreamServiceError
from cscs_domain.ports import TokenVerifier

_LOG: Final = structlog.get_logger("cscs.tokens")


def create_app(
    settings: Settings,
    storage: StorageService | None = None,
    verifier: TokenVerifier | None = None,
    events: EventsService | None = None,
) -> Starlette:
    """The application for these settings.

    `storage` and `verifier` replace what the settings describe, for tests and for services that
    wire their own adapters. With `auth.disable_auth` no verifier is asked. Usage events are served
    by `events` alone, which `events_for_server` makes of settings: whether any are configured
    cannot be told by their values. All are closed with the application.
    """
    if storage is None and settings.storage_systems:
        storage = storage_service(settings)
    if settings.auth.disable_auth:
        verifier, policy = None, None
    else:
        verifier, policy = verifier or token_verifier(settings), _access_policy(settings)
    guard = _guard(settings, verifier, policy)
    refresher = None if events is None else SumsRefresher(events.store)
    app = Starlette(
        routes=[
            Route("/healthz", alive),
            Route("/readyz", Readiness(settings, storage, events).get),
            Route("/openapi.json", openapi),
            # Behind the collector's own key.
            CollectorEntrance(_collector(events, refresher)),
            _mounted("/api", _api_routes(settings, storage, policy), guard),
            _mounted("/usage", usage_routes(events, policy), guard),
        ],
        middleware=[Middleware(AccessLog)],
        exception_handlers=HANDLERS,
        lifespan=_lifespan(storage, verifier, events, refresher),
    )
    app.router.redirect_slashes = False
    return app


def _mounted(path: str, routes: Sequence[Route], guard: Middleware) -> Mount:
    """Routes behind a guard. Paths are as they are written: a redirect for a slash would lead to
    whatever host the request names.
    """
    return Mount(path, app=Router(routes, redirect_slashes=False), middleware=[guard])


def _access_policy(settings: Settings) -> AccessPolicy:
    auth = settings.auth
    return AccessPolicy(required_role=auth.required_role, operator_role=auth.operator_role)


def _guard(
    settings: Settings, verifier: TokenVerifier | None, policy: AccessPolicy | None
) -> Middleware:
    """Who stands before /api: tokens, or else only programs on this machine."""
    if verifier is None or policy is None:
        return Middleware(LoopbackOnly, allow_insecure=settings.auth.allow_insecure_bind)
    return Middleware(BearerOnly, verifier=verifier, policy=policy)


def _api_routes(
    settings: Settings, storage: StorageService | None, policy: AccessPolicy | None
) -> list[Route]:
    if storage is None:
        endpoint = not_configured
    else:
        debug = DebugAnswer(storage, offering_configuration(settings))
        endpoint = StorageRoute(storage, debug, policy).get
    return [Route(path, endpoint) for path in ("/storage-resources/", "/storage-resources")]


def _collector(
    events: EventsService | None, refresher: SumsRefresher | None
) -> Callable[[Request], Awaitable[Response]]:
    if events is None or refresher is None:
        return no_collector
    return CollectorRoute(events, refresher).post


async def _read_keys(verifier: TokenVerifier) -> None:
    """Say at the start what would keep every caller out, and try again with the first of them."""
    try:
        await verifier.warm_up()
    except UpstreamServiceError as error:
        _LOG.error("token_keys_missing", reason=str(error))


def _lifespan(
    storage: StorageService | None,
    verifier: TokenVerifier | None,
    events: EventsService | None,
    refresher: SumsRefresher | None,
) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def run(app: Starlette) -> AsyncIterator[None]:
        del app
        background = [] if verifier is None else [asyncio.create_task(_read_keys(verifier))]
        if storage is not None:
            storage.warm_up()
        if events is not None:
            background.append(asyncio.create_task(events.run_background()))
        yield
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        if refresher is not None:
            await refresher.close()
        for service in (events, storage, verifier):
            if service is not None:
                await service.close()

    return run
