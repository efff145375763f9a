"""What operations, the clock and the seller's answers change in an instance. Pure, like the rules of a delivery."""

from datetime import datetime

from domain.errors import ErrorCode, Refusal
from domain.events import Event, EventName
from domain.instance.operations import (
    CancelRenewal,
    Convert,
    Operation,
    OperationName,
    OrderOperation,
    Release,
    Renew,
    RestartInstanceCall,
    Upgrade,
)
from domain.instance.state import InstanceAct, InstanceKind, InstanceState, InstanceStatus, Renewal
from domain.limits import MAX_TRANSITIONS
from domain.order import Period
from domain.parties import SYSTEM, Role
from domain.seller.calls import CallFields, CallName, Scene, WireStatus
from domain.seller.open_calls import Called, OpenCall
from domain.validity import validity
from domain.wire import wire_time

REFRESH = {
    InstanceKind.SAAS: CallName.REFRESH_INSTANCE,
    InstanceKind.AUTHORIZATION_CODE: CallName.REFRESH_LICENSE_CODE,
}
SET_STATUS = {
    InstanceKind.SAAS: CallName.UPDATE_INSTANCE_STATUS,
    InstanceKind.AUTHORIZATION_CODE: CallName.UPDATE_LICENSE_CODE_STATUS,
}
RELEASE = {
    InstanceKind.SAAS: CallName.RELEASE_INSTANCE,
    InstanceKind.AUTHORIZATION_CODE: CallName.RELEASE_LICENSE_CODE,
}


RESTARTERS = (Role.SELLER, Role.MANAGER)


def operations(state: InstanceState, role: Role) -> tuple[OperationName, ...]:
    """What this side could ask for now."""
    if role in RESTARTERS:
        return (OperationName.RESTART_CALL,) if state.calls else ()
    if role is not Role.PURCHASE or state.is_released:
        return ()
    is_saas, is_periodic = state.kind is InstanceKind.SAAS, state.expires_at is not None
    legal = {
        OperationName.RENEW: is_periodic and not state.trial,
        OperationName.CANCEL_RENEWAL: bool(state.renewals),
        OperationName.CONVERT: state.trial and is_saas,
        OperationName.UPGRADE: is_saas and state.status is InstanceStatus.ACTIVE and state.upgrade is None,
        OperationName.RELEASE: True,
    }
    return tuple(name for name, holds in legal.items() if holds)


def refusal(state: InstanceState, operation: Operation, now: datetime, *, is_full: bool = False) -> Refusal | None:
    """Why an operation cannot be taken now, or None when it can; a seller's restarts fill no history up."""
    code = _refusal_code(state, operation, now)
    is_long = is_full or state.sequence >= MAX_TRANSITIONS
    if code is None and operation.actor.role is Role.SELLER and is_long:
        code = ErrorCode.TOO_MANY_COMMANDS
    return Refusal(code=code, allowed=operations(state, operation.actor.role)) if code else None


def _refusal_code(state: InstanceState, operation: Operation, now: datetime) -> ErrorCode | None:
    body, role = operation.body, operation.actor.role
    by = RESTARTERS if isinstance(body, RestartInstanceCall) else (Role.PURCHASE,)
    bars = {
        ErrorCode.DELIVERY_NOT_FOUND: not state.order.is_visible_to(operation.actor),
        ErrorCode.FORBIDDEN: role not in by,
        ErrorCode.NOTHING_PARKED: isinstance(body, RestartInstanceCall) and not state.can_restart(body.activity),
        ErrorCode.INSTANCE_RELEASED: isinstance(body, OrderOperation) and state.is_released,
        ErrorCode.NOT_LEGAL_NOW: body.operation not in operations(state, role),
        ErrorCode.RENEWAL_IN_EFFECT: isinstance(body, CancelRenewal) and not _can_cancel(state, body.renewal, now),
    }
    return next((code for code, holds in bars.items() if holds), None)


def _can_cancel(state: InstanceState, renewal: str, now: datetime) -> bool:
    """Only the latest renewal, and only before it takes effect (DOMAIN §3)."""
    latest = state.renewals[-1] if state.renewals else None
    return latest is not None and latest.order_line == renewal and latest.starts_at > now


def apply_operation(state: InstanceState, operation: Operation, now: datetime) -> None:
    """Put an operation that was not refused into effect, and plan the calls that tell the seller."""
    if isinstance(operation.body, Renew | CancelRenewal | Convert):
        # With the end the acts move: those of the new end that lie in the past must not all happen at once. Any other
        # operation leaves what is due due, or an upgrade at the instant of the freeze would skip the freeze.
        state.acted_until = max(state.acted_until, now)
    match operation.body:
        case Renew() as body:
            _renew(state, body, now)
        case CancelRenewal() as body:
            state.expires_at = state.renewals.pop().starts_at
            _refresh(state, body, Scene.UNSUBSCRIBE_RENEWAL_PERIOD)
        case Convert() as body:
            state.trial = False
            state.expires_at = _end(now, body.period)
            _refresh(state, body, Scene.TRIAL_TO_FORMAL)
            _thaw(state)
        case Upgrade() as body:
            fields = CallFields(instance_id=state.instance_id, **_order_of(body))
            _plan(state, CallName.UPGRADE_INSTANCE, fields, body, body.product_id)
        case Release() as body:
            _release(state, now, body)
        case RestartInstanceCall(activity=activity):
            state.restart(activity, state.policy, now)


