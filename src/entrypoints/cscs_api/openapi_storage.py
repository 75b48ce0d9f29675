"""The storage answer in the OpenAPI document. Source: DESIGN section 4, docs/integrators.md."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cscs_api.openapi_parts import BEARER, answer, errors, parameter
from cscs_api.openapi_schemas import (
    Schema,
    amount,
    anything,
    boolean,
    listed,
    or_null,
    record,
    ref,
    text,
    uuid,
    whole,
    words,
)
from cscs_api.storage_query import LONGEST_DATA_TYPE, STATES, STATUSES
from cscs_domain.problems import ProblemCode, Severity
from cscs_domain.storage.data_types import TargetType
from cscs_domain.storage.filters import DEFAULT_PAGE_SIZE, LARGEST_PAGE_SIZE
from cscs_domain.storage.states import Status
from cscs_domain.storage.wire import CALLBACK_MEMBERS

_QUOTA: Final = record(
    {
        "type": words(["space", "inodes"]),
        "quota": amount("Terabytes, or a whole number of inodes."),
        "unit": words(["tera", "none"]),
        "enforcementType": words(["soft", "hard"]),
    }
)
_QUOTAS: Final = or_null(listed(_QUOTA, "Space soft and hard, inodes soft and hard."))
_ITEM: Final = record(
    {
        "itemId": uuid(),
        "key": text(),
        "name": text(),
        "active": boolean(),
        "path": text(),
    }
)
_ID: Final = {"minimum": 1, "type": "integer"}
_PRIMARY: Final = record({"name": text(), "unixGid": _ID, "active": boolean()})
_TARGET_ITEM: Final = record(
    {
        "itemId": uuid(),
        "key": or_null(text()),
        "name": or_null(text()),
        "status": words(status.value for status in Status),
        "unixGid": _ID,
        "unixUid": _ID,
        "email": or_null(text()),
        "primaryProject": _PRIMARY,
        "active": boolean(),
    },
    optional=("status", "unixGid", "unixUid", "email", "primaryProject", "active"),
)
_ROW: Final = record(
    {
        "itemId": uuid(),
        "status": words(status.value for status in Status),
        "mountPoint": record({"default": text("An absolute path.")}),
        "permission": record({"value": text(), "permissionType": words(["octal"])}),
        "storageSystem": ref("StorageItem"),
        "storageFileSystem": ref("StorageItem"),
        "storageDataType": ref("StorageItem"),
        "target": record(
            {
                "targetType": words(kind.value for kind in TargetType),
                "targetItem": _TARGET_ITEM,
            }
        ),
        "quotas": _QUOTAS,
        "oldQuotas": _QUOTAS,
        "newQuotas": _QUOTAS,
        "parentItemId": or_null(uuid()),
        **{
            name: text("A callback of Waldur's that may be called now.")
            for name in CALLBACK_MEMBERS
        },
    },
    optional=CALLBACK_MEMBERS,
)
_PAGINATION: Final = record(
    {
        "current": whole(least=1),
        "limit": whole(least=1),
        "offset": whole(),
        "pages": whole(),
        "total": whole(),
        "has_next": boolean(),
        "snapshot": text("Give it with the next pages, so that all are of one read."),
    }
)
_PROBLEM: Final = record(
    {
        "code": words(code.value for code in ProblemCode),
        "severity": words(severity.value for severity in Severity),
        "resource": or_null(text()),
        "message": text(),
        "hint": text(),
    }
)
_STATE_WORDS: Final = "What Waldur says of the resource."

SCHEMAS: Final[Mapping[str, Schema]] = {
    "StorageItem": _ITEM,
    "StorageRow": _ROW,
    "Problem": _PROBLEM,
    "StorageAnswer": record(
        {
            "version": text(),
            "status": words(["success"]),
            "resources": listed(ref("StorageRow")),
            "pagination": _PAGINATION,
            "filters_applied": anything(),
            "problems": listed(ref("Problem")),
        }
    ),
    "StorageDebugAnswer": record(
        {
            "status": words(["success"]),
            "debug_mode": {"const": True},
            "agent_offering_config": anything(),
            "waldur_offering_details": anything(),
            "raw_resources": anything(),
        }
    ),
}

_PARAMETERS: Final = [
    parameter("storage_system", text(minLength=1), "A configured system."),
    parameter(
        "data_type", text(minLength=1, maxLength=LONGEST_DATA_TYPE), "Such as store or archive."
    ),
    parameter("status", words(STATUSES), "What a provisioner is told of the row."),
    parameter("state", words(STATES), _STATE_WORDS),
    parameter("page", whole(least=1, most=10**18 - 1), "From 1; a page past the end is empty."),
    parameter(
        "page_size",
        whole(least=1, most=LARGEST_PAGE_SIZE) | {"default": DEFAULT_PAGE_SIZE},
        "Rows on a page.",
    ),
    parameter("debug", words(["true", "false"]), "Waldur's data as they came; for operators."),
    parameter("snapshot", text(minLength=1), "pagination.snapshot of the page before."),
    parameter("If-None-Match", text(), "An ETag of ours.", place="header"),
    parameter("Cache-Control", text(), "no-cache reads Waldur afresh.", place="header"),
]


def _operation(operation_id: str) -> Schema:
    found = answer(
        "A page of rows, or what debug shows.",
        {"anyOf": [ref("StorageAnswer"), ref("StorageDebugAnswer")]},
        headers=("ETag", "Age", "Warning"),
    )
    return {
        "operationId": operation_id,
        "summary": "Storage resources: directories with quotas, owners and callbacks",
        "tags": ["storage"],
        "security": [{BEARER: []}],
        "parameters": _PARAMETERS,
        "responses": {
            "200": found,
            "304": answer("What the ETag stands for is unchanged.", headers=("ETag", "Age")),
            **errors(401, 403, 404, 410, 422, 500, 502),
        },
    }


PATHS: Final[Mapping[str, Schema]] = {
    "/api/storage-resources/": {"get": _operation("storageResources")},
    "/api/storage-resources": {"get": _operation("storageResourcesWithoutSlash")},
}
