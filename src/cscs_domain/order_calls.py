"""What is posted to Waldur about an order or its resource: path, body and their bounds.

Source: Waldur contract, sections 4 and 5. Values that Waldur would refuse, or would take for
something else, are an `InvalidValueError` here, before anything is sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from uuid import UUID

import attrs

from cscs_domain._text import shown
from cscs_domain.errors import InvalidValueError
from cscs_domain.free_text import bounded_text
from cscs_domain.orders import OrderAction, ResourceAction
from cscs_domain.resource_options import checked_options

LONGEST_BACKEND_ID: Final = 255
"""Characters."""

_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


@attrs.frozen
class WaldurCall:
    """One POST. `subject` is the uuid of an order or of a resource, as the kind of action says."""

    action: OrderAction | ResourceAction
    subject: UUID
    body: Mapping[str, object] | None = None

    @property
    def path(self) -> str:
        """The path below Waldur's API URL. Its last slash matters."""
        of_order = isinstance(self.action, OrderAction)
        place = "marketplace-orders" if of_order else "marketplace-provider-resources"
        return f"{place}/{self.subject.hex}/{self.action.value}/"


def approve_call(order: UUID) -> WaldurCall:
    """The approval of an order."""
    return WaldurCall(OrderAction.APPROVE, order)


def reject_call(order: UUID, comment: str) -> WaldurCall:
    """The refusal of an order. Servers before [8.1] drop the comment."""
    text = bounded_text(comment)
    body = {"provider_rejection_comment": text} if text.strip() else None
    return WaldurCall(OrderAction.REJECT, order, body)


def done_call(order: UUID) -> WaldurCall:
    """The success of an order."""
    return WaldurCall(OrderAction.DONE, order)


def erred_call(order: UUID, message: str, traceback: str) -> WaldurCall:
    """The failure of an order. Both texts are always there: Waldur breaks if one is missing."""
    body = {"error_message": bounded_text(message), "error_traceback": bounded_text(traceback)}
    return WaldurCall(OrderAction.ERRED, order, body)


def backend_id_call(resource: UUID, backend_id: str) -> WaldurCall:
    """The provisioner's own name for a resource (see `checked_backend_id`)."""
    body = {"backend_id": checked_backend_id(backend_id)}
    return WaldurCall(ResourceAction.SET_BACKEND_ID, resource, body)


def checked_backend_id(value: object) -> str:
    """A text of 1 to 255 characters; all else is an `InvalidValueError`.

    An empty one is refused: it would cut a resource off from its directory and its usage. So are
    blanks at the ends, which Waldur takes off without a word, and control characters.
    """
    reason = _why_no_backend_id(value) if isinstance(value, str) else "is no text"
    if not isinstance(value, str) or reason:
        raise InvalidValueError("backend id", shown(value), reason)
    return value


def resource_ok_call(resource: UUID) -> WaldurCall:
    """A resource is fine again; its order is not touched."""
    return WaldurCall(ResourceAction.SET_OK, resource)


def options_call(resource: UUID, options: Mapping[str, object]) -> WaldurCall:
    """New options of a resource (see `checked_options`)."""
    body = {"options": checked_options(options)}
    return WaldurCall(ResourceAction.UPDATE_OPTIONS, resource, body)


def _why_no_backend_id(text: str) -> str:
    if not text.strip():
        return "is blank"
    if text != text.strip():
        return "begins or ends with a blank"
    if _CONTROLS.search(text):
        return "has control characters"
    return f"is longer than {LONGEST_BACKEND_ID}" if len(text) > LONGEST_BACKEND_ID else ""
