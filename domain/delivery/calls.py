"""Which calls a delivery owes its seller at which moment, and what their ends mean to it (DOMAIN §4.5, §5.6, §5.7)."""

from datetime import datetime

from domain.delivery.stages import StageName
from domain.delivery.state import DeliveryState
from domain.events import Event, EventName
from domain.parties import SYSTEM
from domain.seller.calls import CallFields, CallName, ResultCode, extension
from domain.seller.open_calls import Called, OpenCall

CREATION = (CallName.NEW_INSTANCE, CallName.QUERY_INSTANCE)
RELEASE = (CallName.RELEASE_INSTANCE, CallName.RELEASE_LICENSE_CODE)


def plan_at_start(state: DeliveryState) -> None:
    """What the seller hears as soon as the order is paid."""
    product = state.order.product
    if state.flow.provisions_at_purchase:
        state.plan(CallName.NEW_INSTANCE, _order_line(state))
    if product.order_notify:
        state.plan(CallName.ORDER_NOTIFY, _order_line(state).model_copy(update={"test_flag": "0"}))
    for call in state.calls:
        state.open_window(call, state.terms.policy, state.entered_at)


def plan_for_stage(state: DeliveryState) -> None:
    """Begin the calls that belong to the stage just entered, and end those that do not."""
    state.drop([CallName.GET_LICENSE])
    match state.stage:
        case StageName.SELLER_PROVISIONING if state.instance_id is None and not state.is_calling(*CREATION):
            state.plan(CallName.NEW_INSTANCE, _order_line(state))
        case StageName.LICENSE_DELIVERY if state.order.product.online_license:
            state.plan(CallName.GET_LICENSE, _get_license(state))
        case StageName.UNSUBSCRIBING:
            _plan_release(state)
        case _:
            pass


def _plan_release(state: DeliveryState) -> None:
    """Have released what the seller has; an instance that is still being made follows when it exists."""
    if state.instance_id is not None:
        state.plan(CallName.RELEASE_INSTANCE, CallFields(instance_id=state.instance_id))
    if state.seller_knows_code:
        state.plan(CallName.RELEASE_LICENSE_CODE, CallFields(license=state.license_code))


def owes_release(state: DeliveryState) -> bool:
    """A refund is carried out once nothing is being made and nothing is left to release."""
    return state.is_calling(*CREATION, *RELEASE)


def owes_notice(state: DeliveryState) -> bool:
    """Tell whether the seller is still to hear of the order, with nobody having to restart the call first."""
    return any(call.activity is CallName.ORDER_NOTIFY and call.parked is None for call in state.calls)


def event_of(state: DeliveryState, called: Called) -> Event | None:
    """What the end of a call is told as; None when it is no news to the order. Changes nothing."""
    call = state.open_call(called)
    if call is None:
        return None
    if called.answer is None:
        return _failure(call, called)
    match call.activity:
        case CallName.NEW_INSTANCE | CallName.QUERY_INSTANCE if called.answer.result_code is not ResultCode.PROCESSING:
            return Event(name=EventName.INSTANCE_PROVISIONED, actor=SYSTEM, instance_id=called.answer.instance_id)
        case CallName.ORDER_NOTIFY if state.current.is_end:
            # The last thing an ended order waited for: without a row the ledger would have it open for ever.
            return Event(name=EventName.SELLER_CALLED, actor=SYSTEM, activity=call.activity)
        case CallName.GET_LICENSE:
            return Event(name=EventName.LICENSE_FETCHED, actor=SYSTEM, instance_id=called.answer.instance_id)
        case _:
            return None


def _failure(call: OpenCall, called: Called) -> Event:
    """Only creations are given up; whatever else fails waits for a restart (DOMAIN §5.7)."""
    if called.parks:
        return Event(name=EventName.SELLER_CALL_PARKED, actor=SYSTEM, activity=call.activity, detail=called.reason)
    return Event(name=EventName.PROVISIONING_FAILED, actor=SYSTEM, detail=called.reason)


def take(state: DeliveryState, called: Called, now: datetime) -> None:
    """Keep what the end of a call brought, and plan what follows from it."""
    call = state.open_call(called)
    if call is None:
        return
    if called.answer is None and called.parks:
        state.park(call, called.reason, now)
        return
    state.finish(call)
    if called.answer is None:
        return
    answer = called.answer
    if call.activity is CallName.GET_LICENSE:
        state.license = answer.license
    if call.activity is CallName.NEW_INSTANCE and answer.result_code is ResultCode.PROCESSING:
        state.plan(CallName.QUERY_INSTANCE, CallFields(instance_id=answer.instance_id))
    elif call.activity in CREATION and state.stage is StageName.UNSUBSCRIBING:
        state.plan(CallName.RELEASE_INSTANCE, CallFields(instance_id=answer.instance_id))


def _order_line(state: DeliveryState) -> CallFields:
    return CallFields(order_id=state.order.order_id, order_line_id=state.order.order_line_id)


def _get_license(state: DeliveryState) -> CallFields:
    """What the call for a license 1.0 tells the seller (DOMAIN §4.5)."""
    order = state.order
    return CallFields(
        order_id=order.order_id,
        customer_id=order.buyer_id,
        product_id=order.product.id,
        amount=str(order.amount),
        period_type=order.period.unit if order.period else None,
        period_number=str(order.period.number) if order.period else None,
        saas_extend_params=extension("identificationCode", state.identification_code or ""),
    )
