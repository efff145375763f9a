"""A seller's software in the field: activates codes through the open API, and misbehaves when told to."""

import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import httpx
from pydantic import BaseModel

from sandbox.client import ACTIVATE, open_api_headers

ANSWER_SECONDS = 40.0


class SoftwareFault(StrEnum):
    """How the software misbehaves: tells everything twice, sends the very same request again, has a wrong clock."""

    NONE = "none"
    DUPLICATING = "duplicating"
    REPLAYING = "replaying"
    CLOCKLESS = "clockless"


class EnteredCode(BaseModel):
    """A code that somebody entered."""

    license: str
    fault: SoftwareFault = SoftwareFault.NONE


@dataclass(frozen=True)
class Software:
    """Where the open API is, and the key pair that signs."""

    api_url: str
    keys: tuple[str, str]

    def activate(self, asked: EnteredCode) -> list[str]:
        """Activate a code; the error codes of the answers, in order."""
        body = json.dumps({"license": asked.license}).encode()
        off = timedelta(hours=1) if asked.fault is SoftwareFault.CLOCKLESS else timedelta(0)
        first = self._headers(body, off)
        match asked.fault:
            case SoftwareFault.DUPLICATING:
                return [self._send(body, first), self._send(body, self._headers(body, off))]
            case SoftwareFault.REPLAYING:
                return [self._send(body, first), self._send(body, first)]
            case _:
                return [self._send(body, first)]

    def _headers(self, body: bytes, off: timedelta) -> dict[str, str]:
        unique = {"x-request-id": secrets.token_hex(8)}
        return open_api_headers(self.keys, ACTIVATE, body, datetime.now(UTC) + off, more=unique)

    def _send(self, body: bytes, headers: dict[str, str]) -> str:
        answer = httpx.post(
            f"{self.api_url}{ACTIVATE}", content=body, headers=headers, timeout=ANSWER_SECONDS, trust_env=False
        )
        return str(answer.json()["error_code"])
