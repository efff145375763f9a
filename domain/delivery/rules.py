"""Who may do what when. Pure: the engine, the API and the tests share these functions."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

from dateutil.relativedelta import relativedelta

from domain.delivery.case_commands import AgreeRefund, Appeal, DecideAppeal, RequestRefund
from domain.delivery.cases import Invoice
from domain.delivery.clocks import FreezeKind
from domain.delivery.command_spec import CommandName, Legal
from domain.delivery.commands import COMMANDS, Command, legal_while
from domain.delivery.flows import PRODUCT_TYPES
from domain.delivery.grounds import AppealGround, Goods, RefundPhase, Ruling
from domain.delivery.stage_commands import ActivateCode, Deliver, RestartCall, SubmitCode, SubmitRequest, UploadProof
from domain.delivery.stages import StageName
from domain.delivery.state import DeliveryState
from domain.errors import ErrorCode, Refusal
from domain.events import EventName
from domain.limits import MAX_TRANSITIONS
from domain.order import CodeKind
from domain.parties import Actor, Role
from domain.proof import Proof
from domain.validity import validity

REQUEST_WITHIN = relativedelta(months=1)
"""A buyer who submits no request for so long after payment gets no full refund (DOMAIN §3)."""


INCOMPLETE = (ErrorCode.REQUEST_INCOMPLETE, ErrorCode.PROOF_INCOMPLETE)
"""Refusals that name what is missing."""


COMMON_REFUSALS = (
    ErrorCode.DELIVERY_NOT_FOUND,
    ErrorCode.FORBIDDEN,
    ErrorCode.ORDER_ENDED,
    ErrorCode.NOT_LEGAL_NOW,
    ErrorCode.FROZEN_BY_APPEAL,
    ErrorCode.REFUND_PENDING,
    ErrorCode.TOO_MANY_COMMANDS,
)
"""Why any command may be refused; what only one is refused for stands in its declaration."""


def _conditions(state: DeliveryState) -> tuple[Legal | RefundPhase, ...]:
    """What holds now and makes commands legal; an appeal goes before a refund request, and both before the stage."""
    if state.current.is_end:
        return ()
    freeze, appeal, request = state.open_freeze, state.open_appeal, state.open_refund
    if freeze is not None and freeze.kind is FreezeKind.APPEAL:
        return (Legal.DURING_RULING if appeal is not None and appeal.proposal is not None else Legal.DURING_APPEAL,)
    calling = (Legal.WHILE_CALLING,) if state.calls else ()
    shipped = (Legal.WHILE_SHIPPED,) if state.parcel and not state.lost_confirmed else ()
    if freeze is not None and request is not None:
        return (request.phase, *shipped, *calling)
    if state.stage is StageName.UNSUBSCRIBING:
        return calling
    return (Legal.AT_ITS_STAGE, Legal.ANY_TIME, *shipped, *calling)


def _legal_now(state: DeliveryState) -> tuple[CommandName, ...]:
    """Commands legal at this moment for somebody."""
    conditions = _conditions(state)
    of_stage = state.current.commands if Legal.AT_ITS_STAGE in conditions else ()
    others = legal_while(*(one for one in conditions if one is not Legal.AT_ITS_STAGE))
    barred = CommandName.REQUEST_REFUND in others and refund_bar(state) is not None
    return of_stage + tuple(name for name in others if not (barred and name is CommandName.REQUEST_REFUND))


def refund_bar(state: DeliveryState) -> ErrorCode | None:
    """What keeps the buyer from negotiating a refund, whatever the amount (DOMAIN §3); None when nothing does."""
    bars: dict[ErrorCode, bool] = {
        ErrorCode.REFUND_NOT_OFFERED: not PRODUCT_TYPES[state.order.product.type].offers_refunds,
        ErrorCode.REFUND_OF_TRIAL: state.order.trial,
        ErrorCode.REFUND_BARRED: state.claimed_at is not None or state.activated_at is not None,
        ErrorCode.INVOICE_NOT_RETURNED: state.invoice is Invoice.ISSUED,
    }
    return next((code for code, holds in bars.items() if holds), None)


def _is_the_right_one(state: DeliveryState, actor: Actor, name: CommandName) -> bool:
    """Some commands belong to one person of a role: the filer, or another manager than the first."""
    appeal = state.open_appeal
    if appeal is None:
        return True
    if name is CommandName.WITHDRAW_APPEAL:
        return appeal.filed_by == actor
    if name is CommandName.AGREE_RULING and appeal.proposal is not None:
        return appeal.proposal.by != actor
    return True


def allowed(state: DeliveryState, actor: Actor) -> tuple[CommandName, ...]:
    """Commands that this party could give now; party ids count, not only roles."""
    if not state.order.is_visible_to(actor):
        return ()
    return tuple(
        name
        for name in _legal_now(state)
        if actor.role in COMMANDS[name].spec.by and _is_the_right_one(state, actor, name)
    )


def refusal(state: DeliveryState, command: Command, now: datetime, *, is_full: bool = False) -> Refusal | None:
    """Tell why a command cannot be taken now, or None when it can; a full order is not prolonged."""
    code = _refusal_code(state, command, now)
    if code is None and _prolongs(command) and (is_full or state.sequence >= MAX_TRANSITIONS):
        code = ErrorCode.TOO_MANY_COMMANDS
    if code is None:
        return None
    lacking = _missing(state, command) if code in INCOMPLETE else ()
    return Refusal(code=code, allowed=allowed(state, command.actor), missing=lacking)


def _prolongs(command: Command) -> bool:
    """Going in circles; a seller's restarts count too, operations can always have a call made."""
    restarts = command.name is CommandName.RESTART_CALL and command.actor.role is Role.SELLER
    return restarts or command.body.spec.prolongs


