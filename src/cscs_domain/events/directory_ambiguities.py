"""Names that several records of a directory have, by which links find none of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from cscs_domain._text import shown, some_of
from cscs_domain.events.directory_names import (
    folded,
    folded_slug,
    folded_title,
    openstack_names,
    title_slug,
)
from cscs_domain.events.directory_records import (
    DirectoryProject,
    DirectoryUser,
    OpenstackRequest,
)
from cscs_domain.problems import Problem, ProblemCode, Severity


def shared_identities(users: Iterable[DirectoryUser]) -> Iterator[Problem]:
    """Users with one `sub`, e-mail address or user name."""
    # The texts themselves are personal data: ids are enough to find them.
    ways: tuple[tuple[str, Callable[[DirectoryUser], str | None]], ...] = (
        ("external id", lambda user: user.external_id),
        ("e-mail address", lambda user: user.email and folded(user.email)),
        ("user name", lambda user: user.username and folded(user.username)),
    )
    for what, text_of in ways:
        for _, ids in _shared((text_of(user), user.id) for user in users):
            message = f"Users {some_of(ids)} have one {what}; nobody is found by it."
            yield _ambiguous(message, "Correct all but one of them.")


def shared_names(
    projects: Iterable[DirectoryProject], requests: Iterable[OpenstackRequest]
) -> Iterator[Problem]:
    """Projects with one title, slug or name in OpenStack; requests are of these projects."""
    by_id = {project.id: project for project in projects}
    for title, ids in _shared((folded_title(one), one.id) for one in by_id.values()):
        message = f"Projects {some_of(ids)} have the title {shown(title)}; none is found by it."
        yield _ambiguous(message, "Rename all but one of them.")
    for slug, ids in _shared((folded_slug(one), one.id) for one in by_id.values()):
        message = f"Projects {some_of(ids)} have the slug {shown(slug)}; none is found by it."
        yield _ambiguous(message, "Give each a slug of its own.")
    yield from _shared_title_slugs(by_id)
    names = (
        (name, request.project)
        for request in requests
        for name in openstack_names(request, by_id[request.project])
    )
    for name, ids in _shared(names):
        message = f"Projects {some_of(ids)} are called {shown(name)} in OpenStack; none is found."
        yield _ambiguous(message, "Correct the customer keys or titles of their requests.")


def _shared_title_slugs(by_id: Mapping[str, DirectoryProject]) -> Iterator[Problem]:
    """Titles with one slug by which some project should be found, since it has no other."""
    own = {folded_slug(project) for project in by_id.values()}
    for slug, ids in _shared((title_slug(one), one.id) for one in by_id.values()):
        projects = [by_id[id_] for id_ in ids]
        has_one_title = len(set(map(folded_title, projects))) == 1  # which is told already
        if slug not in own and not has_one_title and not all(one.slug for one in projects):
            message = (
                f"Titles of projects {some_of(ids)} have the slug {shown(slug)};"
                " none is found by it."
            )
            yield _ambiguous(message, "Give each a slug of its own.")


def _ambiguous(message: str, hint: str) -> Problem:
    return Problem(ProblemCode.AMBIGUOUS_ENTRY, Severity.WARNING, message, hint)


def _shared(pairs: Iterable[tuple[str | None, str]]) -> Iterator[tuple[str, set[str]]]:
    """Texts with the ids of several records that have them."""
    ids_of: dict[str, set[str]] = {}
    for text, id_ in pairs:
        if text:
            ids_of.setdefault(text, set()).add(id_)
    return ((text, ids) for text, ids in ids_of.items() if len(ids) > 1)
