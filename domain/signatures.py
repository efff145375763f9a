"""Signatures of the wire contracts, as pure functions of strings and bytes (DOMAIN §6)."""

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, quote, unquote

CLOCK_WINDOW = timedelta(seconds=60)
"""How far a signed timestamp may lie from our clock, in either direction (DOMAIN §6.1)."""


def _mac(key: str, message: bytes) -> bytes:
    return hmac.new(key.encode(), message, hashlib.sha256).digest()


def equal(first: str, second: str) -> bool:
    """Compare two signatures in constant time."""
    return hmac.compare_digest(first.encode(), second.encode())


def equal_hex(first: str, second: str) -> bool:
    """Compare two hexadecimal signatures in constant time, ignoring the case of their digits."""
    return equal(first.lower(), second.lower())


def is_fresh(stamp: datetime, now: datetime) -> bool:
    """Tell whether a signed timestamp lies within the clock window."""
    return abs(now - stamp) <= CLOCK_WINDOW


def sign_v2(access_key: str, nonce: str, timestamp: str, body: bytes) -> str:
    """Signature of a production-interface call V2: upper-case hex (DOMAIN §6.1).

    The body must be the bytes on the wire: keys sorted, no nulls, no spaces. The timestamp is in milliseconds.
    """
    body_mac = _mac(access_key, body).hex()
    return _mac(access_key, (access_key + nonce + timestamp + body_mac).encode()).hex().upper()


def sign_v1(access_key: str, timestamp: str, parameters: Mapping[str, str]) -> str:
    """The ``authToken`` of a V1 call: base64 (DOMAIN §6.3).

    ``parameters`` are all of the call, with ``timeStamp`` and without ``authToken``, not URL-encoded.
    """
    message = "&".join(f"{name}={value}" for name, value in sorted(parameters.items()))
    return b64encode(_mac(access_key + timestamp, message.encode())).decode()


APIG_ALGORITHM = "SDK-HMAC-SHA256"
APIG_DATE_FORMAT = "%Y%m%dT%H%M%SZ"


def _apig_canonical(method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> str:
    uri = "/".join(quote(unquote(part), safe="-_.~") for part in path.split("/"))
    pairs = sorted((quote(k, safe="-_.~"), quote(v, safe="-_.~")) for k, v in parse_qsl(query, keep_blank_values=True))
    signed = sorted((name.lower(), value.strip()) for name, value in headers.items())
    return "\n".join(
        (
            method.upper(),
            uri if uri.endswith("/") else f"{uri}/",
            "&".join(f"{k}={v}" for k, v in pairs),
            "".join(f"{name}:{value}\n" for name, value in signed),
            ";".join(name for name, _ in signed),
            hashlib.sha256(body).hexdigest(),
        )
    )


def sign_apig(  # noqa: PLR0913 - the parts of an HTTP request
    secret_key: str, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
) -> str:
    """Signature of an open-API request: lower-case hex (DOMAIN §6.5).

    ``headers`` are the signed ones and must hold ``X-Sdk-Date``; raises KeyError without it.
    """
    date = {name.lower(): value for name, value in headers.items()}["x-sdk-date"]
    canonical = _apig_canonical(method, path, query, headers, body)
    to_sign = "\n".join((APIG_ALGORITHM, date, hashlib.sha256(canonical.encode()).hexdigest()))
    return _mac(secret_key, to_sign.encode()).hex()


def sign_webhook(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    """Signature of our own callbacks, in the manner of Standard Webhooks: ``v1,`` and base64."""
    return "v1," + b64encode(_mac(secret, f"{message_id}.{timestamp}.".encode() + body)).decode()
