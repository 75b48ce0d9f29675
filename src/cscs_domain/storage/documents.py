"""The rows as a document, for consumers of files instead of an API. Source: spec 002; ADR 0018."""

from __future__ import annotations

from datetime import datetime, timezone
from enum import StrEnum

import attrs

from cscs_domain.errors import InvalidValueError
from cscs_domain.storage.rows import StorageRow


class DocumentFormat(StrEnum):
    """How a document is laid out."""

    ENVELOPE = "envelope"
    """Rows inside `status`, `code`, `meta` and `result`, as spec 002's consumers expect."""
    RESOURCES = "resources"
    """The bare list of rows."""
    NDJSON = "ndjson"
    """One row a line."""

    @property
    def suffix(self) -> str:
        """How names of such documents end."""
        return "ndjson" if self is DocumentFormat.NDJSON else "json"


def _at_fixed_offset(date: datetime) -> datetime:
    # In the hour that clocks repeat, a date in the site's zone equals none in another zone, not
    # even the one that is read back from its text.
    offset = date.utcoffset()
    return date if offset is None else date.replace(tzinfo=timezone(offset))


def _has_zone(_instance: object, _attribute: object, date: datetime) -> None:
    if date.utcoffset() is None:
        raise InvalidValueError("document date", date.isoformat(), "has no time zone")


@attrs.frozen
class DocumentMeta:
    """When a document was made, in the site's zone, and by which version of this library.

    Of the zone the offset of that moment is kept, as the document's text does.
    """

    date: datetime = attrs.field(converter=_at_fixed_offset, validator=_has_zone)
    app_version: str


@attrs.frozen(kw_only=True)
class DocumentHead:
    """Everything about a document but its rows.

    Only an envelope has room for `meta`, and only an envelope tells the document of one order from
    that of all rows.
    """

    format: DocumentFormat = DocumentFormat.ENVELOPE
    meta: DocumentMeta | None = attrs.field(default=None)
    is_order: bool = False

    @meta.validator
    def _fits_the_format(self, _attribute: object, meta: DocumentMeta | None) -> None:
        is_envelope = self.format is DocumentFormat.ENVELOPE
        if is_envelope and meta is None:
            raise InvalidValueError("document", self.format, "has no meta")
        if not is_envelope and (meta is not None or self.is_order):
            raise InvalidValueError("document", self.format, "has room for rows alone")

    @classmethod
    def of(cls, form: DocumentFormat, meta: DocumentMeta) -> DocumentHead:
        """The head of a document of all rows; `meta` is dropped where there is no room for it."""
        return cls(format=form, meta=meta if form is DocumentFormat.ENVELOPE else None)


@attrs.frozen
class StorageDocument:
    """A document as a value. Reading what was written gives the same one, in every format."""

    head: DocumentHead
    rows: tuple[StorageRow, ...] = attrs.field(repr=False)
