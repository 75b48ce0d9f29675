"""What a plan does not submit, in sentences, with what would let it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from cscs_domain._text import label, some_of
from cscs_domain.problems import Problem, ProblemCode, Severity
from cscs_domain.usage.metered_resources import MeteredResource
from cscs_domain.usage.metering import Metering
from cscs_domain.usage.plan import PlanAction, PlannedFigure, PlanReason, ResourcePlan

_HINTS: Final = {
    PlanReason.LESS: "If the warehouse is right, report the month again with --allow-decrease; "
    "allow_decrease: true of the component does so always.",
    PlanReason.FORGOTTEN: "If it is gone for good, report the month again with --reconcile.",
    PlanReason.EMPTY: "That is rather a fault than the truth; if it is right, --reconcile with "
    "--force makes it zero.",
    PlanReason.NAMELESS: "Have the rows without names corrected; --reconcile with --force makes it "
    "zero all the same.",
    PlanReason.NOT_TOLD: "Another problem of the account says why.",
    PlanReason.UNTOLD: "Look at the component's name and at the warehouse's load; --allow-decrease "
    "with --force submits it all the same.",
    PlanReason.FILLED: "Look for the missing total in the warehouse, or let all users become zero.",
}
_MEND: Final = "Correct it where it comes from, then report the month again."


def held_back(plans: Iterable[ResourcePlan]) -> Iterator[Problem]:
    """A problem for every total that is held back, and for users who are beside one that is not."""
    for plan in plans:
        held = [figure for figure in plan.figures if figure.action is PlanAction.HELD_BACK]
        totals = {figure.component: figure for figure in held if figure.user is None}
        for total in totals.values():
            yield _problem(plan, [total], "")
        users: dict[tuple[str, str], list[PlannedFigure]] = {}
        for figure in held:
            if figure.user is not None and figure.component not in totals:
                users.setdefault((figure.component, figure.reason), []).append(figure)
        for figures in users.values():
            names = some_of(str(figure.user) for figure in figures)
            yield _problem(plan, figures, f" of {names}")


def _problem(plan: ResourcePlan, figures: Sequence[PlannedFigure], whose: str) -> Problem:
    first = figures[0]
    has = "has none" if first.recorded is None else f"keeps {first.recorded}"
    says = "nothing" if first.wanted is None else f"{first.wanted}"
    sums = f": Waldur {has}, the warehouse says {says}" if len(figures) == 1 else ""
    return Problem(
        ProblemCode.USAGE_HELD_BACK,
        Severity.WARNING,
        f"{label(first.component)}{whose} is held back{sums} ({first.reason})",
        _HINTS.get(first.why, _MEND),
        plan.resource.backend_id,
    )


def unknown_components(
    resources: Iterable[MeteredResource], metering: Metering
) -> Iterator[Problem]:
    """A problem for every configured component that one of the offerings lacks."""
    sold = {each.offering: each.components for each in resources if each.components is not None}
    for offering in sorted(sold, key=str):
        for component in metering.components:
            if component.name not in (sold[offering] or ()):
                there = ", ".join(map(label, sorted(sold[offering] or ()))) or "none"
                name = label(component.name)
                yield Problem(
                    ProblemCode.UNKNOWN_COMPONENT,
                    Severity.WARNING,
                    f"the offering has no component {name} that takes usage; it is not reported; "
                    f"there are: {there}",
                    "Correct the name in the configuration, or add the component in Waldur.",
                    str(offering),
                )
