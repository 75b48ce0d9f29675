"""Reading whole lists of usage: small rows, which come and may change, but are hardly ever deleted.

Source: Waldur contract, sections 2, 7 and 8.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias
from uuid import UUID

from cscs_domain.storage.field_parsers import Faults, optional_uuid
from cscs_http.errors import UnusableAnswerError
from cscs_http.params import Params
from cscs_http.service import Service
from cscs_http.waldur_lists import Deadline, Decoded, WaldurList
from cscs_json import decode_raw_rows
from cscs_json.waldur_decoding import MalformedPageError

Row: TypeAlias = Mapping[str, object]

USAGES: Final = "marketplace-component-usages/"
USER_USAGES: Final = "marketplace-component-user-usages/"
ACCOUNTS: Final = "marketplace-offering-users/"

_MOST_READS: Final = 3


async def read_all(service: Service, path: str, params: Params, deadline: Deadline) -> list[Row]:
    """All rows of a list, each of them once.

    A page that comes later may repeat a row and leave one out, if the list has changed meanwhile;
    then there are fewer rows than it says, and it is read again. A row without a readable uuid
    counts as one of its own. Raises `UpstreamServiceError`.
    """
    whole = WaldurList(service, path, params, _objects, deadline)
    for _ in range(_MOST_READS):
        found: dict[UUID | int, Row] = {}
        total = 0
        async for page in whole.pages():
            total = max(total, page.total)
            for row in page.content.value:
                found[uuid_of(row) or len(found)] = row
        if len(found) >= total:
            return list(found.values())
    reason = f"GET {path} lists {total} rows, of which {len(found)} came: it changes all the time"
    raise UnusableAnswerError(service.connection.service, reason)


def uuid_of(row: Row, member: str = "uuid") -> UUID | None:
    """The uuid in a member, None if there is none to be read."""
    return readable_uuid(row.get(member))


def readable_uuid(value: object) -> UUID | None:
    """Any value as a uuid, None if it is none."""
    faults: Faults = []
    found = optional_uuid(value, "uuid", faults)
    return None if faults else found


def selection(*names: str) -> Params:
    """The parameters that ask for these members only."""
    return tuple(("field", name) for name in names)


def _objects(body: bytes, _name: str, _total: int) -> Decoded[list[Row]]:
    rows = decode_raw_rows(body)
    objects = [row for row in rows if isinstance(row, Mapping)]
    if len(objects) < len(rows):
        raise MalformedPageError("a list with something in it that is no object")
    return Decoded(objects, len(rows), ())
