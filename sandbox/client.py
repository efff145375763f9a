"""A party at its keyboard: calls the public HTTP API with its own credentials."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import count
from typing import cast
from urllib.parse import urlencode

import httpx
from pydantic import BaseModel

from domain.parties import Actor
from domain.seller.signatures import APIG_ALGORITHM, sign_apig
from domain.wire import basic_time

Json = dict[str, object]

PATIENCE_SECONDS = 30.0


SHORT_LIVED = httpx.Limits(keepalive_expiry=2)
"""Our servers close a connection that was idle for five seconds: whoever takes one up at that moment gets no answer."""


def pauses() -> Iterator[float]:
    """Seconds between looks at what takes its time: short at first, then up to one, for each look costs."""
    pause = 0.1
    while True:
        yield pause
        pause = min(pause * 1.5, 1.0)


class Answer(BaseModel):
    """Status and JSON of an answer."""

    status: int
    json_body: Json

    @property
    def code(self) -> str:
        """The problem's code, or nothing."""
        return str(self.json_body.get("code", ""))


class Party:
    """One party with its token."""

    def __init__(self, actor: Actor, api_url: str, token: str) -> None:
        """Log in."""
        self.actor = actor
        self._keys = count(1)
        self.http = httpx.AsyncClient(
            base_url=api_url,
            headers={"Authorization": f"Bearer {token}"},
            limits=SHORT_LIVED,
            timeout=40,
            trust_env=False,
        )

    async def start(self, order: Json) -> Answer:
        """Hand over a paid order line."""
        return _answer(await self.http.post("/v1/deliveries", json=order))

    async def read(self, delivery_id: str) -> Json:
        """Read a delivery; raises httpx.HTTPStatusError."""
        answer = await self.http.get(f"/v1/deliveries/{delivery_id}")
        return cast("Json", answer.raise_for_status().json())

    async def give(
        self, delivery_id: str, command: str, fields: Mapping[str, object] | None = None, key: str | None = None
    ) -> Answer:
        """Give a command under a fresh idempotency key, or under the one named."""
        headers = {"Idempotency-Key": key or f"{command}-{next(self._keys)}"}
        path = f"/v1/deliveries/{delivery_id}/{command}"
        return _answer(await self.http.post(path, json=fields or {}, headers=headers))

    async def report(self, delivery_id: str, event: str, told: Mapping[str, object] | None = None) -> Answer:
        """Report an event."""
        return _answer(await self.http.post(f"/v1/deliveries/{delivery_id}/events/{event}", json=told or {}))

    async def post(self, path: str, fields: Mapping[str, object], key: str | None = None) -> Answer:
        """Post to any route, under an idempotency key where it wants one."""
        headers = {"Idempotency-Key": key} if key else {}
        return _answer(await self.http.post(path, json=fields, headers=headers))

    async def wait_for(self, delivery_id: str, holds: Callable[[Json], bool], what: str = "deliveries") -> Json:
        """Read a delivery, or its instance, until the condition holds; raises TimeoutError with what was read last."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        seen: Json = {}
        for pause in pauses():
            answer = await self.http.get(f"/v1/{what}/{delivery_id}")
            seen = cast("Json", answer.json())
            if answer.is_success and holds(seen):
                return seen
            if time.monotonic() > deadline:
                break
            await asyncio.sleep(pause)
        message = f"{delivery_id} stays at {seen.get('stage', seen.get('status'))}"
        raise TimeoutError(message)


def _answer(response: httpx.Response) -> Answer:
    body = response.json() if response.content else {}
    return Answer(status=response.status_code, json_body=body)


def open_api_headers(  # noqa: PLR0913 - the parts of a request
    keys: tuple[str, str],
    path: str,
    body: bytes,
    at: datetime | None = None,
    content_type: str = "application/json",
    method: str = "POST",
    query: str = "",
    more: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Headers of a signed open-API call; two in one second differ by what more is signed."""
    access, secret = keys
    stamp = basic_time(at or datetime.now(UTC))
    signed = {"content-type": content_type, "x-sdk-date": stamp, **(more or {})}
    signature = sign_apig(secret, method, path, query, signed, body)
    names = ";".join(sorted(signed))
    return {
        **signed,
        "authorization": f"{APIG_ALGORITHM} Access={access}, SignedHeaders={names}, Signature={signature}",
    }


OPEN_API = "/api/mkp-openapi-public/global"
ACTIVATE = f"{OPEN_API}/v1/license/activate"


async def open_api(api_url: str, keys: tuple[str, str], call: str, fields: Json) -> Answer:
    """What the seller's software posts, such as v2/license/heartbeat."""
    body, path = json.dumps(fields).encode(), f"{OPEN_API}/{call}"
    async with httpx.AsyncClient(base_url=api_url, timeout=40, trust_env=False) as http:
        return _answer(await http.post(path, content=body, headers=open_api_headers(keys, path, body)))


async def activate_license(api_url: str, keys: tuple[str, str], fields: Json) -> Answer:
    """What the seller's software does when the buyer enters a code."""
    return await open_api(api_url, keys, "v1/license/activate", fields)


async def query_order(api_url: str, keys: tuple[str, str], **asked: str) -> Answer:
    """What the seller's system asks of an order."""
    path, query = f"{OPEN_API}/v1/order/query", urlencode(asked)
    headers = open_api_headers(keys, path, b"", method="GET", query=query)
    async with httpx.AsyncClient(base_url=api_url, timeout=40, trust_env=False) as http:
        return _answer(await http.get(f"{path}?{query}", headers=headers))
