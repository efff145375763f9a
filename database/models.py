"""The tables: what PostgreSQL remembers of every delivery."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    false,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Json = dict[str, object]


class Base(DeclarativeBase):
    """All tables, with predictable constraint names."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        }
    )
    type_annotation_map = {datetime: DateTime(timezone=True), Json: JSONB, str: Text}  # noqa: RUF012 - SQLAlchemy's API


class DeliveryRow(Base):
    """One delivery: the order, and its present state for lists and reads."""

    __tablename__ = "deliveries"
    __table_args__ = (
        Index("ix_deliveries_created", "created_at", "id"),
        Index("ix_deliveries_seller", "seller_id", "created_at", "id"),
        Index("ix_deliveries_buyer", "buyer_id", "created_at", "id"),
        Index("ix_deliveries_waiting", "status", "waiting_on", "created_at", "id"),
    )

    id: Mapped[str] = mapped_column(String(140), primary_key=True)
    order: Mapped[Json]
    order_fingerprint: Mapped[str] = mapped_column(String(64))
    product_type: Mapped[str] = mapped_column(String(64))
    seller_id: Mapped[str] = mapped_column(String(64))
    buyer_id: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    sequence: Mapped[int] = mapped_column(Integer, default=0)
    status: Mapped[str] = mapped_column(String(32))
    stage: Mapped[str] = mapped_column(String(64))
    waiting_on: Mapped[str] = mapped_column(String(32))
    due_at: Mapped[datetime | None]
    overdue: Mapped[bool] = mapped_column(default=False, server_default=false())
    license_code: Mapped[str | None] = mapped_column(String(64), unique=True)
    state: Mapped[Json]


class EventRow(Base):
    """One transition, never changed: the evidence in a dispute. Each row's hash covers the one before."""

    __tablename__ = "events"
    __table_args__ = (
        UniqueConstraint("delivery_id", "sequence"),
        UniqueConstraint("delivery_id", "key"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    delivery_id: Mapped[str] = mapped_column(ForeignKey("deliveries.id"))
    sequence: Mapped[int]
    at: Mapped[datetime]
    actor_role: Mapped[str] = mapped_column(String(32))
    actor_id: Mapped[str] = mapped_column(String(128))
    cause: Mapped[str] = mapped_column(String(64))
    source: Mapped[str] = mapped_column(String(64))
    target: Mapped[str] = mapped_column(String(64))
    content: Mapped[Json]
    key: Mapped[str | None] = mapped_column(String(400))
    receipt: Mapped[Json | None]
    hash: Mapped[str] = mapped_column(String(64))


class MessageRow(Base):
    """A sentence for one side, written with the transition that caused it."""

    __tablename__ = "messages"
    __table_args__ = (UniqueConstraint("delivery_id", "sequence", "recipient_role"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    delivery_id: Mapped[str] = mapped_column(ForeignKey("deliveries.id"))
    sequence: Mapped[int]
    recipient_role: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime]
    text_zh: Mapped[str]
    text_en: Mapped[str]


class AttemptRow(Base):
    """One attempt of a call to the seller or to the purchase system."""

    __tablename__ = "attempts"
    __table_args__ = (UniqueConstraint("call_key", "number"), Index("ix_attempts_delivery", "delivery_id", "id"))

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    delivery_id: Mapped[str] = mapped_column(ForeignKey("deliveries.id"))
    call_key: Mapped[str] = mapped_column(String(256))
    activity: Mapped[str] = mapped_column(String(64))
    number: Mapped[int]
    at: Mapped[datetime]
    sent: Mapped[str]
    answer: Mapped[str]
    succeeded: Mapped[bool]
    milliseconds: Mapped[int]
    next_due_at: Mapped[datetime | None]


class SellerRow(Base):
    """How to reach a seller, and the keys shared with it, sealed."""

    __tablename__ = "sellers"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    production_url: Mapped[str]
    sealed_access_key: Mapped[bytes] = mapped_column(LargeBinary)
    open_api_access_key: Mapped[str] = mapped_column(String(128), unique=True)
    sealed_open_api_secret_key: Mapped[bytes] = mapped_column(LargeBinary)


class SeenSignatureRow(Base):
    """A signature that was used; it cannot be used again."""

    __tablename__ = "seen_signatures"

    signature: Mapped[str] = mapped_column(String(128), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class UsageRow(Base):
    """One entry of what a seller's software tells of an authorization code's use: a user, or how many there are."""

    __tablename__ = "usage"
    __table_args__ = (Index("ix_usage_delivery", "delivery_id", "at"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    delivery_id: Mapped[str] = mapped_column(ForeignKey("deliveries.id"))
    at: Mapped[datetime]
    user: Mapped[str | None] = mapped_column(String(256))
    active: Mapped[int | None]
