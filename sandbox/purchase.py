"""The purchase system's ear: takes each order status once, if its signature is right."""

import json
from datetime import UTC, datetime
from threading import Lock

from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from domain.order_status import OrderStatus
from domain.seller.signatures import equal, is_fresh, sign_webhook
from sandbox.parties import sandbox_settings

router = APIRouter(prefix="/purchase", tags=["purchase system"])


class HeardStatus(BaseModel):
    """An order status as heard: its content, and how many times it came."""

    status: OrderStatus
    times: int = 1


_lock = Lock()
_heard: dict[str, HeardStatus] = {}
_refusing: set[str] = set()


@router.post("/callback", status_code=204)
async def callback(request: Request) -> Response:
    """Take an order status; the same id again changes nothing."""
    body = await request.body()
    await run_in_threadpool(_take, request, body)
    return Response(status_code=204)


def _take(request: Request, body: bytes) -> None:
    message_id = request.headers.get("webhook-id", "")
    timestamp = request.headers.get("webhook-timestamp", "")
    secret = sandbox_settings().purchase_callback_secret.get_secret_value()
    fresh = timestamp.isdigit() and is_fresh(datetime.fromtimestamp(int(timestamp), UTC), datetime.now(UTC))
    signature = request.headers.get("webhook-signature", "")
    if not fresh or not equal(sign_webhook(secret.encode(), message_id, timestamp, body), signature):
        raise HTTPException(401, "wrong signature")
    status = OrderStatus.model_validate({**json.loads(body), "key": message_id})
    if status.delivery_id in _refusing:
        raise HTTPException(503, "closed")
    with _lock:
        known = _heard.get(message_id)
        _heard[message_id] = HeardStatus(status=status, times=known.times + 1 if known else 1)


@router.get("/orders/{delivery_id}")
def heard(delivery_id: str) -> list[HeardStatus]:
    """What the purchase system was told about a delivery."""
    with _lock:
        return [one for one in _heard.values() if one.status.delivery_id == delivery_id]


@router.put("/orders/{delivery_id}/refusing", status_code=204)
def refuse(delivery_id: str) -> None:
    """Answer 503 to what is told about this delivery from now on."""
    _refusing.add(delivery_id)


@router.delete("/orders/{delivery_id}/refusing", status_code=204)
def take_again(delivery_id: str) -> None:
    """Hear again what is told about this delivery."""
    _refusing.discard(delivery_id)
