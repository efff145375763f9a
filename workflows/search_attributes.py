"""The one registry of search attributes; no personal data, at most eight keywords."""

from datetime import datetime

from temporalio.common import SearchAttributeKey, SearchAttributePair, SearchAttributeUpdate, TypedSearchAttributes

from domain.clocks import FreezeKind
from domain.explain import waiting_on
from domain.state import State

ORDER_ID = SearchAttributeKey.for_keyword("OrderId")
SELLER_ID = SearchAttributeKey.for_keyword("SellerId")
BUYER_ID = SearchAttributeKey.for_keyword("BuyerId")
PRODUCT_TYPE = SearchAttributeKey.for_keyword("ProductType")
STAGE = SearchAttributeKey.for_keyword("Stage")
WAITING_ON = SearchAttributeKey.for_keyword("WaitingOn")
DUE_AT = SearchAttributeKey.for_datetime("DueAt")
UNDER_APPEAL = SearchAttributeKey.for_bool("UnderAppeal")
SELLER_CALL_FAILING = SearchAttributeKey.for_bool("SellerCallFailing")

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
)


Update = SearchAttributeUpdate[str] | SearchAttributeUpdate[bool] | SearchAttributeUpdate[datetime]


def at_start(state: State) -> TypedSearchAttributes:
    """Attributes a delivery is started with."""
    order, due = state.order, state.next_due
    return TypedSearchAttributes(
        [
            *([SearchAttributePair(DUE_AT, due.at)] if due else []),
            SearchAttributePair(ORDER_ID, order.order_id),
            SearchAttributePair(SELLER_ID, order.seller_id),
            SearchAttributePair(BUYER_ID, order.buyer_id),
            SearchAttributePair(PRODUCT_TYPE, str(order.product.type)),
            SearchAttributePair(STAGE, str(state.stage)),
            SearchAttributePair(WAITING_ON, str(waiting_on(state))),
            SearchAttributePair(UNDER_APPEAL, value=False),
            SearchAttributePair(SELLER_CALL_FAILING, value=False),
        ]
    )


def changes(known: TypedSearchAttributes, state: State) -> list[Update]:
    """Updates that bring the engine's attributes in line with the state; empty when nothing changed."""
    freeze = state.open_freeze
    updates: list[Update] = []
    if known.get(STAGE) != state.stage:
        updates.append(STAGE.value_set(str(state.stage)))
    if known.get(WAITING_ON) != waiting_on(state):
        updates.append(WAITING_ON.value_set(str(waiting_on(state))))
    due = state.next_due.at if state.next_due else None
    if known.get(DUE_AT) != due:
        updates.append(DUE_AT.value_unset() if due is None else DUE_AT.value_set(due))
    under_appeal = freeze is not None and freeze.kind is FreezeKind.APPEAL
    if known.get(UNDER_APPEAL) != under_appeal:
        updates.append(UNDER_APPEAL.value_set(under_appeal))
    if known.get(SELLER_CALL_FAILING) != bool(state.parked):
        updates.append(SELLER_CALL_FAILING.value_set(bool(state.parked)))
    return updates
