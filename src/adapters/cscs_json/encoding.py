"""The domain's wire dicts as JSON bytes: UTF-8, compact, decimals exact and as numbers."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import msgspec

from cscs_domain.storage.quotas import Quotas
from cscs_domain.storage.rows import StorageItem, StorageRow
from cscs_domain.storage.wire import item_to_wire, quotas_to_wire, row_to_wire

_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


def encode(value: object) -> bytes:
    """Any value made of dicts, lists, text, numbers, bool, None, `UUID` and `Decimal`."""
    return _ENCODER.encode(value)


def encode_row(row: StorageRow) -> bytes:
    """One row of the answer."""
    return _ENCODER.encode(row_to_wire(row, item=_encoded_item, quotas=_encoded_quotas))


# Rows share few items and few sizes: each is encoded once.
@lru_cache(maxsize=1 << 8)
def _encoded_item(item: StorageItem) -> msgspec.Raw:
    return msgspec.Raw(_ENCODER.encode(item_to_wire(item)))


@lru_cache(maxsize=1 << 12)
def _encoded_quotas(quotas: Quotas) -> msgspec.Raw:
    return msgspec.Raw(_ENCODER.encode(quotas_to_wire(quotas)))
