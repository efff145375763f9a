"""One bounded HTTP call: no redirects, a time limit over all, a limited answer."""

import ssl
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cache

import httpx

ANSWER_LIMIT = 64 * 1024

TRANSIENT_STATUSES = frozenset({408, 425, 429})
"""The 4xx answers that another attempt may get over; every other says that the request itself is wrong."""


@cache
def _trusted() -> ssl.SSLContext:
    """The certificates we trust, read once: reading them anew for every call took 17 ms of a worker's CPU."""
    return httpx.create_ssl_context(trust_env=False)


class CallFailedError(Exception):
    """No usable answer came; the text says why, for the people who read the order."""


def is_refusal(status: int) -> bool:
    """Tell whether a status says that the request itself is wrong: repeating it would only hammer its receiver."""
    return 400 <= status < 500 and status not in TRANSIENT_STATUSES  # noqa: PLR2004 - the 4xx range


def is_transient(status: int) -> bool:
    """Tell whether another attempt may get over an answer; a redirect is one that its owner has to mend."""
    return status >= 300 and not is_refusal(status)  # noqa: PLR2004 - neither success nor refusal


@dataclass(frozen=True)
class HttpAnswer:
    """Status, body and headers (by lower-case names) of an answer."""

    status: int
    body: bytes
    headers: Mapping[str, str]


def post(url: str, body: bytes, headers: dict[str, str], seconds: float, connect_to: str | None = None) -> HttpAnswer:
    """Send JSON and read the answer within the time; raises CallFailedError.

    ``connect_to`` is the IP address to connect to; the name in the address still counts for Host and certificate.
    """
    sent = {"content-type": "application/json; charset=utf-8", **headers}
    return _send(httpx.Request("POST", url, headers=sent, content=body), seconds, connect_to)


def get(url: str, seconds: float, connect_to: str | None = None) -> HttpAnswer:
    """Read the answer to a GET within the time; raises CallFailedError."""
    return _send(httpx.Request("GET", url), seconds, connect_to)


def _send(request: httpx.Request, seconds: float, connect_to: str | None) -> HttpAnswer:
    deadline = time.monotonic() + seconds
    received = b""
    if connect_to is not None:
        request.extensions["sni_hostname"] = request.url.host
        request.url = request.url.copy_with(host=connect_to)
    try:
        with (
            httpx.Client(verify=_trusted(), timeout=seconds, follow_redirects=False, trust_env=False) as client,
            closing(client.send(request, stream=True)) as response,
        ):
            for chunk in response.iter_bytes():
                received += chunk
                if len(received) > ANSWER_LIMIT:
                    message = f"the answer is larger than {ANSWER_LIMIT} bytes"
                    raise CallFailedError(message)
                if time.monotonic() > deadline:
                    message = f"no complete answer within {seconds:g} s"
                    raise CallFailedError(message)
            return HttpAnswer(response.status_code, received, response.headers)
    except httpx.TimeoutException as error:
        message = f"no answer within {seconds:g} s"
        raise CallFailedError(message) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        message = f"{type(error).__name__}: {error}"
        raise CallFailedError(message) from error