def apply_clock(state: InstanceState, now: datetime) -> InstanceAct:
    """Let the next act happen; raises ValueError when none is due."""
    due = state.next_due
    if due is None:
        message = "no act is due"
        raise ValueError(message)
    state.acted_until = due.at
    match due.act:
        case InstanceAct.EXPIRE:
            state.status = InstanceStatus.EXPIRED
        case InstanceAct.FREEZE:
            state.status = InstanceStatus.FROZEN
            _set_status(state, WireStatus.FREEZE)
        case InstanceAct.RELEASE:
            _release(state, now, None)
        case InstanceAct.REMIND:
            pass
    return due.act


def apply_call(state: InstanceState, called: Called, now: datetime) -> tuple[Event | None, str | None]:
    """Take the end of a call: what it is told as, and the order line of the operation that has ended with it, if any.

    The event is None for a call that was dropped or restarted meanwhile.
    """
    call = state.open_call(called)
    if call is None:
        return None, None
    if called.answer is None and called.parks:
        state.park(call, called.reason, now)
        return _told(EventName.SELLER_CALL_PARKED, call, called), None
    succeeded = called.answer is not None
    state.finish(call)
    if succeeded and call.changes_to is not None:
        state.product_id = call.changes_to
    has_more = any(other.order_line == call.order_line for other in state.calls)
    name = EventName.SELLER_CALLED if succeeded else EventName.SELLER_CALL_GIVEN_UP
    return _told(name, call, called), None if has_more else call.order_line


def _told(name: EventName, call: OpenCall, called: Called) -> Event:
    return Event(name=name, actor=SYSTEM, activity=call.activity, detail=called.reason or None)


def _renew(state: InstanceState, body: Renew, now: datetime) -> None:
    """Prolong from the present end; when that would end in the past, from now."""
    starts_at = state.expires_at or now
    if _end(starts_at, body.period) <= now:
        starts_at = now
    state.expires_at = _end(starts_at, body.period)
    state.renewals.append(Renewal(order_line=body.order_line, starts_at=starts_at, ends_at=state.expires_at))
    changes = body.product_id is not None and body.product_id != state.product_id
    state.product_id = body.product_id or state.product_id
    is_saas = state.kind is InstanceKind.SAAS
    _refresh(state, body, Scene.RENEWAL_CHANGE if changes and is_saas else Scene.RENEWAL, body.product_id)
    _thaw(state, body)


def _end(starts_at: datetime, period: Period) -> datetime:
    ends_at = validity(starts_at, period).ends_at
    assert ends_at is not None  # noqa: S101 - a period has an end
    return ends_at


def _thaw(state: InstanceState, body: OrderOperation | None = None) -> None:
    """Bring an expired or frozen instance back into use."""
    if state.status is InstanceStatus.FROZEN:
        _set_status(state, WireStatus.UNFREEZE, body)
    state.status = InstanceStatus.ACTIVE


def _release(state: InstanceState, now: datetime, body: Release | None) -> None:
    """Release: nothing else has to be told any more."""
    state.status, state.released_at = InstanceStatus.RELEASED, now
    state.calls = []
    _plan(state, RELEASE[state.kind], CallFields(**_names(state), **(_order_of(body) if body else {})), body)


def _refresh(state: InstanceState, body: OrderOperation, scene: Scene, product_id: str | None = None) -> None:
    assert state.expires_at is not None  # noqa: S101 - only periods are refreshed
    fields = CallFields(
        **_names(state),
        **_order_of(body),
        scene=scene,
        product_id=product_id,
        expire_time=wire_time(state.expires_at),
    )
    _plan(state, REFRESH[state.kind], fields, body)


def _set_status(state: InstanceState, status: WireStatus, body: OrderOperation | None = None) -> None:
    _plan(state, SET_STATUS[state.kind], CallFields(**_names(state), status=status), body)


def _names(state: InstanceState) -> dict[str, str | None]:
    """What the seller knows the instance by."""
    is_saas = state.kind is InstanceKind.SAAS
    return {"instance_id": state.instance_id} if is_saas else {"license": state.license_code}


def _order_of(body: OrderOperation) -> dict[str, str]:
    return {"order_id": body.order_id, "order_line_id": body.order_line_id}


def _plan(
    state: InstanceState,
    activity: CallName,
    fields: CallFields,
    body: OrderOperation | None,
    changes_to: str | None = None,
) -> None:
    """Add a call behind those that wait: the seller hears of things in their order."""
    state.plan(activity, fields, order_line=body.order_line if body else None, changes_to=changes_to)
