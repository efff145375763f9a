"""A seller's address is hostile until checked."""

import socket
import ssl
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from activities.outbound.addresses import AddressRefusedError, check_address
from activities.outbound.http import CallFailedError, post

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
    "https://seller.example.com:99999/",
    "https://seller.example.com:port/",
    "file:///etc/passwd",
]


@pytest.mark.parametrize("url", REFUSED)
@pytest.mark.usefixtures("bare_settings")
def test_anything_but_https_to_a_domain_name_is_refused(url: str) -> None:
    with pytest.raises(AddressRefusedError):
        check_address(url)


INSIDE = [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254", "0.0.0.0", "224.0.0.1",  # noqa: S104
    "::1", "fd00::1", "fe80::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b:1::1", "2002:7f00:1::",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_a_name_that_leads_inside_is_refused(bare_settings: pytest.MonkeyPatch, address: str) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443))]
    bare_settings.setattr(socket, "getaddrinfo", lambda *_args, **_more: found)
    with pytest.raises(AddressRefusedError):
        check_address("https://seller.example.com/")


def test_a_public_name_passes(bare_settings: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.215.14", 443))]
    bare_settings.setattr(socket, "getaddrinfo", lambda *_args, **_more: found)
    assert check_address("https://seller.example.com/production") == "93.184.215.14"


def test_one_address_inside_is_enough_to_refuse_a_name(bare_settings: pytest.MonkeyPatch) -> None:
    both = ("93.184.215.14", "10.0.0.1")
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in both]
    bare_settings.setattr(socket, "getaddrinfo", lambda *_args, **_more: found)
    with pytest.raises(AddressRefusedError):
        check_address("https://seller.example.com/")


class Listener(BaseHTTPRequestHandler):
    hosts: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        self.hosts.append(self.headers["host"])
        self.send_response(302)
        self.send_header("location", "http://127.0.0.1:1/")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def test_the_connection_goes_to_the_address_that_was_checked_and_follows_no_redirect() -> None:
    """A name that leads elsewhere by the time of the connection makes no difference: it is not resolved again."""
    with HTTPServer(("127.0.0.1", 0), Listener) as server:
        Thread(target=server.handle_request, daemon=True).start()
        url = f"http://seller.invalid:{server.server_port}/production"
        answer = post(url, b"{}", {}, 2, connect_to="127.0.0.1")
    assert answer.status == 302
    assert Listener.hosts == [f"seller.invalid:{server.server_port}"]


def self_signed(folder: Path, name: str) -> ssl.SSLContext:
    """A server's TLS with a certificate nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
    certificate = builder.not_valid_before(now).not_valid_after(now + timedelta(days=1)).sign(key, hashes.SHA256())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + certificate.public_bytes(Encoding.PEM)
    (folder / "server.pem").write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context


def test_the_certificate_asked_for_is_the_names_and_must_be_trusted(tmp_path: Path) -> None:
    asked: list[str] = []
    context = self_signed(tmp_path, "seller.invalid")
    context.sni_callback = lambda _socket, name, _context: asked.append(name)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

        def serve() -> None:
            with suppress(OSError):
                context.wrap_socket(listening.accept()[0], server_side=True)

        server = Thread(target=serve)
        server.start()
        with pytest.raises(CallFailedError, match="CERTIFICATE_VERIFY_FAILED"):
            post(f"https://seller.invalid:{port}/", b"{}", {}, 2, connect_to="127.0.0.1")
        server.join()
    assert asked == ["seller.invalid"]


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
