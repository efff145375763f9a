"""What a delivery knows about itself; kept by the engine, written to the ledger with every transition."""

from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from pydantic import BaseModel

from domain.commands import Proof
from domain.flows import FLOWS, Flow, needs_platform_review
from domain.order import Order, Strict
from domain.parties import Actor
from domain.stages import STAGES, ClockAct, Stage, StageName
from domain.validity import Validity


class Status(StrEnum):
    """The delivery's status as settlement and the purchase system see it (DOMAIN §1.2)."""

    PROCESSING = "processing"
    COMPLETED = "completed"
    REFUNDED = "refunded"


class Due(Strict):
    """What the clock does, and when."""

    at: datetime
    act: ClockAct


class FreezeKind(StrEnum):
    """Why a delivery stands still."""

    APPEAL = "appeal"
    REFUND_REQUEST = "refund-request"


class Freeze(Strict):
    """A stretch in which no clock ran: who asked for it, why, from and to."""

    kind: FreezeKind
    author: Actor
    reason: str
    starts_at: datetime
    ends_at: datetime | None = None


class Refund(Strict):
    """A refund that was asked for or is being carried out."""

    amount: Decimal
    reason: str
    agreed_at: datetime | None = None


class State(BaseModel):
    """A delivery at one moment."""

    order: Order
    stage: StageName
    entered_at: datetime
    reviewed: bool
    sequence: int = 1
    due: list[Due] = []
    freezes: list[Freeze] = []
    frozen_since: datetime | None = None
    refund: Refund | None = None
    proof: Proof | None = None
    license_code: str | None = None
    claimed_at: datetime | None = None
    activated_at: datetime | None = None
    instance_id: str | None = None
    parked: list[str] = []
    rejections: int = 0
    validity: Validity | None = None
    ended_at: datetime | None = None

    @classmethod
    def begin(cls, order: Order, now: datetime) -> "State":
        """The state of a delivery at its first stage; its start is the ledger's first entry."""
        return cls(
            order=order,
            stage=FLOWS[order.product.type].first,
            entered_at=now,
            reviewed=needs_platform_review(order),
        )

    @property
    def flow(self) -> Flow:
        """The product type's flow."""
        return FLOWS[self.order.product.type]

    @property
    def current(self) -> Stage:
        """The stage as the table has it."""
        return STAGES[self.stage]

    @property
    def status(self) -> Status:
        """Completed and refunded are ends; everything else is processing."""
        ends = {StageName.COMPLETED: Status.COMPLETED, StageName.REFUNDED: Status.REFUNDED}
        return ends.get(self.stage, Status.PROCESSING)

    @property
    def open_freeze(self) -> Freeze | None:
        """The freeze that rules now; an appeal goes before a refund request."""
        still_open = [freeze for freeze in self.freezes if freeze.ends_at is None]
        return min(still_open, key=lambda freeze: freeze.kind is not FreezeKind.APPEAL, default=None)

    @property
    def next_due(self) -> Due | None:
        """The clock's next act, or None while frozen or without a clock."""
        return self.due[0] if self.due and self.frozen_since is None else None

    @property
    def deadline(self) -> datetime | None:
        """When the clock decides by itself; while frozen, when it would have."""
        return next((due.at for due in self.due if due.act is not ClockAct.REMIND), None)

    def enter(self, stage: StageName, now: datetime) -> None:
        """Step to a stage and wind its clock up; raises ValueError for a step outside the flow's table."""
        if stage is not self.stage and not self.flow.allows(self.stage, stage, reviewed=self.reviewed):
            message = f"{self.order.product.type}: no step from {self.stage} to {stage}"
            raise ValueError(message)
        self.stage = stage
        self.entered_at = now
        self.due = self._wound_up(STAGES[stage], now)
        if STAGES[stage].is_end:
            self.ended_at = now

    def _wound_up(self, stage: Stage, now: datetime) -> list[Due]:
        days = self.order.product.acceptance_days
        if days is None:
            return []
        end = now + timedelta(days=days)
        ticks = (Due(at=end - tick.before_end, act=tick.act) for tick in stage.clock)
        return [due for due in ticks if due.at > now]

    def freeze(self, kind: FreezeKind, author: Actor, reason: str, now: datetime) -> None:
        """Stop every clock until the freeze ends."""
        self.freezes.append(Freeze(kind=kind, author=author, reason=reason, starts_at=now))
        self.frozen_since = self.frozen_since or now

    def thaw(self, kind: FreezeKind, now: datetime) -> None:
        """End a freeze; when it was the last one, every instant of the clock moves by the frozen time."""
        self.freezes = [
            freeze.model_copy(update={"ends_at": now}) if freeze.kind is kind and freeze.ends_at is None else freeze
            for freeze in self.freezes
        ]
        if self.frozen_since is not None and self.open_freeze is None:
            frozen = now - self.frozen_since
            self.due = [Due(at=due.at + frozen, act=due.act) for due in self.due]
            self.frozen_since = None