def _refusal_code(state: DeliveryState, command: Command, now: datetime) -> ErrorCode | None:
    if not state.order.is_visible_to(command.actor):
        return ErrorCode.DELIVERY_NOT_FOUND
    if command.actor.role not in command.body.spec.by:
        return ErrorCode.FORBIDDEN
    if state.current.is_end:
        return ErrorCode.ORDER_ENDED
    if command.name not in _legal_now(state):
        return _why_illegal(state, command.name)
    if not _is_the_right_one(state, command.actor, command.name):
        filer = command.name is CommandName.WITHDRAW_APPEAL
        return ErrorCode.NOT_YOUR_APPEAL if filer else ErrorCode.SECOND_MANAGER_NEEDED
    return _content_refusal(state, command, now)


def _why_illegal(state: DeliveryState, name: CommandName) -> ErrorCode:
    freeze = state.open_freeze
    if freeze is not None:
        return ErrorCode.FROZEN_BY_APPEAL if freeze.kind is FreezeKind.APPEAL else ErrorCode.REFUND_PENDING
    if name is CommandName.REQUEST_REFUND and state.stage is not StageName.UNSUBSCRIBING:
        return refund_bar(state) or ErrorCode.NOT_LEGAL_NOW
    return ErrorCode.NOTHING_PARKED if name is CommandName.RESTART_CALL else ErrorCode.NOT_LEGAL_NOW


def _missing(state: DeliveryState, command: Command) -> tuple[str, ...]:
    """Members that the request lacks by the order's templates and proof rule."""
    match command.body:
        case Deliver(proof=proof) if state.current.needs_proof:
            return state.terms.proof.missing(proof)
        case UploadProof(proof=proof):
            return state.terms.proof.missing(proof)
        case SubmitRequest(answers=answers):
            given = {answer.name for answer in answers}
            wanted = state.order.product.request_template
            return tuple(f"answers.{item.name}" for item in wanted if item.required and item.name not in given)
        case _:
            return ()


def _content_refusal(  # noqa: PLR0911, PLR0912, C901 - one arm a rule
    state: DeliveryState, command: Command, now: datetime
) -> ErrorCode | None:
    match command.body:
        case SubmitRequest() if _missing(state, command):
            return ErrorCode.REQUEST_INCOMPLETE
        case SubmitCode(code=None) if state.order.product.code_kind is CodeKind.HARDWARE:
            return ErrorCode.CODE_REQUIRED
        case Deliver() | UploadProof() if _missing(state, command):
            return ErrorCode.PROOF_INCOMPLETE
        case Deliver() if state.flow.provisions_at_purchase and state.instance_id is None:
            return ErrorCode.INSTANCE_MISSING
        case Deliver(proof=Proof() as proof) | UploadProof(proof=proof):
            return _start_refusal(state, proof.actual_start_at, now)
        case ActivateCode(license=code) if code != state.license_code:
            return ErrorCode.WRONG_LICENSE
        case ActivateCode(real_effect_time=moment):
            return _start_refusal(state, moment, now)
        case Appeal(ground=AppealGround.SILENT_BUYER, attachments=()):
            return ErrorCode.EVIDENCE_REQUIRED
        case DecideAppeal() as ruling:
            return _ruling_refusal(state, ruling)
        case RequestRefund() as asked:
            return _refund_refusal(state, asked, now)
        case AgreeRefund(return_address=None) if _goods_come_back(state):
            return ErrorCode.RETURN_ADDRESS_REQUIRED
        case RestartCall(activity=activity) if not state.can_restart(activity):
            return ErrorCode.NOTHING_PARKED
        case _:
            return None


