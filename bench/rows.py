"""The rows of one delivery, as both competitors write them: as many, as large and as well guarded as the product's.

An order leaves one delivery, three events in a chain of hashes, three messages and one callback to the purchase system,
which waits in an outbox. Each step is one transaction, guarded by the sequence it found. Nobody sends the callback, no
clock runs, nothing can be frozen, refunded or appealed, and no subscriber is told: what the product does of that is on
top, and in its figures.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pydantic import BaseModel
from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Engine,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    create_engine,
    insert,
    make_url,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from domain.delivery.terms import terms_of
from domain.order import Order
from domain.policy import Policy
from domain.wire import canonical

METADATA = MetaData()
_AT = DateTime(timezone=True)

DELIVERIES = Table(
    "deliveries",
    METADATA,
    Column("id", String(140), primary_key=True),
    Column("order", JSONB, nullable=False),
    Column("order_fingerprint", String(64), nullable=False),
    Column("product_id", String(64), nullable=False),
    Column("product_type", String(64), nullable=False),
    Column("seller_id", String(64), nullable=False),
    Column("buyer_id", String(64), nullable=False),
    Column("created_at", _AT, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("status", String(32), nullable=False),
    Column("stage", String(64), nullable=False),
    Column("waiting_on", String(32), nullable=False),
    Column("due_at", _AT),
    Column("state", JSONB, nullable=False),
    Index("ix_deliveries_created", "created_at", "id"),
    Index("ix_deliveries_seller", "seller_id", "created_at", "id"),
    Index("ix_deliveries_buyer", "buyer_id", "created_at", "id"),
    Index("ix_deliveries_product", "product_id"),
    Index("ix_deliveries_waiting", "status", "waiting_on", "created_at", "id"),
)

EVENTS = Table(
    "events",
    METADATA,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("delivery_id", ForeignKey("deliveries.id"), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("at", _AT, nullable=False),
    Column("actor_role", String(32), nullable=False),
    Column("actor_id", String(128), nullable=False),
    Column("cause", String(64), nullable=False),
    Column("source", String(64), nullable=False),
    Column("target", String(64), nullable=False),
    Column("content", JSONB, nullable=False),
    Column("key", String(400)),
    Column("receipt", JSONB),
    Column("hash", String(64), nullable=False),
    UniqueConstraint("delivery_id", "sequence"),
    UniqueConstraint("delivery_id", "key"),
)

MESSAGES = Table(
    "messages",
    METADATA,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("delivery_id", ForeignKey("deliveries.id"), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("recipient_role", String(32), nullable=False),
    Column("at", _AT, nullable=False),
    Column("text_zh", Text, nullable=False),
    Column("text_en", Text, nullable=False),
    UniqueConstraint("delivery_id", "sequence", "recipient_role"),
)

CALLBACKS = Table(
    "callbacks",
    METADATA,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("delivery_id", ForeignKey("deliveries.id"), nullable=False),
    Column("message_id", String(200), nullable=False, unique=True),
    Column("at", _AT, nullable=False),
    Column("body", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_due_at", _AT, index=True),
)

POOL = 25
"""Connections that an application keeps: one for each of the most clients, since to make one costs more than a step."""

FIRST_HASH = "0" * 64
ACCEPTANCE = timedelta(days=15)


@dataclass(frozen=True)
class Told:
    """A sentence for one side; the order's id is put into it."""

    recipient: str
    zh: str
    en: str


@dataclass(frozen=True)
class Move:
    """One step of the state machine: from which stage to which, whose it is, and who is told."""

    cause: str
    actor: str
    source: str
    target: str
    waiting_on: str
    status: str = "open"
    days: timedelta | None = None
    tells: tuple[Told, ...] = ()
    ends: bool = False


_STARTED = ("订单 {} 进入服务监管", "Order {} is under service supervision")
START = Move(
    "started",
    "purchase",
    "seller-delivery",
    "seller-delivery",
    "seller",
    tells=(Told("buyer", *_STARTED), Told("seller", *_STARTED)),
)
COMMANDS = {
    "deliver": Move("deliver", "seller", "seller-delivery", "buyer-acceptance", "buyer", days=ACCEPTANCE),
    "accept": Move(
        "accept",
        "buyer",
        "buyer-acceptance",
        "completed",
        "system",
        status="completed",
        tells=(Told("seller", "用户已验收订单 {}", "The buyer accepted order {}"),),
        ends=True,
    ),
}


class CommandReceipt(BaseModel):
    """The answer to a step that was taken; the same for every repetition under its key."""

    delivery_id: str
    command: str
    fingerprint: str
    sequence: int
    at: datetime
    stage: str
    deadline: datetime | None


class RefusedError(Exception):
    """The step is not legal at this stage, or somebody else was faster."""


class Found(BaseModel):
    """A delivery as a step found it."""

    id: str
    sequence: int
    stage: str
    state: dict[str, object]
    hash: str


def prepared(url: str, driver: str) -> Engine:
    """A pool of connections by a driver, with the tables made."""
    engine = create_engine(
        make_url(url).set(drivername=f"postgresql+{driver}"), pool_size=POOL, max_overflow=0, pool_pre_ping=True
    )
    METADATA.create_all(engine)
    return engine


