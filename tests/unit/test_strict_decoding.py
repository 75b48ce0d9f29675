"""JSON of strangers: read exactly, or refused in one sentence, however it is meant."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest

from cscs_json import MalformedJsonError, decode_strictly

SAMPLE = Path(__file__).parents[1] / "data" / "events" / "usage_events_batch.json"


def reason(body: bytes) -> str:
    with pytest.raises(MalformedJsonError) as caught:
        decode_strictly(body)
    assert str(caught.value).isprintable()
    return str(caught.value)


@pytest.mark.parametrize("escaped", [True, False])
@pytest.mark.parametrize("indent", [None, 2])
def test_a_batch_is_read_however_it_is_laid_out(escaped: bool, indent: int | None) -> None:
    value = json.loads(SAMPLE.read_bytes())

    text = json.dumps(value, ensure_ascii=escaped, indent=indent)

    assert decode_strictly(text.encode()) == value


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"null", None),
        (b' "\\u00e9\\/" ', "é/"),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
        (b"-0", 0),
        (b"1.50", 1.5),
        (b"1E2", 100.0),
        (b"1e-999", 0.0),
        (b"18446744073709551615", 2**64 - 1),
        (b"-9223372036854775808", -(2**63)),
        (b"12345678901234567890", 12345678901234567890),
        (b'{"": {"": []}, "a": {"a": 1}}', {"": {"": []}, "a": {"a": 1}}),
        (b'["1234567890123456789012"]', ["1234567890123456789012"]),
        (b'["\\ud800"]', ["\ud800"]),
    ],
)
def test_unusual_spellings_are_read_exactly(body: bytes, value: object) -> None:
    read = decode_strictly(body)

    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    "body",
    [
        b'{"key": 1, "key": 1}',
        b'{"key": 1, "other": 2, "key": 3}',
        b'{"key": 1, "\\u006bey": 2}',
        b'[{"a": {"b": [{"key": {}, "key": {}}]}}]',
    ],
)
def test_a_key_twice_in_one_object_is_refused_at_any_level(body: bytes) -> None:
    assert reason(body) == "not usable JSON: a key twice in one object (got key)"


def test_a_foreign_key_is_shown_harmlessly() -> None:
    assert reason(b'{"\\u001b[2J": 1, "\\u001b[2J": 2}') == (
        "not usable JSON: a key twice in one object (got '\\x1b[2J')"
    )
    assert len(reason(b'{"%s": 1, "%s": 2}' % (b"k" * 9999, b"k" * 9999))) < 200


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_refused(word: str) -> None:
    assert reason(f'{{"a": [{word}]}}'.encode()) == (
        f"not usable JSON: {word} is not a JSON number"
    )


@pytest.mark.parametrize(
    "number",
    [
        "1e999",
        "-1e999",
        "1e" + "9" * 5000,
        "0." + "1" * 5000,
        "18446744073709551616",
        "-9223372036854775809",
        "-9999999999999999999",
        "1" * 25,
        "1" * 5000,
        "1" * 1_000_000,
    ],
    ids=lambda number: number[:22],
)
def test_what_is_larger_than_64_bits_is_refused(number: str) -> None:
    message = reason(f'{{"a": {number}}}'.encode())

    assert message.startswith("not usable JSON: a number that is too large (got '")
    assert len(message) < 150


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "not JSON: Expecting value at line 1, column 1"),
        (b" \n", "not JSON: Expecting value at line 2, column 1"),
        (b'{"events": [', "not JSON: Expecting value at line 1, column 13"),
        (b'{"events": []', "not JSON: Expecting ',' delimiter at line 1, column 14"),
        (b"{}\n{}", "not JSON: Extra data at line 2, column 1"),
        (b"{} x", "not JSON: Extra data at line 1, column 4"),
        (b"{'a': 1}", None),
        (b"[1,]", None),
        (b"[01]", None),
        (b'["a\tb"]', None),
        (b'["\\x"]', None),
        (b"\xef\xbb\xbf{}", "not JSON: a byte order mark stands before it"),
        ("{}".encode("utf-16"), "not UTF-8: byte 0"),
        ("{}".encode("utf-16-le"), None),
        (b'["\xff"]', "not UTF-8: byte 2"),
        (b'["\xed\xa0\x80"]', "not UTF-8: byte 2"),
    ],
    ids=ascii,
)
def test_what_is_no_json_is_refused_with_its_place(body: bytes, message: str | None) -> None:
    found = reason(body)

    assert found.startswith(("not JSON: ", "not UTF-8: "))
    assert message in {None, found}


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b'{"a":1.50,"b":' * 100_000 + b"1" + b"}" * 100_000,
    ],
    ids=["open lists", "lists", "objects", "objects the slow way"],
)
def test_deep_nesting_is_refused(body: bytes) -> None:
    assert reason(body) == "nested too deeply"


@pytest.mark.parametrize("value", [[1, 2, 3], {"a": {"b": []}}, [[], [1]], {"a": 1, "b": [{}]}])
def test_a_text_has_as_many_values_as_are_wanted_and_no_more(value: object) -> None:
    """One that has more is not even looked at: reading it would keep everybody waiting."""
    body = json.dumps(value, indent=1).encode()
    count = len(re.findall(r"[,\[{]", body.decode()))

    assert decode_strictly(body, most_values=count) == value
    with pytest.raises(MalformedJsonError, match=f"has more than {count - 1} values"):
        decode_strictly(body + b"?", most_values=count - 1)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 10_000_000,
        b"[" * 1_000_000 + b" " * 9_000_000,
        b'{"a":1,' * 500_000 + b" " * 6_500_000,
        b"1" * 10_000_000,
        b"[0." + b"1" * 10_000_000 + b"]",
        b"{" + b'"a":1,' * 999_999 + b'"a":"%s"}' % (b"x" * 4_000_000),
        b'["' + b"\\u0000" * 1_600_000,
    ],
    ids=["too many lists", "lists", "objects", "integer", "fraction", "one key", "escapes"],
)
def test_ten_megabytes_of_malice_are_refused_soon(body: bytes) -> None:
    """Generous: anything quadratic in ten megabytes would take hours."""
    began = time.process_time()

    assert len(reason(body)) < 200
    assert time.process_time() - began < 20