def _start_refusal(state: DeliveryState, moment: datetime | None, now: datetime) -> ErrorCode | None:
    policy = state.terms.policy
    if moment is None:
        return None
    too_early = moment < state.order.placed_at and not policy.start_before_placement
    too_late = moment > now + timedelta(days=policy.start_ahead_days)
    return ErrorCode.START_TIME_INVALID if too_early or too_late else None


def _goods_come_back(state: DeliveryState) -> bool:
    request = state.open_refund
    return request is not None and request.goods is Goods.RECEIVED


def _ruling_refusal(state: DeliveryState, asked: DecideAppeal) -> ErrorCode | None:
    if asked.ruling is not Ruling.REFUND and asked.amount is not None:
        return ErrorCode.AMOUNT_WITHOUT_REFUND
    if _exceeds(state, asked.amount):
        return ErrorCode.REFUND_TOO_HIGH
    if asked.ruling is Ruling.REWORK and not can_rework(state):
        return ErrorCode.REWORK_IMPOSSIBLE
    accepts = bool(state.flow.targets(state.stage, Ruling.CLOSE, state.conditions))
    if asked.ruling is Ruling.CLOSE and not accepts and _lacks_instance(state):
        return ErrorCode.INSTANCE_MISSING
    return None


def _lacks_instance(state: DeliveryState) -> bool:
    provisions = state.flow.provisions_at_purchase or state.flow.has(StageName.SELLER_PROVISIONING)
    return provisions and state.instance_id is None


def can_rework(state: DeliveryState) -> bool:
    """Tell whether the order can go back to a delivery, or is at one."""
    is_delivering = state.current.waiting_on is Role.SELLER and bool(
        {CommandName.DELIVER, CommandName.SHIP, CommandName.UPLOAD_PROOF} & set(state.current.commands)
    )
    return is_delivering or bool(state.flow.targets(state.stage, Ruling.REWORK, state.conditions))


def _exceeds(state: DeliveryState, amount: Decimal | None) -> bool:
    return amount is not None and amount > state.order.amount


def _refund_refusal(state: DeliveryState, asked: RequestRefund, now: datetime) -> ErrorCode | None:
    """The bars of DOMAIN §3 that depend on what is asked for, or on the moment."""
    has_goods = state.flow.has(StageName.SHIPPING)
    shipped = state.parcel is not None and not state.lost_confirmed
    placed = state.order.placed_at
    bars: dict[ErrorCode, Callable[[], bool]] = {
        ErrorCode.REFUND_TOO_HIGH: lambda: _exceeds(state, asked.amount),
        ErrorCode.REFUND_EXPIRED: lambda: _has_expired(state, now),
        ErrorCode.GOODS_UNSPECIFIED: lambda: has_goods and asked.goods is None,
        ErrorCode.GOODS_SHIPPED: lambda: has_goods and asked.goods is Goods.NOT_RECEIVED and shipped,
        ErrorCode.FULL_REFUND_BARRED: lambda: (
            asked.amount == state.order.amount
            and state.requested_at is None
            and state.flow.first in {StageName.BUYER_REQUEST, StageName.CODE_SUBMISSION}
            and now > placed + REQUEST_WITHIN
        ),
    }
    return next((code for code, holds in bars.items() if holds()), None)


def _has_expired(state: DeliveryState, now: datetime) -> bool:
    """The period that the seller's actual start time began has ended already."""
    start = state.validity_start(now)
    end = validity(start, state.order.period).ends_at
    return end is not None and end <= now


def waits_for_thaw(state: DeliveryState, name: EventName) -> bool:
    """Facts are noted at once; an event that would move a frozen flow waits."""
    moves = name in state.current.events or name is EventName.PROVISIONING_FAILED
    return moves and state.open_freeze is not None
