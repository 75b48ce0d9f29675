"""Who is there: customers with their projects, and providers. They come with the rows."""

from __future__ import annotations

from typing import Final

import attrs

from cscs_fakes.emulators.waldur.auth import ALICE
from cscs_fakes.emulators.waldur.records import ROOT, Row

BOB_UUID: Final = "bac5de0c68a75dd5928a69648b3c5c61"

_USERS: Final = (
    {"uuid": ALICE.uuid, "full_name": ALICE.full_name, "email": "alice@example.org", "image": None},
    {"uuid": BOB_UUID, "full_name": "Bob Berg", "email": "bob@example.org", "image": None},
)


@attrs.define
class Customer:
    """An organisation and its projects, by uuid; a project's row is what resources repeat of it."""

    uuid: str
    name: str
    slug: str
    projects: dict[str, Row] = attrs.field(factory=dict)

    def project_rows(self) -> list[dict[str, object]]:
        """Its projects, briefly, by name."""
        rows = [
            {"uuid": uuid, "name": place.get("project_name"), "image": None}
            for uuid, place in self.projects.items()
        ]
        return sorted(rows, key=_name)

    def row(self, *, is_provider: bool) -> dict[str, object]:
        """As `customers` lists it."""
        return {
            **dict.fromkeys(_EMPTY_TEXTS, ""),
            **dict.fromkeys(_NOTHING),
            "url": f"{ROOT}customers/{self.uuid}/",
            "uuid": self.uuid,
            "created": "2023-01-02T08:00:00.000000Z",
            "name": self.name,
            "slug": self.slug,
            "display_name": self.name,
            "archived": False,
            "blocked": False,
            "default_tax_percent": "0.00",
            "accounting_start_date": "2023-01-02T08:00:00.000000Z",
            "is_service_provider": is_provider,
            "payment_profiles": [],
            "projects": self.project_rows(),
            "projects_count": len(self.projects),
            "users_count": len(_USERS),
        }

    def row_for_provider(self, price: float) -> dict[str, object]:
        """As a provider's list of its customers has it: without a slug."""
        total = {"total": price, "current": price, "tax": 0.0, "tax_current": 0.0}
        return {
            "uuid": self.uuid,
            "name": self.name,
            "abbreviation": "",
            "phone_number": "",
            "email": "",
            "payment_profiles": None,
            "billing_price_estimate": total,
            "projects_count": len(self.projects),
            "users_count": len(_USERS),
            "projects": self.project_rows(),
            "users": list(_USERS),
        }


@attrs.define
class Places:
    """All customers and providers, by uuid."""

    customers: dict[str, Customer] = attrs.field(factory=dict)
    providers: dict[str, Customer] = attrs.field(factory=dict)

    def learn(self, offering: Row, place: Row) -> None:
        """A resource is there: so are those who have it and those who provide it."""
        who = _text(place, "customer_uuid")
        if who not in self.customers:
            name, slug = place.get("customer_name"), place.get("customer_slug")
            self.customers[who] = Customer(who, str(name), str(slug))
        self.customers[who].projects.setdefault(_text(place, "project_uuid"), place)
        provider = _text(offering, "provider_uuid")
        if provider not in self.providers:
            name = str(offering.get("provider_name"))
            slug = str(offering.get("provider_slug") or name.lower())
            self.providers[provider] = Customer(provider, name, slug)

    def project(self, uuid: str) -> Row | None:
        """A project, wherever it is."""
        found = (customer.projects.get(uuid) for customer in self.customers.values())
        return next((place for place in found if place is not None), None)

    def place(self, customer_slug: str, project_slug: str) -> Row | None:
        """A customer's project, by their slugs."""
        for customer in self.customers.values():
            if customer.slug == customer_slug:
                for place in customer.projects.values():
                    if place.get("project_slug") == project_slug:
                        return place
        return None


def _text(row: Row, name: str) -> str:
    found = row.get(name)
    return found if isinstance(found, str) else ""


def _name(row: Row) -> str:
    return str(row["name"])


_EMPTY_TEXTS: Final = (
    *("abbreviation", "access_subnets", "address", "agreement_number", "backend_id"),
    *("bank_account", "bank_name", "contact_details", "country", "country_name", "domain", "email"),
    *("homepage", "native_name", "phone_number", "postal", "registration_code", "vat_code"),
)
_NOTHING: Final = (
    *("call_managing_organization_uuid", "image", "latitude", "longitude", "organization_group"),
    "sponsor_number",
)
