"""Where tenants and customers are mounted once all their children are known. DESIGN section 3."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from cscs_domain._text import shown
from cscs_domain.problems import Problem, ProblemCode, Severity
from cscs_domain.storage.branches import Branch, Branches
from cscs_domain.storage.mount_points import MountPath
from cscs_domain.storage.target_ids import ItemIds

_MOST_NAMED: Final = 4


def settle_branches(branches: Branches) -> list[Problem]:
    """Give every branch that has children its path, customers first, and say what was doubtful.

    A branch whose resources were all left out has nothing to say and is dropped.
    """
    scheme = branches.policy.item_ids
    problems: list[Problem] = []
    for level in (branches.customers, branches.tenants):
        for key in [key for key, branch in level.items() if not branch.voices]:
            del level[key]
        for branch in level.values():
            problems += _settle_path(branch, scheme)
            problems += _ambiguity(branch, scheme)
    return problems


def _settle_path(branch: Branch, scheme: ItemIds) -> Iterable[Problem]:
    branch.settled_path = branch.generated_path
    if branch.child_folders != {branch.generated_path.text}:
        derived = _derived(branch)
        if derived is None:
            yield _disagreement(branch, scheme)
        else:
            branch.settled_path = derived
    if branch.parent:
        branch.parent.child_folders.add(branch.path.text.rpartition("/")[0])


def _derived(branch: Branch) -> MountPath | None:
    """The folder in which all children lie, if that is one folder strictly below a root."""
    if len(branch.child_folders) != 1:
        return None
    (folder,) = branch.child_folders
    if not any(folder.startswith(f"{root}/") for root in branch.system.roots):
        return None
    return MountPath(folder)


def _some(names: Iterable[str]) -> str:
    listed = list(names)
    more = len(listed) - _MOST_NAMED
    return ", ".join(listed[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _disagreement(branch: Branch, scheme: ItemIds) -> Problem:
    folders = _some(sorted(branch.child_folders))
    return Problem(
        ProblemCode.PARENT_PATH_DISAGREEMENT,
        Severity.WARNING,
        f"children of {branch.slug} lie in {folders}; {branch.generated_path} stands",
        "Correct the backend ids, or take this row's path as the place for new directories only.",
        resource=str(branch.item_id(scheme)),
    )


def _ambiguity(branch: Branch, scheme: ItemIds) -> Iterable[Problem]:
    if len(branch.voices) == 1:
        return
    disagreeing = []
    names = {voice.party.name for voice in branch.voices.values()}
    uuids = {voice.uuid for voice in branch.voices.values()}
    if len(names) > 1:
        disagreeing.append(f"names ({_some(map(shown, sorted(names)))})")
    if len(uuids) > 1 and scheme is ItemIds.DOCUMENTED:
        disagreeing.append(f"uuids ({_some(map(str, sorted(uuids)))})")
    if disagreeing:
        yield Problem(
            ProblemCode.AMBIGUOUS_PARENT,
            Severity.WARNING,
            f"rows of {branch.slug} give several {' and '.join(disagreeing)};"
            " the most frequent is taken",
            "Two organisations or offerings may carry one slug, or one was just renamed.",
            resource=str(branch.item_id(scheme)),
        )
