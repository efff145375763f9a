"""Start a delivery, read one, list many."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from api import temporal_gateway
from api.authentication import Caller
from api.delivery.views import DeliverySummary, DeliveryView, detail, summary, summary_of
from api.paging import Page, PagingByPlace, cursor_after
from api.path_ids import DeliveryId
from api.permissions import PermittedRoute, permitted
from api.problems import FieldError, ProblemError, documented
from database import deliveries, ledger, processes, sellers
from database.models import DeliveryRow
from database.session import at_once, reading, snapshot
from domain.base import Identifier
from domain.delivery import records
from domain.delivery.stages import StageName
from domain.delivery.state import DeliveryStart
from domain.delivery.terms import terms_of
from domain.errors import ErrorCode
from domain.order import Order, ProductType
from domain.order_status import Status
from domain.parties import Actor, Role
from domain.process import delivery_process
from settings import settings

PLACED_AHEAD = timedelta(minutes=5)
"""How far the purchase system's clock may run before ours."""

router = APIRouter(prefix="/v1/deliveries", tags=["deliveries"], route_class=PermittedRoute)


@router.post(
    "",
    status_code=201,
    summary="Start the delivery of a paid order line",
    responses={
        200: {"model": DeliverySummary, "description": "The delivery of this order line exists already"},
        **documented(
            ErrorCode.DELIVERY_NOT_FOUND,
            ErrorCode.ORDER_LINE_CONFLICT,
            ErrorCode.RENEWAL_NOT_SUPERVISED,
            ErrorCode.RENEWAL_TOO_EARLY,
        ),
    },
)
async def start(
    order: Order, caller: Annotated[Actor, permitted(Role.PURCHASE)], request: Request, response: Response
) -> DeliverySummary:
    """Purchase system: hand over a paid order line. The same order again gives the same delivery."""
    if order.placed_at > datetime.now(UTC) + PLACED_AHEAD:
        error = FieldError(field="body.placed_at", message="lies in the future")
        raise ProblemError(ErrorCode.INVALID_INPUT, errors=(error,))
    if order.renewal_of is not None:
        raise await run_in_threadpool(_renewal_problem, order.renewal_of)
    terms = terms_of(order, settings().policy)
    begun = DeliveryStart(order=order, terms=terms, at=datetime.now(UTC), code=secrets.token_hex(16).upper())
    is_new = await run_in_threadpool(
        at_once, lambda connection: ledger.register(connection, begun, records.started(begun, caller))
    )
    if is_new:
        await temporal_gateway.start(request.app.state.temporal, begun)
        return summary_of(records.begin(begun))
    row = await run_in_threadpool(_known, order)
    if row.is_open:
        # A start that was cut off is made good here, and an order that the engine lost goes on from the ledger.
        await temporal_gateway.resume(request.app.state.temporal, delivery_process(row.id))
    response.status_code = 200
    return summary(row)


def _known(order: Order) -> DeliveryRow:
    """The delivery that this order line has already; raises ProblemError when it is of another order."""
    with reading() as session:
        row = deliveries.get(session, order.delivery_id)
    if row.order_fingerprint != ledger.order_fingerprint(order):
        raise ProblemError(ErrorCode.ORDER_LINE_CONFLICT)
    return row


def _renewal_problem(renewed: str) -> ProblemError:
    """Why a renewal starts no flow: a completed order's never does (DOMAIN §1.1), another's comes too early."""
    with reading() as session:
        row = deliveries.find(session, renewed)
    if row is None:
        return ProblemError(ErrorCode.DELIVERY_NOT_FOUND)
    is_completed = row.status == Status.COMPLETED
    return ProblemError(ErrorCode.RENEWAL_NOT_SUPERVISED if is_completed else ErrorCode.RENEWAL_TOO_EARLY)


def find_visible(delivery_id: str, caller: Actor) -> DeliveryRow:
    """The delivery, if it exists and the caller may see it; raises ProblemError 404."""
    with reading() as session:
        row = deliveries.find(session, delivery_id)
    party = {Role.SELLER: row.seller_id, Role.BUYER: row.buyer_id}.get(caller.role) if row else None
    if row is None or party not in {None, caller.id}:
        raise ProblemError(ErrorCode.DELIVERY_NOT_FOUND)
    return row


@router.get("/{delivery_id}", summary="Read one delivery", responses=documented(ErrorCode.DELIVERY_NOT_FOUND))
def read(delivery_id: DeliveryId, caller: Caller) -> DeliveryView:
    """Explain an order: its stage, who must act, what is missing, until when, and everything that happened."""
    find_visible(delivery_id, caller)
    with snapshot() as session:
        return detail(
            deliveries.get(session, delivery_id),
            caller,
            processes.events(session, delivery_process(delivery_id)),
            sellers.attempts(session, delivery_id),
            processes.messages(session, delivery_process(delivery_id)),
            deliveries.usage(session, delivery_id),
        )


class Listing(PagingByPlace):
    """Filters and page of a list."""

    status: Status | None = None
    stage: StageName | None = None
    waiting_on: Role | None = None
    product_type: ProductType | None = None
    seller_id: Identifier | None = None
    buyer_id: Identifier | None = None
    order_id: Identifier | None = None
    overdue: bool | None = None


@router.get("", summary="List deliveries, newest first", responses=documented())
def list_deliveries(listing: Annotated[Listing, Query()], caller: Caller) -> Page[DeliverySummary]:
    """List what the caller may see; sellers and buyers see their own orders."""
    filters = deliveries.Filters(**listing.model_dump(exclude={"cursor", "limit"}))
    with reading() as session:
        rows = deliveries.page(session, caller, filters, listing.after, listing.limit + 1)
    return Page[DeliverySummary].of(rows, listing.limit, summary, cursor_after)
