"""What can be ordered: offerings with their components and plans, as their providers see them.

Offerings come into being with the first row of a resource that names them. Source: Waldur contract,
section 6, and sample `provider_offerings`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import attrs

from cscs_fakes.emulators.waldur.records import ROOT, Record, Row
from cscs_fakes.waldur_row_catalogue import stable_uuid

BASIC: Final = "Marketplace.Basic"
AGENT_DRIVEN: Final = "Marketplace.Slurm"
SUPPORT: Final = "Support.OfferingTemplate"

_OPTIONS: Final = {
    "soft_quota_space": "integer",
    "hard_quota_space": "integer",
    "soft_quota_inodes": "integer",
    "hard_quota_inodes": "integer",
    "permissions": "string",
}
_UNITS: Final = {"storage": "TB"}


@attrs.define
class Offering:
    """An offering; `part` is what resources repeat of it, `fields` is its own row."""

    part: Row
    fields: dict[str, object]

    @property
    def uuid(self) -> str:
        """32 hex digits."""
        return str(self.fields["uuid"])

    @property
    def slug(self) -> str:
        """Its short name."""
        return str(self.fields["slug"])

    @property
    def components(self) -> list[Row]:
        """What is measured or limited."""
        found: list[Row] = self.fields["components"]  # type: ignore[assignment]  # made here
        return found

    @property
    def option_names(self) -> frozenset[str]:
        """The names that the options of a resource may have."""
        declared = self.fields["resource_options"]
        options = declared.get("options") if isinstance(declared, dict) else None
        return frozenset(options or ())

    def types(self, *billing: str) -> frozenset[str]:
        """The types of the components that are billed in one of these ways."""
        return frozenset(str(c["type"]) for c in self.components if c["billing_type"] in billing)

    def shows_users(self, secretly: bool) -> bool:
        """Whether the provider sees accounts, by its secret options or by those of the plugin."""
        options = self.fields["secret_options" if secretly else "plugin_options"]
        name = "service_provider_can_create_offering_user"
        return isinstance(options, dict) and bool(options.get(name))

    def learn_components(self, types: Iterable[str]) -> None:
        """A resource has limits of these types."""
        known = {component["type"] for component in self.components}
        new = [component_of(self.uuid, name) for name in types if name not in known]
        self.fields["components"] = [*self.components, *new]


def offering_of(part: Row, known: Row) -> Offering:
    """The offering that a resource's part tells of; `known` members win."""
    uuid, slug = str(part.get("offering_uuid")), part.get("offering_slug") or known.get("slug")
    fields = _fields(part, uuid, str(slug or part.get("offering_name")))
    return Offering(part, {**fields, **known})


def record_part(offering: Row) -> dict[str, object]:
    """What resources repeat of an offering of which there is only its own row."""
    copied = ("name", "uuid", "slug", "description", "type", "shared", "billable")
    uuid = offering["uuid"]
    return {
        "offering": f"{ROOT}marketplace-public-offerings/{uuid}/",
        **{f"offering_{name}": offering.get(name) for name in copied},
        "offering_plugin_options": offering.get("plugin_options", {}),
        "provider_name": offering.get("customer_name"),
        "provider_uuid": offering.get("customer_uuid"),
    }


def component_of(offering_uuid: str, name: str, billing: str = "limit") -> dict[str, object]:
    """A component with nothing unusual about it."""
    empty = ("limit_period", "limit_amount", "max_value", "min_value", "max_available_limit")
    return {
        "uuid": stable_uuid("components", f"{offering_uuid}/{name}"),
        "billing_type": billing,
        "type": name,
        "name": name.capitalize(),
        "description": "",
        "measured_unit": _UNITS.get(name, ""),
        "article_code": "",
        "is_boolean": False,
        "default_limit": None,
        "factor": None,
        "is_builtin": False,
        **dict.fromkeys(empty),
    }


def plan_of(offering: Offering, resources: int) -> dict[str, object]:
    """The one plan of an offering; a unit of everything costs 1 a month."""
    types = [str(component["type"]) for component in offering.components]
    uuid = offering.part.get("plan_uuid")
    return {
        "url": f"{ROOT}marketplace-plans/{uuid}/",
        "uuid": uuid,
        "name": offering.part.get("plan_name"),
        "description": "",
        "article_code": "",
        "max_amount": None,
        "archived": False,
        "is_active": True,
        "unit_price": "0.0000000000",
        "unit": offering.part.get("plan_unit"),
        "init_price": 0,
        "switch_price": 0,
        "backend_id": "",
        "organization_groups": [],
        "prices": dict.fromkeys(types, 1.0),
        "future_prices": dict.fromkeys(types),
        "quotas": dict.fromkeys(types, 0),
        "resources_count": resources,
        "plan_type": "limit",
        "minimal_price": float(len(types)),
    }


def limits_of(record: Record) -> Mapping[str, object]:
    """The limits of a row; nothing if they are no object."""
    limits = record.get("limits")
    return limits if isinstance(limits, dict) else {}


def _fields(part: Row, uuid: str, slug: str) -> dict[str, object]:
    switch: dict[str, object] = {"service_provider_can_create_offering_user": True}
    empty_texts = (
        *("full_description", "terms_of_service", "terms_of_service_link", "privacy_policy_link"),
        *("native_name", "native_description", "vendor_details", "getting_started"),
        *("integration_guide", "paused_reason", "datacite_doi", "country", "backend_id"),
    )
    empty_lists = (
        *("endpoints", "roles", "screenshots", "files", "organization_groups"),
        "integration_status",
    )
    nothing = (
        *("project", "rating", "thumbnail", "scope", "latitude", "longitude", "image"),
        *("google_calendar_is_public", "google_calendar_link"),
    )
    provider, category = part.get("provider_uuid"), part.get("category_uuid")
    return {
        **dict.fromkeys(empty_texts, ""),
        **{name: [] for name in empty_lists},
        **dict.fromkeys(nothing),
        "url": f"{ROOT}marketplace-provider-offerings/{uuid}/",
        "uuid": uuid,
        "created": "2023-01-02T08:00:00.000000Z",
        "name": part.get("offering_name"),
        "slug": slug,
        "description": part.get("offering_description"),
        "customer": f"{ROOT}customers/{provider}/",
        "customer_uuid": provider,
        "customer_name": part.get("provider_name"),
        "category": f"{ROOT}marketplace-categories/{category}/",
        "category_uuid": category,
        "category_title": part.get("category_title"),
        "attributes": {},
        "options": {},
        "resource_options": {
            "order": list(_OPTIONS),
            "options": {name: {"type": kind, "label": name} for name, kind in _OPTIONS.items()},
        },
        "components": [],
        "plugin_options": part.get("offering_plugin_options") or switch,
        "secret_options": switch,
        "service_attributes": {},
        "state": "Active",
        "type": part.get("offering_type"),
        "shared": part.get("offering_shared"),
        "billable": part.get("offering_billable"),
        "citation_count": -1,
        "backend_metadata": {},
    }
