"""JSON for entrypoints, which do not know the adapters."""

from cscs_json import encode

__all__ = ["encode"]