def start(session: Session, order: Order) -> CommandReceipt:
    """Put the start of an order line's delivery on record; raises IntegrityError when it is."""
    now = datetime.now(UTC)
    sent = order.model_dump(mode="json")
    state = {"order": sent, "terms": terms_of(order, Policy()).model_dump(mode="json"), "proof": None}
    session.execute(
        insert(DELIVERIES).values(
            id=order.delivery_id,
            order=sent,
            order_fingerprint=_fingerprint(sent),
            product_id=order.product.id,
            product_type=order.product.type,
            seller_id=order.seller_id,
            buyer_id=order.buyer_id,
            created_at=now,
            sequence=1,
            status=START.status,
            stage=START.target,
            waiting_on=START.waiting_on,
            state={**state, "stage": START.target, "entered_at": now.isoformat()},
        )
    )
    found = Found(id=order.delivery_id, sequence=0, stage=START.source, state=state, hash=FIRST_HASH)
    return _append(session, found, START, None, {}, now)


def take(session: Session, delivery_id: str, command: str, key: str, content: Mapping[str, object]) -> CommandReceipt:
    """Take a command in its turn; a repetition under its key gets the first answer. Raises RefusedError."""
    found, move, now = _find(session, delivery_id), COMMANDS[command], datetime.now(UTC)
    if found.stage != move.source:
        return _known_receipt(session, delivery_id, key)
    state = {
        **found.state,
        **content,
        "stage": move.target,
        "entered_at": now.isoformat(),
        "sequence": found.sequence + 1,
    }
    guarded = (
        update(DELIVERIES)
        .where(DELIVERIES.c.id == delivery_id, DELIVERIES.c.sequence == found.sequence)
        .values(
            sequence=found.sequence + 1,
            status=move.status,
            stage=move.target,
            waiting_on=move.waiting_on,
            due_at=now + move.days if move.days else None,
            state=state,
        )
        .returning(DELIVERIES.c.id)
    )
    if session.scalar(guarded) is None:
        return _known_receipt(session, delivery_id, key)
    return _append(session, found, move, key, content, now)


def _find(session: Session, delivery_id: str) -> Found:
    last = (EVENTS.c.delivery_id == DELIVERIES.c.id) & (EVENTS.c.sequence == DELIVERIES.c.sequence)
    columns = (DELIVERIES.c.id, DELIVERIES.c.sequence, DELIVERIES.c.stage, DELIVERIES.c.state, EVENTS.c.hash)
    row = session.execute(select(*columns).join(EVENTS, last).where(DELIVERIES.c.id == delivery_id)).one_or_none()
    if row is None:
        raise RefusedError("no such delivery")
    return Found.model_validate(row._asdict())


def _known_receipt(session: Session, delivery_id: str, key: str) -> CommandReceipt:
    receipt = session.scalar(select(EVENTS.c.receipt).filter_by(delivery_id=delivery_id, key=key))
    if receipt is None:
        raise RefusedError("not legal now")
    return CommandReceipt.model_validate(receipt)


def _append(  # noqa: PLR0913 - the parts of an event
    session: Session, found: Found, move: Move, key: str | None, content: Mapping[str, object], now: datetime
) -> CommandReceipt:
    """Write the event, the messages and, at the end, the callback."""
    receipt = CommandReceipt(
        delivery_id=found.id,
        command=move.cause,
        fingerprint=_fingerprint({"command": move.cause, **content}),
        sequence=found.sequence + 1,
        at=now,
        stage=move.target,
        deadline=now + move.days if move.days else None,
    )
    event = {
        "delivery_id": found.id,
        "sequence": receipt.sequence,
        "actor_role": move.actor,
        "actor_id": f"{move.actor}-1",
        "cause": move.cause,
        "source": move.source,
        "target": move.target,
        "content": dict(content),
    }
    chained = _fingerprint({"before": found.hash, "at": now.isoformat(), **event})
    answered = receipt.model_dump(mode="json") if key else None
    session.execute(insert(EVENTS).values(**event, at=now, key=key, receipt=answered, hash=chained))
    _tell(session, move, receipt)
    if move.ends:
        _call_back(session, receipt)
    return receipt


def _tell(session: Session, move: Move, receipt: CommandReceipt) -> None:
    """Write the messages that the step causes."""
    order_id = receipt.delivery_id.partition(":")[0]
    said = [
        {
            "delivery_id": receipt.delivery_id,
            "sequence": receipt.sequence,
            "recipient_role": told.recipient,
            "at": receipt.at,
            "text_zh": told.zh.format(order_id),
            "text_en": told.en.format(order_id),
        }
        for told in move.tells
    ]
    if said:
        session.execute(insert(MESSAGES).values(said))


def _call_back(session: Session, receipt: CommandReceipt) -> None:
    """Have the purchase system told how the order ended."""
    order_id, _, line = receipt.delivery_id.partition(":")
    body = {
        "delivery_id": receipt.delivery_id,
        "order_id": order_id,
        "order_line_id": line,
        "status": receipt.stage,
        "at": receipt.at.isoformat(),
        "validity": {"starts_at": receipt.at.isoformat(), "ends_at": None},
        "eligibility_month": f"{receipt.at:%Y-%m}",
        "refund_amount": None,
        "reason": None,
    }
    session.execute(
        insert(CALLBACKS).values(
            delivery_id=receipt.delivery_id,
            message_id=f"{receipt.delivery_id}:{receipt.stage}:1",
            at=receipt.at,
            body=json.dumps(body),
            state="pending",
            attempts=0,
            next_due_at=receipt.at,
        )
    )


def _fingerprint(value: Mapping[str, object]) -> str:
    """SHA-256 of canonical JSON."""
    return hashlib.sha256(canonical(value)).hexdigest()
