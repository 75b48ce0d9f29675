"""Whose key a batch came with."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from cscs_bootstrap.collector_keys import CollectorKeys
from cscs_bootstrap.secrets import FileSecret
from cscs_bootstrap.settings import load_settings

FIRST, SECOND = "the-first-key-of-all", "the-second-key-of-all"


def keys(**environ: str) -> CollectorKeys:
    """The keys of an environment."""
    return CollectorKeys.of(load_settings(environ).settings.events)


def two_keys() -> CollectorKeys:
    """One key with a name and one without."""
    named = f'{{"pbs1": "{SECOND}"}}'
    return keys(COLLECTOR_API_KEY=FIRST, CSCS_EVENTS__COLLECTOR_KEYS=named)


def test_every_key_tells_its_collector() -> None:
    assert two_keys().sender_of(FIRST) == "default"
    assert two_keys().sender_of(SECOND) == "pbs1"
    assert two_keys().names == ("default", "pbs1")


def test_blanks_around_a_key_do_not_matter() -> None:
    assert two_keys().sender_of(f" {FIRST}\t") == "default"


@given(st.text())
def test_no_other_text_is_a_key(text: str) -> None:
    assert two_keys().sender_of(f"{text}x") is None


@pytest.mark.parametrize("text", ["", FIRST[:-1], FIRST.upper(), f"{FIRST}{SECOND}", "\ud800", "é"])
def test_what_is_nearly_a_key_is_none(text: str) -> None:
    assert two_keys().sender_of(text) is None


def test_without_keys_nobody_is_known() -> None:
    assert not keys()
    assert keys().sender_of("") is None
    assert two_keys()


def test_a_key_that_was_changed_in_its_file_counts_at_once(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(FIRST, encoding="utf-8")
    found = keys(COLLECTOR_API_KEY_FILE=str(path))
    path.write_text(f"{SECOND}\n", encoding="utf-8")

    assert found.sender_of(FIRST) is None
    assert found.sender_of(SECOND) == "default"


def test_keys_do_not_show_themselves() -> None:
    assert FIRST not in repr(two_keys())


class TestKeysInFiles:
    """A key that is rotated badly must neither be guessed nor be taken for another collector's."""

    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        path = tmp_path / "key"
        path.write_text(FIRST, encoding="utf-8")
        return path

    def following(self, file: Path) -> CollectorKeys:
        """One key out of a file beside one that stays."""
        named = f'{{"pbs1": "{SECOND}"}}'
        return keys(COLLECTOR_API_KEY_FILE=str(file), CSCS_EVENTS__COLLECTOR_KEYS=named)

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            (b"short\n", "guessed"),
            (b"a key with blanks in it\n", "blank"),
            (f"{SECOND}\n".encode(), "is the key of pbs1"),
            (b"\n", "is empty"),
            (b"\xff" * 20, "UTF-8"),
        ],
    )
    def test_a_key_that_is_no_good_is_not_taken_and_told_once(
        self, file: Path, content: bytes, why: str
    ) -> None:
        found = self.following(file)
        file.write_bytes(content)

        with capture_logs() as lines:
            for _ in range(2):
                assert found.sender_of(FIRST) == "default"
                assert found.sender_of(SECOND) == "pbs1"
                assert found.sender_of(content.decode(errors="replace")) in {None, "pbs1"}
        (line,) = lines
        assert (line["event"], line["collector"]) == ("collector_key_refused", "default")
        assert why in line["reason"]
        assert SECOND not in str(line)

    def test_a_file_that_is_gone_leaves_its_key_in_use(self, file: Path) -> None:
        found = self.following(file)
        file.unlink()

        with capture_logs() as lines:
            assert found.sender_of(FIRST) == "default"
        assert [line["log_level"] for line in lines] == ["error"]

    def test_after_a_bad_key_a_good_one_is_taken(self, file: Path) -> None:
        found = self.following(file)
        file.write_text("short", encoding="utf-8")
        assert found.sender_of("short") is None
        file.write_text("a-third-key-that-is-good", encoding="utf-8")

        assert found.sender_of("a-third-key-that-is-good") == "default"
        assert found.sender_of(FIRST) is None

    def test_the_same_fault_is_told_again_after_it_was_mended(self, file: Path) -> None:
        found = self.following(file)
        with capture_logs() as lines:
            for text in ("short", FIRST, "short"):
                file.write_text(text, encoding="utf-8")
                assert found.sender_of(FIRST) == "default"

        assert len(lines) == 2


def test_two_collectors_may_exchange_their_keys(tmp_path: Path) -> None:
    files = [tmp_path / "one", tmp_path / "two"]
    for file, key in zip(files, (FIRST, SECOND), strict=True):
        file.write_text(key, encoding="utf-8")
    found = CollectorKeys([(file.name, FileSecret(file)) for file in files])
    for file, key in zip(files, (SECOND, FIRST), strict=True):
        file.write_text(f"{key}\n", encoding="utf-8")

    with capture_logs() as lines:
        assert (found.sender_of(FIRST), found.sender_of(SECOND)) == ("two", "one")
    assert lines == []


def test_two_collectors_cannot_have_one_new_key(tmp_path: Path) -> None:
    files = [tmp_path / "one", tmp_path / "two"]
    for file, key in zip(files, (FIRST, SECOND), strict=True):
        file.write_text(key, encoding="utf-8")
    found = CollectorKeys([(file.name, FileSecret(file)) for file in files])
    for file in files:
        file.write_text("a-new-key-of-both-of-them", encoding="utf-8")

    assert found.sender_of("a-new-key-of-both-of-them") is None
    assert (found.sender_of(FIRST), found.sender_of(SECOND)) == ("one", "two")
