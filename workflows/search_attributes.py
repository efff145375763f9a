"""The one registry of search attributes; no personal data, at most eight keywords."""

from dataclasses import dataclass
from datetime import datetime

from temporalio.common import SearchAttributeKey, SearchAttributePair, SearchAttributeUpdate, TypedSearchAttributes

from domain.order import Order
from domain.parties import Role

ORDER_ID = SearchAttributeKey.for_keyword("OrderId")
SELLER_ID = SearchAttributeKey.for_keyword("SellerId")
BUYER_ID = SearchAttributeKey.for_keyword("BuyerId")
PRODUCT_TYPE = SearchAttributeKey.for_keyword("ProductType")
STAGE = SearchAttributeKey.for_keyword("Stage")
WAITING_ON = SearchAttributeKey.for_keyword("WaitingOn")
DUE_AT = SearchAttributeKey.for_datetime("DueAt")
UNDER_APPEAL = SearchAttributeKey.for_bool("UnderAppeal")
SELLER_CALL_FAILING = SearchAttributeKey.for_bool("SellerCallFailing")
SEQUENCE = SearchAttributeKey.for_int("Sequence")
"""Number of the last row: a sweep compares it with the ledger's. It changes with the others, so it costs no event."""

ALL = (
    ORDER_ID,
    SELLER_ID,
    BUYER_ID,
    PRODUCT_TYPE,
    STAGE,
    WAITING_ON,
    DUE_AT,
    UNDER_APPEAL,
    SELLER_CALL_FAILING,
    SEQUENCE,
)


Update = (
    SearchAttributeUpdate[str]
    | SearchAttributeUpdate[bool]
    | SearchAttributeUpdate[datetime]
    | SearchAttributeUpdate[int]
)


@dataclass(frozen=True)
class Shown:
    """What the attributes say of a process at one moment."""

    stage: str
    waiting_on: Role
    due_at: datetime | None
    under_appeal: bool
    seller_call_failing: bool
    sequence: int


def at_start(order: Order, shown: Shown) -> TypedSearchAttributes:
    """Attributes a process is started with."""
    return TypedSearchAttributes(
        [
            *([SearchAttributePair(DUE_AT, shown.due_at)] if shown.due_at else []),
            SearchAttributePair(ORDER_ID, order.order_id),
            SearchAttributePair(SELLER_ID, order.seller_id),
            SearchAttributePair(BUYER_ID, order.buyer_id),
            SearchAttributePair(PRODUCT_TYPE, str(order.product.type)),
            SearchAttributePair(STAGE, shown.stage),
            SearchAttributePair(WAITING_ON, str(shown.waiting_on)),
            SearchAttributePair(UNDER_APPEAL, value=False),
            SearchAttributePair(SELLER_CALL_FAILING, value=False),
            SearchAttributePair(SEQUENCE, shown.sequence),
        ]
    )


def changes(known: TypedSearchAttributes, shown: Shown) -> list[Update]:
    """Updates that bring the engine's attributes in line with the process; empty when nothing changed."""
    updates: list[Update] = []
    if known.get(STAGE) != shown.stage:
        updates.append(STAGE.value_set(str(shown.stage)))
    if known.get(WAITING_ON) != shown.waiting_on:
        updates.append(WAITING_ON.value_set(str(shown.waiting_on)))
    if known.get(DUE_AT) != shown.due_at:
        updates.append(DUE_AT.value_unset() if shown.due_at is None else DUE_AT.value_set(shown.due_at))
    if known.get(UNDER_APPEAL) != shown.under_appeal:
        updates.append(UNDER_APPEAL.value_set(shown.under_appeal))
    if known.get(SELLER_CALL_FAILING) != shown.seller_call_failing:
        updates.append(SELLER_CALL_FAILING.value_set(shown.seller_call_failing))
    if known.get(SEQUENCE) != shown.sequence:
        updates.append(SEQUENCE.value_set(shown.sequence))
    return updates
