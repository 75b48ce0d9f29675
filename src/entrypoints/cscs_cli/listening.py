"""A socket to serve on, taken before anything starts, so that its port is known and its faults too.

While tokens are not checked, only an address of this machine is listened on. The application asks
each request as well; this is the earlier and plainer of the two refusals.
"""

from __future__ import annotations

import socket
from ipaddress import ip_address
from typing import TypeAlias

import attrs

from cscs_bootstrap.settings import Auth
from cscs_cli.failures import UsageError

_BACKLOG = 2048


@attrs.frozen
class Address:
    """Where to listen: a numeric address of IPv4 or IPv6, and a port (0 takes a free one)."""

    ip: str
    port: int
    family: socket.AddressFamily

    @property
    def is_loopback(self) -> bool:
        """Whether only programs on this machine can reach it."""
        return ip_address(self.ip).is_loopback

    @property
    def url(self) -> str:
        """What to type on this machine to get there."""
        ip = self.ip
        if ip_address(ip).is_unspecified:
            ip = "::1" if self.family is socket.AF_INET6 else "127.0.0.1"
        return f"http://[{ip}]:{self.port}" if ":" in ip else f"http://{ip}:{self.port}"


_Found: TypeAlias = tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]


def resolve(host: str, port: int) -> Address:
    """The first address that a host name stands for. Raises `UsageError`."""
    if not 0 <= port <= 65535:
        raise UsageError(f"--port {port} is not a port: choose 0 to 65535 (0 takes a free one).")
    try:
        found = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not a host name"
        raise UsageError(f"--host {host} cannot be found: {reason}.") from None
    family, _, _, _, name = found[0]
    return Address(_numeric(name), port, family)


def _numeric(name: _Found) -> str:
    # A zone ("fe80::1%eth0") is no part of an address as such.
    return str(name[0]).partition("%")[0]


def refuse_exposure(address: Address, auth: Auth) -> None:
    """Raise `UsageError` if strangers could reach a server that asks nobody for a token."""
    if not auth.disable_auth or auth.allow_insecure_bind or address.is_loopback:
        return
    raise UsageError(
        f"With auth.disable_auth (DISABLE_AUTH) on, --host {address.ip} would let everyone who can "
        "reach this machine read everything without a token. Use --host 127.0.0.1, or set "
        "ALLOW_INSECURE_BIND=true if that is what you want; requests are checked one by one as "
        "well."
    )


def listen(address: Address) -> tuple[socket.socket, Address]:
    """A listening socket and the address it got. Raises `UsageError` if it cannot be had."""
    listener = socket.socket(address.family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address.ip, address.port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise UsageError(
            f"Cannot listen on {address.ip} port {address.port}: {error.strerror}. Choose another "
            "--port (0 takes a free one) or stop what uses this one."
        ) from None
    return listener, attrs.evolve(address, port=listener.getsockname()[1])
