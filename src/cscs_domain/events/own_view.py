"""What somebody who is no operator sees of an event of their own. Source: DESIGN section 9.

An event may name other people: all contacts of a project in OpenStack, or whoever it was linked to
before somebody corrected it. Those are nobody's business, and neither is who corrected it and why.
"""

from __future__ import annotations

import attrs

from cscs_domain.events.links import Link
from cscs_domain.events.stored import StoredEvent


def as_own(stored: StoredEvent) -> StoredEvent:
    """The event with that identity alone by which its user was found, and none if that was by hand.

    Of a correction stays that there is one, and since when.
    """
    link = _own_link(stored.link)
    kept = tuple(one for one in stored.event.identities if one == link.sought_identity)
    event = attrs.evolve(stored.event, identities=kept[:1])
    return attrs.evolve(stored, event=event, link=link)


def _own_link(link: Link) -> Link:
    correction = link.correction
    return attrs.evolve(
        link,
        # A user who was set by hand need not be the one whose name was sought.
        sought_identity=None if link.user_match is None else link.sought_identity,
        correction=correction and attrs.evolve(correction, by="", reason=""),
    )
