"""What a delivery knows about itself; kept by the engine, written to the ledger with every transition."""

from datetime import datetime, timedelta
from typing import assert_never

from pydantic import Field

from domain.base import Strict
from domain.delivery.cases import AppealCase, Invoice, Parcel, Refund, RefundRequest
from domain.delivery.clocks import (
    ACCEPTANCE_REMINDERS,
    CLOCKS,
    LONG_OPEN,
    SIGN_OFF,
    ClockAct,
    ClockName,
    Due,
    Freeze,
    FreezeKind,
    RunningClock,
)
from domain.delivery.flows import FLOWS, Condition, Flow
from domain.delivery.stages import STAGES, Stage, StageName
from domain.delivery.terms import Terms
from domain.order import Order
from domain.order_status import Status
from domain.parties import Actor
from domain.proof import Proof
from domain.recorded import Recorded
from domain.seller.open_calls import CallingState
from domain.settlement import eligibility_month
from domain.step import Receipt
from domain.validity import Validity


class DeliveryStart(Strict):
    """What a delivery begins with: the order, the terms decided for it, when; and what the ledger has of it."""

    order: Order
    terms: Terms
    at: datetime
    code: str = ""
    recorded: Recorded | None = None


class CommandReceipt(Receipt):
    """The answer to a command that was taken."""

    command: str
    stage: StageName
    deadline: datetime | None


