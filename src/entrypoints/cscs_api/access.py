"""Who may ask at all while tokens are not checked: programs on this machine. DESIGN section 9.

Checked per request and not only where the server listens, so that it also holds under any other
ASGI server. A request that says it came through a proxy is not taken for a local one, nor is one
for another name than this machine's. A proxy on this machine that adds no such header cannot be
told from a local program: do not put one in front while tokens are not checked.
"""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from cscs_api.error_answers import error_response
from cscs_api.request_facts import facts_of, header

_FORWARDED: Final = (
    b"forwarded",
    b"via",
    b"x-forwarded-for",
    b"x-forwarded-host",
    b"x-forwarded-proto",
    b"x-real-ip",
)


class LoopbackOnly:
    """Lets requests from this machine through and answers all others with 403."""

    def __init__(self, app: ASGIApp, *, allow_insecure: bool = False) -> None:
        self._app = app
        self._allow_insecure = allow_insecure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on or refuse."""
        if self._allow_insecure or is_local(scope):
            await self._app(scope, receive, send)
            return
        refusal = error_response(
            facts_of(scope).request_id,
            403,
            {
                "detail": "Authentication is disabled, so only this machine is answered.",
                "error": "PermissionDenied",
                "help": "Ask from this machine, or set ALLOW_INSECURE_BIND=true if everyone who"
                " can reach this server may read everything.",
            },
        )
        await refusal(scope, receive, send)


def is_local(scope: Scope) -> bool:
    """Whether a request comes from a program on this machine, and through no proxy."""
    if any(header(scope, name) is not None for name in _FORWARDED):
        return False
    if not _names_this_machine(header(scope, b"host")):
        return False
    client = scope.get("client")
    return client is None or _is_loopback(client[0])  # None: a socket in the file system


def _names_this_machine(host: str | None) -> bool:
    """Whether the Host header does. A web page that has its own name resolve to this machine, to
    read from the browser of somebody here, cannot make the browser leave that name out.
    """
    if not host:
        return True
    name = host.rpartition("]")[0].lstrip("[") if host.startswith("[") else host.partition(":")[0]
    return name.lower() == "localhost" or _is_loopback(name)


def _is_loopback(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address.is_loopback
