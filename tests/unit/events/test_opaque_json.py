"""Context and extra: kept as they came, or refused with the path of what no store can keep."""

from __future__ import annotations

import attrs
import pytest

from cscs_domain._text import shown
from cscs_domain.errors import InvalidValueError
from cscs_domain.events.bounds import DEEPEST, MOST_CHARACTERS, MOST_VALUES
from tests.unit.events.event_samples import errors_of, read, wire

UNKEPT = "must hold only characters that can be kept (no NUL, no half of a surrogate pair)"


def nested(levels: int) -> dict[str, object]:
    """An object of so many levels, lists and objects in turn."""
    made: object = 1
    for level in range(levels - 1):
        made = [made] if level % 2 else {"a": made}
    return {"a": made}


@pytest.mark.parametrize("name", ["context", "extra"])
@pytest.mark.parametrize(
    "value",
    [
        {},
        {"": "", "é": ["漢", None, True, {"a": []}]},
        {"smallest": -(2**63), "largest": 2**64 - 1, "fraction": -1.5e300},
        nested(DEEPEST),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_can_be_kept_is_kept_as_it_came(name: str, value: dict[str, object]) -> None:
    event = read(wire(**{name: value}))

    assert getattr(event, name) == value


@pytest.mark.parametrize("name", ["context", "extra"])
@pytest.mark.parametrize(
    ("value", "path", "reason"),
    [
        ({"none": None, "a": {"b": ["x", "\0"]}}, ".a.b.1", f"{UNKEPT} (got '\\x00')"),
        ({"a": "\ud800"}, ".a", f"{UNKEPT} (got '\\ud800')"),
        ({"a\0b": 1}, "", "must have no keys but text that can be kept (got 'a\\x00b')"),
        ({"a": {"\udfff": 1}}, ".a", "must have no keys but text that can be kept (got '\\udfff')"),
        ({"a": {7: 1}}, ".a", "must have no keys but text that can be kept (got 7)"),
        ({"a b": 2**64}, ".'a b'", "must be an integer of 64 bits (got 18446744073709551616)"),
        ({"a": [-(2**63) - 1]}, ".a.0", "must be an integer of 64 bits (got -9223372036854775809)"),
        ({"a": 10**5000}, ".a", "must be an integer of 64 bits (got a number of 16610 bits)"),
        ({"a": float("nan")}, ".a", "must be a finite number (got nan)"),
        ({"a": float("-inf")}, ".a", "must be a finite number (got -inf)"),
        ({"a": (1, 2)}, ".a", "must be a JSON value (got a tuple of 2)"),
        (
            nested(DEEPEST + 1),
            ".a.0" * (DEEPEST // 2),
            "must not be nested more than 20 levels deep (got an object of 1)",
        ),
    ],
    ids=lambda part: shown(part)[:25],
)
def test_what_cannot_be_kept_is_named_by_its_path(
    name: str, value: object, path: str, reason: str
) -> None:
    assert errors_of(wire(**{name: value})) == [f"{name}{path} {reason}"]


LARGEST: dict[str, dict[str, object]] = {
    "one text": {"a": "é" * (MOST_CHARACTERS - 1)},
    "keys": {"k" * (MOST_CHARACTERS - 4): {"abcd": 1}},
    "keys and texts": {"a" * 100: ["b" * (MOST_CHARACTERS - 200), {"c" * 50: "d" * 50}]},
    "values": {"a": [1] * (MOST_VALUES - 1)},
    "values at all levels": {"a": [{"b": [[], {}, None]}] * ((MOST_VALUES - 1) // 5), "c": [0] * 3},
}


@pytest.mark.parametrize("name", ["context", "extra"])
@pytest.mark.parametrize("case", LARGEST)
def test_the_largest_objects_are_kept_and_larger_ones_refused(name: str, case: str) -> None:
    largest = LARGEST[case]
    event = read(wire(**{name: largest}))
    assert getattr(event, name) == largest

    larger = {**largest, "+": "x"}
    many = "values" in case
    rule = f"{MOST_VALUES} values" if many else f"{MOST_CHARACTERS} characters of text"
    message = f"must not hold more than {rule}"
    assert errors_of(wire(**{name: larger})) == [f"{name} {message}"]
    with pytest.raises(InvalidValueError, match=message):
        attrs.evolve(event, context=larger)
    with pytest.raises(InvalidValueError, match=message):
        attrs.evolve(event, extra=larger)


def test_an_object_that_holds_itself_is_refused_soon() -> None:
    endless: list[object] = []
    endless += [endless] * 10

    assert errors_of(wire(context={"a": endless})) == [
        f"context must not hold more than {MOST_VALUES} values"
    ]


def test_every_such_value_is_named() -> None:
    assert len(errors_of(wire(context={"a": "\0", "b": {"c": float("inf")}, "d": [2**65]}))) == 3
    assert len(errors_of(wire(context={"a": ["\0"] * 1_000, "b": "\0"}))) == 21


def test_depth_far_beyond_what_python_can_nest_is_refused_like_any_other() -> None:
    (message,) = errors_of(wire(context=nested(100_000)))

    assert "must not be nested more than 20 levels deep" in message
