"""Places for resources of customers and projects that nobody has heard of."""

from __future__ import annotations

from cscs_fakes.emulators.waldur.places import Places
from cscs_fakes.emulators.waldur.records import ROOT, Row
from cscs_fakes.waldur_row_catalogue import stable_uuid


def place_for(places: Places, customer_slug: str, project_slug: str) -> Row:
    """What resources repeat of this project of this customer, which may be new."""
    known = places.place(customer_slug, project_slug)
    return known if known is not None else _new_place(places, customer_slug, project_slug)


def _new_place(places: Places, customer_slug: str, project_slug: str) -> Row:
    customers = [each for each in places.customers.values() if each.slug == customer_slug]
    name = customers[0].name if customers else customer_slug.title()
    who = customers[0].uuid if customers else stable_uuid("customers", customer_slug)
    uuid = stable_uuid("projects", f"{customer_slug}/{project_slug}")
    return {
        "customer_uuid": who,
        "customer_name": name,
        "customer_slug": customer_slug,
        "project": f"{ROOT}projects/{uuid}/",
        "project_uuid": uuid,
        "project_name": project_slug.title(),
        "project_description": f"Allocation of {name}",
        "project_slug": project_slug,
        "project_end_date": None,
        "project_end_date_requested_by": None,
    }
