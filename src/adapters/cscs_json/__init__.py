"""JSON, the technology: bytes to the domain's values and back, with msgspec underneath.

Not an adapter of a port: the layer between the domain and those adapters that speak JSON, so that
none of them repeats it.
"""

from cscs_json.documents import (
    decode_document,
    document_chunks,
    encode_document,
    encode_problems,
)
from cscs_json.encoding import encode, encode_row
from cscs_json.secret_names import is_secret_name
from cscs_json.strict_decoding import MalformedJsonError, decode_strictly
from cscs_json.waldur_decoding import decode_raw_rows, decode_rows
from cscs_json.warehouse_decoding import decode_usage_rows

__all__ = [
    "MalformedJsonError",
    "decode_document",
    "decode_raw_rows",
    "decode_rows",
    "decode_strictly",
    "decode_usage_rows",
    "document_chunks",
    "encode",
    "encode_document",
    "encode_problems",
    "encode_row",
    "is_secret_name",
]
