"""What the commands of a refund request change, and how a refund comes to be owed (DOMAIN §3)."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from domain.delivery.cases import Parcel, Refund, RefundRequest, Statement
from domain.delivery.clocks import GOODS_RETURN, REFUND_ANSWER, RETURN_CHECK, ClockAct, ClockName, FreezeKind
from domain.delivery.commands import (
    AgreeRefund,
    Command,
    CommandName,
    Goods,
    RefuseGoods,
    RefuseRefund,
    RequestRefund,
    SendGoodsBack,
)
from domain.delivery.stages import RefundPhase
from domain.delivery.state import DeliveryState
from domain.step import Effect


def owe(state: DeliveryState, amount: Decimal, reason: str, now: datetime) -> Effect:
    """Have an amount go back; the order leaves its flow."""
    state.refund = Refund(amount=amount, reason=reason, agreed_at=now)
    return Effect.UNSUBSCRIBES


def _ask_refund(state: DeliveryState, command: Command, now: datetime) -> Effect:
    body = command.body
    assert isinstance(body, RequestRefund)  # noqa: S101 - by name
    state.refund_requests.append(
        RefundRequest(
            number=len(state.refund_requests) + 1,
            asked_at=now,
            amount=body.amount,
            reason=body.reason,
            goods=body.goods,
            share_contact=body.share_contact,
            attachments=body.attachments,
        )
    )
    state.freeze(FreezeKind.REFUND_REQUEST, command.actor, body.reason, now)
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


def _withdraw_refund(state: DeliveryState, _: Command, now: datetime) -> Effect:
    return end_request(state, RefundPhase.WITHDRAWN, now)


def _refuse_refund(state: DeliveryState, command: Command, now: datetime) -> Effect:
    body = command.body
    assert isinstance(body, RefuseRefund | RefuseGoods)  # noqa: S101 - by name
    said = Statement(by=command.actor, at=now, text=body.reason, attachments=body.attachments)
    return end_request(state, RefundPhase.REFUSED, now, said)


def _agree_refund(state: DeliveryState, command: Command, now: datetime) -> Effect:
    """Agree: the money goes back, or, when goods arrived, they come back first (DOMAIN §3)."""
    body = command.body
    assert isinstance(body, AgreeRefund)  # noqa: S101 - by name
    said = Statement(by=command.actor, at=now, text=body.note, attachments=body.attachments)
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


def _send_back(state: DeliveryState, command: Command, now: datetime) -> Effect:
    body = command.body
    assert isinstance(body, SendGoodsBack)  # noqa: S101 - by name
    parcel = Parcel(logistics_company=body.logistics_company, tracking_number=body.tracking_number, sent_at=now)
    state.change_refund(phase=RefundPhase.CHECKING, return_parcel=parcel)
    state.stop(ClockName.GOODS_RETURN)
    state.start_clock(ClockName.RETURN_CHECK, now, (now + RETURN_CHECK, ClockAct.TAKE_RETURN))
    return Effect.STAYS


def _take_back(state: DeliveryState, _: Command, now: datetime) -> Effect:
    return grant(state, now)


OF_REFUNDS: dict[CommandName, Callable[[DeliveryState, Command, datetime], Effect]] = {
    CommandName.REQUEST_REFUND: _ask_refund,
    CommandName.WITHDRAW_REFUND: _withdraw_refund,
    CommandName.REFUSE_REFUND: _refuse_refund,
    CommandName.AGREE_REFUND: _agree_refund,
    CommandName.SEND_GOODS_BACK: _send_back,
    CommandName.TAKE_GOODS_BACK: _take_back,
    CommandName.REFUSE_GOODS: _refuse_refund,
}
