"""By which texts records of a directory are found. Adapters that index them use these."""

from __future__ import annotations

from cscs_domain.events.directory_records import DirectoryProject, OpenstackRequest
from cscs_domain.events.slugs import bare_slug, slug


def folded(text: str) -> str:
    """The text as it is compared: lower-cased and whole."""
    return text.lower()


def folded_title(project: DirectoryProject) -> str:
    """What a project's title is found by, which is also without blanks at its ends."""
    return folded(project.title.strip())


def folded_slug(project: DirectoryProject) -> str | None:
    """A project's own slug, if it has one."""
    return folded(project.slug) if project.slug else None


def title_slug(project: DirectoryProject) -> str:
    """The slug of a project's title; empty if nothing is left of it."""
    return bare_slug(project.title)


def openstack_names(request: OpenstackRequest, project: DirectoryProject) -> tuple[str, ...]:
    """What the project of a request is called in OpenStack, lower-cased: one name or two.

    The customer's key, a dash, and the slug of the title or the project's own (without one, that of
    the project's title, whatever the request calls it).
    """
    customer = slug(request.customer_key)
    by_title = f"{customer}-{slug(request.project_title or project.title)}"
    by_slug = f"{customer}-{folded_slug(project) or slug(project.title)}"
    return (by_title,) if by_title == by_slug else (by_title, by_slug)
