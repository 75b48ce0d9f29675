"""Where `cscs serve` listens, and where it refuses to."""

import socket

import pytest

from cscs_bootstrap.settings import Auth
from cscs_cli.failures import UsageError
from cscs_cli.listening import Address, listen, refuse_exposure, resolve


def address(ip: str, port: int = 8080) -> Address:
    return Address(ip, port, socket.AF_INET6 if ":" in ip else socket.AF_INET)


@pytest.mark.parametrize("ip", ["127.0.0.1", "127.8.9.1", "::1"])
def test_loopback_addresses_may_be_listened_on_without_tokens(ip: str) -> None:
    refuse_exposure(address(ip), Auth(disable_auth=True))


@pytest.mark.parametrize("ip", ["0.0.0.0", "192.0.2.1", "::", "2001:db8::1"])
def test_other_addresses_may_not(ip: str) -> None:
    with pytest.raises(UsageError, match="ALLOW_INSECURE_BIND"):
        refuse_exposure(address(ip), Auth(disable_auth=True))


@pytest.mark.parametrize(
    "auth", [Auth(disable_auth=False), Auth(disable_auth=True, allow_insecure_bind=True)]
)
def test_other_addresses_may_with_tokens_or_when_it_is_wanted(auth: Auth) -> None:
    refuse_exposure(address("0.0.0.0"), auth)


@pytest.mark.parametrize(
    ("ip", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8080"),
        ("0.0.0.0", "http://127.0.0.1:8080"),
        ("::1", "http://[::1]:8080"),
        ("::", "http://[::1]:8080"),
        ("192.0.2.1", "http://192.0.2.1:8080"),
    ],
)
def test_the_url_is_one_that_can_be_typed_on_this_machine(ip: str, url: str) -> None:
    assert address(ip).url == url


def test_a_name_is_resolved_to_an_address() -> None:
    assert resolve("127.0.0.1", 80) == Address("127.0.0.1", 80, socket.AF_INET)
    assert resolve("localhost", 80).is_loopback


def test_no_host_at_all_means_every_address_and_is_no_loopback() -> None:
    assert not resolve("", 80).is_loopback


@pytest.mark.parametrize("host", ["no such host", "x" * 300, "a..b"])
def test_a_name_that_stands_for_nothing_is_refused(host: str) -> None:
    with pytest.raises(UsageError, match="cannot be found"):
        resolve(host, 80)


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_number_that_is_no_port_is_refused(port: int) -> None:
    with pytest.raises(UsageError, match="is not a port"):
        resolve("127.0.0.1", port)


def test_port_zero_becomes_the_port_that_was_given() -> None:
    listener, given = listen(address("127.0.0.1", 0))
    with listener:
        assert given.port == listener.getsockname()[1] != 0
        with socket.create_connection((given.ip, given.port), timeout=5):
            pass


def test_a_port_in_use_is_refused_by_name() -> None:
    listener, taken = listen(address("127.0.0.1", 0))
    with listener, pytest.raises(UsageError, match=f"port {taken.port}: Address already in use"):
        listen(taken)
