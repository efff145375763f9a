"""A seller's address is hostile until checked."""

import socket

import pytest

from activities.addresses import AddressRefusedError, check_address
from activities.http import CallFailedError, post

REFUSED = [
    "http://seller.example.com/",
    "https://127.0.0.1/",
    "https://10.0.0.1/",
    "https://[::1]/",
    "https://169.254.169.254/latest/meta-data",
    "https://localhost/",
    "https://database/",
    "https://2130706433/",
    "https://user:password@seller.example.com/",
    "ftp://seller.example.com/",
    "https:///production",
]


@pytest.mark.parametrize("url", REFUSED)
@pytest.mark.usefixtures("bare_settings")
def test_anything_but_https_to_a_domain_name_is_refused(url: str) -> None:
    with pytest.raises(AddressRefusedError):
        check_address(url)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "fd00::1", "0.0.0.0"])  # noqa: S104
def test_a_name_that_leads_inside_is_refused(bare_settings: pytest.MonkeyPatch, address: str) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443))]
    bare_settings.setattr(socket, "getaddrinfo", lambda *_args, **_more: found)
    with pytest.raises(AddressRefusedError):
        check_address("https://seller.example.com/")


def test_a_public_name_passes(bare_settings: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.215.14", 443))]
    bare_settings.setattr(socket, "getaddrinfo", lambda *_args, **_more: found)
    check_address("https://seller.example.com/production")


def test_the_allow_list_is_by_host_and_port(bare_settings: pytest.MonkeyPatch) -> None:
    bare_settings.setenv("DELIVERY_SELLER_ADDRESS_ALLOW_LIST", '["127.0.0.1:8090"]')
    check_address("http://127.0.0.1:8090/production")
    with pytest.raises(AddressRefusedError):
        check_address("http://127.0.0.1:8091/production")


def test_an_address_nobody_listens_at_fails_with_a_reason() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with pytest.raises(CallFailedError, match="refused"):
        post(f"http://127.0.0.1:{port}/", b"{}", {}, 1)
