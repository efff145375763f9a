"""What subscribers are told of orders, and how often a telling is repeated (Standard Webhooks)."""

from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import model_validator

from domain.base import Strict
from domain.order import Order
from domain.parties import Role

SUBSCRIBERS = (Role.PURCHASE, Role.SELLER, Role.BUYER)
"""Who may subscribe: the purchase system to all orders, sellers and buyers to their own."""

MAX_SUBSCRIPTIONS = 10

SECRET_OVERLAP = timedelta(hours=24)
"""How long a notice is signed with the old secret too after a rotation."""

SUBSCRIBER_SECONDS = 10.0
"""Time a subscriber has to answer."""

GONE = 410
"""The status by which a subscriber says that it wants no more."""

_AFTER = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
JITTER = 0.2


class NoticeState(StrEnum):
    """How far a notice is."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class Notice(Strict):
    """One thing a subscriber is told: a pointer to read on by, without texts or secrets of people."""

    id: str
    type: str
    timestamp: datetime
    data: dict[str, str | int | None]


def wait_after(attempts: int, chance: float) -> timedelta | None:
    """How long to wait after so many attempts, spread by a chance in [0, 1); None when there is no further attempt."""
    if attempts > len(_AFTER):
        return None
    return _AFTER[attempts - 1] * (1 - JITTER + 2 * JITTER * chance)


def pointer(order: Order) -> dict[str, str | int | None]:
    """What every notice of an order names: where to read on."""
    return {
        "delivery_id": order.delivery_id,
        "order_id": order.order_id,
        "order_line_id": order.order_line_id,
        "seller_id": order.seller_id,
        "buyer_id": order.buyer_id,
    }


class Listener(Strict):
    """Whose subscriptions a notice goes to: one party's, or, for the purchase system alone, everybody's of the role."""

    role: Role
    id: str | None = None

    @model_validator(mode="after")
    def _is_one_party(self) -> "Listener":
        if self.id is None and self.role is not Role.PURCHASE:
            raise ValueError("only the purchase system hears of everybody")
        return self


def listeners(notice: Notice) -> tuple[Listener, ...]:
    """Who is told of a notice: the purchase system of everything, sellers and buyers of what is theirs."""
    seller, buyer = notice.data.get("seller_id"), notice.data.get("buyer_id")
    return (
        Listener(role=Role.PURCHASE),
        *([Listener(role=Role.SELLER, id=str(seller))] if seller else []),
        *([Listener(role=Role.BUYER, id=str(buyer))] if buyer else []),
    )
