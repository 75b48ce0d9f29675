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


_ON_THE_WAY: Final = "and what is on the way there: name, network, firewall and proxy"
_HINTS: Final = {
    (Place.TOKEN, False): "Check cscs_dwdi_client_id and cscs_dwdi_client_secret, that the client "
    "may have the scope of cscs_dwdi_oidc_scope, and cscs_dwdi_oidc_token_url.",
    (Place.TOKEN, True): f"Check cscs_dwdi_oidc_token_url, {_ON_THE_WAY} (socks_proxy).",
    (Place.WAREHOUSE, False): "Check cscs_dwdi_api_url, and that the client may read usage "
    "(cscs_dwdi_oidc_scope).",
    (Place.WAREHOUSE, True): f"Check cscs_dwdi_api_url, {_ON_THE_WAY} (socks_proxy).",
    (Place.WALDUR, False): "Check Waldur's URL and token.",
    (Place.WALDUR, True): f"Check Waldur's URL, {_ON_THE_WAY}.",
}
"""By what failed, and whether it may pass: then nobody refused us, there was no good answer."""

_STYLE: Final = {State.OK: "green", State.FAILED: "bold red", State.NOT_TRIED: "yellow"}


@attrs.frozen
class Checked:
    """One thing that was tried; `reason` says why it is not ok, `hint` where to look."""

    place: Place
    state: State
    reason: str = ""
    hint: str = ""

    @classmethod
    def failed(cls, place: Place, reason: str, *, may_pass: bool, is_remote: bool = True) -> Self:
        """A failure with advice, which for files and the like is in the reason."""
        return cls(place, State.FAILED, reason, _HINTS[place, may_pass] if is_remote else "")

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
            text.append(f" {self.hint}")
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
    def is_well(self) -> bool:
        """Whether nothing failed."""
        every = (check for offering in self.offerings for check in offering.checks)
        return all(check.state is not State.FAILED for check in every)

    def document(self) -> bytes:
        """One JSON object for programs."""
        offerings = [
            {
                "offering": each.offering,
                "checks": [check.to_wire() for check in each.checks],
            }
            for each in self.offerings
        ]
        return encode({"ok": self.is_well, "offerings": offerings})

    def show(self, console: Console) -> None:
        """Print a line for each check; of several offerings, under their names."""
        for line in self._lines():
            console.print(line, soft_wrap=True)

    def _lines(self) -> Iterator[Text]:
        for each in self.offerings:
            if len(self.offerings) > 1:
                yield Text(f"{visible(each.offering)}:")
            yield from (check.line() for check in each.checks)
