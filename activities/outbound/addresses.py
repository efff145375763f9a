"""Which addresses we call: what a seller gives us is hostile until checked (DOMAIN §5.1)."""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from settings import settings


class AddressRefusedError(Exception):
    """The address is not one we call; the text says why."""


def check_address(url: str) -> str | None:
    """Let only HTTPS to a public domain name through, and what the settings allow by host and port.

    Returns the IP address to connect to: the name is resolved once, so it cannot lead elsewhere after the check. None
    for an allowed address, which is taken as it is. Raises AddressRefusedError.
    """
    parts = urlsplit(url)
    try:
        host, port = parts.hostname or "", parts.port or 443
    except ValueError as error:
        message = "the port is not a port"
        raise AddressRefusedError(message) from error
    if f"{host}:{port}" in settings().seller_address_allow_list:
        return None
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
    addresses = [ip_address(entry[4][0]) for entry in found]
    if not addresses or not all(_is_public(address) for address in addresses):
        message = f"the name {host} leads to an address that is not public"
        raise AddressRefusedError(message)
    return str(addresses[0])


NAT64 = ip_network("64:ff9b::/32")
"""IPv4 addresses, also private ones, as IPv6."""


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    """Public, and not a private address dressed up as IPv6."""
    inner = None
    if isinstance(address, IPv6Address):
        if address in NAT64:
            return False
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
    return address.is_global and not address.is_multicast and (inner is None or inner.is_global)


def _is_ip_literal(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
