"""For people who write storage provisioners: the answer as typed rows, and the way back.

`StorageClient` is for scripts, `AsyncStorageClient` for programs with an event loop; `reconcile`
is one round of a provisioner. docs/integrators.md tells how they are used. Rows and errors are
those of `cscs_domain`.
"""

from cscs_client.answers import ReportedProblem, StorageAnswer, StoragePage
from cscs_client.client import AsyncStorageClient
from cscs_client.errors import (
    ActionNotOfferedError,
    ForeignCallbackError,
    ForeignOrderError,
    NotNowError,
)
from cscs_client.oidc_login import OidcLogin, SystemClock
from cscs_client.reconciliation import Provisioner, Result, Step, reconcile
from cscs_client.row_actions import AsyncRowActions, may_work
from cscs_client.sync_actions import RowActions
from cscs_client.sync_client import StorageClient

__all__ = [
    "ActionNotOfferedError",
    "AsyncRowActions",
    "AsyncStorageClient",
    "ForeignCallbackError",
    "ForeignOrderError",
    "NotNowError",
    "OidcLogin",
    "Provisioner",
    "ReportedProblem",
    "Result",
    "RowActions",
    "Step",
    "StorageAnswer",
    "StorageClient",
    "StoragePage",
    "SystemClock",
    "may_work",
    "reconcile",
]
