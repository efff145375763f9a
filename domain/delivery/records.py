"""The ledger's row for each thing that happens to a delivery, and what the purchase system is told with it."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import assert_never

from domain.delivery.calls import owes_notice, plan_at_start
from domain.delivery.clocks import ClockAct
from domain.delivery.command_spec import CommandName
from domain.delivery.commands import Command
from domain.delivery.explain import waiting_on
from domain.delivery.grounds import Ruling
from domain.delivery.messages import messages_for
from domain.delivery.stages import StageName
from domain.delivery.state import CommandReceipt, DeliveryStart, DeliveryState
from domain.delivery.terms import Terms
from domain.events import Event, EventName
from domain.notices import Notice, pointer
from domain.order import Order
from domain.order_status import OrderStatus, Status
from domain.parties import SYSTEM, Actor
from domain.step import Carried, Effect, Head, Row

RULING_COMMANDS = (CommandName.DECIDE_APPEAL, CommandName.AGREE_RULING)


def delivery_row(
    entry: Command | Event | ClockAct, effect: Effect, source: StageName, state: DeliveryState, at: datetime
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
        receipt=_receipt(entry, state, at).model_dump_json() if isinstance(entry, Command) else None,
        messages=messages_for(cause, state),
        notice=_notice(state, cause, at),
        order_status=_order_status(source, state, at),
        hear_by=at + timedelta(hours=state.terms.policy.completion_notice_hours),
    )


def _told(entry: Command | Event | ClockAct) -> tuple[str, Actor, str, str | None]:
    """Cause, actor, content as JSON, and key of what led to a row."""
    match entry:
        case Command():
            return str(entry.name), entry.actor, entry.body.model_dump_json(), entry.key
        case Event():
            return str(entry.name), entry.actor, entry.content, entry.key
        case ClockAct():
            return str(entry), SYSTEM, "{}", None
        case _:
            assert_never(entry)


def first_causes(state: DeliveryState) -> tuple[EventName, ...]:
    """What a delivery begins with: its start, and the code that is there from the start."""
    return (EventName.STARTED, EventName.CODE_ISSUED) if state.license_code else (EventName.STARTED,)


def begin(start: DeliveryStart) -> DeliveryState:
    """A delivery's state at its start: whoever starts it puts it on record, the engine begins with the same."""
    state = DeliveryState.begin(start.order, start.terms, start.at, start.code)
    plan_at_start(state)
    state.sequence = len(first_causes(state))
    return state


def first_rows(state: DeliveryState, started_by: Actor) -> tuple[Row, ...]:
    """The rows a delivery begins with; counts the state's sequence up to the last of them."""
    found = []
    for number, cause in enumerate(first_causes(state), start=1):
        state.sequence = number
        actor = started_by if cause is EventName.STARTED else SYSTEM
        entry = Event(name=cause, actor=actor)
        found.append(delivery_row(entry, Effect.STAYS, state.stage, state, state.entered_at))
    return tuple(found)


def started(start: DeliveryStart, started_by: Actor) -> Carried:
    """What is put on record with the start of a delivery."""
    state = begin(start)
    return Carried(rows=first_rows(state, started_by), head=delivery_head(state), state=state_json(state))


def state_json(state: DeliveryState) -> str:
    """A delivery's state as the ledger keeps it: order and terms stand in what it was started with."""
    return state.model_dump_json(exclude={"order", "terms"})


def read_state(recorded: str, order: Order, terms: Terms) -> DeliveryState:
    """A delivery's state as the ledger keeps it, without order and terms."""
    return state_from(json.loads(recorded), order, terms)


def state_from(members: Mapping[str, object], order: object, terms: object) -> DeliveryState:
    """The same of what was read as JSON already; order and terms as models or as JSON."""
    return DeliveryState.model_validate({**members, "order": order, "terms": terms})


def ruling_of(cause: str, state: DeliveryState) -> Ruling | None:
    """How the appeal was decided that a cause ended; None for every other cause."""
    decision = state.appeals[-1].decision if cause in RULING_COMMANDS and state.appeals else None
    return decision.ruling if decision is not None else None


def _receipt(command: Command, state: DeliveryState, at: datetime) -> CommandReceipt:
    return CommandReceipt(
        delivery_id=state.order.delivery_id,
        command=command.name,
        fingerprint=command.fingerprint,
        sequence=state.sequence,
        at=at,
        stage=state.stage,
        deadline=state.deadline,
    )


def _order_status(source: StageName, state: DeliveryState, at: datetime) -> OrderStatus | None:
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


def delivery_head(state: DeliveryState) -> Head:
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


def _notice(state: DeliveryState, cause: str, at: datetime) -> Notice:
    """What is told of the step that led to a delivery's present state."""
    return Notice(
        id=f"delivery-{state.order.delivery_id}-{state.sequence}",
        type=f"delivery.{cause}",
        timestamp=at,
        data={
            **pointer(state.order),
            "sequence": state.sequence,
            "stage": state.stage,
            "status": state.status,
            "deadline": state.deadline.isoformat() if state.deadline else None,
        },
    )
