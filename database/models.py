"""The tables: what PostgreSQL remembers of every delivery."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Text,
    UniqueConstraint,
    text,
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
    type_annotation_map = {datetime: DateTime(timezone=True), Json: JSONB, list[Json]: JSONB, str: Text}  # noqa: RUF012 - SQLAlchemy's API


class ProcessRow:
    """What the ledger keeps of every kind of process: how far it is, for lists; and what it takes to start it anew.

    ``start`` is what the engine was given, and never changes; ``state`` is the rest of the state after the last row.
    """

    seller_id: Mapped[str] = mapped_column(String(64))
    buyer_id: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    sequence: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))
    status: Mapped[str] = mapped_column(String(32))
    stage: Mapped[str] = mapped_column(String(64))
    waiting_on: Mapped[str] = mapped_column(String(32))
    due_at: Mapped[datetime | None]
    overdue: Mapped[bool]
    is_open: Mapped[bool]
    expires_at: Mapped[datetime | None]
    start: Mapped[Json]
    state: Mapped[Json]


class DeliveryRow(ProcessRow, Base):
    """One delivery: the order, and its present state for lists and reads."""

    __tablename__ = "deliveries"
    __table_args__ = (
        Index("ix_deliveries_created", "created_at", "id"),
        Index("ix_deliveries_seller", "seller_id", "created_at", "id"),
        Index("ix_deliveries_buyer", "buyer_id", "created_at", "id"),
        Index("ix_deliveries_product", "product_id"),
        Index("ix_deliveries_order", "order_id"),
        Index("ix_deliveries_type", "product_type", "created_at", "id"),
        Index("ix_deliveries_stage", "stage", "created_at", "id"),
        Index("ix_deliveries_waiting", "status", "waiting_on", "created_at", "id"),
        Index("ix_deliveries_overdue", "created_at", "id", postgresql_where=text("overdue")),
        Index("ix_deliveries_changed", "changed_at", postgresql_where=text("is_open")),
    )

    id: Mapped[str] = mapped_column(String(140), primary_key=True)
    order_id: Mapped[str] = mapped_column(String(64))
    order_fingerprint: Mapped[str] = mapped_column(String(64))
    product_id: Mapped[str] = mapped_column(String(64))
    product_type: Mapped[str] = mapped_column(String(64))
    seller_key: Mapped[str | None] = mapped_column(String(64), unique=True)

    @property
    def license_code(self) -> str | None:
        """What the seller's software knows it by."""
        return self.seller_key


class InstanceRow(ProcessRow, Base):
    """What a delivery left and lives on: an instance or an authorization code, as it is now."""

    __tablename__ = "instances"
    __table_args__ = (
        Index("ix_instances_seller", "seller_id", "created_at", "id"),
        Index("ix_instances_buyer", "buyer_id", "created_at", "id"),
        Index("ix_instances_instance", "instance_id"),
        Index("ix_instances_changed", "changed_at", postgresql_where=text("is_open")),
    )

    id: Mapped[str] = mapped_column(ForeignKey("deliveries.id"), primary_key=True)
    instance_id: Mapped[str | None] = mapped_column(String(64))
    seller_key: Mapped[str | None] = mapped_column(String(64))


