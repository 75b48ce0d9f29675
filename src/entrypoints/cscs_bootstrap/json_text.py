"""JSON for entrypoints, which do not know the adapters."""

from cscs_json import encode, is_secret_name

__all__ = ["encode", "is_secret_name"]
