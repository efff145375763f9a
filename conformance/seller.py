"""One signed call to a seller's production interface, and what came back, as a reviewer sees it."""

import json
import secrets
import time
from dataclasses import dataclass
from urllib.parse import urlencode

import httpx

from domain.base import UNSTORABLE, is_storable
from domain.seller.calls import ATTEMPT_TIMEOUT
from domain.seller.signatures import canonical_json, sign_v2

SECONDS = ATTEMPT_TIMEOUT.total_seconds()

MOST_BYTES = 64 * 1024


@dataclass(frozen=True)
class Reply:
    """What came back: the JSON object, or what was wrong with the answer; and the milliseconds it took."""

    content: dict[str, object]
    fault: str
    milliseconds: int

    @property
    def code(self) -> str:
        """The result code; empty when there is none."""
        return str(self.content.get("resultCode", ""))

    @property
    def instance_id(self) -> str:
        """The instance's id; empty when there is none."""
        return str(self.content.get("instanceId", ""))

    @property
    def told(self) -> str:
        """The answer in a few words."""
        return self.fault or f"{self.code} {self.content.get('resultMsg', '')}".strip()


@dataclass(frozen=True)
class Stamp:
    """What is signed beside the body."""

    nonce: str
    timestamp: str

    @classmethod
    def now(cls, seconds_ago: int = 0) -> "Stamp":
        """A fresh nonce, and the time so many seconds ago."""
        return cls(secrets.token_hex(32).upper(), str(time.time_ns() // 1_000_000 - seconds_ago * 1000))


class SellerUnderTest:
    """A seller's endpoint in debugging mode."""

    def __init__(self, url: str, access_key: str) -> None:
        """Take the production address and the key that signs."""
        self._url = url
        self._key = access_key

    def call(self, stamp: Stamp | None = None, *, key: str | None = None, **fields: str | None) -> Reply:
        """Make a call with ``testFlag``; a stamp or key of one's own makes it a wrong one."""
        stamp = stamp or Stamp.now()
        body = canonical_json(json.dumps({**fields, "testFlag": "1"}).encode())
        signature = sign_v2(key or self._key, stamp.nonce, stamp.timestamp, body)
        signed = {"signature": signature, "timestamp": stamp.timestamp, "nonce": stamp.nonce}
        return self._send(body, {name: value for name, value in signed.items() if value})

    def _send(self, body: bytes, query: dict[str, str]) -> Reply:
        begin = time.monotonic()
        try:
            answer = httpx.post(
                f"{self._url}?{urlencode(query)}",
                content=body,
                headers={"content-type": "application/json; charset=utf-8"},
                timeout=SECONDS,
                follow_redirects=False,
                trust_env=False,
            )
        except httpx.TimeoutException:
            return Reply({}, f"no answer within {SECONDS:g} s", round(SECONDS * 1000))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return Reply({}, f"{type(error).__name__}: {error}", 0)
        milliseconds = round((time.monotonic() - begin) * 1000)
        content, fault = _read(answer)
        return Reply(content, fault, milliseconds)


def _read(answer: httpx.Response) -> tuple[dict[str, object], str]:
    if answer.status_code != httpx.codes.OK:
        return {}, f"HTTP {answer.status_code}"
    kind = answer.headers.get("content-type", "").partition(";")[0]
    if kind != "application/json":
        return {}, f"content type {kind or 'missing'} instead of application/json"
    if len(answer.content) > MOST_BYTES:
        return {}, f"the answer is larger than {MOST_BYTES} bytes"
    try:
        content = answer.json()
    except ValueError:
        return {}, "the answer is not JSON"
    if not is_storable(content):
        return {}, f"the answer {UNSTORABLE}"
    return (content, "") if isinstance(content, dict) else ({}, "the answer is not a JSON object")
