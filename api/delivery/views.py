"""What readers of a delivery see: who has to act, what is missing, until when, and everything so far."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from pydantic import BaseModel, Field

from database.models import AttemptRow, DeliveryRow, EventRow, Json, MessageRow, SoftwareUsageRow
from domain.bilingual import Bilingual
from domain.delivery.cases import AppealCase, Parcel, RefundRequest
from domain.delivery.clocks import CLOCKS, Freeze, RunningClock
from domain.delivery.explain import missing, waiting_on
from domain.delivery.records import state_from
from domain.delivery.rules import allowed
from domain.delivery.state import DeliveryState
from domain.order_status import Status
from domain.parties import ROLE_LABELS, Actor, Role
from domain.proof import Proof, ProofRule
from domain.seller.open_calls import ParkedCall
from domain.validity import Validity


class StageView(BaseModel):
    """The present stage."""

    name: str
    label: Bilingual
    entered_at: datetime


class WaitingView(BaseModel):
    """The side that has to act."""

    role: Role
    label: Bilingual
    party_id: str | None


class NextActView(BaseModel):
    """What the clock does next."""

    at: datetime
    act: str


class ClockView(BaseModel):
    """A clock of the order; while it stands still, the freezes say why, and it keeps what it had left."""

    name: str
    label: Bilingual
    started_at: datetime
    next_act: NextActView | None = Field(description="What it does next; while paused, when it would have")
    deadline: datetime | None = Field(description="When it decides or marks somebody late; while paused, when it would")
    paused_since: datetime | None
    remaining_seconds: float | None = Field(description="While paused: what is left until deadline or next act")


class RefundView(BaseModel):
    """A refund that is being carried out or was."""

    amount: Decimal
    reason: str
    agreed_at: datetime


class TermsView(BaseModel):
    """What was decided about the order at its start."""

    flow: str
    rule_version: int = Field(description="By placement date; GET /v1/flows lists the versions")
    reviewed: bool
    proof: ProofRule = Field(description="What the delivery proof must hold")
    acceptance_days: int | None


class StepsView(BaseModel):
    """How far the product's own stages are (website building)."""

    names: tuple[str, ...]
    done: int


class SettlementView(BaseModel):
    """What settlement needs of a completed order."""

    completed_at: datetime
    validity: Validity | None
    eligibility_month: str = Field(description="Month (YYYY-MM) in which it is billed")


class DeliverySummary(BaseModel):
    """A delivery in a list."""

    delivery_id: str
    order_id: str
    order_line_id: str
    product_type: str
    product_name: str
    seller_id: str
    buyer_id: str
    amount: Decimal
    currency: str
    placed_at: datetime
    status: Status
    stage: StageView
    waiting_on: WaitingView | None = Field(description="Who has to act; null when the order has ended")
    frozen: bool
    overdue: bool = Field(description="The seller's own delivery duration is over")
    next_act: NextActView | None = Field(description="What the clock does next, and when")
    deadline: datetime | None = Field(description="When the clock decides by itself")


class EventView(BaseModel):
    """One step of the history."""

    sequence: int
    at: datetime
    actor: Actor
    cause: str
    source: str
    target: str
    content: Json
    hash: str


class AttemptView(BaseModel):
    """One attempt of a call to the seller or to the purchase system."""

    activity: str
    number: int
    at: datetime
    sent: str
    answer: str
    succeeded: bool
    milliseconds: int
    next_due_at: datetime | None


class MessageView(BaseModel):
    """One sentence a party was told."""

    to: Role
    at: datetime
    text: Bilingual


class UsageView(BaseModel):
    """The newest report on how the software of an authorization code is used."""

    at: datetime
    active: int = Field(description="How many use it, or how many users were named")
    users: tuple[str, ...]


class DeliveryView(DeliverySummary):
    """A delivery, explained."""

    missing: Bilingual | None = Field(description="What the order waits for; null when it has ended")
    terms: TermsView
    clocks: tuple[ClockView, ...]
    steps: StepsView | None
    allowed_commands: tuple[str, ...] = Field(description="Commands that the caller could give now")
    freezes: tuple[Freeze, ...]
    appeals: tuple[AppealCase, ...]
    refund_requests: tuple[RefundRequest, ...]
    refund: RefundView | None
    invoice: str
    proof: Proof | None
    parcel: Parcel | None
    parked_calls: tuple[ParkedCall, ...] = Field(description="Seller calls that wait for a restart, and why")
    instance_id: str | None
    license_code: str | None = Field(description="Shown to the buyer once claimed; to both when it was sent to both")
    identification_code: str | None = Field(description="What a license 1.0 is bound to; shown to both once submitted")
    license: str | None = Field(description="The license that was fetched; shown to the buyer")
    usage: UsageView | None
    settlement: SettlementView | None
    validity: Validity | None
    ended_at: datetime | None
    history: tuple[EventView, ...]
    calls: tuple[AttemptView, ...]
    messages: tuple[MessageView, ...]


