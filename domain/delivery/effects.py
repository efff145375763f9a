"""What commands, events and the clock change. Pure: the engine and the tests share these functions."""

from datetime import datetime

from domain.delivery import calls
from domain.delivery.appeals import OF_APPEALS
from domain.delivery.cases import Invoice, Parcel
from domain.delivery.clocks import ClockAct
from domain.delivery.commands import (
    ActivateCode,
    Command,
    CommandName,
    Deliver,
    RestartCall,
    Ship,
    SubmitCode,
    SubmitRequest,
    UploadProof,
)
from domain.delivery.refunds import OF_REFUNDS, end_request, grant, owe
from domain.delivery.stages import RefundPhase, StageName
from domain.delivery.state import DeliveryState
from domain.events import Event, EventName
from domain.order import CodeKind
from domain.seller.open_calls import Called
from domain.step import Effect


def enter(state: DeliveryState, stage: StageName, now: datetime) -> None:
    """Step to a stage, and begin what the seller is to do there; raises ValueError for a step outside the table."""
    state.enter(stage, now)
    calls.plan_for_stage(state)


def happens_by_itself(state: DeliveryState) -> EventName | None:
    """What the platform itself does next, with nobody's word: told from the state alone, so that it is never lost."""
    if state.stage is StageName.SYSTEM_ACCEPTANCE:
        return EventName.SYSTEM_ACCEPTED
    if state.stage is StageName.UNSUBSCRIBING and not calls.owes_release(state):
        return EventName.REFUND_CARRIED_OUT
    return None


def apply_command(state: DeliveryState, command: Command, now: datetime) -> Effect:
    """Put a command that was not refused into effect."""
    if command.name in OF_APPEALS:
        return OF_APPEALS[command.name](state, command, now)
    if command.name in OF_REFUNDS:
        return OF_REFUNDS[command.name](state, command, now)
    _note(state, command, now)
    return Effect.ENDS_STAGE if command.name in state.current.commands else Effect.STAYS


def _note(state: DeliveryState, command: Command, now: datetime) -> None:  # noqa: C901, PLR0912 - one arm a command
    match command.body:
        case SubmitRequest():
            state.requested_at = now
        case SubmitCode(code=code):
            state.requested_at = now
            if state.order.product.code_kind is CodeKind.HARDWARE:
                state.identification_code = code
        case Deliver(proof=proof) | UploadProof(proof=proof) if proof is not None:
            state.proof = proof
        case Ship() as shipped:
            state.parcel = Parcel(
                logistics_company=shipped.logistics_company, tracking_number=shipped.tracking_number, sent_at=now
            )
        case ActivateCode(real_effect_time=moment):
            state.activated_at = moment or now
        case RestartCall(activity=activity):
            state.restart(activity, state.terms.policy, now)
        case _:
            pass
    match command.name:
        case CommandName.CLAIM_CODE:
            state.claimed_at = now
        case CommandName.FINISH_STEP:
            state.steps_done += 1
        case CommandName.REJECT_DELIVERY:
            state.rejections += 1
        case CommandName.CONFIRM_NOT_RECEIVED:
            state.lost_confirmed = True
        case _:
            pass


def apply_call(state: DeliveryState, called: Called, now: datetime) -> tuple[Event | None, Effect]:
    """Take the end of a seller call: what it is told as, if it is told, and what it does to the flow."""
    event = calls.event_of(state, called)
    calls.take(state, called, now)
    return event, apply_event(state, event, now) if event is not None else Effect.STAYS


def apply_event(state: DeliveryState, event: Event, now: datetime) -> Effect:
    """Take note of something that happened; events without meaning at this stage change nothing."""
    if state.current.is_end:
        return Effect.STAYS
    match event.name:
        case EventName.PROVISIONING_FAILED if state.stage is not StageName.UNSUBSCRIBING:
            # DOMAIN §3: failed provisioning is an automatic full refund.
            return owe(state, state.order.amount, event.detail or event.name, now)
        case EventName.INSTANCE_PROVISIONED:
            state.instance_id = event.instance_id
        case EventName.PARCEL_SIGNED | EventName.PARCEL_STALLED:
            _follow_parcel(state, event, now)
        case EventName.INVOICE_REQUESTED | EventName.INVOICE_ISSUED | EventName.INVOICE_RETURNED:
            _note_invoice(state, event.name, now)
        case _:
            pass
    return Effect.ENDS_STAGE if event.name in state.current.events else Effect.STAYS


def _follow_parcel(state: DeliveryState, event: Event, now: datetime) -> None:
    """Note what the courier tells; the sign-off starts the buyer's ten days (DOMAIN §1.7)."""
    if state.parcel is None or state.parcel.signed_at is not None:
        return
    if event.name is EventName.PARCEL_STALLED:
        state.parcel = state.parcel.model_copy(update={"stalled_at": now})
        return
    signed_at = min(max(event.signed_at or now, state.parcel.sent_at), now)
    state.parcel = state.parcel.model_copy(
        update={"signed_at": signed_at, "recipient_is_buyer": bool(event.recipient_is_buyer)}
    )
    state.sign_off(now)


def _note_invoice(state: DeliveryState, name: EventName, now: datetime) -> None:
    """Keep the invoice's standing; asking for one while a refund request waits makes the request fail (DOMAIN §3)."""
    state.invoice = {
        EventName.INVOICE_REQUESTED: Invoice.REQUESTED,
        EventName.INVOICE_ISSUED: Invoice.ISSUED,
    }.get(name, Invoice.NONE)
    request = state.open_refund
    if state.invoice is not Invoice.NONE and request is not None and request.phase is RefundPhase.ASKED:
        end_request(state, RefundPhase.VOID, now)


def apply_clock(state: DeliveryState, now: datetime) -> Effect:
    """Let the clocks' next act happen; raises ValueError when no clock runs."""
    match state.take_due():
        case ClockAct.ACCEPT:
            return Effect.ENDS_STAGE
        case ClockAct.MARK_OVERDUE:
            state.overdue = True
        case ClockAct.ESCALATE_APPEAL:
            state.change_appeal(is_late=True)
        case ClockAct.DROP_RETURN:
            end_request(state, RefundPhase.WITHDRAWN, now)
        case ClockAct.TAKE_RETURN:
            return grant(state, now)
        case ClockAct.CLOSE_OLD if state.invoice is Invoice.ISSUED:
            return Effect.CLOSES
        case ClockAct.CLOSE_OLD:
            # DOMAIN §1.7: not invoiced, the old closing unsubscribes.
            return owe(state, state.order.amount, "365 days without acceptance", now)
        case _:
            pass
    return Effect.STAYS
