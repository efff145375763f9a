"""Products: where they stand, their test cases and probes, and their failed orders."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import and_, func, or_, select, true
from sqlalchemy.orm import Session

from database.models import DeliveryRow, EventRow, NoticeRow, ProbeRow, ProductEventRow, ProductRow, SubscriptionRow
from domain.events import EventName
from domain.marketplace import month_of
from domain.notices import NoticeState, listeners
from domain.process import DELIVERY
from domain.seller.calls import CallName
from domain.seller.probing import ProbeCase, ProductEvent, Sale, notice_of_product

SHOWN_PROBES = 20


def find(session: Session, product_id: str, *, locked: bool = False) -> ProductRow | None:
    """One product."""
    return session.get(ProductRow, product_id, with_for_update=locked)


def page(session: Session, seller_id: str | None, after: str, size: int) -> Sequence[ProductRow]:
    """One page of products by id; None means every seller's."""
    query = select(ProductRow).where(ProductRow.id > after)
    if seller_id is not None:
        query = query.where(ProductRow.seller_id == seller_id)
    return session.scalars(query.order_by(ProductRow.id).limit(size)).all()


def set_sale(session: Session, product: ProductRow, sale: Sale) -> None:
    """Put a product where operations want it."""
    product.sale = sale
    session.flush()


def save_cases(session: Session, product: ProductRow, cases: Sequence[ProbeCase]) -> None:
    """Keep the test cases that a product is probed with."""
    product.cases = [case.model_dump(mode="json") for case in cases]
    session.flush()


def to_probe(session: Session, after: str, size: int) -> Sequence[str]:
    """Ids of products on sale that have test cases, in order."""
    has_cases = func.jsonb_array_length(ProductRow.cases) > 0
    query = select(ProductRow.id).where(ProductRow.id > after, ProductRow.sale == Sale.ON_SALE, has_cases)
    return session.scalars(query.order_by(ProductRow.id).limit(size)).all()


def probes(session: Session, product_id: str, size: int = SHOWN_PROBES) -> Sequence[ProbeRow]:
    """The newest probes, oldest first."""
    query = select(ProbeRow).filter_by(product_id=product_id).order_by(ProbeRow.at.desc(), ProbeRow.id.desc())
    return session.scalars(query.limit(size)).all()[::-1]


def write_probe(session: Session, row: ProbeRow) -> bool:
    """Keep a probe; False when one under its key was kept before."""
    if session.scalar(select(ProbeRow.id).filter_by(key=row.key)) is not None:
        return False
    session.add(row)
    session.flush()
    return True


def note(session: Session, product: ProductRow, event: ProductEvent, at: datetime, detail: str) -> None:
    """Freeze or unfreeze trading, on record."""
    product.frozen_at = at if event is ProductEvent.TRADING_FROZEN else None
    session.add(ProductEventRow(product_id=product.id, at=at, cause=event, detail=detail))


def history(session: Session, product_id: str) -> Sequence[ProductEventRow]:
    """What happened to a product, in order."""
    return session.scalars(select(ProductEventRow).filter_by(product_id=product_id).order_by(ProductEventRow.id)).all()


def failed_orders(session: Session, product_id: str, now: datetime) -> int:
    """Orders whose creation or license failed for its whole window in the marketplace's month (DOMAIN §4.5, §5.7)."""
    begin, end = month_of(now)
    no_license = and_(
        EventRow.cause == EventName.SELLER_CALL_PARKED, EventRow.content["activity"].as_string() == CallName.GET_LICENSE
    )
    query = (
        select(func.count(EventRow.process.distinct()))
        .join(DeliveryRow, EventRow.process == f"{DELIVERY}:" + DeliveryRow.id)
        .where(DeliveryRow.product_id == product_id, EventRow.at >= begin, EventRow.at < end)
        .where(or_(EventRow.cause == EventName.PROVISIONING_FAILED, no_license))
    )
    return session.scalar(query) or 0


def failed_probes(session: Session, product_id: str, now: datetime) -> int:
    """Probes that failed in the marketplace's month."""
    begin, end = month_of(now)
    query = select(func.count()).select_from(ProbeRow).filter_by(product_id=product_id, passed=False)
    return session.scalar(query.where(ProbeRow.at >= begin, ProbeRow.at < end)) or 0


def announce(session: Session, product: ProductRow, event: ProductEvent, at: datetime) -> None:
    """Have the purchase system and the seller told what happened to a product, in the transaction of what happened."""
    notice = notice_of_product(product.id, product.seller_id, event, at)
    role, owner = SubscriptionRow.owner_role, SubscriptionRow.owner_id
    wants = or_(*((role == one.role) & (owner == one.id if one.id else true()) for one in listeners(notice)))
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