class EventRow(Base):
    """One step of a process, never changed: the evidence in a dispute. Each row's hash covers the one before."""

    __tablename__ = "events"
    __table_args__ = (
        UniqueConstraint("process", "sequence"),
        UniqueConstraint("process", "key"),
        Index("ix_events_order", "order_id", postgresql_where=text("order_id is not null")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    process: Mapped[str] = mapped_column(String(160))
    sequence: Mapped[int]
    at: Mapped[datetime]
    actor_role: Mapped[str] = mapped_column(String(32))
    actor_id: Mapped[str] = mapped_column(String(128))
    cause: Mapped[str] = mapped_column(String(64))
    effect: Mapped[str] = mapped_column(String(32))
    source: Mapped[str] = mapped_column(String(64))
    target: Mapped[str] = mapped_column(String(64))
    ruling: Mapped[str | None] = mapped_column(String(32))
    content: Mapped[Json]
    order_id: Mapped[str | None] = mapped_column(String(64))
    key: Mapped[str | None] = mapped_column(String(400))
    receipt: Mapped[Json | None]
    hash: Mapped[str] = mapped_column(String(64))


class MessageRow(Base):
    """A sentence for one side, written with the step that caused it."""

    __tablename__ = "messages"
    __table_args__ = (UniqueConstraint("process", "sequence", "cause", "recipient_role"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    process: Mapped[str] = mapped_column(String(160))
    sequence: Mapped[int]
    cause: Mapped[str] = mapped_column(String(64))
    recipient_role: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime]
    text_zh: Mapped[str]
    text_en: Mapped[str]


class IntentRow(Base):
    """Something that is on its way into a process and not yet in its history: a command under its key, or an event.

    It is there before the engine is asked, and goes in the statement that writes what became of it: so whatever is cut
    off in between is found (I4).
    """

    __tablename__ = "intents"
    __table_args__ = (Index("ix_intents_at", "at"),)

    process: Mapped[str] = mapped_column(String(160), primary_key=True)
    key: Mapped[str] = mapped_column(String(400), primary_key=True)
    at: Mapped[datetime]
    looked_at: Mapped[datetime | None]
    event: Mapped[Json | None]


class CallbackRow(Base):
    """What the purchase system is to hear, written in the transaction of what it tells of."""

    __tablename__ = "callbacks"
    __table_args__ = (
        Index("ix_callbacks_due", "next_due_at", postgresql_where=text("next_due_at is not null")),
        Index("ix_callbacks_delivery", "delivery_id"),
        Index("ix_callbacks_delivered", "delivered_at", postgresql_where=text("delivered_at is not null")),
    )

    key: Mapped[str] = mapped_column(String(400), primary_key=True)
    process: Mapped[str] = mapped_column(String(160))
    sequence: Mapped[int]
    delivery_id: Mapped[str] = mapped_column(String(140))
    body: Mapped[str]
    at: Mapped[datetime]
    attempts: Mapped[int]
    next_due_at: Mapped[datetime | None]
    report_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]


class AttemptRow(Base):
    """One attempt of a call to the seller or to the purchase system."""

    __tablename__ = "attempts"
    __table_args__ = (UniqueConstraint("call_key", "number"), Index("ix_attempts_delivery", "delivery_id", "id"))

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    delivery_id: Mapped[str] = mapped_column(ForeignKey("deliveries.id"))
    call_key: Mapped[str] = mapped_column(String(400))
    activity: Mapped[str] = mapped_column(String(64))
    number: Mapped[int]
    at: Mapped[datetime]
    sent: Mapped[str]
    answer: Mapped[str]
    succeeded: Mapped[bool]
    milliseconds: Mapped[int]
    next_due_at: Mapped[datetime | None]


class InstanceReportRow(Base):
    """What the seller last answered to queryInstance: how to reach the instance, and its use (DOMAIN §5.3)."""

    __tablename__ = "instance_reports"

    id: Mapped[str] = mapped_column(ForeignKey("deliveries.id"), primary_key=True)
    at: Mapped[datetime]
    front_end_url: Mapped[str | None]
    admin_url: Mapped[str | None]
    sealed_access: Mapped[bytes | None] = mapped_column(LargeBinary)
    usage: Mapped[list[Json]]


class MeteringRecordRow(Base):
    """One pushed usage record, and what became of it; a taken one counts once."""

    __tablename__ = "usage_records"
    __table_args__ = (
        Index("ix_usage_records_seller", "seller_id", "id"),
        Index(
            "uq_usage_records_taken",
            "seller_id",
            "record_id",
            unique=True,
            postgresql_where=text("code = '000'"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    seller_id: Mapped[str] = mapped_column(String(64))
    delivery_id: Mapped[str | None] = mapped_column(ForeignKey("deliveries.id"))
    record_id: Mapped[str] = mapped_column(String(64))
    number: Mapped[int]
    at: Mapped[datetime]
    code: Mapped[str] = mapped_column(String(3))
    begin_time: Mapped[datetime | None]
    end_time: Mapped[datetime | None]
    usage_value: Mapped[Decimal | None] = mapped_column(Numeric(12, 4))
    content: Mapped[Json]


class SubscriptionRow(Base):
    """Somebody's address that is told of orders, and the secrets that sign what it is told, sealed."""

    __tablename__ = "subscriptions"
    __table_args__ = (Index("ix_subscriptions_owner", "owner_role", "owner_id"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    owner_role: Mapped[str] = mapped_column(String(32))
    owner_id: Mapped[str] = mapped_column(String(64))
    url: Mapped[str]
    sealed_secret: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_old_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    old_secret_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    disabled_reason: Mapped[str | None]


class NoticeRow(Base):
    """One notice on its way to one subscriber; written with what it tells of."""

    __tablename__ = "notices"
    __table_args__ = (
        UniqueConstraint("subscription_id", "message_id"),
        Index("ix_notices_due", "next_due_at", postgresql_where=text("next_due_at is not null")),
        Index("ix_notices_subscription", "subscription_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    subscription_id: Mapped[str] = mapped_column(ForeignKey("subscriptions.id"))
    message_id: Mapped[str] = mapped_column(String(200))
    type: Mapped[str] = mapped_column(String(96))
    at: Mapped[datetime]
    body: Mapped[str]
    state: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int]
    next_due_at: Mapped[datetime | None]


class NoticeAttemptRow(Base):
    """One attempt of a notice."""

    __tablename__ = "notice_attempts"
    __table_args__ = (Index("ix_notice_attempts_notice", "notice_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    notice_id: Mapped[int] = mapped_column(ForeignKey("notices.id"))
    at: Mapped[datetime]
    answer: Mapped[str]
    succeeded: Mapped[bool]
    milliseconds: Mapped[int]


class ProductRow(Base):
    """A product that is or was sold, its test cases, and whether its trading is frozen."""

    __tablename__ = "products"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    seller_id: Mapped[str] = mapped_column(String(64), index=True)
    sale: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime]
    frozen_at: Mapped[datetime | None]
    cases: Mapped[list[Json]]


class ProbeRow(Base):
    """One probing of a product; its key makes it count once."""

    __tablename__ = "probes"
    __table_args__ = (Index("ix_probes_product", "product_id", "at"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    product_id: Mapped[str] = mapped_column(ForeignKey("products.id"))
    key: Mapped[str] = mapped_column(String(200), unique=True)
    at: Mapped[datetime]
    passed: Mapped[bool]
    results: Mapped[list[Json]]


class ProductEventRow(Base):
    """Something that happened to a product."""

    __tablename__ = "product_events"
    __table_args__ = (Index("ix_product_events_product", "product_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    product_id: Mapped[str] = mapped_column(ForeignKey("products.id"))
    at: Mapped[datetime]
    cause: Mapped[str] = mapped_column(String(64))
    detail: Mapped[str]


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


class SoftwareUsageRow(Base):
    """One entry of what a seller's software tells of an authorization code's use: a user, or how many there are."""

    __tablename__ = "usage"
    __table_args__ = (Index("ix_usage_delivery", "delivery_id", "at"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    delivery_id: Mapped[str] = mapped_column(ForeignKey("deliveries.id"))
    at: Mapped[datetime]
    user: Mapped[str | None] = mapped_column(String(256))
    active: Mapped[int | None]
