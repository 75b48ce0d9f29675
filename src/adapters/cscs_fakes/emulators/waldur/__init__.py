"""Waldur Mastermind, emulated: versions 5.8 and 8.1 as the Waldur contract tells of them."""

from cscs_fakes.emulators.waldur.auth import AGENT_TOKEN, CONSUMER_TOKEN, STAFF_TOKEN
from cscs_fakes.emulators.waldur.emulator import WaldurEmulator
from cscs_fakes.emulators.waldur.facts import SiteFacts
from cscs_fakes.emulators.waldur.mode import Mode

__all__ = [
    "AGENT_TOKEN",
    "CONSUMER_TOKEN",
    "STAFF_TOKEN",
    "Mode",
    "SiteFacts",
    "WaldurEmulator",
]
