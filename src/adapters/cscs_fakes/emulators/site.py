"""A whole centre on one port: Waldur, HPC User API, DWDI, an OIDC provider, and their controls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Final

import msgspec
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from cscs_domain.usage.metering import UsageKind
from cscs_fakes.emulators.control import control_app
from cscs_fakes.emulators.dwdi import DwdiEmulator
from cscs_fakes.emulators.faults import Fault, Faults, Service
from cscs_fakes.emulators.faults_asgi import FaultyService
from cscs_fakes.emulators.hpc_user import HpcUserEmulator
from cscs_fakes.emulators.oidc import REALM, OidcEmulator
from cscs_fakes.emulators.site_accounts import account_facts, account_names, account_rows
from cscs_fakes.emulators.site_clock import SiteClock
from cscs_fakes.emulators.site_log import LoggedService, RequestLog
from cscs_fakes.emulators.site_rows import Passed, Row, clone_of, site_rows, with_progress
from cscs_fakes.emulators.waldur import Mode, WaldurEmulator
from cscs_fakes.waldur_row_orders import waldur_time

HPC_USER_PATH: Final = "/hpc-user"
DWDI_PATH: Final = "/dwdi"
CONTROL_PATH: Final = "/_emulator"


def _nobody(_count: int) -> None:
    pass


class EmulatedSite:
    """`waldur`, `hpc_user`, `dwdi` and `oidc`, with `faults`, a `clock` and a `log` of requests.

    Rows, projects and users are invented unless they are given; `resources` and `seed` say how
    many and which. `accounts` is how many resources of compute there are beside these, with usage
    in DWDI; `uuids` and `vanish` are not about them. `faults` are on from the start. `app` serves
    everything; `url` is where, once a server has said so. `tell` is told how many rows are made,
    at every ten thousandth.
    """

    def __init__(  # noqa: PLR0913  # so many things can be said about a site
        self,
        *,
        mode: Mode | str = Mode.V8_1,
        resources: int = 60,
        accounts: int = 0,
        seed: int = 0,
        rows: Iterable[Row] | None = None,
        projects: Sequence[Mapping[str, object]] | None = None,
        users: Sequence[Mapping[str, object]] | None = None,
        faults: Iterable[tuple[Service, Fault]] = (),
        tell: Callable[[int], None] = _nobody,
    ) -> None:
        self.mode = Mode(mode)
        self.clock = SiteClock()
        self.faults = Faults(faults)
        self.log = RequestLog()
        self.oidc = OidcEmulator(realm=REALM, clock=self.clock)
        passed = Passed()
        # As bytes, since the emulator changes what it is given.
        self._given = None if rows is None else msgspec.json.encode(list(rows))
        self._count, self._seed = resources, seed
        self.accounts = tuple(account_names(accounts))
        self.waldur = self._new_waldur(passed.watch(with_progress(self._rows(), tell)))
        self.hpc_user = HpcUserEmulator(
            passed.projects() if projects is None else projects,
            passed.users() if users is None else users,
            accepts=self.oidc.accepts,
        )
        self.dwdi = DwdiEmulator(
            {UsageKind.COMPUTE: self.accounts},
            seed=seed,
            accepts=self.oidc.accepts,
            clock=self.clock,
        )
        self._oldest_first = tuple(passed.uuids())
        self._vanished = 0
        self._places = self._routes()

    def reset(self) -> None:
        """Everything as it was at the start: rows, ids, keys, tokens, faults, counts, time."""
        self.faults.reset()
        self.clock.reset()
        self.oidc.reset()
        self.hpc_user.reset()
        self.dwdi.reset()
        self.waldur = self._new_waldur(self._rows())
        self.log.forget()
        self._vanished = 0

    @property
    def url(self) -> str:
        """Where the site is reached, without a slash at the end."""
        return self.oidc.public_url

    @url.setter
    def url(self, url: str) -> None:
        self.oidc.public_url = url

    def uuids(self) -> tuple[str, ...]:
        """Of the resources that there are at the start, oldest first."""
        return self._oldest_first

    def vanish(self, count: int) -> None:
        """Take the oldest rows away and put as many new ones at the end of the list.

        Rows that came this way never go again, nor do those that were added later.
        """
        begin = self._vanished
        for uuid in self._oldest_first[begin : begin + count]:
            self._vanished += 1
            row = clone_of(self.waldur.resource(uuid), self._vanished, waldur_time(self.clock()))
            self.waldur.remove_row(uuid)
            self.waldur.add_row(row)

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        for prefix, app in self._places:
            if scope["path"] == prefix or scope["path"].startswith(f"{prefix}/"):
                await app(scope, receive, send)
                return
        places = [f"{prefix}/" for prefix, _ in self._places]
        await JSONResponse({"error": "Nothing is here.", "places": places}, 404)(
            scope, receive, send
        )

    def _routes(self) -> list[tuple[str, ASGIApp]]:
        async def waldur(scope: Scope, receive: Receive, send: Send) -> None:
            # Looked up at every request, since `reset` makes another one.
            await self.waldur.app(scope, receive, send)

        async def hpc_user(scope: Scope, receive: Receive, send: Send) -> None:
            await self.hpc_user.app({**scope, "root_path": HPC_USER_PATH}, receive, send)

        async def dwdi(scope: Scope, receive: Receive, send: Send) -> None:
            await self.dwdi.app({**scope, "root_path": DWDI_PATH}, receive, send)

        oidc = self._service(Service.OIDC, self.oidc.app)
        return [
            ("/api", self._service(Service.WALDUR, waldur, self.vanish)),
            (HPC_USER_PATH, self._service(Service.HPC_USER, hpc_user)),
            (DWDI_PATH, self._service(Service.DWDI, dwdi)),
            ("/realms", oidc),
            ("/auth/realms", oidc),
            (CONTROL_PATH, control_app(self)),
        ]

    def _service(
        self, service: Service, app: ASGIApp, vanish: Callable[[int], None] | None = None
    ) -> ASGIApp:
        return LoggedService(service, FaultyService(service, app, self.faults, vanish), self.log)

    def _new_waldur(self, rows: Iterable[Row]) -> WaldurEmulator:
        return WaldurEmulator(
            mode=self.mode,
            rows=chain(rows, account_rows(self.accounts)),
            clock=self.clock,
            facts=account_facts(self.accounts, self.mode, seed=self._seed),
        )

    def _rows(self) -> Iterable[Row]:
        if self._given is None:
            return site_rows(self._count, self._seed)
        rows: list[Row] = msgspec.json.decode(self._given)
        return rows
