"""Bodies of answers, bounded while they are unpacked.

httpx unpacks as much as a sender likes, nested encodings too, before anybody can count: two
kilobytes become two gigabytes. So the bytes are taken as they come and unpacked here.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator
from typing import Final, Protocol

import httpx

_GZIP: Final = 31  # the window's largest size, and a header as gzip writes it


class BodyError(Exception):
    """A body that nobody wants. The message is for people."""


async def read_body(response: httpx.Response, largest: int) -> bytes:
    """The whole body. Raises `BodyError` for more than `largest` bytes, packed or unpacked, and for
    an encoding that was not asked for.
    """
    if response.is_stream_consumed:  # a transport that has everything in memory, as tests have
        return _checked(response.content, largest)
    unpack = _unpacker(response.headers.get("content-encoding", ""))
    parts: list[bytes] = []
    room = largest
    async for packed in _bounded(response, largest):
        part = unpack.decompress(packed, room + 1)
        room -= len(part)
        if room < 0:
            raise _too_large(largest)
        parts.append(part)
    if not unpack.eof:
        raise BodyError("broke off in the middle of its compressed body")
    return b"".join(parts)


def _checked(body: bytes, largest: int) -> bytes:
    if len(body) > largest:
        raise _too_large(largest)
    return body


async def _bounded(response: httpx.Response, largest: int) -> AsyncIterator[bytes]:
    size = 0
    async for part in response.aiter_raw():
        size += len(part)
        if size > largest:
            raise _too_large(largest)
        yield part


def _too_large(largest: int) -> BodyError:
    return BodyError(f"answered with more than {largest} bytes")


class _Unpacker(Protocol):
    @property
    def eof(self) -> bool: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class _Plain:
    """Nothing to unpack."""

    eof = True

    def decompress(self, data: bytes, _max_length: int, /) -> bytes:
        return data


class _Gzip:
    """One layer of gzip; what is damaged is an error of the body."""

    def __init__(self) -> None:
        self._unpack = zlib.decompressobj(_GZIP)
        self._began = False

    @property
    def eof(self) -> bool:
        """Whether the end was seen. An answer without a body has none."""
        return self._unpack.eof or not self._began

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        self._began = True
        try:
            return self._unpack.decompress(data, max_length)
        except zlib.error:
            raise BodyError("answered with a body that is no gzip, as it says") from None


def _unpacker(encoding: str) -> _Unpacker:
    match encoding.strip().lower():
        case "" | "identity":
            return _Plain()
        case "gzip" | "x-gzip":
            return _Gzip()
        case _:
            raise BodyError("answered with a content encoding that was not asked for")
