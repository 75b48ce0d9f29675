"""Secrets hide from everything but `reveal`."""

from __future__ import annotations

import copy
import os
import pickle
import traceback
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cscs_bootstrap.secrets import FileSecret, ProxyUrl, Secret, SecretFileError

secret_texts = st.text(min_size=1)


@given(secret_texts, st.text())
def test_a_secret_shows_the_same_whatever_it_holds(text: str, other: str) -> None:
    for show in (repr, str, "{}".format, "{!r:>20}".format, "{:>20}".format, lambda s: f"{[s]}"):
        assert show(Secret(text)) == show(Secret(other))


@given(secret_texts)
def test_a_secret_reveals_what_it_was_given(text: str) -> None:
    assert Secret(text).reveal() == text


@given(st.text(), st.text())
def test_secrets_are_equal_as_their_texts_are(left: str, right: str) -> None:
    assert (Secret(left) == Secret(right)) is (left == right)
    assert Secret(left) == Secret(left)


def test_a_secret_is_not_equal_to_its_text() -> None:
    assert Secret("a") != "a"


def test_lone_surrogates_can_be_compared() -> None:
    assert Secret("\udc80") != Secret("\udc81")


@pytest.mark.parametrize("secret", [Secret("hunter2"), ProxyUrl("http://me:hunter2@h:1")])
def test_a_secret_leaves_the_process_on_no_side_road(secret: Secret) -> None:
    with pytest.raises(TypeError, match="secret"):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        hash(secret)
    with pytest.raises(TypeError):
        vars(secret)
    assert copy.copy(secret) is secret
    assert copy.deepcopy([secret])[0] is secret


def test_tracebacks_with_local_variables_do_not_show_it() -> None:
    def fail(secret: Secret) -> None:
        raise LookupError(secret)

    with pytest.raises(LookupError) as caught:
        fail(Secret("hunter2"))
    lines = traceback.TracebackException.from_exception(caught.value, capture_locals=True).format()
    shown = [
        line for line in lines if "fail(Secret" not in line and 'Secret("hunter2")' not in line
    ]
    assert "hunter2" not in "".join(shown)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("socks5://localhost:1080", "socks5://localhost:1080"),
        ("socks5://me:hunter2@localhost:1080", "socks5://***@localhost:1080"),
        ("http://hunter2@proxy", "http://***@proxy"),
        ("http://a:hunter2@hunter2@proxy", "http://***@proxy"),
    ],
)
def test_a_proxy_shows_its_place_but_not_its_credentials(url: str, shown: str) -> None:
    assert repr(ProxyUrl(url)) == shown == str(ProxyUrl(url)) == f"{ProxyUrl(url)}"


@pytest.mark.parametrize("ending", ["", "\n", "\r\n", "\n\n"])
def test_a_file_secret_has_no_trailing_newline(tmp_path: Path, ending: str) -> None:
    path = tmp_path / "token"
    path.write_bytes(b" hunter 2" + ending.encode())

    assert FileSecret(path).reveal() == " hunter 2"
    assert repr(FileSecret(path)) == "***"


def test_a_file_secret_follows_its_file(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("first\n", encoding="utf-8")
    secret = FileSecret(path)
    assert secret.reveal() == "first"

    path.write_text("second, longer\n", encoding="utf-8")
    assert secret.reveal() == "second, longer"
    assert secret == Secret("second, longer")

    renewed = tmp_path / "renewed"
    renewed.write_text("third, as long\n", encoding="utf-8")
    renewed.replace(path)
    assert secret.reveal() == "third, as long"


def test_a_change_of_the_same_size_is_seen_by_its_time(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("aaa", encoding="utf-8")
    secret = FileSecret(path)
    path.write_text("bbb", encoding="utf-8")
    os.utime(path, ns=(1, 1))

    assert secret.reveal() == "bbb"


def test_a_rotation_by_symbolic_link_is_seen(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    link = tmp_path / "token"
    link.symlink_to("one")
    secret = FileSecret(link)
    (tmp_path / "next").symlink_to("two")
    (tmp_path / "next").replace(link)

    assert secret.reveal() == "two"


@pytest.mark.parametrize("bad", [b"", b"\n", b"\xff\xfe", b"a\nb", b"x" * 70_000])
def test_a_file_that_turns_bad_leaves_the_last_good_text(tmp_path: Path, bad: bytes) -> None:
    path = tmp_path / "token"
    path.write_text("good", encoding="utf-8")
    secret = FileSecret(path)
    path.write_bytes(bad)
    assert secret.reveal() == "good"
    assert secret.fault

    path.unlink()
    assert secret.reveal() == "good"
    assert secret.fault is not None
    assert "cannot be read" in secret.fault

    path.write_text("better", encoding="utf-8")
    assert secret.reveal() == "better"
    assert secret.fault is None


def test_a_file_that_comes_back_as_it_was_has_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("good", encoding="utf-8")
    secret = FileSecret(path)
    path.rename(tmp_path / "away")
    assert secret.reveal() == "good"
    assert secret.fault

    (tmp_path / "away").rename(path)
    assert secret.reveal() == "good"
    assert secret.fault is None


@pytest.mark.parametrize("bad", [b"", b"\n", b"hunter\xff", b"hunter\n2", b"hunter2" * 10_000])
def test_a_bad_file_is_refused_without_quoting_it(tmp_path: Path, bad: bytes) -> None:
    path = tmp_path / "token"
    path.write_bytes(bad)

    with pytest.raises(SecretFileError) as caught:
        FileSecret(path)
    assert "hunter" not in str(caught.value)


@pytest.mark.parametrize("name", ["none", ".", "a\x00b"])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SecretFileError, match="cannot be read"):
        FileSecret(tmp_path / name)
