"""Hypothesis strategies of everything that a storage answer and usage events are made of.

For the tests of services that are built on the domain, as well as our own. Six families:

* text and numbers: `safe_slugs`, `path_segments`, `unsafe_slugs`, `terabytes`, `sent_numbers`, ...
* rows as Waldur sends them: `valid_rows` (always believed), `hostile_rows` (anything at all)
* what a site decides: `policies`, `quota_policies`, `overrides`
* whole sites: `sites` (every row is served), `untidy_sites` (much is wrong), `bad_rows` (one row
  that must be left out), `shuffled` and `pages` (the same rows in another order or portioning)
* usage events: `usage_events` (valid ones), `usage_event_wires` (as collectors send them, always
  taken), `hostile_usage_event_wires` (anything at all)
* directories that usage is linked to: `directories` (few names, so that many are ambiguous), and
  `directory_events`, which speak of what is in them

    from hypothesis import given
    from cscs_fakes.strategies import Site, sites

    @given(sites())
    def test_my_writer_takes_every_answer(site: Site) -> None:
        hierarchy = build_hierarchy(site.waldur_rows, site.identities, site.policy)
        ...

Needs the extra `fakes`. Nothing else in `cscs_fakes` imports hypothesis.
"""

from cscs_fakes.strategies.directories import directories, directory_events
from cscs_fakes.strategies.numbers import overrides, sent_numbers, terabytes, unusable_numbers
from cscs_fakes.strategies.rearranging import pages, shuffled
from cscs_fakes.strategies.resource_rows import (
    backend_ids,
    hostile_rows,
    orders_in_progress,
    row_dicts,
    valid_rows,
)
from cscs_fakes.strategies.site_policies import policies, quota_policies
from cscs_fakes.strategies.text import (
    any_text,
    json_values,
    path_segments,
    safe_slugs,
    unsafe_slugs,
    uuid_texts,
)
from cscs_fakes.strategies.usage_events import (
    hostile_usage_event_wires,
    usage_event_wires,
    usage_events,
)
from cscs_fakes.strategies.whole_sites import BadRow, Site, bad_rows, sites, untidy_sites

__all__ = [
    "BadRow",
    "Site",
    "any_text",
    "backend_ids",
    "bad_rows",
    "directories",
    "directory_events",
    "hostile_rows",
    "hostile_usage_event_wires",
    "json_values",
    "orders_in_progress",
    "overrides",
    "pages",
    "path_segments",
    "policies",
    "quota_policies",
    "row_dicts",
    "safe_slugs",
    "sent_numbers",
    "shuffled",
    "sites",
    "terabytes",
    "unsafe_slugs",
    "untidy_sites",
    "unusable_numbers",
    "usage_event_wires",
    "usage_events",
    "uuid_texts",
    "valid_rows",
]
