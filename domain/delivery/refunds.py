"""What the commands of a refund request change, and how a refund comes to be owed (DOMAIN §3)."""

from datetime import datetime
from decimal import Decimal

from domain.delivery.case_commands import AgreeRefund, RefuseGoods, RefuseRefund, RequestRefund, SendGoodsBack
from domain.delivery.cases import Parcel, Refund, RefundRequest, Statement
from domain.delivery.clocks import GOODS_RETURN, REFUND_ANSWER, RETURN_CHECK, ClockAct, ClockName, FreezeKind
from domain.delivery.grounds import Goods, RefundPhase
from domain.delivery.state import DeliveryState
from domain.parties import Actor
from domain.step import Effect


def owe(state: DeliveryState, amount: Decimal, reason: str, now: datetime) -> Effect:
    """Have an amount go back; the order leaves its flow."""
    state.refund = Refund(amount=amount, reason=reason, agreed_at=now)
    return Effect.UNSUBSCRIBES


def ask(state: DeliveryState, body: RequestRefund, by: Actor, now: datetime) -> Effect:
    """Open a refund request; the flow stands still until somebody ends it."""
    state.refund_requests.append(
        RefundRequest(
            number=len(state.refund_requests) + 1,
            asked_at=now,
            amount=body.amount,
            reason=body.reason,
            goods=body.goods,
            attachments=body.attachments,
        )
    )
    state.freeze(FreezeKind.REFUND_REQUEST, by, body.reason, now)
    state.start_clock(ClockName.REFUND_ANSWER, now, (now + REFUND_ANSWER, ClockAct.REMIND_REFUND))
    return Effect.STAYS


def end_request(state: DeliveryState, phase: RefundPhase, now: datetime, answer: Statement | None = None) -> Effect:
    """End an open refund request without money; the flow goes on."""
    request = state.open_refund
    if request is not None:
        state.change_refund(phase=phase, answer=answer or request.answer)
        state.stop(ClockName.REFUND_ANSWER, ClockName.GOODS_RETURN, ClockName.RETURN_CHECK)
        state.thaw(FreezeKind.REFUND_REQUEST, now)
    return Effect.STAYS


def withdraw(state: DeliveryState, now: datetime) -> Effect:
    """Take the request back."""
    return end_request(state, RefundPhase.WITHDRAWN, now)


def refuse(state: DeliveryState, body: RefuseRefund | RefuseGoods, by: Actor, now: datetime) -> Effect:
    """End the request without money: the seller does not agree, or does not take the goods back."""
    said = Statement(by=by, at=now, text=body.reason, attachments=body.attachments)
    return end_request(state, RefundPhase.REFUSED, now, said)


def agree(state: DeliveryState, body: AgreeRefund, by: Actor, now: datetime) -> Effect:
    """Agree: the money goes back, or, when goods arrived, they come back first (DOMAIN §3)."""
    said = Statement(by=by, at=now, text=body.note, attachments=body.attachments)
    state.change_refund(answer=said)
    if state.refund_requests[-1].goods is not Goods.RECEIVED:
        return grant(state, now)
    state.change_refund(phase=RefundPhase.RETURNING, return_address=body.return_address)
    state.stop(ClockName.REFUND_ANSWER)
    state.start_clock(ClockName.GOODS_RETURN, now, (now + GOODS_RETURN, ClockAct.DROP_RETURN))
    return Effect.STAYS


def grant(state: DeliveryState, now: datetime) -> Effect:
    """End the latest request with its amount owed."""
    request = state.refund_requests[-1]
    end_request(state, RefundPhase.AGREED, now)
    return owe(state, request.amount, request.reason, now)


def send_back(state: DeliveryState, body: SendGoodsBack, now: datetime) -> Effect:
    """Note the parcel; from now on the seller has its time to check the goods."""
    parcel = Parcel(logistics_company=body.logistics_company, tracking_number=body.tracking_number, sent_at=now)
    state.change_refund(phase=RefundPhase.CHECKING, return_parcel=parcel)
    state.stop(ClockName.GOODS_RETURN)
    state.start_clock(ClockName.RETURN_CHECK, now, (now + RETURN_CHECK, ClockAct.TAKE_RETURN))
    return Effect.STAYS
