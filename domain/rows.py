"""The ledger's row for each thing that happens to a process, and what the purchase system is told with it."""

import json
from datetime import datetime, timedelta

from domain.clocks import ClockAct
from domain.commands import Command, CommandName, Ruling
from domain.delivery_calls import owes_notice, plan_at_start
from domain.events import Event, EventName
from domain.explain import waiting_on
from domain.flows import Effect
from domain.instance_messages import instance_messages
from domain.instances import InstanceAct, InstanceState, Operation, OperationReceipt
from domain.messages import messages_for
from domain.notices import notice_of_delivery, notice_of_instance
from domain.order import Order
from domain.parties import SYSTEM, Actor, Role
from domain.policy import Policy
from domain.records import Head, OrderStatus, Receipt, Row, Start
from domain.stages import StageName
from domain.state import State, Status
from domain.terms import Terms

EVENT_CONTENT = {"instance_id", "activity", "detail", "signed_at", "recipient_is_buyer"}
RULING_COMMANDS = (CommandName.DECIDE_APPEAL, CommandName.AGREE_RULING)


def delivery_row(
    entry: Command | Event | ClockAct, effect: Effect, source: StageName, state: State, at: datetime
) -> Row:
    """The row of what led a delivery from the source stage to its present state."""
    cause, actor, content, key = _told(entry)
    return Row(
        sequence=state.sequence,
        at=at,
        actor=actor,
        cause=cause,
        effect=effect,
        source=source,
        target=state.stage,
        ruling=ruling_of(cause, state),
        content=content,
        key=key,
        receipt=_receipt(entry, state, at) if isinstance(entry, Command) else None,
        messages=messages_for(cause, state),
        notice=notice_of_delivery(state, cause, at),
        order_status=_order_status(source, state, at),
        hear_by=at + timedelta(hours=state.terms.policy.completion_notice_hours),
    )


def _told(entry: Command | Operation | Event | ClockAct | InstanceAct) -> tuple[str, Actor, str, str | None]:
    """Cause, actor, content as JSON, and key of what led to a row, whatever the kind of process."""
    match entry:
        case Command():
            return str(entry.name), entry.actor, entry.body.model_dump_json(), entry.key
        case Operation():
            return str(entry.body.operation), entry.actor, entry.body.model_dump_json(), entry.key
        case Event():
            content = entry.model_dump_json(include=EVENT_CONTENT, exclude_none=True)
            return str(entry.name), entry.actor, content, entry.key
        case ClockAct() | InstanceAct():
            return str(entry), SYSTEM, "{}", None


def first_causes(state: State) -> tuple[EventName, ...]:
    """What a delivery begins with: its start, and the code that is there from the start."""
    return (EventName.STARTED, EventName.CODE_ISSUED) if state.license_code else (EventName.STARTED,)


def begin(start: Start) -> State:
    """A delivery's state at its start: whoever starts it puts it on record, the engine begins with the same."""
    state = State.begin(start.order, start.terms, start.at, start.code)
    plan_at_start(state)
    state.sequence = len(first_causes(state))
    return state


def first_rows(state: State, started_by: Actor) -> tuple[Row, ...]:
    """The rows a delivery begins with; counts the state's sequence up to the last of them."""
    found = []
    for number, cause in enumerate(first_causes(state), start=1):
        state.sequence = number
        actor = started_by if cause is EventName.STARTED else SYSTEM
        entry = Event(name=cause, actor=actor)
        found.append(delivery_row(entry, Effect.STAYS, state.stage, state, state.entered_at))
    return tuple(found)


def state_json(state: State) -> str:
    """A delivery's state as the ledger keeps it: order and terms stand in what it was started with."""
    return state.model_dump_json(exclude={"order", "terms"})


def read_state(recorded: str, order: Order, terms: Terms) -> State:
    """A delivery's state as the ledger keeps it, without order and terms."""
    return State.model_validate({**json.loads(recorded), "order": order, "terms": terms})


def instance_json(state: InstanceState) -> str:
    """An instance's state as the ledger keeps it: order and policy stand in what it was started with."""
    return state.model_dump_json(exclude={"order", "policy"})


