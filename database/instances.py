"""Reading instances, their operations, and the usage that was pushed of them."""

from collections.abc import Sequence
from dataclasses import asdict, replace

from sqlalchemy import select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from database.models import (
    EventRow,
    InstanceReportRow,
    InstanceRow,
    MeteringRecordRow,
)
from database.processes import Position, visible_to
from domain.instance.metering import JudgedRecord, RecordCode
from domain.instance.state import InstanceStatus
from domain.parties import Actor
from domain.process import INSTANCE


def find(session: Session, delivery_id: str) -> InstanceRow | None:
    """What a delivery left, if it left something."""
    return session.get(InstanceRow, delivery_id)


def called(session: Session, instance_ids: Sequence[str]) -> Sequence[InstanceRow]:
    """Everything that sellers know by one of these instance ids; another seller's may bear the same."""
    return session.scalars(select(InstanceRow).where(InstanceRow.instance_id.in_(instance_ids))).all()


def in_use(session: Session, after: str, size: int) -> Sequence[InstanceRow]:
    """Instances that their sellers know by an id and that are not released, by delivery."""
    query = select(InstanceRow).where(InstanceRow.id > after, InstanceRow.instance_id.is_not(None))
    query = query.where(InstanceRow.status != InstanceStatus.RELEASED)
    return session.scalars(query.order_by(InstanceRow.id).limit(size)).all()


def page(
    session: Session, actor: Actor, status: str | None, after: Position | None, size: int
) -> Sequence[InstanceRow]:
    """One page of the instances that the actor may see, newest first."""
    query = select(InstanceRow).where(*visible_to(actor, InstanceRow))
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


def of_deliveries(session: Session, delivery_ids: Sequence[str]) -> dict[str, InstanceRow]:
    """What these deliveries left, by delivery."""
    rows = session.scalars(select(InstanceRow).where(InstanceRow.id.in_(delivery_ids)))
    return {row.id: row for row in rows}


def report(session: Session, delivery_id: str) -> InstanceReportRow | None:
    """What the seller last told of an instance."""
    return session.get(InstanceReportRow, delivery_id)


def usage_records(
    session: Session, seller_id: str | None, *, taken: bool | None, before: int | None, size: int
) -> Sequence[MeteringRecordRow]:
    """One page of pushed usage records, newest first; None leaves a column open."""
    query = select(MeteringRecordRow)
    if seller_id is not None:
        query = query.where(MeteringRecordRow.seller_id == seller_id)
    if taken is not None:
        query = query.where((MeteringRecordRow.code == RecordCode.TAKEN) == taken)
    if before is not None:
        query = query.where(MeteringRecordRow.id < before)
    return session.scalars(query.order_by(MeteringRecordRow.id.desc()).limit(size)).all()


def write_report(session: Session, report: InstanceReportRow) -> None:
    """Keep what a seller told of an instance in place of what it told before."""
    session.merge(report)


def write_usage_records(session: Session, records: Sequence[JudgedRecord]) -> list[JudgedRecord]:
    """Keep pushed records, and tell what became of each: one that was taken before is a duplicate now."""
    written = session.scalars(
        insert(MeteringRecordRow)
        .values([asdict(one) for one in records])
        .on_conflict_do_nothing()
        .returning(MeteringRecordRow.number)
    ).all()
    again = [replace(one, code=RecordCode.DUPLICATE) for one in records if one.number not in written]
    if again:
        session.execute(insert(MeteringRecordRow).values([asdict(one) for one in again]))
    duplicates = {one.number: one for one in again}
    return [duplicates.get(one.number, one) for one in records]
