"""Compute accounts of an emulated site: their resources in Waldur and who works for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from cscs_fakes.emulators.waldur.facts import SiteFacts
from cscs_fakes.emulators.waldur.mode import Mode
from cscs_fakes.emulators.waldur.offerings import component_of
from cscs_fakes.usage_rows import users_of
from cscs_fakes.waldur_row_catalogue import API, CSCS, Offering, shared_fields, stable_uuid
from cscs_fakes.waldur_row_names import institute_name, institute_slug, project_name
from cscs_fakes.waldur_row_orders import waldur_time
from cscs_fakes.waldur_rows import make_rows

DAINT: Final = Offering("daint", "Alps Daint", "daint", CSCS, share=0)
COMPONENT: Final = "nodeHours"
MEASURED_UNIT: Final = "node-hours"

_CATEGORY: Final = {
    "category_title": "HPC",
    "category_uuid": stable_uuid("marketplace-categories", "hpc"),
}
_PER_CUSTOMER: Final = 5
_FIRST: Final = datetime(2024, 5, 6, 7, 0, tzinfo=UTC)
_PLUGIN_OPTIONS: Final = {"service_provider_can_create_offering_user": True}


def account_names(count: int) -> list[str]:
    """`g001` and up; these are the backend ids of the resources."""
    return [f"g{number:03d}" for number in range(1, count + 1)]


def account_rows(accounts: Sequence[str]) -> Iterator[dict[str, object]]:
    """A resource for each account, in the state OK and without orders."""
    (usual,) = make_rows(1)
    for number, account in enumerate(accounts):
        yield usual | _offering_fields() | _place_fields(number, account) | _own(number, account)


def account_facts(accounts: Sequence[str], mode: Mode, *, seed: int = 0) -> SiteFacts:
    """The offering, if there are accounts, and the account at the site of everybody in them."""
    if not accounts:
        return SiteFacts()
    people = sorted({user for each in accounts for user in users_of(each, seed=seed)})
    state = {} if mode is Mode.V5_8 else {"state": "OK"}
    users = [_offering_user(username) | state for username in people]
    return SiteFacts(offerings=[_offering()], offering_users=users)


def _offering_fields() -> dict[str, object]:
    return (
        shared_fields(DAINT)
        | _CATEGORY
        | {"offering_backend_id": DAINT.backend_id, "offering_customer_uuid": CSCS.uuid}
    )


def _place_fields(number: int, account: str) -> dict[str, object]:
    customer = number // _PER_CUSTOMER
    project = stable_uuid("projects", f"compute/{account}")
    return {
        "customer_uuid": stable_uuid("customers", institute_slug(customer)),
        "customer_name": institute_name(customer),
        "customer_slug": institute_slug(customer),
        "project": f"{API}projects/{project}/",
        "project_uuid": project,
        "project_name": project_name(number),
        "project_slug": account,
        "project_description": f"Allocation of {institute_name(customer)}",
    }


def _own(number: int, account: str) -> dict[str, object]:
    uuid = stable_uuid("resources", f"compute/{account}")
    created = waldur_time(_FIRST + timedelta(hours=number))
    return {
        "url": f"{API}marketplace-resources/{uuid}/",
        "uuid": uuid,
        "name": f"Compute {account}",
        "slug": f"{DAINT.slug}-{account}",
        "state": "OK",
        "limits": {},
        "attributes": {},
        "options": {},
        "created": created,
        "modified": created,
        "error_message": "",
        "backend_id": account,
        "current_usages": {},
        "limit_usage": {},
        "is_usage_based": True,
        "is_limit_based": False,
        "order_in_progress": None,
        "creation_order": None,
    }


def _offering() -> dict[str, object]:
    component = component_of(DAINT.uuid, COMPONENT, billing="usage")
    return {
        "url": f"{API}marketplace-provider-offerings/{DAINT.uuid}/",
        "uuid": DAINT.uuid,
        "name": DAINT.name,
        "slug": DAINT.slug,
        "description": "Nodes of a supercomputer, by the hour.",
        "backend_id": DAINT.backend_id,
        "type": "Marketplace.Slurm",
        "state": "Active",
        "shared": True,
        "billable": True,
        "customer": f"{API}customers/{CSCS.uuid}/",
        "customer_uuid": CSCS.uuid,
        "customer_name": CSCS.name,
        **_CATEGORY,
        "plugin_options": _PLUGIN_OPTIONS,
        "components": [component | {"name": "Node-hours", "measured_unit": MEASURED_UNIT}],
    }


def _offering_user(username: str) -> dict[str, object]:
    uuid = stable_uuid("marketplace-offering-users", f"{DAINT.slug}/{username}")
    user = stable_uuid("users", username)
    created = waldur_time(_FIRST)
    return {
        "url": f"{API}marketplace-offering-users/{uuid}/",
        "uuid": uuid,
        "user": f"{API}users/{user}/",
        "offering": f"{API}marketplace-provider-offerings/{DAINT.uuid}/",
        "username": username,
        "offering_uuid": DAINT.uuid,
        "offering_name": DAINT.name,
        "user_uuid": user,
        "user_username": f"{username}@example.org",
        "user_full_name": username.title(),
        "created": created,
        "modified": created,
        "propagation_date": None,
        "customer_uuid": CSCS.uuid,
        "customer_name": CSCS.name,
        "is_restricted": False,
    }
