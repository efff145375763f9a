"""Reading deliveries; never the engine's visibility store, which is late by design."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from database.models import (
    DeliveryRow,
    SoftwareUsageRow,
)
from database.processes import Position, visible_to
from domain.parties import Actor


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


def page(session: Session, actor: Actor, filters: Filters, after: Position | None, size: int) -> Sequence[DeliveryRow]:
    """One page of what the actor may see, newest first."""
    query = select(DeliveryRow).where(*visible_to(actor))
    for column in ("status", "stage", "waiting_on", "product_type", "seller_id", "buyer_id", "order_id", "overdue"):
        value = getattr(filters, column)
        if value is not None:
            query = query.where(getattr(DeliveryRow, column) == value)
    if after is not None:
        query = query.where(tuple_(DeliveryRow.created_at, DeliveryRow.id) < (after.created_at, after.id))
    return session.scalars(query.order_by(DeliveryRow.created_at.desc(), DeliveryRow.id.desc()).limit(size)).all()


def usage(session: Session, delivery_id: str) -> Sequence[SoftwareUsageRow]:
    """What the seller's software last told of an authorization code's use: the entries of the newest report."""
    newest = select(func.max(SoftwareUsageRow.at)).filter_by(delivery_id=delivery_id).scalar_subquery()
    query = select(SoftwareUsageRow).filter_by(delivery_id=delivery_id).where(SoftwareUsageRow.at == newest)
    return session.scalars(query.order_by(SoftwareUsageRow.id)).all()


def write_usage(session: Session, delivery_id: str, at: datetime, user: str | None, active: int | None) -> None:
    """Append an entry of a report on how an authorization code's software is used."""
    session.add(SoftwareUsageRow(delivery_id=delivery_id, at=at, user=user, active=active))
