"""Writing: the order line's one row, and each transition in one transaction."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime

from sqlalchemy import func, or_, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from database import products
from database.models import (
    AttemptRow,
    DeliveryRow,
    EventRow,
    InstanceEventRow,
    InstanceReportRow,
    InstanceRow,
    MessageRow,
    NoticeRow,
    ProductRow,
    SubscriptionRow,
    UsageRecordRow,
    UsageRow,
)
from domain.events import EventName
from domain.explain import waiting_on
from domain.messages import messages_for
from domain.metering import JudgedRecord, RecordCode
from domain.notices import Notice, NoticeState, notice_of_delivery, notice_of_instance, notice_of_product
from domain.order import Order
from domain.parties import Actor, Role
from domain.products import ProductEvent
from domain.records import InstanceStep, Step, Transition
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
            product_id=order.product.id,
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
        products.make_known(session, order.product.id, order.seller_id, now)
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
    _announce(session, notice_of_delivery(transition), state.order.seller_id, state.order.buyer_id)
    delivery.sequence = transition.sequence
    delivery.status = state.status
    delivery.stage = state.stage
    delivery.waiting_on = waiting_on(state)
    delivery.due_at = state.next_due.at if state.next_due else None
    delivery.license_code = state.license_code
    delivery.overdue = state.overdue
    delivery.state = state.model_dump(mode="json")


def announce_product(session: Session, product: ProductRow, event: ProductEvent, at: datetime) -> None:
    """Have the purchase system and the seller told what happened to a product."""
    _announce(session, notice_of_product(product.id, product.seller_id, event, at), product.seller_id, None)


def _announce(session: Session, notice: Notice, seller_id: str, buyer_id: str | None) -> None:
    """Have subscribers told, in the transaction of what they are told of."""
    owners = [(Role.SELLER, seller_id), (Role.BUYER, buyer_id)]
    owner = tuple_(SubscriptionRow.owner_role, SubscriptionRow.owner_id)
    wants = or_(SubscriptionRow.owner_role == Role.PURCHASE, owner.in_(owners))
    session.add_all(
        NoticeRow(
            subscription_id=subscription_id,
            message_id=notice.id,
            type=notice.type,
            at=notice.timestamp,
            body=notice.model_dump_json(exclude={"id"}),
            state=NoticeState.PENDING,
            attempts=0,
            next_due_at=datetime.now(UTC),
        )
        for subscription_id in session.scalars(
            select(SubscriptionRow.id).where(wants, SubscriptionRow.disabled_at.is_(None))
        )
    )


def _chained(hash_before: str, step: Step, **more: str) -> str:
    """SHA-256 over a step and the hash of the step before."""
    covered = {
        "before": hash_before,
        "sequence": step.sequence,
        "at": step.at.isoformat(),
        "actor": step.actor.model_dump(),
        "cause": step.cause,
        "content": json.loads(step.content),
        **more,
    }
    return hashlib.sha256(_canonical(covered)).hexdigest()


def _event_row(transition: Transition, hash_before: str) -> EventRow:
    return EventRow(
        delivery_id=transition.state.order.delivery_id,
        sequence=transition.sequence,
        at=transition.at,
        actor_role=transition.actor.role,
        actor_id=transition.actor.id,
        cause=transition.cause,
        source=transition.source,
        target=transition.state.stage,
        content=json.loads(transition.content),
        key=transition.key,
        receipt=transition.receipt.model_dump(mode="json") if transition.receipt else None,
        hash=_chained(hash_before, transition, source=transition.source, target=transition.state.stage),
    )


def _require_same(session: Session, event: EventRow) -> None:
    written = session.scalar(select(EventRow.hash).filter_by(delivery_id=event.delivery_id, sequence=event.sequence))
    if written != event.hash:
        message = f"{event.delivery_id}: sequence {event.sequence} is another transition"
        raise LedgerConflictError(message)


def write_instance(session: Session, step: InstanceStep) -> None:
    """Append a step of an instance's life and bring its row up to it; a repeated write changes nothing.

    Raises LedgerConflictError when another step has its sequence.
    """
    state, name = step.state, step.state.order.delivery_id
    if step.sequence == 1:
        born = insert(InstanceRow).values(
            id=name,
            seller_id=state.order.seller_id,
            buyer_id=state.order.buyer_id,
            instance_id=state.instance_id,
            created_at=step.at,
            status=state.status,
            sequence=0,
            state={},
        )
        session.execute(born.on_conflict_do_nothing())
    row = session.get_one(InstanceRow, name, with_for_update=True)
    hashes = {one.sequence: one.hash for one in _around(session, name, step.sequence)}
    chained = _chained(hashes.get(step.sequence - 1, FIRST_HASH), step)
    if row.sequence != step.sequence - 1 and hashes.get(step.sequence) != chained:
        message = f"instance {name}: {step.sequence} after {row.sequence}"
        raise LedgerConflictError(message)
    if row.sequence >= step.sequence:
        return
    content = json.loads(step.content)
    session.add(
        InstanceEventRow(
            instance=name,
            sequence=step.sequence,
            at=step.at,
            actor_role=step.actor.role,
            actor_id=step.actor.id,
            cause=step.cause,
            content=content,
            key=step.key,
            order_id=content.get("order_id"),
            receipt=step.receipt.model_dump(mode="json") if step.receipt else None,
            messages=[message.model_dump(mode="json") for message in step.messages],
            hash=chained,
        )
    )
    _announce(session, notice_of_instance(step), state.order.seller_id, state.order.buyer_id)
    row.sequence, row.status, row.expires_at = step.sequence, state.status, state.expires_at
    row.state = state.model_dump(mode="json")


def _around(session: Session, name: str, sequence: int) -> Sequence[InstanceEventRow]:
    """The step under this sequence and the one before, as far as they are there."""
    both = InstanceEventRow.sequence.in_((sequence - 1, sequence))
    return session.scalars(select(InstanceEventRow).filter_by(instance=name).where(both)).all()


def write_report(session: Session, report: InstanceReportRow) -> None:
    """Keep what a seller told of an instance in place of what it told before."""
    session.merge(report)


def write_usage_records(session: Session, records: Sequence[JudgedRecord]) -> list[JudgedRecord]:
    """Keep pushed records, and tell what became of each: one that was taken before is a duplicate now."""
    written = session.scalars(
        insert(UsageRecordRow)
        .values([asdict(one) for one in records])
        .on_conflict_do_nothing()
        .returning(UsageRecordRow.number)
    ).all()
    again = [replace(one, code=RecordCode.DUPLICATE) for one in records if one.number not in written]
    if again:
        session.execute(insert(UsageRecordRow).values([asdict(one) for one in again]))
    duplicates = {one.number: one for one in again}
    return [duplicates.get(one.number, one) for one in records]


def write_attempt(session: Session, attempt: AttemptRow) -> None:
    """Append an attempt of a call under the next number of its key."""
    last = session.scalar(select(func.max(AttemptRow.number)).filter_by(call_key=attempt.call_key))
    attempt.number = (last or 0) + 1
    session.add(attempt)


def write_usage(session: Session, delivery_id: str, at: datetime, user: str | None, active: int | None) -> None:
    """Append an entry of a report on how an authorization code's software is used."""
    session.add(UsageRow(delivery_id=delivery_id, at=at, user=user, active=active))
