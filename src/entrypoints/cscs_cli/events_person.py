"""Which person a data request is about."""

from __future__ import annotations

from typing import Annotated

import attrs
from cyclopts import Parameter

from cscs_bootstrap.events_service import EventsService
from cscs_cli.events_filters import named
from cscs_cli.failures import UsageError
from cscs_domain.events.persons import person_of
from cscs_domain.events.stored import Person


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class PersonOptions:
    """A user of the directory, or what somebody is called in events."""

    user: Annotated[
        str | None,
        Parameter(metavar="NAME", help="The user: id, username or e-mail address."),
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


async def the_person(events: EventsService, options: PersonOptions) -> Person:
    """The person with all names that the directory knows. Raises as `person_of`."""
    return await person_of(events.directory, user=options.user, identities=options.identity)
