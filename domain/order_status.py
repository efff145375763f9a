"""How an order stands, as settlement and the purchase system see it (DOMAIN §1.2)."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from domain.base import Strict
from domain.validity import Validity


class Status(StrEnum):
    """The delivery's status as settlement and the purchase system see it (DOMAIN §1.2)."""

    PROCESSING = "processing"
    COMPLETED = "completed"
    REFUNDED = "refunded"


class OrderStatus(Strict):
    """What the purchase system is told when an order, or an operation's order, ends."""

    key: str
    delivery_id: str
    order_id: str
    order_line_id: str
    status: Status
    at: datetime
    validity: Validity | None = None
    eligibility_month: str | None = Field(
        default=None, description="Month (YYYY-MM) in which a completed order is billed"
    )
    refund_amount: str | None = None
    reason: str | None = None

    @property
    def body(self) -> str:
        """What is sent, as JSON; the key travels beside it."""
        return self.model_dump_json(exclude={"key"})
