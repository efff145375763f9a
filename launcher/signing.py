"""``delivery sign``: a signature with every string on its way, for whoever hears "signature wrong"."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qsl, urlsplit

from domain.seller.signatures import (
    Trace,
    canonical_json,
    sign_body,
    trace_apig,
    trace_kit,
    trace_usage,
    trace_v1,
    trace_v2,
)


class Scheme(StrEnum):
    """The signatures of the marketplace's contracts (DOMAIN §6.1 to §6.6)."""

    V2 = "v2"
    V1 = "v1"
    KIT = "kit"
    APIG = "apig"
    BODY = "body"
    USAGE = "usage"


class MissingOptionError(Exception):
    """The scheme needs an option that was not given."""


@dataclass(frozen=True)
class Request:
    """What is to be signed; options that a scheme does not use stay empty."""

    access_key: str
    secret_key: str
    method: str
    url: str
    headers: Mapping[str, str]
    body: str
    date: str
    nonce: str
    timestamp: str

    def need(self, *names: str) -> None:
        """Raise MissingOptionError unless all of these are given."""
        lacking = [f"--{name.replace('_', '-')}" for name in names if not getattr(self, name)]
        if lacking:
            raise MissingOptionError(", ".join(lacking))


def _v2(request: Request) -> Trace:
    request.need("access_key", "nonce", "timestamp", "body")
    return trace_v2(request.access_key, request.nonce, request.timestamp, canonical_json(request.body.encode()))


def _kit(request: Request) -> Trace:
    request.need("access_key", "nonce", "timestamp", "body")
    return trace_kit(request.access_key, request.nonce, request.timestamp, request.body.encode())


def _v1(request: Request) -> Trace:
    request.need("access_key", "url")
    given = dict(parse_qsl(urlsplit(request.url).query))
    parameters = {name: value for name, value in given.items() if name != "authToken"}
    timestamp = parameters.setdefault("timeStamp", request.timestamp)
    if not timestamp:
        raise MissingOptionError("--timestamp, or timeStamp in the query of --url")
    return trace_v1(request.access_key, timestamp, parameters)


def _apig(request: Request) -> Trace:
    request.need("secret_key", "method", "url", "date")
    parts = urlsplit(request.url)
    headers = {**request.headers, "X-Sdk-Date": request.date}
    trace = trace_apig(
        request.secret_key, request.method, parts.path or "/", parts.query, headers, request.body.encode()
    )
    names = ";".join(sorted(name.lower() for name in headers))
    access = request.access_key or "<access key>"
    header = f"SDK-HMAC-SHA256 Access={access}, SignedHeaders={names}, Signature={trace.signature}"
    return Trace((*trace.steps[:-1], ("Authorization", header), trace.steps[-1]))


def _body(request: Request) -> Trace:
    request.need("access_key")
    return Trace((("body", request.body), ("Body-Sign", sign_body(request.access_key, request.body.encode()))))


def _usage(request: Request) -> Trace:
    request.need("access_key", "nonce", "timestamp", "body")
    return trace_usage(request.access_key, request.timestamp, request.nonce, request.body.encode())


_TRACES: dict[Scheme, Callable[[Request], Trace]] = {
    Scheme.V2: _v2,
    Scheme.V1: _v1,
    Scheme.KIT: _kit,
    Scheme.APIG: _apig,
    Scheme.BODY: _body,
    Scheme.USAGE: _usage,
}


def trace(scheme: Scheme, request: Request) -> Trace:
    """Every string on the way to the signature, the key itself hidden.

    Raises MissingOptionError for a missing option, ValueError for a body that is no JSON object where one is signed.
    """
    made = _TRACES[scheme](request)
    return Trace(tuple((name, _hide(value, request.access_key)) for name, value in made.steps))


def _hide(value: str, access_key: str) -> str:
    """Keys do not belong on screens: where a string begins with it, its place is shown."""
    return f"<access key>{value.removeprefix(access_key)}" if access_key and value.startswith(access_key) else value
