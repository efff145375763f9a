"""What crosses from the engine to the ledger, to the purchase system and back to the caller."""

from datetime import datetime

from pydantic import BaseModel, Field

from domain.base import Strict
from domain.instances import InstanceState, OperationReceipt
from domain.order import Order
from domain.parties import Actor, Role
from domain.stages import StageName
from domain.state import State, Status
from domain.terms import Terms
from domain.text import Text
from domain.validity import Validity


class Start(Strict):
    """What a delivery begins with: the order, the terms decided for it, and when."""

    order: Order
    terms: Terms
    at: datetime


class Receipt(Strict):
    """The answer to a command that was taken; the same for every repetition under its key."""

    delivery_id: str
    command: str
    fingerprint: str
    sequence: int
    at: datetime
    stage: StageName
    deadline: datetime | None


class Message(Strict):
    """A sentence for one side of the delivery."""

    to: Role
    text: Text


class Step(BaseModel):
    """One thing that happened, as the ledger keeps it."""

    sequence: int
    at: datetime
    actor: Actor
    cause: str
    content: str = "{}"
    key: str | None = None
    messages: tuple[Message, ...] = ()


class Transition(Step):
    """One step of a delivery."""

    source: StageName
    receipt: Receipt | None = None
    state: State


class InstanceStep(Step):
    """One step in an instance's life."""

    receipt: OperationReceipt | None = None
    state: InstanceState


class OrderStatus(Strict):
    """What the purchase system is told at the end of a delivery."""

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


class DeliveryOutcome(Strict):
    """How a delivery ended; the workflow's result."""

    delivery_id: str
    status: Status
    ended_at: datetime
    validity: Validity | None
    eligibility_month: str | None