def read_instance(recorded: str, order: Order, policy: Policy) -> InstanceState:
    """An instance's state as the ledger keeps it, without order and policy."""
    return InstanceState.model_validate({**json.loads(recorded), "order": order, "policy": policy})


def ruling_of(cause: str, state: State) -> Ruling | None:
    """How the appeal was decided that a cause ended; None for every other cause."""
    decision = state.appeals[-1].decision if cause in RULING_COMMANDS and state.appeals else None
    return decision.ruling if decision is not None else None


def _receipt(command: Command, state: State, at: datetime) -> Receipt:
    return Receipt(
        delivery_id=state.order.delivery_id,
        command=command.name,
        fingerprint=command.fingerprint,
        sequence=state.sequence,
        at=at,
        stage=state.stage,
        deadline=state.deadline,
    )


def _order_status(source: StageName, state: State, at: datetime) -> OrderStatus | None:
    """The end of the order: its completion, or that the money goes back, which waits for no release (DOMAIN §3)."""
    if state.stage is source or state.stage not in {StageName.COMPLETED, StageName.UNSUBSCRIBING}:
        return None
    status = Status.COMPLETED if state.stage is StageName.COMPLETED else Status.REFUNDED
    return OrderStatus(
        key=f"{state.order.delivery_id}:{status}:1",
        delivery_id=state.order.delivery_id,
        order_id=state.order.order_id,
        order_line_id=state.order.order_line_id,
        status=status,
        at=at,
        validity=state.validity,
        eligibility_month=state.eligibility_month,
        refund_amount=str(state.refund.amount) if state.refund else None,
        reason=state.refund.reason if state.refund else None,
    )


def delivery_head(state: State) -> Head:
    """A delivery's line in the lists."""
    return Head(
        status=state.status,
        stage=state.stage,
        waiting_on=waiting_on(state),
        due_at=state.next_due.at if state.next_due else None,
        overdue=state.overdue,
        is_open=not state.current.is_end or owes_notice(state),
        seller_key=state.license_code,
        expires_at=state.validity.ends_at if state.validity else None,
    )


def instance_row(
    entry: Operation | Event | InstanceAct, source: str, state: InstanceState, at: datetime, told: OrderStatus | None
) -> Row:
    """The row of what led an instance to its present state."""
    cause, actor, content, key = _told(entry)
    return Row(
        sequence=state.sequence,
        at=at,
        actor=actor,
        cause=cause,
        effect=Effect.STAYS,
        source=source,
        target=state.status,
        content=content,
        key=key,
        receipt=_operation_receipt(entry, state, at) if isinstance(entry, Operation) else None,
        messages=instance_messages(cause, state),
        notice=notice_of_instance(state, cause, at),
        order_status=told,
        hear_by=at + timedelta(hours=state.policy.completion_notice_hours),
    )


def _operation_receipt(operation: Operation, state: InstanceState, at: datetime) -> OperationReceipt:
    return OperationReceipt(
        delivery_id=state.order.delivery_id,
        operation=operation.body.operation,
        fingerprint=operation.fingerprint,
        sequence=state.sequence,
        at=at,
        status=state.status,
        expires_at=state.expires_at,
    )


def operation_status(state: InstanceState, order_line: str, failed: str | None, at: datetime) -> OrderStatus:
    """How an operation's order ended: carried out, or given up and so refunded."""
    order_id, _, order_line_id = order_line.partition(":")
    status = Status.COMPLETED if failed is None else Status.REFUNDED
    return OrderStatus(
        key=f"{state.order.delivery_id}:{order_line}:{status}:1",
        delivery_id=state.order.delivery_id,
        order_id=order_id,
        order_line_id=order_line_id,
        status=status,
        at=at,
        reason=failed,
    )


def instance_head(state: InstanceState) -> Head:
    """An instance's line in the lists."""
    due = state.next_due
    return Head(
        status=state.status,
        stage=state.status,
        waiting_on=Role.SELLER if state.parked else Role.SYSTEM,
        due_at=due.at if due else None,
        overdue=False,
        is_open=not state.is_released or bool(state.calls),
        seller_key=state.instance_id or state.license_code,
        expires_at=state.expires_at,
    )
