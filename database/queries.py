"""Reading: everything the API shows; never the engine's visibility store."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from database.models import (
    AttemptRow,
    DeliveryRow,
    EventRow,
    InstanceReportRow,
    InstanceRow,
    MessageRow,
    SeenSignatureRow,
    SellerRow,
    UsageRecordRow,
    UsageRow,
)
from domain.instances import InstanceStatus
from domain.metering import RecordCode
from domain.parties import Actor, Role
from domain.process import INSTANCE


@dataclass(frozen=True)
class Filters:
    """What a list is narrowed to; None leaves a column open."""

    status: str | None = None
    stage: str | None = None
    waiting_on: str | None = None
    product_type: str | None = None
    seller_id: str | None = None
    buyer_id: str | None = None
    order_id: str | None = None
    overdue: bool | None = None


@dataclass(frozen=True)
class Position:
    """Where a page ended."""

    created_at: datetime
    id: str


def find(session: Session, delivery_id: str) -> DeliveryRow | None:
    """One delivery."""
    return session.get(DeliveryRow, delivery_id)


def get(session: Session, delivery_id: str) -> DeliveryRow:
    """One delivery that is known to be there."""
    return session.get_one(DeliveryRow, delivery_id)


def of_licenses(session: Session, codes: Sequence[str], seller_id: str) -> Sequence[DeliveryRow]:
    """The deliveries that these authorization codes belong to, as far as they are this seller's."""
    return session.scalars(
        select(DeliveryRow).filter_by(seller_id=seller_id).where(DeliveryRow.seller_key.in_(codes))
    ).all()


def of_order(session: Session, order_id: str, seller_id: str) -> Sequence[DeliveryRow]:
    """The deliveries of an order's lines, if they are this seller's."""
    return session.scalars(select(DeliveryRow).filter_by(seller_id=seller_id, order_id=order_id)).all()


def usage(session: Session, delivery_id: str) -> Sequence[UsageRow]:
    """What the seller's software last told of an authorization code's use: the entries of the newest report."""
    newest = select(func.max(UsageRow.at)).filter_by(delivery_id=delivery_id).scalar_subquery()
    query = select(UsageRow).filter_by(delivery_id=delivery_id).where(UsageRow.at == newest)
    return session.scalars(query.order_by(UsageRow.id)).all()


def _visible_to(actor: Actor, table: type[DeliveryRow] | type[InstanceRow] = DeliveryRow) -> list[ColumnElement[bool]]:
    if actor.role is Role.SELLER:
        return [table.seller_id == actor.id]
    if actor.role is Role.BUYER:
        return [table.buyer_id == actor.id]
    return []


def page(session: Session, actor: Actor, filters: Filters, after: Position | None, size: int) -> Sequence[DeliveryRow]:
    """One page of what the actor may see, newest first."""
    query = select(DeliveryRow).where(*_visible_to(actor))
    for column in ("status", "stage", "waiting_on", "product_type", "seller_id", "buyer_id", "order_id", "overdue"):
        value = getattr(filters, column)
        if value is not None:
            query = query.where(getattr(DeliveryRow, column) == value)
    if after is not None:
        query = query.where(tuple_(DeliveryRow.created_at, DeliveryRow.id) < (after.created_at, after.id))
    return session.scalars(query.order_by(DeliveryRow.created_at.desc(), DeliveryRow.id.desc()).limit(size)).all()


def events(session: Session, process: str) -> Sequence[EventRow]:
    """A process's history, in order."""
    return session.scalars(select(EventRow).filter_by(process=process).order_by(EventRow.sequence)).all()


def has_key(session: Session, process: str, key: str) -> bool:
    """Tell whether a command under this key was taken."""
    return session.scalar(select(EventRow.id).filter_by(process=process, key=key)) is not None


def messages(session: Session, process: str) -> Sequence[MessageRow]:
    """What the parties were told, in order."""
    return session.scalars(select(MessageRow).filter_by(process=process).order_by(MessageRow.id)).all()


def attempts(session: Session, delivery_id: str) -> Sequence[AttemptRow]:
    """Every attempt of every call, in order."""
    return session.scalars(select(AttemptRow).filter_by(delivery_id=delivery_id).order_by(AttemptRow.id)).all()


@dataclass(frozen=True)
class CallFilters:
    """What a list of calls is narrowed to; None leaves a column open."""

    order_id: str | None = None
    activity: str | None = None
    succeeded: bool | None = None


