"""The HTTP application: routes around wired services."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount, Route

from cscs_api.access import LoopbackOnly
from cscs_api.access_log import AccessLog
from cscs_api.debug_answer import DebugAnswer
from cscs_api.error_answers import HANDLERS
from cscs_api.health import Readiness, alive
from cscs_api.storage_routes import StorageRoute, not_configured
from cscs_bootstrap.offering_configuration import offering_configuration
from cscs_bootstrap.settings import Settings
from cscs_bootstrap.storage_service import StorageService
from cscs_bootstrap.wiring import storage_service


def create_app(settings: Settings, storage: StorageService | None = None) -> Starlette:
    """The application for these settings.

    `storage` replaces the service that the settings describe, for tests and for services that
    wire their own adapters.
    """
    if storage is None and settings.storage_systems:
        storage = storage_service(settings)
    return Starlette(
        routes=[
            Route("/healthz", alive),
            Route("/readyz", Readiness(settings, storage).get),
            Mount(
                "/api",
                routes=_api_routes(settings, storage),
                middleware=[
                    Middleware(LoopbackOnly, allow_insecure=settings.auth.allow_insecure_bind)
                ],
            ),
        ],
        middleware=[Middleware(AccessLog)],
        exception_handlers=HANDLERS,
        lifespan=_lifespan(storage),
    )


def _api_routes(settings: Settings, storage: StorageService | None) -> list[Route]:
    if storage is None:
        endpoint = not_configured
    else:
        debug = DebugAnswer(storage, offering_configuration(settings))
        endpoint = StorageRoute(storage, debug).get
    return [Route(path, endpoint) for path in ("/storage-resources/", "/storage-resources")]


def _lifespan(
    storage: StorageService | None,
) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def run(app: Starlette) -> AsyncIterator[None]:
        del app
        if storage is not None:
            storage.warm_up()
        yield
        if storage is not None:
            await storage.close()

    return run
