"""The HTTP application: routes around wired services."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

import structlog
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount, Route

from cscs_api.access import LoopbackOnly
from cscs_api.access_log import AccessLog
from cscs_api.bearer import BearerOnly
from cscs_api.debug_answer import DebugAnswer
from cscs_api.error_answers import HANDLERS
from cscs_api.health import Readiness, alive
from cscs_api.storage_routes import StorageRoute, not_configured
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
) -> Starlette:
    """The application for these settings.

    `storage` and `verifier` replace what the settings describe, for tests and for services that
    wire their own adapters; both are closed with the application. With `auth.disable_auth` no
    verifier is asked.
    """
    if storage is None and settings.storage_systems:
        storage = storage_service(settings)
    if settings.auth.disable_auth:
        verifier, policy = None, None
    else:
        verifier, policy = verifier or token_verifier(settings), _access_policy(settings)
    return Starlette(
        routes=[
            Route("/healthz", alive),
            Route("/readyz", Readiness(settings, storage).get),
            Mount(
                "/api",
                routes=_api_routes(settings, storage, policy),
                middleware=[_guard(settings, verifier, policy)],
            ),
        ],
        middleware=[Middleware(AccessLog)],
        exception_handlers=HANDLERS,
        lifespan=_lifespan(storage, verifier),
    )


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


async def _read_keys(verifier: TokenVerifier) -> None:
    """Say at the start what would keep every caller out, and try again with the first of them."""
    try:
        await verifier.warm_up()
    except UpstreamServiceError as error:
        _LOG.error("token_keys_missing", reason=str(error))


def _lifespan(
    storage: StorageService | None, verifier: TokenVerifier | None
) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def run(app: Starlette) -> AsyncIterator[None]:
        del app
        warming = None if verifier is None else asyncio.create_task(_read_keys(verifier))
        if storage is not None:
            storage.warm_up()
        yield
        if warming is not None:
            warming.cancel()
            await asyncio.gather(warming, return_exceptions=True)
        if storage is not None:
            await storage.close()
        if verifier is not None:
            await verifier.close()

    return run
