"""What may be called from outside, by part and name; arguments and results are plain JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeAlias

import attrs

from cscs_fakes.emulators.faults import Service
from cscs_fakes.emulators.faults_text import fault_of, parse_fault
from cscs_fakes.emulators.oidc import ABSENT, PathStyle

if TYPE_CHECKING:
    from cscs_fakes.emulators.site import EmulatedSite

Call: TypeAlias = Callable[..., object]

WALDUR_CALLS: Final = (
    "order_create",
    "order_update",
    "order_terminate",
    "resource",
    "order",
    "add_row",
    "remove_row",
    "replace_row",
    "expire",
    "revoke",
    "issue",
    "deny",
    "grant",
    "fail_when_processed",
    "set_offering_state",
    "open_invoice",
)
HPC_USER_CALLS: Final = ("set_gid", "add_project", "remove_project", "set_user", "remove_user")
OIDC_CALLS: Final = ("mint", "rotate", "revoke_all")
DWDI_CALLS: Final = ("put",)


class Controls:
    """The controls of one site."""

    def __init__(self, site: EmulatedSite) -> None:
        self._site = site
        self._own: Mapping[tuple[str, str], Call] = MappingProxyType(
            {
                ("site", "reset"): site.reset,
                ("site", "advance"): site.clock.advance,
                ("site", "vanish"): site.vanish,
                ("requests", "read"): self.requests,
                ("requests", "forget"): site.log.forget,
                ("faults", "add"): self.add_fault,
                ("faults", "clear"): site.faults.clear,
                ("oidc", "configure"): self.configure_oidc,
                ("hpc_user", "configure"): self.configure_hpc_user,
                ("hpc_user", "calls"): self.hpc_user_calls,
                ("dwdi", "configure"): self.configure_dwdi,
                ("dwdi", "calls"): self.dwdi_calls,
            }
        )

    def named(self, part: str, name: str) -> Call | None:
        """The control of this name, or None."""
        if (part, name) in self._own:
            return self._own[part, name]
        if name not in _PASSED_ON.get(part, ()):
            return None
        found: Call = getattr(getattr(self._site, part), name)
        return found

    def names(self) -> list[str]:
        """All of them, as they stand in paths."""
        passed_on = [(part, name) for part, names in _PASSED_ON.items() for name in names]
        return sorted(f"{part}/{name}" for part, name in (*self._own, *passed_on))

    def state(self) -> dict[str, object]:
        """What there is and what has happened, in short."""
        site = self._site
        return {
            "url": site.url,
            "mode": site.mode.value,
            "controls": self.names(),
            "faults": [attrs.asdict(active) for active in site.faults.active()],
            "requests": {service.value: site.log.count(service) for service in Service},
            "most_at_once": {s.value: site.log.most_at_once[s] for s in Service},
            "oidc": dict(site.oidc.counts),
            "hpc_user": {"calls": len(site.hpc_user.calls), "refusals": site.hpc_user.refusals},
            "dwdi": {"calls": len(site.dwdi.calls), "refusals": site.dwdi.refusals},
        }

    def requests(self, service: str | None = None) -> list[dict[str, object]]:
        """The last requests, oldest first."""
        kept = list(self._site.log.requests)
        return [attrs.asdict(each) for each in kept if service in {None, each.service.value}]

    def add_fault(self, service: str, fault: str | Mapping[str, object]) -> None:
        """Switch a fault on, written as text or as its members."""
        made = parse_fault(fault) if isinstance(fault, str) else fault_of(fault)
        self._site.faults.add(service, made)

    def configure_oidc(
        self,
        token_life: float | None = None,
        token_answer: Mapping[str, object] | None = None,
        token_answer_without: Sequence[str] = (),
        styles: Sequence[str] | None = None,
        extra_jwks: Sequence[Mapping[str, object]] | None = None,
        announced_issuer: str | None = None,
    ) -> None:
        """Change what is given; `token_life` in seconds, `styles` out of "" and "/auth"."""
        oidc = self._site.oidc
        if token_life is not None:
            oidc.token_life = timedelta(seconds=token_life)
        if token_answer is not None or token_answer_without:
            oidc.token_answer = {
                **(token_answer or {}),
                **dict.fromkeys(token_answer_without, ABSENT),
            }
        if styles is not None:
            oidc.styles = frozenset(map(PathStyle, styles))
        if extra_jwks is not None:
            oidc.extra_jwks = list(extra_jwks)
        if announced_issuer is not None:
            oidc.announced_issuer = announced_issuer

    def configure_hpc_user(
        self, has_users: bool | None = None, answers_everything: bool | None = None
    ) -> None:
        """Change what is given."""
        service = self._site.hpc_user
        if has_users is not None:
            service.has_users = has_users
        if answers_everything is not None:
            service.answers_everything = answers_everything

    def hpc_user_calls(self) -> list[dict[str, object]]:
        """Who was asked for, and how long the URLs were."""
        return [attrs.asdict(call) for call in self._site.hpc_user.calls]

    def configure_dwdi(self, answers_everything: bool) -> None:
        """Change what is given."""
        self._site.dwdi.answers_everything = answers_everything

    def dwdi_calls(self) -> list[dict[str, object]]:
        """Whose usage of when was asked for, and how long the URLs were."""
        return [attrs.asdict(call) for call in self._site.dwdi.calls]


_PASSED_ON: Final[Mapping[str, Sequence[str]]] = MappingProxyType(
    {
        "waldur": WALDUR_CALLS,
        "hpc_user": HPC_USER_CALLS,
        "oidc": OIDC_CALLS,
        "dwdi": DWDI_CALLS,
    }
)
