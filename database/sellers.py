"""Sellers: their connection, keys and signatures, and every attempt to call them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import SecretStr
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from database.models import (
    AttemptRow,
    DeliveryRow,
    SeenSignatureRow,
    SellerRow,
)
from database.processes import visible_to
from database.secrets import seal
from domain.parties import Actor


def find(session: Session, seller_id: str) -> SellerRow | None:
    """A seller's connection."""
    return session.get(SellerRow, seller_id)


def by_access_key(session: Session, access_key: str) -> SellerRow | None:
    """The seller that owns an open-API access key."""
    return session.scalar(select(SellerRow).filter_by(open_api_access_key=access_key))


@dataclass(frozen=True)
class Connection:
    """Where a seller is called, and the keys shared with it."""

    production_url: str
    access_key: SecretStr
    open_api_access_key: str
    open_api_secret_key: SecretStr


def connect(session: Session, seller_id: str, connection: Connection) -> None:
    """Keep a seller's connection in place of the one before; its secrets are sealed."""
    row = find(session, seller_id) or SellerRow(id=seller_id)
    row.production_url = connection.production_url
    row.sealed_access_key = seal(connection.access_key.get_secret_value())
    row.open_api_access_key = connection.open_api_access_key
    row.sealed_open_api_secret_key = seal(connection.open_api_secret_key.get_secret_value())
    session.add(row)


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
    query = select(AttemptRow).join(DeliveryRow).where(*visible_to(actor), AttemptRow.activity.in_(activities))
    if filters.order_id is not None:
        query = query.where(DeliveryRow.order_id == filters.order_id)
    if filters.activity is not None:
        query = query.where(AttemptRow.activity == filters.activity)
    if filters.succeeded is not None:
        query = query.where(AttemptRow.succeeded == filters.succeeded)
    if before is not None:
        query = query.where(AttemptRow.id < before)
    return session.scalars(query.order_by(AttemptRow.id.desc()).limit(size)).all()


def write_attempt(session: Session, attempt: AttemptRow) -> None:
    """Append an attempt of a call under the next number of its key."""
    last = session.scalar(select(func.max(AttemptRow.number)).filter_by(call_key=attempt.call_key))
    attempt.number = (last or 0) + 1
    session.add(attempt)
