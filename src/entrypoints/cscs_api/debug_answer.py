"""debug=true: Waldur's data as it came, beside our configuration. Source: spec 001, "Debug Mode".

Read live and never kept. Secrets are left out: ours are masked by the settings, Waldur's
`secret_options` and whatever else is named a secret are dropped wherever they stand.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from cscs_api.answers import members
from cscs_api.raw_values import without_secrets
from cscs_api.storage_query import StorageQuery
from cscs_bootstrap.storage_service import StorageService
from cscs_domain.errors import InvalidValueError, UpstreamServiceError
from cscs_domain.ports import JsonObject, ResourceQuery
from cscs_domain.storage.policy import StorageSystem
from cscs_domain.storage.resource_parser import parse_resource
from cscs_domain.storage.rows import RowFacts
from cscs_domain.storage.states import shown_state, status_of
from cscs_domain.storage.waldur_rows import WaldurRow

Json: TypeAlias = dict[str, object]


class DebugAnswer:
    """Writes the debug answer for one storage service and its configuration, already masked."""

    def __init__(self, service: StorageService, configuration: Mapping[str, object]) -> None:
        self._service = service
        self._configuration = configuration

    async def answer(self, query: StorageQuery) -> Json:
        """Configuration, offerings and raw resources.

        With one system chosen (or configured) the two details are objects as in spec 001, else
        objects by system name. Raises `UpstreamServiceError` if the resources cannot be read; an
        offering that cannot be looked up is shown as its error.
        """
        chosen = [
            system
            for system in self._service.policy.systems
            if query.filter.storage_system in {None, system.name}
        ]
        details = {system.name: await self._offering(system) for system in chosen}
        offerings = {system.name: self._config(details[system.name]) for system in chosen}
        only = chosen[0].name if len(chosen) == 1 else None
        return {
            "status": "success",
            "debug_mode": True,
            "agent_offering_config": offerings[only] if only else offerings,
            "waldur_offering_details": details[only] if only else details,
            "raw_resources": await self._raw(query, chosen),
        }

    def _config(self, offering: JsonObject) -> Json:
        return {"uuid": offering.get("uuid"), **self._configuration}

    async def _offering(self, system: StorageSystem) -> JsonObject:
        try:
            found = await self._service.inspection.offering(system.offering_slug)
        except UpstreamServiceError as error:
            return {"slug": system.offering_slug, "error": str(error)}
        if found is None:
            return {"slug": system.offering_slug, "error": "Waldur shows no such offering"}
        return without_secrets(found)

    async def _raw(self, query: StorageQuery, chosen: list[StorageSystem]) -> Json:
        names = {system.offering_slug: system.name for system in chosen}
        wanted = ResourceQuery(
            offering_slugs=frozenset(names),
            include_terminated=self._service.include_terminated or query.filter.asks_for_terminated,
        )
        rows = [
            row
            async for page in self._service.inspection.raw_pages(wanted)
            for row in page
            if _is_sold_as(row, names) and _matches(row, names, query)
        ]
        page = query.page.of(len(rows))
        shown = rows[query.page.offset : query.page.offset + query.page.size]
        return {
            "resources": [without_secrets(row) for row in shown],
            "pagination": {
                "current": page.current,
                "limit": page.limit,
                "offset": page.offset,
                "pages": page.pages,
                "total": page.total,
            },
            "filters_applied": members(query.filter),
        }


def _is_sold_as(row: JsonObject, offering_slugs: Mapping[str, str]) -> bool:
    slug = row.get("offering_slug")
    return isinstance(slug, str) and slug in offering_slugs


def _matches(row: JsonObject, names: Mapping[str, str], query: StorageQuery) -> bool:
    """Whether the row would be shown; one that cannot be believed only without filters."""
    facts = _facts(row, names)
    if facts is None:
        plain = members(query.filter) | {"storage_system": None}
        return not any(plain.values())
    return query.filter.matches(facts)


def _facts(row: JsonObject, names: Mapping[str, str]) -> RowFacts | None:
    try:
        resource = parse_resource(WaldurRow.from_mapping(row)).resource
    except InvalidValueError:
        return None
    if resource is None:
        return None
    order = resource.order.state if resource.order else None
    return RowFacts(
        system=names[resource.offering.slug],
        data_type=resource.data_type,
        status=status_of(resource.state, order),
        state=shown_state(resource.state, order),
    )
