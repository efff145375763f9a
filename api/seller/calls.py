"""Service interface messages (生产接口消息): every attempt of every call to a seller (DOMAIN §10)."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.authentication import Caller, require
from api.delivery.views import AttemptView
from api.paging import number_of, page_of
from api.problems import documented
from database import sellers
from database.session import reading
from domain.base import Identifier, Strict
from domain.parties import Role
from domain.seller.calls import CallName

router = APIRouter(prefix="/v1/calls", tags=["sellers"])


class CallView(AttemptView):
    """One attempt, and the delivery it belongs to; restart it by the delivery's ``restart-call``."""

    delivery_id: str


class CallPage(BaseModel):
    """One page of attempts."""

    items: tuple[CallView, ...]
    next_cursor: str | None = Field(description="Send it as cursor to get the next page; null on the last")


class CallListing(Strict):
    """Filters and page of the list."""

    order_id: Identifier | None = None
    activity: CallName | None = None
    succeeded: bool | None = None
    cursor: str | None = None
    limit: Annotated[int, Query(ge=1, le=200)] = 50


@router.get("", summary="List calls to sellers, newest first (seller, manager, auditor)", responses=documented())
def list_calls(listing: Annotated[CallListing, Query()], caller: Caller) -> CallPage:
    """Sellers: the calls to their own system. Operations: all. What was sent, what came back, when the next is due."""
    require(caller, Role.SELLER, Role.MANAGER, Role.AUDITOR)
    filters = sellers.CallFilters(**listing.model_dump(exclude={"cursor", "limit"}))
    before = number_of(listing.cursor) if listing.cursor else None
    with reading() as session:
        rows = sellers.calls(session, caller, tuple(CallName), filters, before, listing.limit + 1)
    shown, following = page_of(rows, listing.limit, lambda row: str(row.id))
    items = tuple(CallView.model_validate(row, from_attributes=True) for row in shown)
    return CallPage(items=items, next_cursor=following)
