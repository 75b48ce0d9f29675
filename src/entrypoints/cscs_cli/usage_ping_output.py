"""What `cscs usage ping` prints: what works, what does not, why, and where to look.

Source of the advice: spec 000, troubleshooting.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Final, Self

import attrs
from rich.console import Console
from rich.text import Text

from cscs_bootstrap.json_text import encode
from cscs_bootstrap.upstream_failures import FailureKind
from cscs_bootstrap.usage_describing import Gaps
from cscs_cli.exit_codes import ExitCode
from cscs_cli.terminal import visible


class Place(StrEnum):
    """What is tried."""

    TOKEN = "token"  # noqa: S105 - a word
    WAREHOUSE = "DWDI"
    WALDUR = "Waldur"


class State(StrEnum):
    """What came of it."""

    OK = "ok"
    FAILED = "failed"
    NOT_TRIED = "not tried"
    NOT_NEEDED = "not needed"
    NOT_CONFIGURED = "not configured"


_ON_THE_WAY: Final = "and what is on the way there: name, network, firewall and proxy"
_LIMITS: Final = "It limits requests: try again later, less often, or ask for a higher quota."
_HINTS: Final = {
    (Place.TOKEN, FailureKind.REFUSED): "Check cscs_dwdi_client_id and cscs_dwdi_client_secret, "
    "that the client may have the scope of cscs_dwdi_oidc_scope, and cscs_dwdi_oidc_token_url.",
    (Place.TOKEN, FailureKind.NO_ANSWER): f"Check cscs_dwdi_oidc_token_url, {_ON_THE_WAY} "
    "(socks_proxy).",
    (Place.TOKEN, FailureKind.RATE_LIMIT): _LIMITS,
    (Place.TOKEN, FailureKind.NOT_THERE): "Check cscs_dwdi_oidc_token_url: the realm in it, and "
    "that it is the token endpoint.",
    (Place.TOKEN, FailureKind.NOT_THE_SERVICE): "Check cscs_dwdi_oidc_token_url, which must be "
    "the token endpoint and no page for people, and cscs_dwdi_client_id.",
    (Place.WAREHOUSE, FailureKind.REFUSED): "Check that the client may read usage "
    "(cscs_dwdi_client_id, cscs_dwdi_oidc_scope), and cscs_dwdi_api_url.",
    (Place.WAREHOUSE, FailureKind.NO_ANSWER): f"Check cscs_dwdi_api_url, {_ON_THE_WAY} "
    "(socks_proxy).",
    (Place.WAREHOUSE, FailureKind.RATE_LIMIT): _LIMITS,
    (Place.WAREHOUSE, FailureKind.NOT_THERE): "Check cscs_dwdi_api_url, and which profile the "
    "service has.",
    (Place.WAREHOUSE, FailureKind.NOT_THE_SERVICE): "Check cscs_dwdi_api_url, which must be the "
    "API and no page for people, and that the client may use it (cscs_dwdi_client_id).",
    (Place.WALDUR, FailureKind.REFUSED): "Check Waldur's URL and token.",
    (Place.WALDUR, FailureKind.NO_ANSWER): f"Check Waldur's URL, {_ON_THE_WAY}.",
    (Place.WALDUR, FailureKind.RATE_LIMIT): _LIMITS,
    (Place.WALDUR, FailureKind.NOT_THERE): "Check Waldur's URL, which ends in /api/.",
    (Place.WALDUR, FailureKind.NOT_THE_SERVICE): "Check Waldur's URL, which must be the API (it "
    "ends in /api/) and no page for people.",
}
"""By what failed, and how."""

_STYLE: Final = {
    State.OK: "green",
    State.FAILED: "bold red",
    State.NOT_TRIED: "yellow",
    State.NOT_CONFIGURED: "yellow",
}


@attrs.frozen
class Checked:
    """One thing that was tried; `reason` says why it is not ok, `hint` where to look."""

    place: Place
    state: State
    reason: str = ""
    hint: str = ""

    @classmethod
    def failed(
        cls, place: Place, reason: str, kind: FailureKind, *, is_remote: bool = True
    ) -> Self:
        """A failure with advice, which for files and the like is in the reason."""
        return cls(place, State.FAILED, reason, _HINTS[place, kind] if is_remote else "")

    @classmethod
    def lacking(cls, place: Place, gaps: Gaps, *, answers: bool) -> Self:
        """What cannot be used as long as there are these gaps in the settings."""
        reasons = ["it answers, but cannot be reported to"] if answers else []
        hint = f"Set {', '.join(gaps.missing)}." if gaps.missing else ""
        return cls(place, State.NOT_CONFIGURED, "; ".join((*reasons, *gaps.reasons)), hint)

    def to_wire(self) -> dict[str, object]:
        """One check as JSON has it."""
        return {
            "service": self.place.value.lower(),
            "state": self.state.value.replace(" ", "_"),
            "reason": self.reason or None,
            "hint": self.hint or None,
        }

    def line(self) -> Text:
        """One check in a line."""
        text = Text(f"{self.place.value:<8}")
        text.append(self.state.value, style=_STYLE.get(self.state, ""))
        if self.reason:
            text.append(f": {visible(self.reason).rstrip('.')}.")
        if self.hint:
            text.append(f"{' ' if self.reason else ': '}{self.hint}")
        return text


@attrs.frozen
class OfferingChecks:
    """What works for one offering."""

    offering: str
    checks: tuple[Checked, ...]


@attrs.frozen
class PingOutput:
    """What works for all of them, to be shown."""

    offerings: tuple[OfferingChecks, ...]

    @property
    def exit_code(self) -> ExitCode:
        """What the shell is told."""
        states = {check.state for offering in self.offerings for check in offering.checks}
        if State.FAILED in states:
            return ExitCode.UPSTREAM_FAILED
        is_partial = State.NOT_CONFIGURED in states
        return ExitCode.DONE_WITH_PROBLEMS if is_partial else ExitCode.DONE

    def document(self) -> bytes:
        """One JSON object for programs."""
        offerings = [
            {
                "offering": each.offering,
                "checks": [check.to_wire() for check in each.checks],
            }
            for each in self.offerings
        ]
        return encode({"ok": self.exit_code is ExitCode.DONE, "offerings": offerings})

    def show(self, console: Console) -> None:
        """Print a line for each check; of several offerings, under their names."""
        for line in self._lines():
            console.print(line, soft_wrap=True)

    def _lines(self) -> Iterator[Text]:
        for each in self.offerings:
            if len(self.offerings) > 1:
                yield Text(f"{visible(each.offering)}:")
            yield from (check.line() for check in each.checks)
