"""Slugs out of titles. Source: usage events contract, section 4.1."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final
from unicodedata import normalize

_DROPPED: Final = re.compile(r"[^\w\s-]")
_BETWEEN: Final = re.compile(r"[\s_-]+")
_NAMELESS: Final = "project"


def slug(text: str) -> str:
    """Lower-case words with single dashes between them; `project` if nothing is left.

    Accents and punctuation go. Texts that differ in case alone have one slug: they are lower-cased
    first (a Greek sigma depends on its place in the word), and after compatibility forms were
    taken apart once more, since some of those hold capitals.

    >>> slug("Hélène's  Climate_runs (2025)")
    'helenes-climate-runs-2025'
    """
    return bare_slug(text) or _NAMELESS


# The events of a batch name few projects, each of them several times on the way.
@lru_cache(maxsize=1 << 12)
def bare_slug(text: str) -> str:
    """The same, empty if nothing is left: by `project` such a text would find a stranger's."""
    plain = text.lower()
    if not plain.isascii():
        plain = normalize("NFKD", plain).lower()
    return _BETWEEN.sub("-", _DROPPED.sub("", plain)).strip("-")
