"""One bounded HTTP call: no redirects, a time limit over all, a limited answer."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

import httpx

ANSWER_LIMIT = 64 * 1024


class CallFailedError(Exception):
    """No usable answer came; the text says why, for the people who read the order."""


@dataclass(frozen=True)
class Answer:
    """Status, body and headers (by lower-case names) of an answer."""

    status: int
    body: bytes
    headers: Mapping[str, str]


def post(url: str, body: bytes, headers: dict[str, str], seconds: float) -> Answer:
    """Send JSON and read the answer within the time; raises CallFailedError."""
    return _send("POST", url, body, {"content-type": "application/json; charset=utf-8", **headers}, seconds)


def get(url: str, seconds: float) -> Answer:
    """Read the answer to a GET within the time; raises CallFailedError."""
    return _send("GET", url, b"", {}, seconds)


def _send(method: str, url: str, body: bytes, headers: dict[str, str], seconds: float) -> Answer:
    deadline = time.monotonic() + seconds
    received = b""
    try:
        with httpx.stream(
            method,
            url,
            content=body,
            headers=headers,
            timeout=seconds,
            follow_redirects=False,
            trust_env=False,
        ) as response:
            for chunk in response.iter_bytes():
                received += chunk
                if len(received) > ANSWER_LIMIT:
                    message = f"the answer is larger than {ANSWER_LIMIT} bytes"
                    raise CallFailedError(message)
                if time.monotonic() > deadline:
                    message = f"no complete answer within {seconds:g} s"
                    raise CallFailedError(message)
            return Answer(response.status_code, received, response.headers)
    except httpx.TimeoutException as error:
        message = f"no answer within {seconds:g} s"
        raise CallFailedError(message) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        message = f"{type(error).__name__}: {error}"
        raise CallFailedError(message) from error
