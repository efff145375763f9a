"""Who may do what when, and what it changes. Pure: the engine, the API and the tests share these functions."""

from datetime import datetime, timedelta
from enum import StrEnum

from domain.commands import (
    COMMANDS,
    ActivateCode,
    Appeal,
    Command,
    CommandName,
    Deliver,
    Event,
    EventName,
    RequestRefund,
    RestartCall,
    UploadProof,
)
from domain.errors import ErrorCode, Refusal
from domain.parties import Actor, Role
from domain.stages import ANY_TIME, DURING_APPEAL, DURING_REFUND_REQUEST, ClockAct, StageName
from domain.state import FreezeKind, Refund, State

MAX_TRANSITIONS = 1500
"""Steps the two sides may take on one order; the engine takes 2000 Updates for one workflow."""

START_AHEAD = timedelta(days=365)
"""How far ahead an actual start time may lie; DOMAIN §1.8 leaves it open."""


class Effect(StrEnum):
    """What a command, an event or the clock did to the flow."""

    STAYS = "stays"
    ENDS_STAGE = "ends-stage"
    UNSUBSCRIBES = "unsubscribes"


def _legal_now(state: State) -> tuple[CommandName, ...]:
    """Commands legal at this moment for somebody."""
    if state.current.is_end:
        return ()
    restart = (CommandName.RESTART_CALL,) if state.parked else ()
    freeze = state.open_freeze
    if freeze is not None:
        return DURING_APPEAL if freeze.kind is FreezeKind.APPEAL else DURING_REFUND_REQUEST + restart
    if state.stage is StageName.UNSUBSCRIBING:
        return restart
    refund_barred = state.claimed_at is not None
    general = tuple(name for name in ANY_TIME if not (refund_barred and name is CommandName.REQUEST_REFUND))
    return state.current.commands + general + restart


def allowed(state: State, actor: Actor) -> tuple[CommandName, ...]:
    """Commands that this party could give now; party ids count, not only roles."""
    if not state.order.is_visible_to(actor):
        return ()
    return tuple(name for name in _legal_now(state) if actor.role in COMMANDS[name].by)


def refusal(state: State, command: Command, now: datetime) -> Refusal | None:
    """Tell why a command cannot be taken now, or None when it can."""
    code = _refusal_code(state, command, now)
    return None if code is None else Refusal(code=code, allowed=allowed(state, command.actor))


def _refusal_code(state: State, command: Command, now: datetime) -> ErrorCode | None:
    if not state.order.is_visible_to(command.actor):
        return ErrorCode.DELIVERY_NOT_FOUND
    if command.actor.role not in COMMANDS[command.name].by:
        return ErrorCode.FORBIDDEN
    if state.current.is_end:
        return ErrorCode.ORDER_ENDED
    if command.name not in _legal_now(state):
        return _why_illegal(state, command.name)
    if state.sequence >= MAX_TRANSITIONS and command.actor.role in {Role.BUYER, Role.SELLER}:
        return ErrorCode.TOO_MANY_COMMANDS
    return _content_refusal(state, command, now)


def _why_illegal(state: State, name: CommandName) -> ErrorCode:
    freeze = state.open_freeze
    if freeze is not None:
        return ErrorCode.FROZEN_BY_APPEAL if freeze.kind is FreezeKind.APPEAL else ErrorCode.REFUND_PENDING
    if name is CommandName.REQUEST_REFUND and state.claimed_at is not None:
        return ErrorCode.REFUND_BARRED
    return ErrorCode.NOTHING_PARKED if name is CommandName.RESTART_CALL else ErrorCode.NOT_LEGAL_NOW


def _content_refusal(  # noqa: PLR0911 - one arm a rule
    state: State, command: Command, now: datetime
) -> ErrorCode | None:
    match command.body:
        case Deliver(proof=None) if state.current.needs_proof:
            return ErrorCode.PROOF_REQUIRED
        case Deliver() if state.flow.provisions_instance and state.instance_id is None:
            return ErrorCode.INSTANCE_MISSING
        case Deliver(proof=proof) | UploadProof(proof=proof) if proof is not None:
            return _start_refusal(state, proof.actual_start_at, now)
        case ActivateCode(license=code) if code != state.license_code:
            return ErrorCode.WRONG_LICENSE
        case ActivateCode(real_effect_time=moment):
            return _start_refusal(state, moment, now)
        case RequestRefund(amount=amount) if amount > state.order.amount:
            return ErrorCode.REFUND_TOO_HIGH
        case RestartCall(activity=activity) if activity not in state.parked:
            return ErrorCode.NOTHING_PARKED
        case _:
            return None


def _start_refusal(state: State, moment: datetime | None, now: datetime) -> ErrorCode | None:
    plausible = moment is None or state.order.placed_at <= moment <= now + START_AHEAD
    return None if plausible else ErrorCode.START_TIME_INVALID


def apply_command(state: State, command: Command, now: datetime) -> Effect:  # noqa: C901 - one arm a command
    """Put a command that was not refused into effect."""
    match command.body:
        case Deliver(proof=proof) | UploadProof(proof=proof):
            state.proof = proof
        case ActivateCode(real_effect_time=moment):
            state.activated_at = moment or now
        case Appeal(reason=reason):
            state.freeze(FreezeKind.APPEAL, command.actor, reason, now)
        case RequestRefund(amount=amount, reason=reason):
            state.refund = Refund(amount=amount, reason=reason)
            state.freeze(FreezeKind.REFUND_REQUEST, command.actor, reason, now)
        case RestartCall(activity=activity):
            state.parked.remove(activity)
        case _:
            pass
    match command.name:
        case CommandName.CLAIM_CODE:
            state.claimed_at = now
        case CommandName.REJECT_DELIVERY:
            state.rejections += 1
        case CommandName.RESUME:
            state.thaw(FreezeKind.APPEAL, now)
        case CommandName.WITHDRAW_REFUND | CommandName.REFUSE_REFUND:
            state.refund = None
            state.thaw(FreezeKind.REFUND_REQUEST, now)
        case CommandName.AGREE_REFUND if state.refund is not None:
            state.refund = state.refund.model_copy(update={"agreed_at": now})
            state.thaw(FreezeKind.REFUND_REQUEST, now)
            return Effect.UNSUBSCRIBES
        case _:
            pass
    return Effect.ENDS_STAGE if command.name in state.current.commands else Effect.STAYS


def apply_event(state: State, event: Event, now: datetime) -> Effect:
    """Take note of something that happened; events without meaning at this stage change nothing."""
    ending = state.current.is_end or state.stage is StageName.UNSUBSCRIBING
    if event.name is EventName.PROVISIONING_FAILED and not ending:
        # DOMAIN §3: failed provisioning is an automatic full refund.
        reason = event.detail or event.name
        state.refund = Refund(amount=state.order.amount, reason=reason, agreed_at=now)
        return Effect.UNSUBSCRIBES
    if event.name is EventName.INSTANCE_PROVISIONED:
        state.instance_id = event.instance_id
    if event.name is EventName.SELLER_CALL_PARKED and event.activity is not None:
        state.parked.append(event.activity)
    return Effect.ENDS_STAGE if event.name in state.current.events else Effect.STAYS


def apply_clock(state: State) -> Effect:
    """Take the clock's next act off the list; raises IndexError when no clock runs."""
    act = state.due.pop(0).act
    return Effect.STAYS if act is ClockAct.REMIND else Effect.ENDS_STAGE
