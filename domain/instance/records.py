"""The ledger's row for each thing that happens to an instance, and what the purchase system is told with it."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import assert_never

from domain.events import Event
from domain.instance.messages import instance_messages
from domain.instance.operations import Operation, OperationReceipt
from domain.instance.state import InstanceAct, InstanceState
from domain.notices import Notice, pointer
from domain.order import Order
from domain.order_status import OrderStatus, Status
from domain.parties import SYSTEM, Actor
from domain.policy import Policy
from domain.step import Effect, Head, Row


def instance_json(state: InstanceState) -> str:
    """An instance's state as the ledger keeps it: order and policy stand in what it was started with."""
    return state.model_dump_json(exclude={"order", "policy"})


def read_instance(recorded: str, order: Order, policy: Policy) -> InstanceState:
    """An instance's state as the ledger keeps it, without order and policy."""
    return instance_from(json.loads(recorded), order, policy)


def instance_from(members: Mapping[str, object], order: object, policy: object) -> InstanceState:
    """The same of what was read as JSON already; order and policy as models or as JSON."""
    return InstanceState.model_validate({**members, "order": order, "policy": policy})


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
        receipt=_operation_receipt(entry, state, at).model_dump_json() if isinstance(entry, Operation) else None,
        messages=instance_messages(cause, state),
        notice=_notice(state, cause, at),
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
        waiting_on=state.waiting_on,
        due_at=due.at if due else None,
        overdue=False,
        is_open=not state.is_released or bool(state.calls),
        seller_key=state.instance_id or state.license_code,
        expires_at=state.expires_at,
    )


def _told(entry: Operation | Event | InstanceAct) -> tuple[str, Actor, str, str | None]:
    """Cause, actor, content as JSON, and key of what led to a row."""
    match entry:
        case Operation():
            return str(entry.body.operation), entry.actor, entry.body.model_dump_json(), entry.key
        case Event():
            return str(entry.name), entry.actor, entry.content, entry.key
        case InstanceAct():
            return str(entry), SYSTEM, "{}", None
        case _:
            assert_never(entry)


def _notice(state: InstanceState, cause: str, at: datetime) -> Notice:
    """What is told of the step that led to an instance's present state."""
    return Notice(
        id=f"instance-{state.order.delivery_id}-{state.sequence}",
        type=f"instance.{cause}",
        timestamp=at,
        data={
            **pointer(state.order),
            "sequence": state.sequence,
            "status": state.status,
            "expires_at": state.expires_at.isoformat() if state.expires_at else None,
        },
    )