def state_of(row: DeliveryRow) -> DeliveryState:
    """The delivery's state as the ledger has it."""
    return state_from(row.state, row.start["order"], row.start["terms"])


def summary(row: DeliveryRow) -> DeliverySummary:
    """A delivery for a list."""
    return summary_of(state_of(row))


def summary_of(state: DeliveryState) -> DeliverySummary:
    """A delivery for a list, from its state."""
    order = state.order
    role = waiting_on(state)
    party = order.party(role)
    waiting = WaitingView(role=role, label=ROLE_LABELS[role], party_id=party.id if party else None)
    due = state.next_due
    return DeliverySummary(
        delivery_id=order.delivery_id,
        order_id=order.order_id,
        order_line_id=order.order_line_id,
        product_type=order.product.type,
        product_name=order.product.name,
        seller_id=order.seller_id,
        buyer_id=order.buyer_id,
        amount=order.amount,
        currency=order.currency,
        placed_at=order.placed_at,
        status=state.status,
        stage=StageView(name=state.stage, label=state.current.label, entered_at=state.entered_at),
        waiting_on=None if state.current.is_end else waiting,
        frozen=state.open_freeze is not None,
        overdue=state.overdue,
        next_act=NextActView(at=due.at, act=due.act) if due else None,
        deadline=state.deadline,
    )


def detail(  # noqa: PLR0913 - the parts of the page
    row: DeliveryRow,
    reader: Actor,
    events: Sequence[EventRow],
    attempts: Sequence[AttemptRow],
    messages: Sequence[MessageRow],
    usage: Sequence[SoftwareUsageRow],
) -> DeliveryView:
    """A delivery with all that happened, as this reader may see it."""
    state = state_of(row)
    is_party = reader.role in {Role.BUYER, Role.SELLER}
    return DeliveryView(
        **dict(summary(row)),
        missing=None if state.current.is_end else missing(state),
        terms=TermsView.model_validate(state.terms, from_attributes=True),
        clocks=tuple(_clock(one) for one in state.clocks),
        steps=_steps(state),
        allowed_commands=allowed(state, reader),
        freezes=tuple(state.freezes),
        appeals=tuple(state.appeals),
        refund_requests=tuple(state.refund_requests),
        refund=RefundView.model_validate(state.refund, from_attributes=True) if state.refund else None,
        invoice=state.invoice,
        proof=state.proof,
        parcel=state.parcel,
        parked_calls=state.parked,
        instance_id=state.instance_id,
        license_code=state.license_code if _sees_code(state, reader) else None,
        identification_code=state.identification_code if state.requested_at and is_party else None,
        license=state.license if reader.role is Role.BUYER else None,
        usage=_usage(usage),
        settlement=_settlement(state),
        validity=state.validity,
        ended_at=state.ended_at,
        history=tuple(_event(event) for event in events),
        calls=tuple(AttemptView.model_validate(one, from_attributes=True) for one in attempts),
        messages=tuple(message_view(one) for one in messages if not is_party or one.recipient_role == reader.role),
    )


def _sees_code(state: DeliveryState, reader: Actor) -> bool:
    """The buyer sees the code once claimed, or at once where no claim is asked; the seller when it was sent to both."""
    if reader.role is Role.SELLER:
        return state.code_is_sent_to_both
    return reader.role is Role.BUYER and (state.code_is_sent_to_both or state.claimed_at is not None)


def _clock(clock: RunningClock) -> ClockView:
    paused, act = clock.paused_since, clock.acts[0] if clock.acts else None
    until = clock.deadline or (act.at if act else None)
    return ClockView(
        name=clock.name,
        label=CLOCKS[clock.name].label,
        started_at=clock.started_at,
        next_act=NextActView(at=act.at, act=act.act) if act else None,
        deadline=clock.deadline,
        paused_since=paused,
        remaining_seconds=(until - paused).total_seconds() if paused and until else None,
    )


def _steps(state: DeliveryState) -> StepsView | None:
    names = state.order.product.service_steps
    return StepsView(names=names, done=state.steps_done) if names else None


def _usage(rows: Sequence[SoftwareUsageRow]) -> UsageView | None:
    if not rows:
        return None
    users = tuple(row.user for row in rows if row.user is not None)
    return UsageView(at=rows[0].at, active=len(users) + sum(row.active or 0 for row in rows), users=users)


def _settlement(state: DeliveryState) -> SettlementView | None:
    if state.eligibility_month is None or state.ended_at is None:
        return None
    return SettlementView(
        completed_at=state.ended_at, validity=state.validity, eligibility_month=state.eligibility_month
    )


def _event(row: EventRow) -> EventView:
    return EventView(
        sequence=row.sequence,
        at=row.at,
        actor=Actor(role=Role(row.actor_role), id=row.actor_id),
        cause=row.cause,
        source=row.source,
        target=row.target,
        content=row.content,
        hash=row.hash,
    )


def message_view(row: MessageRow) -> MessageView:
    """A sentence a party was told."""
    return MessageView(to=Role(row.recipient_role), at=row.at, text=Bilingual(zh=row.text_zh, en=row.text_en))
