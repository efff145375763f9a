"""Reading what every kind of process has: who sees it, where a page ends, its history, its messages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from database.models import (
    DeliveryRow,
    EventRow,
    InstanceRow,
    MessageRow,
)
from domain.parties import Actor, Role


@dataclass(frozen=True)
class Position:
    """Where a page ended."""

    created_at: datetime
    id: str


def visible_to(actor: Actor, table: type[DeliveryRow] | type[InstanceRow] = DeliveryRow) -> list[ColumnElement[bool]]:
    """What narrows a list to what the actor may see; sellers and buyers see their own."""
    if actor.role is Role.SELLER:
        return [table.seller_id == actor.id]
    if actor.role is Role.BUYER:
        return [table.buyer_id == actor.id]
    return []


def events(session: Session, process: str) -> Sequence[EventRow]:
    """A process's history, in order."""
    return session.scalars(select(EventRow).filter_by(process=process).order_by(EventRow.sequence)).all()


def has_key(session: Session, process: str, key: str) -> bool:
    """Tell whether a command under this key was taken."""
    return session.scalar(select(EventRow.id).filter_by(process=process, key=key)) is not None


def messages(session: Session, process: str) -> Sequence[MessageRow]:
    """What the parties were told, in order."""
    return session.scalars(select(MessageRow).filter_by(process=process).order_by(MessageRow.id)).all()
