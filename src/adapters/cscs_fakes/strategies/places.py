"""Where resources belong: offerings with their providers, projects with their customers.

A world is consistent, as one Waldur is: a slug always means the same uuid and name.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

import attrs
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

_SLUGS: Final = ("cscs", "uni", "uni-a", "a", "a-b", "b", "b-c", "c", "climate-sim", "p1", "0")
_ODD_SLUGS: Final = ("...", "with space", "Ünï", "e\u0301", "日本", "-", "~", "%2e%2e", "x" * 255)
# Fixed pools instead of drawn letters: trees are about which names are equal, and cheap examples
# let a law look at more trees. `path_segments` draws the letters where they matter.
_NAMES: Final = st.sampled_from((*_SLUGS, *_ODD_SLUGS))


@attrs.frozen
class Named:
    """An organisation, project or offering of Waldur."""

    kind: str
    slug: str

    @property
    def name(self) -> str:
        """What people call it."""
        return f"{self.kind} {self.slug.upper()}"

    @property
    def uuid(self) -> UUID:
        """Always the same for one kind and slug."""
        return uuid5(NAMESPACE_URL, f"{self.kind}/{self.slug}")


@attrs.frozen
class Place:
    """All three levels above a resource, and the offering that it was bought from."""

    offering: Named
    provider: Named
    customer: Named
    project: Named


def places(offering_slugs: Sequence[str]) -> SearchStrategy[Place]:
    """Where one resource of one of the offerings may belong."""
    return worlds(offering_slugs).flatmap(st.sampled_from)


@st.composite
def worlds(draw: DrawFn, offering_slugs: Sequence[str]) -> list[Place]:
    """A handful of places that share offerings, providers, customers and project slugs.

    Two customers may have projects of one slug, and two offerings one provider: that is where
    ids and paths could run into each other.
    """
    providers = draw(_parties("provider", 2))
    offerings = [Named("offering", slug) for slug in offering_slugs]
    sold = [(offering, draw(st.sampled_from(providers))) for offering in offerings]
    customers = draw(_parties("customer", 3))
    projects = draw(_parties("project", 3))
    return [
        Place(offering, provider, customer, project)
        for offering, provider in sold
        for customer in customers
        for project in projects
    ]


def _parties(kind: str, most: int) -> SearchStrategy[list[Named]]:
    slugs = st.lists(_NAMES, min_size=1, max_size=most, unique=True)
    return slugs.map(lambda chosen: [Named(kind, slug) for slug in chosen])
