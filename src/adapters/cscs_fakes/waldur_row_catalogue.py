"""What the made-up site offers: two providers, three storage offerings, one plan each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import NAMESPACE_URL, uuid5

API: Final = "https://waldur.example.com/api/"

_DESCRIPTION: Final = (
    "Parallel file system for research data. Space is granted per project and billed by the "
    "terabyte and month; Zugriff über alle Rechenknoten, sauvegarde non comprise."
)


def stable_uuid(kind: str, name: str) -> str:
    """32 hex digits, the same in every run for one kind and name."""
    return uuid5(NAMESPACE_URL, f"{API}{kind}/{name}").hex


@dataclass(frozen=True, slots=True)
class Provider:
    """The organisation that owns an offering: the tenant level of a path."""

    slug: str
    name: str

    @property
    def uuid(self) -> str:
        return stable_uuid("customers", self.slug)


@dataclass(frozen=True, slots=True)
class Offering:
    """A storage system that can be ordered; `share` is its part of all resources, in percent."""

    slug: str
    name: str
    backend_id: str
    provider: Provider
    share: int

    @property
    def uuid(self) -> str:
        return stable_uuid("marketplace-provider-offerings", self.slug)

    @property
    def plan_uuid(self) -> str:
        return stable_uuid("plans", self.slug)


CSCS: Final = Provider("cscs", "Swiss National Supercomputing Centre (CSCS)")
ALPINE: Final = Provider("alpine-data", "Alpine Data Facility (Données alpines)")

OFFERINGS: Final = (
    Offering("capstor", "Capstor", "capstor", CSCS, share=60),
    Offering("vast", "VAST", "vast-zh", ALPINE, share=28),
    Offering("iopsstor", "IOPSstor", "iopsstor", CSCS, share=12),
)


def shared_fields(offering: Offering) -> dict[str, object]:
    """The keys about offering, provider, category and plan that a resource and an order share."""
    return _offering_fields(offering) | _plan_fields(offering)


def _offering_fields(offering: Offering) -> dict[str, object]:
    return {
        "offering": f"{API}marketplace-public-offerings/{offering.uuid}/",
        "offering_name": offering.name,
        "offering_uuid": offering.uuid,
        "offering_slug": offering.slug,
        "offering_description": _DESCRIPTION,
        "offering_image": None,
        "offering_thumbnail": None,
        "offering_type": "Marketplace.Slurm",
        "offering_terms_of_service": "",
        "offering_shared": True,
        "offering_billable": True,
        "offering_plugin_options": _plugin_options(),
        "provider_name": offering.provider.name,
        "provider_uuid": offering.provider.uuid,
        "provider_slug": offering.provider.slug,
    }


def _plugin_options() -> dict[str, object]:
    return {
        "service_provider_can_create_offering_user": True,
        "auto_approve_remote_orders": False,
        "supports_pausing": False,
        "supports_downscaling": False,
        "account_name_generation_policy": "project_slug",
    }


def _plan_fields(offering: Offering) -> dict[str, object]:
    plans = f"{API}marketplace-public-offerings/{offering.uuid}/plans"
    return {
        "category_title": "Storage",
        "category_uuid": stable_uuid("marketplace-categories", "storage"),
        "category_icon": None,
        "plan": f"{plans}/{offering.plan_uuid}/",
        "plan_unit": "month",
        "plan_name": "Default",
        "plan_uuid": offering.plan_uuid,
        "plan_description": "",
    }
