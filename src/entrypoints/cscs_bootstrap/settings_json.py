"""Variables that hold a JSON object or list, as tables and lists of `Value`s."""

from __future__ import annotations

import json

from cscs_bootstrap.settings_values import Items, Origin, Repeat, Scalar, Table, Value, refuse


class _Pairs(list[tuple[str, object]]):
    """A JSON object as it was written, repeated names included."""


def json_value(text: str, origin: Origin) -> Value:
    """Decode JSON, numbers by their own text. Raises `Refused` with the position of a fault."""
    try:
        decoded = json.loads(
            text, object_pairs_hook=_Pairs, parse_int=str, parse_float=str, parse_constant=str
        )
    except json.JSONDecodeError as error:
        raise refuse(f"is not JSON: {error.msg} at character {error.pos + 1}.") from None
    except RecursionError:
        raise refuse("is nested too deeply.") from None
    return _value(decoded, origin)


def _value(decoded: object, origin: Origin) -> Value:
    match decoded:
        case _Pairs():
            return _table(decoded, origin)
        case list():
            return Items(tuple(_value(item, origin) for item in decoded), origin)
        case bool():
            return Scalar(str(decoded).lower(), origin)
        case str():
            return Scalar(decoded, origin)
        case _:
            return Scalar("", origin)


def _table(pairs: _Pairs, origin: Origin) -> Table:
    names = [name for name, _ in pairs]
    repeated = sorted({name for name in names if names.count(name) > 1})
    entries = {name: _value(item, origin) for name, item in pairs}
    return Table(entries, origin, tuple(Repeat(name, origin, origin) for name in repeated))
