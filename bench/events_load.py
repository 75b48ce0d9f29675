"""Batches of usage events, and a client that sends them as fast as they are taken.

The client writes bytes to open sockets: a library would cost the machine more than the server does.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from itertools import count
from multiprocessing import get_context
from typing import Final

from cscs_domain.events.directory import KnownDirectory
from cscs_fakes.invented_directory import make_directory
from cscs_json import encode

A_BATCH: Final = 100
USERS: Final = 20_000
PROJECTS: Final = 10_000
KEY: Final = "a-key-of-the-benchmark"

_ID: Final = "00000000-0000-4000-8000-000000000000"
_EVENT: Final = {
    "schema_version": "1.0",
    "source": "pbs",
    "time_window_start": "2025-11-18T23:00:00Z",
    "time_window_end": "2025-11-19T23:00:00Z",
    "collected_at": "2025-11-19T23:05:00Z",
    "project_slug": "PROJECT",
    "is_personal": False,
    "metrics": {
        "cpu_time_seconds": 648000,
        "gpu_time_seconds": None,
        "ram_bytes_allocated": 68719476736,
        "ram_bytes_used": 53687091200,
        "storage_bytes_allocated": 429496729600,
        "vcpus_allocated": 8,
        "used_cpu_percent": 93,
        "walltime_allocated": 604800,
        "walltime_used": 86400,
    },
    "identities": [{"scheme": "perun_username", "value": "USERNAME", "authority": "EXAMPLE"}],
    "context": {"jobname": "alps_lam", "project": "PROJECT", "queue": "q_1w"},
    "extra": {
        "event_id": _ID,
        "job_id": "4001.pbs1.example.org",
        "run": 1,
        "measure": "delta",
        "clipped": True,
        "final": False,
        "state": "R",
    },
}
_TEMPLATE: Final = (
    encode(_EVENT)
    .replace(_ID.encode(), b"%(id)b")
    .replace(b"USERNAME", b"%(user)b")
    .replace(b"PROJECT", b"%(project)b")
)


@cache
def directory() -> KnownDirectory:
    """Whose events they are."""
    return make_directory(USERS, PROJECTS)


def batches(first: int = 0) -> Iterator[bytes]:
    """Bodies without end, no event twice, each of somebody else."""
    for begin in count(first * A_BATCH, A_BATCH):
        ids = os.urandom(16 * A_BATCH).hex().encode()
        some = (_one(begin + n, ids[32 * n : 32 * n + 32]) for n in range(A_BATCH))
        yield b'{"events":[%b]}' % b",".join(some)


def _one(number: int, digits: bytes) -> bytes:
    return _TEMPLATE % {
        b"id": b"-".join([digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]]),
        b"user": str(directory().users[number * 7919 % USERS].username).encode(),
        b"project": str(directory().projects[number * 104729 % PROJECTS].slug).encode(),
    }


def send_for(url: str, seconds: float, connections: int) -> float:
    """Events a second that were acknowledged, by a client in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as processes:
        return processes.submit(_send, url, seconds, connections).result()


def _send(url: str, seconds: float, connections: int) -> float:
    return asyncio.run(_send_all(url, seconds, connections))


async def _send_all(url: str, seconds: float, connections: int) -> float:
    host, _, port = url.removeprefix("http://").partition(":")
    began = time.perf_counter()
    over: Callable[[], bool] = lambda: time.perf_counter() - began >= seconds  # noqa: E731
    sent = await asyncio.gather(
        *(_connection(host, int(port), number, over) for number in range(connections))
    )
    return sum(sent) * A_BATCH / (time.perf_counter() - began)


async def _connection(host: str, port: int, number: int, over: Callable[[], bool]) -> int:
    reader, writer = await asyncio.open_connection(host, port)
    sent = 0
    for body in batches(number * 1_000_000):
        if over():
            break
        writer.write(_HEAD % len(body) + body)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        answer = await reader.readexactly(length)
        if b" 201 " not in head.split(b"\r\n")[0]:
            raise RuntimeError(f"not taken: {head!r} {answer[:500]!r}")
        sent += 1
    writer.close()
    await writer.wait_closed()
    return sent


_HEAD: Final = (
    b"POST /collector/resource-usage HTTP/1.1\r\nhost: 127.0.0.1\r\n"
    b"content-type: application/json\r\nx-zeus-collector-key: " + KEY.encode() + b"\r\n"
    b"content-length: %d\r\n\r\n"
)
