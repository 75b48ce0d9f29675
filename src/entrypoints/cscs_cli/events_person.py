"""Which person a data request is about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

import attrs
from cyclopts import Parameter

from cscs_bootstrap.events_service import EventsService
from cscs_cli.events_filters import named
from cscs_cli.events_texts import identity_text
from cscs_cli.failures import UsageError
from cscs_cli.terminal import complain
from cscs_domain._text import shown
from cscs_domain.events.event import EventIdentity
from cscs_domain.events.further_identities import MOST_FURTHER
from cscs_domain.events.persons import FoundPerson, person_of


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class PersonOptions:
    """A user of the directory, or what somebody is called in events."""

    user: Annotated[
        str | None,
        Parameter(
            metavar="NAME",
            help="The user: id, username or e-mail address; the id of one who has left.",
        ),
    ] = None
    identity: Annotated[
        tuple[str, ...],
        Parameter(metavar="VALUE", help="A name or address of the person; may be repeated."),
    ] = ()

    def check(self) -> None:
        """Raises `UsageError` if nobody is named, or by a name that can be nobody's."""
        if self.user is None and not self.identity:
            raise UsageError("Nobody is named: say --user or --identity.")
        named("--user", self.user)
        for value in self.identity:
            named("--identity", value)


NOBODY = PersonOptions()


async def the_person(events: EventsService, options: PersonOptions) -> FoundPerson:
    """The person with all names that the directory knows, and a warning if that is none.

    Raises as `person_of`.
    """
    found = await person_of(events.directory, user=options.user, identities=options.identity)
    if options.user is not None and not found.in_directory:
        complain(
            f"The directory has no user {shown(options.user)}. Events are found that are linked to "
            "a user of this id; what else the person was called in events has to be said by "
            "--identity."
        )
    return found


def further_lines(identities: Sequence[EventIdentity]) -> Iterator[str]:
    """What to do about identities that stood beside those of the person; nothing without any."""
    if not identities:
        return
    bound = f" (no more than {MOST_FURTHER} are listed)" if len(identities) == MOST_FURTHER else ""
    yield f"Other identities are on these events{bound}:"
    yield from (f"  {identity_text(identity)}" for identity in identities)
    yield (
        "Those that are the person's may stand on more events: run it again with --identity for "
        "each of them. An event may name other people, too."
    )


def further_wire(identities: Sequence[EventIdentity]) -> list[dict[str, object]]:
    """The same as plain JSON values."""
    return [
        {"scheme": one.scheme, "value": one.value, "authority": one.authority} for one in identities
    ]
