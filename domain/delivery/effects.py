"""What commands, events and the clock change. Pure: the engine and the tests share these functions."""

from datetime import datetime
from typing import assert_never

from domain.delivery import appeals, calls, refunds
from domain.delivery.case_commands import (
    AgreeRefund,
    AgreeRuling,
    AnswerAppeal,
    Appeal,
    ConfirmNotReceived,
    DecideAppeal,
    DeclineRuling,
    RefuseGoods,
    RefuseRefund,
    RequestRefund,
    SendGoodsBack,
    TakeGoodsBack,
    WithdrawAppeal,
    WithdrawRefund,
)
from domain.delivery.cases import Invoice, Parcel
from domain.delivery.clocks import ClockAct
from domain.delivery.command_spec import Body
from domain.delivery.commands import Command
from domain.delivery.grounds import RefundPhase
from domain.delivery.stage_commands import (
    ActivateCode,
    ClaimCode,
    Deliver,
    FinishStep,
    RejectDelivery,
    RestartCall,
    Ship,
    SubmitCode,
    SubmitRequest,
    UploadProof,
)
from domain.delivery.stages import StageName
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


def apply_command(  # noqa: C901, PLR0911, PLR0912 - one arm a command
    state: DeliveryState, command: Command, now: datetime
) -> Effect:
    """Put a command that was not refused into effect; raises NotImplementedError for one that nobody handles."""
    by = command.actor
    match command.body:
        case Appeal() as body:
            return appeals.file(state, body, by, now)
        case AnswerAppeal() as body:
            return appeals.answer(state, body, by, now)
        case WithdrawAppeal():
            return appeals.withdraw(state, now)
        case DecideAppeal() as body:
            return appeals.decide(state, body, by, now)
        case AgreeRuling():
            return appeals.agree(state, by, now)
        case DeclineRuling():
            return appeals.decline(state)
        case RequestRefund() as body:
            return refunds.ask(state, body, by, now)
        case WithdrawRefund():
            return refunds.withdraw(state, now)
        case AgreeRefund() as body:
            return refunds.agree(state, body, by, now)
        case RefuseRefund() | RefuseGoods() as body:
            return refunds.refuse(state, body, by, now)
        case SendGoodsBack() as body:
            return refunds.send_back(state, body, now)
        case TakeGoodsBack():
            return refunds.grant(state, now)
        case ConfirmNotReceived():
            state.lost_confirmed = True
            return Effect.STAYS
        case RestartCall(activity=activity):
            state.restart(activity, state.terms.policy, now)
            return Effect.STAYS
        case body if body.spec.ends_stage:
            _note(state, body, now)
            return Effect.ENDS_STAGE
        case body:
            raise NotImplementedError(body.spec.name)


def _note(state: DeliveryState, body: Body, now: datetime) -> None:
    """Keep what a command brought that ends its stage; most bring nothing that anybody asks for later."""
    match body:
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
        case ClaimCode():
            state.claimed_at = now
        case ActivateCode(real_effect_time=moment):
            state.activated_at = moment or now
        case FinishStep():
            state.steps_done += 1
        case RejectDelivery():
            state.rejections += 1
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
            return refunds.owe(state, state.order.amount, event.detail or event.name, now)
        case EventName.INSTANCE_PROVISIONED:
            state.instance_id = event.instance_id
        case EventName.PARCEL_SIGNED | EventName.PARCEL_STALLED:
            _follow_parcel(state, event, now)
        case EventName.INVOICE_REQUESTED | EventName.INVOICE_ISSUED | EventName.INVOICE_RETURNED:
            _note_invoice(state, event.name, now)
        case (
            EventName.STARTED
            | EventName.CODE_ISSUED
            | EventName.LICENSE_FETCHED
            | EventName.PROVISIONING_FAILED
            | EventName.DEPLOYMENT_FINISHED
            | EventName.SELLER_CALL_PARKED
            | EventName.SYSTEM_ACCEPTED
            | EventName.REFUND_CARRIED_OUT
            | EventName.INSTANCE_BORN
            | EventName.SELLER_CALLED
            | EventName.SELLER_CALL_GIVEN_UP
            | EventName.CANCELLATION_ASKED
            | EventName.RECORD_REFUSED
        ):
            pass  # They move the flow, or are only put on record; nothing else is kept of them.
        case _:
            assert_never(event.name)
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
        refunds.end_request(state, RefundPhase.VOID, now)


def apply_clock(state: DeliveryState, now: datetime) -> Effect:
    """Let the clocks' next act happen; raises ValueError when no clock runs."""
    act = state.take_due()
    match act:
        case ClockAct.ACCEPT:
            return Effect.ENDS_STAGE
        case ClockAct.MARK_OVERDUE:
            state.overdue = True
        case ClockAct.ESCALATE_APPEAL:
            state.change_appeal(is_late=True)
        case ClockAct.DROP_RETURN:
            refunds.end_request(state, RefundPhase.WITHDRAWN, now)
        case ClockAct.TAKE_RETURN:
            return refunds.grant(state, now)
        case ClockAct.CLOSE_OLD if state.invoice is Invoice.ISSUED:
            return Effect.CLOSES
        case ClockAct.CLOSE_OLD:
            # DOMAIN §1.7: not invoiced, the old closing unsubscribes.
            return refunds.owe(state, state.order.amount, "365 days without acceptance", now)
        case (
            ClockAct.REMIND
            | ClockAct.REMIND_SELLER
            | ClockAct.ESCALATE_DELIVERY
            | ClockAct.REMIND_LONG_OPEN
            | ClockAct.REMIND_REFUND
        ):
            pass  # They only tell somebody (domain/delivery/messages.py).
        case _:
            assert_never(act)
    return Effect.STAYS
