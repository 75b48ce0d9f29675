"""JSON for entrypoints, which do not know the adapters."""

from cscs_json import encode, is_secret_name
from cscs_json.strict_decoding import MalformedJsonError, decode_strictly

__all__ = ["MalformedJsonError", "decode_strictly", "encode", "is_secret_name"]
