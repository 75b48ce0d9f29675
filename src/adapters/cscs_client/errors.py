"""What can be wrong with the way back to Waldur, besides what the domain knows already.

InputError
├── InvalidValueError
│   ├── ForeignCallbackError     a row's callback URL does not belong to the configured Waldur
│   └── ForeignOrderError        the order behind a row's URLs is not of the row's resource
└── ActionNotOfferedError        a row's state does not allow what was asked

NotNowError                      raised by a provisioner whose storage is away for a while
"""

from __future__ import annotations

import attrs

from cscs_domain.errors import InputError, InvalidValueError


class ForeignCallbackError(InvalidValueError):
    """A callback URL leads elsewhere, or is none. Nothing was sent, least of all the token."""


class ForeignOrderError(InvalidValueError):
    """Waldur does not say that the order of a row is of the row's resource. Nothing was sent."""


@attrs.define(slots=False, eq=False)
class ActionNotOfferedError(InputError):
    """A row has no URL for an action: its order or resource is in another state, or it has none."""

    row: str
    action: str

    def __str__(self) -> str:
        return (
            f"row {self.row} does not offer {self.action}: its state does not allow it;"
            " read the rows again, or see Waldur"
        )


class NotNowError(Exception):
    """A provisioner's word for work that failed and may succeed in the next round."""
