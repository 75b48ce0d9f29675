"""`cscs events link` and `cscs events unlink`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

import attrs
from cyclopts import Parameter
from rich.text import Text

from cscs_bootstrap.events_service import EventsService
from cscs_bootstrap.json_text import encode
from cscs_cli.events_filters import EventId
from cscs_cli.events_options import DEFAULTS, EventsOptions, load_for_events
from cscs_cli.events_running import with_events
from cscs_cli.events_show import described_link
from cscs_cli.events_texts import moment_text
from cscs_cli.exit_codes import ExitCode
from cscs_cli.failures import UsageError
from cscs_cli.operator_name import operator_name
from cscs_cli.terminal import console, say, say_bytes
from cscs_domain.events.correct_link import correct_link, withdraw_correction
from cscs_domain.events.link_correction import LEFT_OUT, Choice, CorrectionRequest
from cscs_domain.events.stored import StoredEvent
from cscs_domain.events.stored_wire import stored_event_to_wire

_Reason = Annotated[str, Parameter(metavar="TEXT", help="Why; it is remembered.")]
_DryRun = Annotated[bool, Parameter(help="Show the link that would be; change nothing.")]


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class LinkOptions:
    """What the link is to lead to. What is not named stays."""

    project: Annotated[str | None, Parameter(metavar="NAME", help="Id, slug or title.")] = None
    user: Annotated[
        str | None, Parameter(metavar="NAME", help="Id, username or e-mail address.")
    ] = None
    allocation: Annotated[str | None, Parameter(metavar="ID", help="Id of an allocation.")] = None
    no_project: Annotated[bool, Parameter(help="Link to no project, and no allocation.")] = False
    no_user: Annotated[bool, Parameter(help="Link to no user.")] = False
    no_allocation: Annotated[bool, Parameter(help="Link to no allocation.")] = False

    def request(self, reason: str) -> CorrectionRequest:
        """What was asked for. Raises `UsageError` and `InvalidValueError`."""
        return CorrectionRequest(
            reason=reason,
            user=_choice("user", self.user, none=self.no_user),
            project=_choice("project", self.project, none=self.no_project),
            allocation=_choice("allocation", self.allocation, none=self.no_allocation),
        )


NOTHING: Final = LinkOptions()


def events_link(
    event: EventId,
    /,
    *,
    reason: _Reason,
    link: LinkOptions = NOTHING,
    dry_run: _DryRun = False,
    options: EventsOptions = DEFAULTS,
) -> int:
    """Set the link of an event by hand."""
    if link == NOTHING:
        raise UsageError(
            "Nothing is to be changed: name --project, --user or --allocation, or take one away "
            "with --no-project, --no-user or --no-allocation."
        )
    request, by = link.request(reason), operator_name()
    settings = load_for_events(options)

    async def work(service: EventsService) -> Sequence[StoredEvent]:
        return await correct_link(
            event,
            request,
            store=service.store,
            directory=service.directory,
            by=by,
            at=service.clock.now(),
            dry_run=dry_run,
        )

    _tell(with_events(settings, work), dry_run=dry_run, json=options.json)
    return ExitCode.DONE


def events_unlink(
    event: EventId,
    /,
    *,
    reason: _Reason,
    dry_run: _DryRun = False,
    options: EventsOptions = DEFAULTS,
) -> int:
    """Take a link by hand back."""
    by = operator_name()
    settings = load_for_events(options)

    async def work(service: EventsService) -> tuple[bool, Sequence[StoredEvent]]:
        there = await service.store.events(event)
        after = await withdraw_correction(
            event,
            store=service.store,
            directory=service.directory,
            by=by,
            at=service.clock.now(),
            reason=reason,
            dry_run=dry_run,
        )
        return any(stored.link.is_manual for stored in there), after

    was_by_hand, events = with_events(settings, work)
    if was_by_hand or options.json:
        _tell(events, dry_run=dry_run, json=options.json)
    else:
        say(f"{event} has no link by hand; nothing was changed.")
    return ExitCode.DONE


def _choice(name: str, given: str | None, *, none: bool) -> Choice:
    if given is None:
        return None if none else LEFT_OUT
    if none:
        raise UsageError(f"--{name} and --no-{name} exclude each other; choose one.")
    return given


def _tell(events: Sequence[StoredEvent], *, dry_run: bool, json: bool) -> None:
    if json:
        wire = {"dry_run": dry_run, "events": list(map(stored_event_to_wire, events))}
        say_bytes(encode(wire))
        return
    for stored in events:
        say(f"{stored.event_id} of {moment_text(stored.event.time_window_start)}")
        for name, text in described_link(stored.link):
            console().print(Text(f"{name:<25}{text}"), soft_wrap=True)
    if dry_run:
        say("Dry run: nothing was changed.")
