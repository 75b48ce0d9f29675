"""Ports for servers that end and come back on the same one."""

from __future__ import annotations

import random
import socket
from typing import Final

_RANGE: Final = range(20_000, 32_000)
"""Below the ports that systems hand out by themselves: one of those could go to somebody else
while its server is gone, or to the very client that is looking for the server.
"""


def free_port() -> int:
    """One that nobody listens on."""
    while True:
        port = random.choice(_RANGE)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
