"""The storage API and the way back to Waldur, for programs that run an event loop."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeAlias, Unpack

import httpx

from cscs_client.answers import StorageAnswer, StoragePage
from cscs_client.callback_urls import offered_actions
from cscs_client.connections import Reach, service_of
from cscs_client.filters import Filters, row_filter
from cscs_client.oidc_login import LoggedIn, OidcLogin
from cscs_client.row_actions import AsyncRowActions
from cscs_client.storage_pages import LARGEST_PAGE, StoragePages
from cscs_client.tokens import Secret, SecretToken, WatchedCredentials, token_reveal
from cscs_domain.errors import ConfigurationError, Mistake, SnapshotGoneError
from cscs_domain.ports import WaldurOrders
from cscs_domain.storage.callbacks import ApiUrl
from cscs_domain.storage.filters import RowFilter
from cscs_domain.storage.rows import StorageRow
from cscs_http.service import Service
from cscs_http.waldur_orders import HttpWaldurOrders

Token: TypeAlias = Secret | OidcLogin

_RESTARTS: Final = 3
_FRESH: Final[Mapping[bytes, bytes]] = {b"cache-control": b"no-cache"}


class AsyncStorageClient:
    """A typed walk over our API, and the callbacks of its rows.

    Args:
        url: of the storage API, with or without `/api`.
        token: for it: a text, a function that gives one, or an `OidcLogin`; None if it asks for
            none.
        waldur_url: of Waldur, with or without `/api`: needed to report back, and the only place
            that `waldur_token` is ever sent to.
        waldur_token: for Waldur, likewise a text or a function.
        ca_file: certificates in PEM form to believe besides the usual ones.
        proxy: for all services; `socks5://`, `socks5h://`, `socks4://` or `http(s)://`.
        timeout: seconds for one answer; a request with all its repetitions may take twice that.
        page_size: rows of one page, 1 to 500.
        orders: where reports go instead of Waldur, such as a journal for rehearsals.
        http: sends requests to the storage API, as for an application in the same process; then
            `ca_file`, `proxy` and `timeout` do not concern them.

    Close it, or use it in `async with`. Methods raise the errors of `cscs_domain`:
    `AuthenticationError`, `PermissionDeniedError`, `InvalidValueError` (a filter that the server
    does not know), `UpstreamServiceError`.
    """

    def __init__(  # noqa: PLR0913  # keywords, each with a default
        self,
        url: str,
        *,
        token: Token | None = None,
        waldur_url: str | None = None,
        waldur_token: Secret | None = None,
        ca_file: Path | None = None,
        proxy: Secret | None = None,
        timeout: float = 60.0,
        page_size: int = LARGEST_PAGE,
        orders: WaldurOrders | None = None,
        http: httpx.AsyncClient | None = None,
    ) -> None:
        self._reach = Reach(ca_file=ca_file, proxy=proxy, timeout=timeout)
        self._waldur = None if waldur_url is None else ApiUrl.parse(waldur_url)
        self._waldur_token = (
            None if waldur_token is None else token_reveal("Waldur token", waldur_token)
        )
        self._orders = orders
        self._waldur_service: Service | None = None
        self._login = token.credentials(self._reach) if isinstance(token, OidcLogin) else None
        credentials = _credentials(self._login, token)
        self._service = service_of(
            "storage API", ApiUrl.parse(url).text, self._reach, credentials, http
        )
        self._pages = StoragePages(self._service, credentials, page_size)

    async def read(self, *, fresh: bool = False, **filters: Unpack[Filters]) -> StorageAnswer:
        """All rows that match, out of one snapshot; `fresh` has the server read anew for it.

        A walk whose snapshot goes away in the middle begins again, three times at the most; then
        it is a `SnapshotGoneError`. Never half a list, nor parts of two.
        """
        wanted = row_filter(filters)
        return StorageAnswer.of(await self._whole(wanted, _FRESH if fresh else {}), wanted)

    async def changed_since(
        self, previous: StorageAnswer, *, fresh: bool = False
    ) -> StorageAnswer | None:
        """The answer to the same question, or None if it would have the same rows and problems."""
        known = {b"if-none-match": previous.etag.encode("latin-1")} if previous.etag else {}
        pages = await self._whole(previous.filter, {**known, **(_FRESH if fresh else {})})
        return StorageAnswer.of(pages, previous.filter) if pages else None

    def walk(
        self, *, fresh: bool = False, **filters: Unpack[Filters]
    ) -> AsyncIterator[StoragePage]:
        """The pages of one snapshot as they come, for those who cannot hold all rows.

        Raises `SnapshotGoneError` if the snapshot goes away in the middle: begin again, and forget
        what was done with the pages before. Mind `unreadable` of each page.
        """
        return self._pages.walk(row_filter(filters), _FRESH if fresh else {})

    def actions(self, row: StorageRow) -> AsyncRowActions:
        """What may be done about a row. Raises `ForeignCallbackError` if its URLs lead elsewhere
        than to the configured Waldur, and `ConfigurationError` if none is.
        """
        if self._waldur is None:
            raise _missing("waldur_url")
        return AsyncRowActions(row, offered_actions(row, self._waldur), self.orders)

    @property
    def orders(self) -> WaldurOrders:
        """Waldur's orders and resources by uuid. Raises `ConfigurationError` without a Waldur."""
        if self._orders is None:
            self._orders = self._http_orders()
        return self._orders

    async def close(self) -> None:
        """Close all connections."""
        await self._service.close()
        if self._login is not None:
            await self._login.close()
        if self._waldur_service is not None:
            await self._waldur_service.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def _whole(
        self, wanted: RowFilter, headers: Mapping[bytes, bytes]
    ) -> Sequence[StoragePage]:
        """All pages of one snapshot; none if nothing has changed."""
        for _ in range(_RESTARTS):
            with suppress(SnapshotGoneError):
                return [page async for page in self._pages.walk(wanted, headers)]
        return [page async for page in self._pages.walk(wanted, headers)]

    def _http_orders(self) -> WaldurOrders:
        if self._waldur is None or self._waldur_token is None:
            raise _missing("waldur_token" if self._waldur else "waldur_url")
        token = SecretToken("Token", self._waldur_token, "check waldur_token")
        self._waldur_service = service_of("Waldur", self._waldur.text, self._reach, token)
        return HttpWaldurOrders(self._waldur_service)


def _credentials(login: LoggedIn | None, token: Token | None) -> WatchedCredentials | None:
    if login is not None:
        return WatchedCredentials(login)
    if token is None or isinstance(token, OidcLogin):
        return None
    revealed = token_reveal("token", token)
    return WatchedCredentials(SecretToken("Bearer", revealed, "get a new token"))


def _missing(name: str) -> ConfigurationError:
    return ConfigurationError(
        [Mistake(name, None, "is missing, and needed to report back to Waldur")]
    )
