"""Service interface messages (生产接口消息): every attempt of every call to a seller (DOMAIN §10)."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.delivery.views import AttemptView
from api.paging import Page, PagingByNumber, number_after
from api.permissions import PermittedRoute, permitted
from api.problems import documented
from database import sellers
from database.models import AttemptRow
from database.session import reading
from domain.base import Identifier
from domain.parties import Actor, Role
from domain.seller.calls import CallName

router = APIRouter(prefix="/v1/calls", tags=["sellers"], route_class=PermittedRoute)


class CallView(AttemptView):
    """One attempt, and the delivery it belongs to; restart it by the delivery's ``restart-call``."""

    delivery_id: str


class CallListing(PagingByNumber):
    """Filters and page of the list."""

    order_id: Identifier | None = None
    activity: CallName | None = None
    succeeded: bool | None = None


@router.get("", summary="List calls to sellers, newest first", responses=documented())
def list_calls(
    listing: Annotated[CallListing, Query()],
    caller: Annotated[Actor, permitted(Role.SELLER, Role.MANAGER, Role.AUDITOR)],
) -> Page[CallView]:
    """Sellers: the calls to their own system. Operations: all. What was sent, what came back, when the next is due."""
    filters = sellers.CallFilters(**listing.model_dump(exclude={"cursor", "limit"}))
    with reading() as session:
        rows = sellers.calls(session, caller, tuple(CallName), filters, listing.before, listing.limit + 1)
    return Page[CallView].of(rows, listing.limit, _view, number_after)


def _view(row: AttemptRow) -> CallView:
    return CallView.model_validate(row, from_attributes=True)
