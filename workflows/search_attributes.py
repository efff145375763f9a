"""The one registry of search attributes; no personal data, at most eight keywords."""

from dataclasses import dataclass
from datetime import datetime

from temporalio.common import SearchAttributeKey, SearchAttributePair, SearchAttributeUpdate, TypedSearchAttributes

from domain.clocks import FreezeKind
from domain.explain import waiting_on
from domain.instances import InstanceState
from domain.order import Order
from domain.parties import Role
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
    """What the attributes say of a workflow at one moment."""

    stage: str
    waiting_on: Role
    due_at: datetime | None
    under_appeal: bool
    seller_call_failing: bool
    sequence: int


def _of_delivery(state: State) -> Shown:
    freeze, due = state.open_freeze, state.next_due
    return Shown(
        stage=state.stage,
        waiting_on=waiting_on(state),
        due_at=due.at if due else None,
        under_appeal=freeze is not None and freeze.kind is FreezeKind.APPEAL,
        seller_call_failing=bool(state.parked),
        sequence=state.sequence,
    )


def _of_instance(state: InstanceState) -> Shown:
    due = state.next_due
    return Shown(
        stage=f"instance-{state.status}",
        waiting_on=Role.SELLER if state.parked else Role.SYSTEM,
        due_at=due.at if due else None,
        under_appeal=False,
        seller_call_failing=bool(state.parked),
        sequence=state.sequence,
    )


def _at_start(order: Order, shown: Shown) -> TypedSearchAttributes:
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


def at_start(state: State) -> TypedSearchAttributes:
    """Attributes a delivery is started with."""
    return _at_start(state.order, _of_delivery(state))


def instance_at_start(state: InstanceState) -> TypedSearchAttributes:
    """Attributes an instance's life is started with."""
    return _at_start(state.order, _of_instance(state))


def changes(known: TypedSearchAttributes, state: State) -> list[Update]:
    """Updates that bring the engine's attributes in line with the state; empty when nothing changed."""
    return _changes(known, _of_delivery(state))


def instance_changes(known: TypedSearchAttributes, state: InstanceState) -> list[Update]:
    """The same for an instance."""
    return _changes(known, _of_instance(state))


def _changes(known: TypedSearchAttributes, shown: Shown) -> list[Update]:
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
