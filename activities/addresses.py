"""Which addresses we call: what a seller gives us is hostile until checked (DOMAIN §5.1)."""

import socket
from ipaddress import ip_address
from urllib.parse import urlsplit

from settings import settings


class AddressRefusedError(Exception):
    """The address is not one we call; the text says why."""


def check_address(url: str) -> None:
    """Let only HTTPS to a public domain name through, and what the settings allow by host and port."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 443
    if f"{host}:{port}" in settings().seller_address_allow_list:
        return
    if parts.scheme != "https" or parts.username is not None:
        message = "only https addresses without credentials are called"
        raise AddressRefusedError(message)
    if _is_ip_literal(host) or "." not in host:
        message = "only domain names are called"
        raise AddressRefusedError(message)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        message = f"the name {host} cannot be resolved"
        raise AddressRefusedError(message) from error
    if not all(ip_address(entry[4][0]).is_global for entry in found):
        message = f"the name {host} leads to an address that is not public"
        raise AddressRefusedError(message)


def _is_ip_literal(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
