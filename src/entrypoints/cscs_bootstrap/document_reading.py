"""Documents as a source, for entrypoints, which do not know the adapters."""

from __future__ import annotations

from pathlib import Path

from cscs_domain.storage.export_documents import Baseline
from cscs_files import read_document


def baseline_from(path: Path) -> Baseline:
    """The rows of a document of any format, to compare with. Blocks.

    Raises `UpstreamServiceError` if the file cannot be read, `InvalidValueError` if it is no
    document.
    """
    return Baseline(str(path), read_document(path).rows)
