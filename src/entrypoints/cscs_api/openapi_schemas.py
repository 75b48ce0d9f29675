"""Small pieces that schemas of the OpenAPI document are put together from (JSON Schema 2020-12)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

Schema: TypeAlias = dict[str, object]


def text(description: str = "", **more: object) -> Schema:
    """Text."""
    return _described({"type": "string", **more}, description)


def uuid(description: str = "") -> Schema:
    """A uuid in its canonical form."""
    return text(description, format="uuid")


def moment(description: str = "") -> Schema:
    """A moment with an offset from UTC."""
    return text(description, format="date-time")


def day(description: str = "") -> Schema:
    """A day without a time."""
    return text(description, format="date")


def words(allowed: Iterable[str], description: str = "") -> Schema:
    """One of a closed list."""
    return _described({"type": "string", "enum": list(allowed)}, description)


def whole(description: str = "", *, least: int = 0, most: int | None = None) -> Schema:
    """A whole number."""
    bounds: Schema = {"minimum": least} if most is None else {"minimum": least, "maximum": most}
    return _described({"type": "integer", **bounds}, description)


def amount(description: str = "") -> Schema:
    """A decimal number, not negative."""
    return _described({"type": "number", "minimum": 0}, description)


def boolean(description: str = "") -> Schema:
    """True or false."""
    return _described({"type": "boolean"}, description)


def listed(items: Schema, description: str = "", **more: object) -> Schema:
    """A list."""
    return _described({"type": "array", "items": items, **more}, description)


def record(
    members: Mapping[str, Schema],
    description: str = "",
    *,
    optional: Iterable[str] = (),
    **more: object,
) -> Schema:
    """An object whose members are all there but for `optional`; there may be others."""
    absent = frozenset(optional)
    required = [name for name in members if name not in absent]
    schema: Schema = {"type": "object", "properties": dict(members), **more}
    if required:
        schema["required"] = required
    return _described(schema, description)


def anything(description: str = "") -> Schema:
    """Any object."""
    return _described({"type": "object"}, description)


def or_null(schema: Schema) -> Schema:
    """The same, or null."""
    kind = schema.get("type")
    if isinstance(kind, str) and "enum" not in schema:
        return {**schema, "type": [kind, "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def ref(name: str) -> Schema:
    """A schema that has a name."""
    return {"$ref": f"#/components/schemas/{name}"}


def _described(schema: Schema, description: str) -> Schema:
    return {**schema, "description": description} if description else schema
