"""Reading whole lists of usage: small rows, which come and may change, but are hardly ever deleted.

Source: Waldur contract, sections 2, 7 and 8.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias
from uuid import UUID

from cscs_domain.storage.field_parsers import Fault, Faults, required_uuid
from cscs_http.errors import UnusableAnswerError
from cscs_http.params import Params
from cscs_http.service import Service
from cscs_http.waldur_lists import Deadline, Decoded, WaldurList
from cscs_json import decode_raw_rows
from cscs_json.waldur_decoding import MalformedPageError

Row: TypeAlias = Mapping[str, object]
Rows: TypeAlias = Mapping[UUID, Row]

USAGES: Final = "marketplace-component-usages/"
USER_USAGES: Final = "marketplace-component-user-usages/"
ACCOUNTS: Final = "marketplace-offering-users/"

_MOST_READS: Final = 3


async def read_all(service: Service, path: str, params: Params, deadline: Deadline) -> Rows:
    """All rows of a list by uuid.

    A page that comes later may repeat a row and leave one out, if the list has changed meanwhile;
    then there are fewer rows than it says, and it is read again. Raises `UpstreamServiceError`.
    """
    whole = WaldurList(service, path, params, _objects, deadline)
    for _ in range(_MOST_READS):
        found: dict[UUID, Row] = {}
        total = 0
        async for page in whole.pages():
            total = max(total, page.total)
            found |= {_uuid_of(service, path, row): row for row in page.content.value}
        if len(found) >= total:
            return found
    reason = f"GET {path} lists {total} rows, of which {len(found)} came: it changes all the time"
    raise UnusableAnswerError(service.connection.service, reason)


def selection(*names: str) -> Params:
    """The parameters that ask for these members only."""
    return tuple(("field", name) for name in names)


def refuse(service: Service, path: str, fault: Fault) -> UnusableAnswerError:
    """The error about a row that cannot be believed, and that cannot be left out either."""
    reason = f"GET {path} answered with a row whose {fault.message}"
    return UnusableAnswerError(service.connection.service, reason)


def _uuid_of(service: Service, path: str, row: Row) -> UUID:
    faults: Faults = []
    uuid = required_uuid(row.get("uuid"), "uuid", faults)
    if faults:
        raise refuse(service, path, faults[0])
    return uuid


def _objects(body: bytes, _name: str, _total: int) -> Decoded[list[Row]]:
    rows = decode_raw_rows(body)
    objects = [row for row in rows if isinstance(row, Mapping)]
    if len(objects) < len(rows):
        raise MalformedPageError("a list with something in it that is no object")
    return Decoded(objects, len(rows), ())
