"""What a plan does not submit, in sentences, with what would let it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from cscs_domain._text import label
from cscs_domain.problems import Problem, ProblemCode, Severity
from cscs_domain.usage.metered_resources import MeteredResource
from cscs_domain.usage.metering import Metering
from cscs_domain.usage.plan import Action, PlannedFigure, ResourcePlan

DECREASE: Final = "is lower than what Waldur has"
UNKNOWN: Final = "the warehouse does not know it (any more)"
FILLED: Final = "Waldur would make the sum of the users the total"
NOT_ASKED: Final = "the warehouse could not be asked about the account"
UNMATCHED: Final = "no row of the warehouse has a field for it"
FOLLOWS: Final = "the total is held back"
_HINTS: Final = {
    DECREASE: "If the warehouse is right, report the month again with --allow-decrease; "
    "allow_decrease: true of the component does so always.",
    UNKNOWN: "If it is gone for good, report the month again with --reconcile.",
    NOT_ASKED: "Another problem of the account says why.",
    UNMATCHED: "Correct the component's name, or leave it out; --force submits the zeros.",
    FILLED: "Look for the missing total in the warehouse.",
}


def refused(reason: str) -> Iterator[Problem]:
    """A problem for a plan that must not be carried out."""
    if reason:
        yield Problem(ProblemCode.USAGE_HELD_BACK, Severity.ERROR, reason)


def held_back(plans: Iterable[ResourcePlan]) -> Iterator[Problem]:
    """A problem for every total that is held back, and for users with a reason of their own."""
    for plan in plans:
        held = [figure for figure in plan.figures if figure.action is Action.HELD_BACK]
        account = plan.resource.backend_id
        for figure in held:
            if figure.user is None:
                yield _problem(account, figure.component, _sentence(figure), figure.reason)
        users: dict[tuple[str, str], list[PlannedFigure]] = {}
        for figure in held:
            if figure.user is not None and figure.reason != FOLLOWS:
                users.setdefault((figure.component, figure.reason), []).append(figure)
        for (component, reason), figures in users.items():
            yield _problem(account, component, _of_users(figures), reason)


def _problem(account: str, component: str, text: str, reason: str) -> Problem:
    return Problem(
        ProblemCode.USAGE_HELD_BACK,
        Severity.WARNING,
        f"{label(component)} {text} ({reason})",
        _HINTS.get(reason, "Correct it in the warehouse."),
        account,
    )


def _sentence(figure: PlannedFigure) -> str:
    has = "has none" if figure.recorded is None else f"keeps {figure.recorded}"
    says = "nothing" if figure.wanted is None else f"{figure.wanted}"
    return f"is held back: Waldur {has}, the warehouse says {says}"


def _of_users(figures: Sequence[PlannedFigure]) -> str:
    first = figures[0]
    others = f" and {len(figures) - 1} more" if len(figures) > 1 else ""
    return f"of user {label(first.user)}{others} {_sentence(first)}"


def unknown_components(
    resources: Iterable[MeteredResource], metering: Metering
) -> Iterator[Problem]:
    """A problem for every configured component that one of the offerings lacks."""
    sold = {each.offering: each.components for each in resources if each.components is not None}
    for offering in sorted(sold, key=str):
        for component in metering.components:
            if component.name not in (sold[offering] or ()):
                there = ", ".join(map(label, sorted(sold[offering] or ()))) or "none"
                yield Problem(
                    ProblemCode.UNKNOWN_COMPONENT,
                    Severity.WARNING,
                    f"the offering has no component {label(component.name)}, so it is not "
                    f"reported; there are: {there}",
                    "Correct the name in the configuration, or add the component in Waldur.",
                    str(offering),
                )