class DeliveryState(CallingState):
    """A delivery at one moment."""

    order: Order
    terms: Terms
    stage: StageName
    entered_at: datetime
    sequence: int = 1
    clocks: list[RunningClock] = Field(default_factory=list)
    freezes: list[Freeze] = Field(default_factory=list)
    overdue: bool = False
    appeals: list[AppealCase] = Field(default_factory=list)
    refund_requests: list[RefundRequest] = Field(default_factory=list)
    refund: Refund | None = None
    invoice: Invoice = Invoice.NONE
    requested_at: datetime | None = None
    steps_done: int = 0
    proof: Proof | None = None
    parcel: Parcel | None = None
    lost_confirmed: bool = False
    license_code: str | None = None
    identification_code: str | None = None
    license: str | None = None
    claimed_at: datetime | None = None
    activated_at: datetime | None = None
    instance_id: str | None = None
    rejections: int = 0
    validity: Validity | None = None
    ended_at: datetime | None = None

    @classmethod
    def begin(cls, order: Order, terms: Terms, now: datetime, code: str = "") -> "DeliveryState":
        """The state of a delivery at its first stage; its start is the ledger's first entry.

        ``code`` is what nobody may guess: the platform's authorization or identification code is made of it.
        """
        state = cls(order=order, terms=terms, stage=FLOWS[terms.flow].first, entered_at=now)
        if code and state.flow.has(StageName.CODE_ACTIVATION):
            state.license_code = f"PL{code}"
        if code and state.flow.has(StageName.CODE_SUBMISSION):
            state.identification_code = f"ID{code}"
        state._start_clock(ClockName.ORDER, now)
        state._start_clock_for_stage(now)
        return state

    @property
    def flow(self) -> Flow:
        """The order's flow."""
        return FLOWS[self.terms.flow]

    @property
    def current(self) -> Stage:
        """The stage as the table has it."""
        return STAGES[self.stage]

    @property
    def conditions(self) -> frozenset[Condition]:
        """What holds of this order now, for the steps that depend on it."""
        more = self.steps_done < len(self.order.product.service_steps)
        return frozenset(
            {
                Condition.REVIEWED if self.terms.reviewed else Condition.NOT_REVIEWED,
                Condition.MORE_STEPS if more else Condition.LAST_STEP,
            }
        )

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
    def open_appeal(self) -> AppealCase | None:
        """The appeal that waits for a decision."""
        return self.appeals[-1] if self.appeals and self.appeals[-1].is_open else None

    @property
    def open_refund(self) -> RefundRequest | None:
        """The refund request that waits for somebody."""
        return self.refund_requests[-1] if self.refund_requests and self.refund_requests[-1].is_open else None

    @property
    def next_due(self) -> Due | None:
        """The next act of the clocks that run; None when none does."""
        acts = (clock.acts[0] for clock in self.clocks if clock.acts and clock.paused_since is None)
        return min(acts, key=lambda due: due.at, default=None)

    @property
    def deadline(self) -> datetime | None:
        """When a clock decides, or marks somebody late; while all stand still, when one would have."""
        running = [clock for clock in self.clocks if clock.paused_since is None] or self.clocks
        return min((clock.deadline for clock in running if clock.deadline), default=None)

    @property
    def code_is_sent_to_both(self) -> bool:
        """The authorization code goes to seller and buyer at once: nobody has to claim it (DOMAIN §1.4)."""
        return self.flow.first is StageName.CODE_ACTIVATION

    @property
    def seller_knows_code(self) -> bool:
        """The seller's software has the authorization code: it was sent to both, or activated (DOMAIN §1.4)."""
        return self.license_code is not None and (self.code_is_sent_to_both or self.activated_at is not None)

    @property
    def eligibility_month(self) -> str | None:
        """Month (YYYY-MM) in which a completed order is billed; None for the others."""
        is_completed = self.status is Status.COMPLETED
        return eligibility_month(self.ended_at) if is_completed and self.ended_at else None

    def validity_start(self, now: datetime) -> datetime:
        """Activation, else the actual start time of the proof, else now, the acceptance (DOMAIN §1.8)."""
        stated = self.proof.actual_start_at if self.proof else None
        return self.activated_at or stated or now

    def enter(self, stage: StageName, now: datetime) -> None:
        """Step to a stage and wind its clock up; raises ValueError for a step outside the flow's table."""
        if stage is not self.stage and not self.flow.allows(self.stage, stage, self.conditions):
            message = f"{self.flow.name}: no step from {self.stage} to {stage}"
            raise ValueError(message)
        left = self.current.clock
        self.stage = stage
        self.entered_at = now
        if self.current.clock is not left or left is not ClockName.DELIVERY:
            # The seller's duration goes on from one step of the work to the next.
            self.stop(left)
            self._start_clock_for_stage(now)
        if self.current.is_end or stage is StageName.UNSUBSCRIBING:
            self.clocks = []
        if self.current.is_end:
            self.ended_at = now

    def _start_clock_for_stage(self, now: datetime) -> None:
        self.overdue = False
        if self.current.clock is not None:
            self._start_clock(self.current.clock, now)

    def _start_clock(self, name: ClockName, now: datetime) -> None:
        """Start one of the flow's clocks, if the order has it."""
        match name:
            case ClockName.ORDER:
                acts = self._order_acts(now)
            case ClockName.DELIVERY:
                acts = self._delivery_acts(now)
            case ClockName.ACCEPTANCE:
                acts = self._acceptance_acts(now)
            case ClockName.SIGN_OFF:
                acts = self._sign_off_acts(now)
            case ClockName.APPEAL | ClockName.REFUND_ANSWER | ClockName.GOODS_RETURN | ClockName.RETURN_CHECK:
                return  # No stage has them: their cases start them.
            case _:
                assert_never(name)
        if acts:
            self.start_clock(name, now, *acts)

    def _order_acts(self, now: datetime) -> list[tuple[datetime, ClockAct]]:
        acts = [(self.order.placed_at + LONG_OPEN, ClockAct.REMIND_LONG_OPEN)]
        if self.terms.closes_after is not None:
            acts.append((now + self.terms.closes_after, ClockAct.CLOSE_OLD))
        return acts

    def _delivery_acts(self, now: datetime) -> list[tuple[datetime, ClockAct]]:
        days, policy = self.order.product.delivery_days, self.terms.policy
        if days is None:
            return []
        end = now + timedelta(days=days)
        return [
            (end - timedelta(days=policy.delivery_reminder_days), ClockAct.REMIND_SELLER),
            (end, ClockAct.MARK_OVERDUE),
            (end + timedelta(days=policy.delivery_escalation_days), ClockAct.ESCALATE_DELIVERY),
        ]

    def _acceptance_acts(self, now: datetime) -> list[tuple[datetime, ClockAct]]:
        days = self.terms.acceptance_days
        return [] if days is None else _acceptance_acts(now + timedelta(days=days))

    def _sign_off_acts(self, now: datetime) -> list[tuple[datetime, ClockAct]]:
        """The buyer can act from the stage's entry on: a review does not use up the ten days."""
        parcel = self.parcel
        if parcel is None or parcel.signed_at is None or not parcel.recipient_is_buyer:
            return []
        since = max(parcel.signed_at, self.entered_at)
        return _acceptance_acts(since + SIGN_OFF + self._stood_still(since, now))

    def start_clock(self, name: ClockName, now: datetime, *acts: tuple[datetime, ClockAct]) -> None:
        """Start a clock with these acts; it stands still from the first moment while a freeze stops it."""
        self.stop(name)
        clock = RunningClock.started(name, now, *acts)
        if clock.acts:
            self.clocks.append(clock.paused(now) if self._is_stopped(name) else clock)

    def _is_stopped(self, name: ClockName) -> bool:
        return any(freeze.ends_at is None and freeze.kind in CLOCKS[name].stopped_by for freeze in self.freezes)

    def _stood_still(self, since: datetime, until: datetime) -> timedelta:
        """How long the flow was frozen in a stretch of time; freezes within freezes count once."""
        stood, counted_to = timedelta(0), since
        for freeze in self.freezes:
            end = min(freeze.ends_at or until, until)
            stood += max(end - max(freeze.starts_at, counted_to), timedelta(0))
            counted_to = max(counted_to, end)
        return stood

    def stop(self, *names: ClockName | None) -> None:
        """Take clocks away whose matter is settled."""
        self.clocks = [clock for clock in self.clocks if clock.name not in names]

    def sign_off(self, now: datetime) -> None:
        """Start the clock of signed goods when the buyer is to decide on them."""
        if self.current.clock is ClockName.SIGN_OFF:
            self._start_clock(ClockName.SIGN_OFF, now)

    def take_due(self) -> ClockAct:
        """Take the clocks' next act off; raises ValueError when no clock runs."""
        due = self.next_due
        if due is None:
            message = "no clock runs"
            raise ValueError(message)
        clock = next(clock for clock in self.clocks if clock.paused_since is None and due in clock.acts[:1])
        self.clocks[self.clocks.index(clock)] = clock.without_next()
        return due.act

    def freeze(self, kind: FreezeKind, author: Actor, reason: str, now: datetime) -> None:
        """Stop the clocks that this kind of freeze stops."""
        self.freezes.append(Freeze(kind=kind, author=author, reason=reason, starts_at=now))
        self.clocks = [clock.paused(now) if self._is_stopped(clock.name) else clock for clock in self.clocks]

    def thaw(self, kind: FreezeKind, now: datetime) -> None:
        """End a freeze; clocks that no other freeze stops go on with the time they had left."""
        self.freezes = [
            freeze.model_copy(update={"ends_at": now}) if freeze.kind is kind and freeze.ends_at is None else freeze
            for freeze in self.freezes
        ]
        self.clocks = [clock if self._is_stopped(clock.name) else clock.resumed(now) for clock in self.clocks]

    def change_appeal(self, **changes: object) -> None:
        """Replace members of the open appeal's case file."""
        self.appeals[-1] = self.appeals[-1].model_copy(update=changes)

    def change_refund(self, **changes: object) -> None:
        """Replace members of the latest refund request."""
        self.refund_requests[-1] = self.refund_requests[-1].model_copy(update=changes)


def _acceptance_acts(end: datetime) -> list[tuple[datetime, ClockAct]]:
    reminders = [(end - before, ClockAct.REMIND) for before in ACCEPTANCE_REMINDERS]
    return [*reminders, (end, ClockAct.ACCEPT)]
