"""Writing: the order line's one row, and each transition in one transaction."""

import hashlib
import json
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from database.models import AttemptRow, DeliveryRow, EventRow, Json, MessageRow, UsageRow
from domain.events import EventName
from domain.explain import waiting_on
from domain.messages import messages_for
from domain.order import Order
from domain.parties import Actor
from domain.records import Transition
from domain.state import State
from domain.terms import Terms

FIRST_HASH = "0" * 64


class LedgerConflictError(Exception):
    """A different transition stands under this sequence already; a bug that must not be hidden."""


def order_fingerprint(order: Order) -> str:
    """SHA-256 of the order's canonical JSON; tells two orders under one line apart."""
    return hashlib.sha256(_canonical(order.model_dump(mode="json"))).hexdigest()


def _canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def register(session: Session, order: Order, terms: Terms, started_by: Actor) -> tuple[bool, DeliveryRow]:
    """Put the start of an order line's delivery on record unless it is; tell whether it is new, and the row."""
    now = datetime.now(UTC)
    state = State.begin(order, terms, now)
    inserted = session.execute(
        insert(DeliveryRow)
        .values(
            id=order.delivery_id,
            order=order.model_dump(mode="json"),
            order_fingerprint=order_fingerprint(order),
            product_type=order.product.type,
            seller_id=order.seller_id,
            buyer_id=order.buyer_id,
            created_at=now,
            status=state.status,
            stage=state.stage,
            waiting_on=waiting_on(state),
            state={},
        )
        .on_conflict_do_nothing()
        .returning(DeliveryRow.id)
    ).first()
    if inserted is not None:
        start = Transition(
            sequence=state.sequence,
            at=now,
            actor=started_by,
            cause=EventName.STARTED,
            source=state.stage,
            messages=messages_for(EventName.STARTED, state),
            state=state,
        )
        write(session, start)
    return inserted is not None, session.get_one(DeliveryRow, order.delivery_id)


def write(session: Session, transition: Transition) -> None:
    """Append a transition and bring the delivery's row up to it; a repeated write changes nothing.

    Raises LedgerConflictError when another transition has its sequence.
    """
    state, delivery_id = transition.state, transition.state.order.delivery_id
    delivery = session.get_one(DeliveryRow, delivery_id, with_for_update=True)
    before = session.scalar(select(EventRow.hash).filter_by(delivery_id=delivery_id, sequence=transition.sequence - 1))
    event = _event_row(transition, before or FIRST_HASH)
    if delivery.sequence >= transition.sequence:
        _require_same(session, event)
        return
    if delivery.sequence != transition.sequence - 1:
        message = f"{delivery_id}: {transition.sequence} after {delivery.sequence}"
        raise LedgerConflictError(message)
    session.add(event)
    session.add_all(
        MessageRow(
            delivery_id=delivery_id,
            sequence=transition.sequence,
            recipient_role=message.to,
            at=transition.at,
            text_zh=message.text.zh,
            text_en=message.text.en,
        )
        for message in transition.messages
    )
    delivery.sequence = transition.sequence
    delivery.status = state.status
    delivery.stage = state.stage
    delivery.waiting_on = waiting_on(state)
    delivery.due_at = state.next_due.at if state.next_due else None
    delivery.license_code = state.license_code
    delivery.overdue = state.overdue
    delivery.state = state.model_dump(mode="json")


def _event_row(transition: Transition, hash_before: str) -> EventRow:
    content: Json = json.loads(transition.content)
    covered = {
        "before": hash_before,
        "sequence": transition.sequence,
        "at": transition.at.isoformat(),
        "actor": transition.actor.model_dump(),
        "cause": transition.cause,
        "source": transition.source,
        "target": transition.state.stage,
        "content": content,
    }
    return EventRow(
        delivery_id=transition.state.order.delivery_id,
        sequence=transition.sequence,
        at=transition.at,
        actor_role=transition.actor.role,
        actor_id=transition.actor.id,
        cause=transition.cause,
        source=transition.source,
        target=transition.state.stage,
        content=content,
        key=transition.key,
        receipt=transition.receipt.model_dump(mode="json") if transition.receipt else None,
        hash=hashlib.sha256(_canonical(covered)).hexdigest(),
    )


def _require_same(session: Session, event: EventRow) -> None:
    written = session.scalar(select(EventRow.hash).filter_by(delivery_id=event.delivery_id, sequence=event.sequence))
    if written != event.hash:
        message = f"{event.delivery_id}: sequence {event.sequence} is another transition"
        raise LedgerConflictError(message)


def write_attempt(session: Session, attempt: AttemptRow) -> None:
    """Append an attempt of a call under the next number of its key."""
    last = session.scalar(select(func.max(AttemptRow.number)).filter_by(call_key=attempt.call_key))
    attempt.number = (last or 0) + 1
    session.add(attempt)


def write_usage(session: Session, delivery_id: str, at: datetime, user: str | None, active: int | None) -> None:
    """Append an entry of a report on how an authorization code's software is used."""
    session.add(UsageRow(delivery_id=delivery_id, at=at, user=user, active=active))
