"""Signatures of the wire contracts, as pure functions of strings and bytes (DOMAIN §6)."""

import hashlib
import hmac
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, quote, unquote

from pydantic import TypeAdapter

from domain.wire import canonical

CLOCK_WINDOW = timedelta(seconds=60)
"""How far a signed timestamp may lie from our clock, in either direction (DOMAIN §6.1)."""


_JSON_OBJECT: TypeAdapter[dict[str, object]] = TypeAdapter(dict[str, object])


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


@dataclass(frozen=True)
class Trace:
    """How a signature comes about: every intermediate string by its name, the signature last."""

    steps: tuple[tuple[str, str], ...]

    @property
    def signature(self) -> str:
        """The last step."""
        return self.steps[-1][1]


def _shown(content: bytes) -> str:
    return content.decode(errors="replace")


def canonical_json(body: bytes) -> bytes:
    """The form in which a V2 body is signed and sent: keys sorted, no nulls, no spaces (DOMAIN §6.1).

    Raises pydantic.ValidationError, a ValueError, for what is no JSON object.
    """
    content = _JSON_OBJECT.validate_json(body)
    present = {name: value for name, value in content.items() if value is not None}
    return canonical(present)


def trace_v2(access_key: str, nonce: str, timestamp: str, body: bytes) -> Trace:
    """Signature of a production-interface call V2: upper-case hex (DOMAIN §6.1).

    The body must be the bytes on the wire: keys sorted, no nulls, no spaces. The timestamp is in milliseconds.
    """
    body_mac = _mac(access_key, body).hex()
    message = access_key + nonce + timestamp + body_mac
    signature = _mac(access_key, message.encode()).hex().upper()
    return Trace((("body", _shown(body)), ("bodyMac", body_mac), ("message", message), ("signature", signature)))


def sign_v2(access_key: str, nonce: str, timestamp: str, body: bytes) -> str:
    """The signature of ``trace_v2``."""
    return trace_v2(access_key, nonce, timestamp, body).signature


def trace_kit(access_key: str, nonce: str, timestamp: str, body: bytes) -> Trace:
    """Header ``x-sign`` of a joint-operation kit call: hex, over the raw body (DOMAIN §6.2)."""
    message = (access_key + nonce + timestamp).encode() + body
    return Trace((("message", _shown(message)), ("x-sign", _mac(access_key, message).hex())))


def trace_v1(access_key: str, timestamp: str, parameters: Mapping[str, str]) -> Trace:
    """The ``authToken`` of a V1 call: base64 (DOMAIN §6.3).

    ``parameters`` are all of the call, with ``timeStamp`` and without ``authToken``, not URL-encoded.
    """
    message = "&".join(f"{name}={value}" for name, value in sorted(parameters.items()))
    token = b64encode(_mac(access_key + timestamp, message.encode())).decode()
    return Trace((("key", access_key + timestamp), ("message", message), ("authToken", token)))


def sign_v1(access_key: str, timestamp: str, parameters: Mapping[str, str]) -> str:
    """The ``authToken`` of ``trace_v1``."""
    return trace_v1(access_key, timestamp, parameters).signature


def sign_body(access_key: str, body: bytes) -> str:
    """Header ``Body-Sign`` of a V1 answer (DOMAIN §6.3)."""
    return f'sign_type="HMAC-SHA256", signature= "{b64encode(_mac(access_key, body)).decode()}"'


_BODY_SIGN = re.compile(r'sign_type="HMAC-SHA256",\s*signature=\s*"([A-Za-z0-9+/=]+)"')


def has_signed_body(access_key: str, header: str, body: bytes) -> bool:
    """Tell whether a ``Body-Sign`` header holds the signature of the body; its quotes are mandatory (DOMAIN §6.3)."""
    parsed = _BODY_SIGN.fullmatch(header.strip())
    return parsed is not None and equal(parsed.group(1), b64encode(_mac(access_key, body)).decode())


def trace_usage(key: str, timestamp: str, nonce: str, body: bytes) -> Trace:
    """Header ``signature`` of a usage push: base64, over the body with its keys sorted (DOMAIN §6.6)."""
    message = f"ts={timestamp}&nonce={nonce}&body={canonical_json(body).decode()}"
    return Trace((("message", message), ("signature", b64encode(_mac(key, message.encode())).decode())))


APIG_ALGORITHM = "SDK-HMAC-SHA256"


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


def trace_apig(  # noqa: PLR0913 - the parts of an HTTP request
    secret_key: str, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
) -> Trace:
    """Signature of an open-API request: lower-case hex (DOMAIN §6.5).

    ``headers`` are the signed ones and must hold ``X-Sdk-Date``; raises KeyError without it.
    """
    date = {name.lower(): value for name, value in headers.items()}["x-sdk-date"]
    canonical = _apig_canonical(method, path, query, headers, body)
    to_sign = "\n".join((APIG_ALGORITHM, date, hashlib.sha256(canonical.encode()).hexdigest()))
    signature = _mac(secret_key, to_sign.encode()).hex()
    return Trace((("canonical request", canonical), ("string to sign", to_sign), ("signature", signature)))


def sign_apig(  # noqa: PLR0913 - the parts of an HTTP request
    secret_key: str, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
) -> str:
    """The signature of ``trace_apig``."""
    return trace_apig(secret_key, method, path, query, headers, body).signature


WEBHOOK_PREFIX = "whsec_"
"""What a secret of Standard Webhooks begins with."""


def webhook_key(secret: str) -> bytes:
    """The key in a secret of Standard Webhooks: ``whsec_`` and base64."""
    return b64decode(secret.removeprefix(WEBHOOK_PREFIX))


def sign_webhook(key: bytes, message_id: str, timestamp: str, body: bytes) -> str:
    """Signature of what we tell others, by Standard Webhooks: ``v1,`` and base64."""
    message = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + b64encode(hmac.new(key, message, hashlib.sha256).digest()).decode()


def webhook_headers(keys: Sequence[bytes], message_id: str, timestamp: str, body: bytes) -> dict[str, str]:
    """Headers of what we tell others, by Standard Webhooks; each of the keys signs."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(sign_webhook(key, message_id, timestamp, body) for key in keys),
    }
