"""What crosses between engine, ledger, purchase system and callers: rows, receipts, and what a process starts from."""

from datetime import datetime
from typing import Generic, TypeVar

from pydantic import Field

from domain.base import Strict
from domain.commands import Command, Ruling
from domain.events import Event
from domain.flows import Effect
from domain.instances import InstanceStart, Operation, OperationReceipt
from domain.notices import Notice
from domain.order import Order
from domain.parties import Actor, Role
from domain.recorded import Recorded
from domain.stages import StageName
from domain.state import Status
from domain.terms import Terms
from domain.text import Text
from domain.validity import Validity


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


class Row(Strict):
    """One step of a process, as the ledger keeps it: who did what, what it did, and who is told.

    It says nothing that stands elsewhere already: neither order nor terms, which never change.
    """

    sequence: int
    at: datetime
    actor: Actor
    cause: str
    effect: Effect
    source: str = Field(description="Stage (of an instance: status) before")
    target: str = Field(description="Stage (of an instance: status) after")
    ruling: Ruling | None = Field(default=None, description="With the end of an appeal: how it was decided")
    content: str = Field(default="{}", description="JSON: what was asked for, or what happened")
    key: str | None = Field(default=None, description="Makes a command or a reported event count once")
    receipt: Receipt | OperationReceipt | None = None
    messages: tuple[Message, ...] = ()
    notice: Notice
    order_status: OrderStatus | None = Field(default=None, description="What the purchase system is told with it")
    hear_by: datetime | None = Field(default=None, description="Unheard until then, operations are told")


class Head(Strict):
    """What lists and filters need of a process, whatever its kind."""

    status: str
    stage: str
    waiting_on: Role
    due_at: datetime | None
    overdue: bool
    is_open: bool
    seller_key: str | None = Field(description="What the seller's software knows it by: code or instance id")
    expires_at: datetime | None


class Carried(Strict):
    """Rows on their way to the ledger, with the state after the last of them.

    They begin at or before the first row that the ledger lacks (no gaps), and come out of an update's outcome, an
    activity's input or a workflow's result, which the engine stored before anybody saw them: so the ledger is always a
    prefix of what the engine stored.
    """

    rows: tuple[Row, ...]
    head: Head
    state: str = Field(description="JSON of the state, without what the process was started with")


class Outcome(Carried):
    """The answer to a command, with every row that its asker has to write before it may be told."""

    receipt: Receipt | OperationReceipt


Asked = TypeVar("Asked", Command, Operation, Event)


class Ask(Strict, Generic[Asked]):
    """A command to a process, and how far the asker has seen its ledger."""

    asked: Asked
    known: int = Field(description="Sequence of the last row that the ledger has")


class Start(Strict):
    """What a delivery begins with: the order, the terms decided for it, when; and what the ledger has of it."""

    order: Order
    terms: Terms
    at: datetime
    code: str = ""
    recorded: Recorded | None = None


LEDGER_REFUSED = "ledger-refused"
"""Type of the engine error for rows that the ledger can never keep: trying again is of no use."""


class Unwritten(Strict):
    """Rows of a process that nobody asked for, as an activity writes them."""

    process: str
    carried: Carried
    begun: InstanceStart | None = Field(default=None, description="With an instance's first row: what it began with")