def calls(  # noqa: PLR0913 - what a page of calls depends on
    session: Session,
    actor: Actor,
    activities: Sequence[str],
    filters: CallFilters,
    before: int | None,
    size: int,
) -> Sequence[AttemptRow]:
    """One page of the attempts of these calls that the actor may see, newest first."""
    query = select(AttemptRow).join(DeliveryRow).where(*_visible_to(actor), AttemptRow.activity.in_(activities))
    if filters.order_id is not None:
        query = query.where(DeliveryRow.order_id == filters.order_id)
    if filters.activity is not None:
        query = query.where(AttemptRow.activity == filters.activity)
    if filters.succeeded is not None:
        query = query.where(AttemptRow.succeeded == filters.succeeded)
    if before is not None:
        query = query.where(AttemptRow.id < before)
    return session.scalars(query.order_by(AttemptRow.id.desc()).limit(size)).all()


def instance(session: Session, delivery_id: str) -> InstanceRow | None:
    """What a delivery left, if it left something."""
    return session.get(InstanceRow, delivery_id)


def instances_called(session: Session, instance_ids: Sequence[str]) -> Sequence[InstanceRow]:
    """Everything that sellers know by one of these instance ids; another seller's may bear the same."""
    return session.scalars(select(InstanceRow).where(InstanceRow.instance_id.in_(instance_ids))).all()


def instances_in_use(session: Session, after: str, size: int) -> Sequence[InstanceRow]:
    """Instances that their sellers know by an id and that are not released, by delivery."""
    query = select(InstanceRow).where(InstanceRow.id > after, InstanceRow.instance_id.is_not(None))
    query = query.where(InstanceRow.status != InstanceStatus.RELEASED)
    return session.scalars(query.order_by(InstanceRow.id).limit(size)).all()


def instance_page(
    session: Session, actor: Actor, status: str | None, after: Position | None, size: int
) -> Sequence[InstanceRow]:
    """One page of the instances that the actor may see, newest first."""
    query = select(InstanceRow).where(*_visible_to(actor, InstanceRow))
    if status is not None:
        query = query.where(InstanceRow.status == status)
    if after is not None:
        query = query.where(tuple_(InstanceRow.created_at, InstanceRow.id) < (after.created_at, after.id))
    return session.scalars(query.order_by(InstanceRow.created_at.desc(), InstanceRow.id.desc()).limit(size)).all()


def operations_of_order(session: Session, order_id: str, seller_id: str) -> Sequence[EventRow]:
    """The operations that an order's lines asked for, on this seller's instances."""
    of_instance = EventRow.process == f"{INSTANCE}:" + InstanceRow.id
    query = select(EventRow).join(InstanceRow, of_instance).where(InstanceRow.seller_id == seller_id)
    return session.scalars(query.where(EventRow.order_id == order_id).order_by(EventRow.id)).all()


def instances(session: Session, delivery_ids: Sequence[str]) -> dict[str, InstanceRow]:
    """What these deliveries left, by delivery."""
    rows = session.scalars(select(InstanceRow).where(InstanceRow.id.in_(delivery_ids)))
    return {row.id: row for row in rows}


def instance_report(session: Session, delivery_id: str) -> InstanceReportRow | None:
    """What the seller last told of an instance."""
    return session.get(InstanceReportRow, delivery_id)


def usage_records(
    session: Session, seller_id: str | None, *, taken: bool | None, before: int | None, size: int
) -> Sequence[UsageRecordRow]:
    """One page of pushed usage records, newest first; None leaves a column open."""
    query = select(UsageRecordRow)
    if seller_id is not None:
        query = query.where(UsageRecordRow.seller_id == seller_id)
    if taken is not None:
        query = query.where((UsageRecordRow.code == RecordCode.TAKEN) == taken)
    if before is not None:
        query = query.where(UsageRecordRow.id < before)
    return session.scalars(query.order_by(UsageRecordRow.id.desc()).limit(size)).all()


def seller(session: Session, seller_id: str) -> SellerRow | None:
    """A seller's connection."""
    return session.get(SellerRow, seller_id)


def seller_by_access_key(session: Session, access_key: str) -> SellerRow | None:
    """The seller that owns an open-API access key."""
    return session.scalar(select(SellerRow).filter_by(open_api_access_key=access_key))


def use_signature(session: Session, signature: str, now: datetime, expires_at: datetime) -> bool:
    """Mark a signature as used; False when it was used before."""
    session.execute(delete(SeenSignatureRow).where(SeenSignatureRow.expires_at < now))
    used = session.execute(
        insert(SeenSignatureRow)
        .values(signature=signature, expires_at=expires_at)
        .on_conflict_do_nothing()
        .returning(SeenSignatureRow.signature)
    )
    return used.first() is not None


def forget_signature(session: Session, signature: str) -> None:
    """Let a signature be used again."""
    session.execute(delete(SeenSignatureRow).where(SeenSignatureRow.signature == signature))


def is_ready(session: Session) -> bool:
    """Tell whether the database answers and has its tables."""
    return bool(session.scalar(text("select count(*) from alembic_version")))
