"""What became of links that were made again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Self

import attrs

from cscs_domain.events.links import Link, LinkState
from cscs_domain.events.stored import LinkChange, StoredEvent
from cscs_domain.events.stored_wire import link_to_wire
from cscs_domain.events.utc_times import utc_text

MOST_EXAMPLES: Final = 10


@attrs.frozen(kw_only=True)
class Relinked:
    """An event as it is stored, and the link that was made for it."""

    stored: StoredEvent
    after: Link

    @property
    def before(self) -> Link:
        """The link that it has."""
        return self.stored.link

    @property
    def is_change(self) -> bool:
        """Whether the link leads elsewhere or misses something else, not by newer rules alone."""
        version = self.after.resolver_version
        return attrs.evolve(self.before, resolver_version=version) != self.after

    @property
    def resolves(self) -> bool:
        """Whether nothing is missing any more."""
        return self._is_resolved(self.after) and not self._is_resolved(self.before)

    @property
    def loses(self) -> bool:
        """Whether something is missing now that was found before."""
        return self._is_resolved(self.before) and not self._is_resolved(self.after)

    @property
    def change(self) -> LinkChange:
        """What the store is told."""
        return LinkChange(key=self.stored.key, revision=self.stored.revision, link=self.after)

    @staticmethod
    def _is_resolved(link: Link) -> bool:
        return link.state is LinkState.RESOLVED


@attrs.frozen(kw_only=True)
class RelinkReport:
    """Counts of links. `seen` is the sum of `changed`, `unchanged` and `manual`."""

    seen: int = 0
    changed: int = 0
    """They lead elsewhere, or miss something else."""
    unchanged: int = 0
    """At most the version of the rules in them is another."""
    manual: int = 0
    """Set by hand, and kept."""
    newly_resolved: int = 0
    """Of the changed ones: nothing is missing any more."""
    newly_unresolved: int = 0
    """Of the changed ones: something is missing that was found before."""
    overtaken: int = 0
    """Events that were replaced or corrected while their links were made: these stay as they are,
    although they are counted as if not.
    """
    examples: tuple[Relinked, ...] = ()
    """The first that changed."""

    @classmethod
    def of(cls, made: Sequence[Relinked], *, seen: int, overtaken: int) -> Self:
        """The counts of one chunk: `made` are the links that were not set by hand."""
        changed = [one for one in made if one.is_change]
        return cls(
            seen=seen,
            changed=len(changed),
            unchanged=len(made) - len(changed),
            manual=seen - len(made),
            newly_resolved=sum(one.resolves for one in changed),
            newly_unresolved=sum(one.loses for one in changed),
            overtaken=overtaken,
            examples=tuple(changed[:MOST_EXAMPLES]),
        )

    def plus(self, other: Self) -> Self:
        """Both together."""
        return type(self)(
            seen=self.seen + other.seen,
            changed=self.changed + other.changed,
            unchanged=self.unchanged + other.unchanged,
            manual=self.manual + other.manual,
            newly_resolved=self.newly_resolved + other.newly_resolved,
            newly_unresolved=self.newly_unresolved + other.newly_unresolved,
            overtaken=self.overtaken + other.overtaken,
            examples=(self.examples + other.examples)[:MOST_EXAMPLES],
        )


def relink_report_to_wire(report: RelinkReport) -> dict[str, object]:
    """The counts by name, and the examples with both links."""
    counts: dict[str, object] = attrs.asdict(
        report, recurse=False, filter=lambda field, _value: field.name != "examples"
    )
    return counts | {"examples": [_example_to_wire(one) for one in report.examples]}


def _example_to_wire(one: Relinked) -> dict[str, object]:
    return {
        "event_id": str(one.stored.event_id),
        "time_window_start": utc_text(one.stored.event.time_window_start),
        "before": link_to_wire(one.before),
        "after": link_to_wire(one.after),
    }
