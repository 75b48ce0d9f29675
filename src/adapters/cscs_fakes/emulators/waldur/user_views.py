"""Who one is, and which version this is."""

from __future__ import annotations

from typing import Final

from cscs_fakes.emulators.waldur.answers import Answer
from cscs_fakes.emulators.waldur.calls import Call
from cscs_fakes.emulators.waldur.lists import plain
from cscs_fakes.emulators.waldur.mode import Mode
from cscs_fakes.emulators.waldur.permissions import require_staff
from cscs_fakes.emulators.waldur.records import ROOT
from cscs_fakes.emulators.waldur.state import Portal

_VERSIONS: Final = {Mode.V5_8: "5.8.4", Mode.V8_1: "8.1.0"}


def show_me(portal: Portal, call: Call) -> Answer:
    """The caller; that somebody is staff is shown to staff only."""
    del portal
    me = call.caller
    row: dict[str, object] = {
        "url": f"{ROOT}users/{me.uuid}/",
        "uuid": me.uuid,
        "username": me.username,
        "full_name": me.full_name,
        "email": f"{me.username}@example.org",
        "is_active": True,
    }
    if me.is_staff:
        row["is_staff"] = True
    return plain(call, row)


def show_version(portal: Portal, call: Call) -> Answer:
    """The version, for staff only."""
    require_staff(call)
    return Answer(body={"version": _VERSIONS[portal.mode]})
