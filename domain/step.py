"""A step of a process on its way from the decision to the record, whatever the kind of process."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Generic, TypeVar

from pydantic import Field

from domain.base import Strict
from domain.bilingual import Bilingual
from domain.events import Event
from domain.notices import Notice
from domain.order_status import OrderStatus
from domain.parties import Actor, Role


class Effect(StrEnum):
    """What a command, an event or the clock did to the process; only a delivery's stages end."""

    STAYS = "stays"
    ENDS_STAGE = "ends-stage"
    CLOSES = "closes"
    UNSUBSCRIBES = "unsubscribes"


class Given(Strict):
    """What a party asks a process for, with the key that makes it happen once."""

    actor: Actor
    key: Annotated[str, Field(min_length=1, max_length=256)]


class Receipt(Strict):
    """The answer to what was asked for and taken; the same for every repetition under its key."""

    delivery_id: str
    fingerprint: str
    sequence: int
    at: datetime


class Message(Strict):
    """A sentence for one side of the delivery."""

    to: Role
    text: Bilingual


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
    ruling: str | None = Field(default=None, description="With the end of an appeal: how it was decided")
    content: str = Field(default="{}", description="JSON: what was asked for, or what happened")
    key: str | None = Field(default=None, description="Makes a command or a reported event count once")
    receipt: str | None = Field(default=None, description="JSON: the answer to whoever asked")
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

    receipt: str = Field(description="JSON: the answer to whoever asked")


AskedT = TypeVar("AskedT", bound=Given | Event)


class Ask(Strict, Generic[AskedT]):
    """A command to a process, and how far the asker has seen its ledger."""

    asked: AskedT
    known: int = Field(description="Sequence of the last row that the ledger has")


LEDGER_REFUSED = "ledger-refused"
"""Type of the engine error for rows that the ledger can never keep: trying again is of no use."""


class Unwritten(Strict):
    """Rows of a process that nobody asked for, as an activity writes them."""

    process: str
    carried: Carried
    begun: str | None = Field(
        default=None, description="JSON: with a first row that nobody made room for, what the process began with"
    )
