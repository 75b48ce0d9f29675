"""What rows of resources do not tell about a site, for those who must have it exactly so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from cscs_fakes.emulators.waldur.records import Row


@attrs.frozen(kw_only=True)
class SiteFacts:
    """All of it may be left out; then it is made up.

    `offerings` are rows of `marketplace-provider-offerings`, in part or in whole; `orders` are rows
    of orders beyond those that are nested in resources; `offering_users` rows of that endpoint;
    `plan_periods` maps a resource's uuid to its period's `uuid` and `start`; `service_providers`
    maps a customer's uuid to the uuid that it has as a provider.
    """

    offerings: Sequence[Row] = ()
    orders: Sequence[Row] = ()
    offering_users: Sequence[Row] = ()
    plan_periods: Mapping[str, Mapping[str, str]] = attrs.field(factory=dict)
    service_providers: Mapping[str, str] = attrs.field(factory=dict)
